//! What git knows of a project's worktrees, read from its own files.
//!
//! git itself is never called: its configuration and its hooks belong to the repository (invariant 12). Names come from
//! there, too, so that what hides something is left out. <https://git-scm.com/docs/gitrepository-layout>

use std::{fs, path::Path};

use crate::{
    transcript::{hidden::visible_line, project::Sandbox},
    workspace::regular,
};

/// Linked worktrees that are listed.
pub(in crate::workspace) const MOST_WORKTREES: usize = 100;

/// Bytes of a file that says where a worktree is, or what is checked out there.
pub(in crate::workspace) const LONGEST_LINE: u64 = 5 * 1024;

/// Whether git keeps the history of `root`.
pub fn keeps(root: &Path) -> bool {
    root.join(".git").exists()
}

/// The linked worktrees of the repository at `root`, by name. None of a worktree itself.
pub fn worktrees(root: &Path) -> Vec<Sandbox> {
    let entries = fs::read_dir(root.join(".git/worktrees")).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.take(MOST_WORKTREES).map(|entry| entry.path()).collect();
    folders.sort();
    folders.iter().filter_map(|folder| worktree(folder)).collect()
}

/// What stands in a folder of `.git/worktrees`. The worktree itself is not looked at: it may be anywhere.
fn worktree(folder: &Path) -> Option<Sandbox> {
    let link = line(&folder.join("gitdir"))?;
    let path = link.strip_suffix("/.git").filter(|path| path.starts_with('/'))?.to_owned();
    let branch =
        line(&folder.join("HEAD")).and_then(|head| head.strip_prefix("ref: refs/heads/").map(str::to_owned));
    Some(Sandbox { path, branch })
}

/// The one line of a file, if a person can see all of it.
fn line(path: &Path) -> Option<String> {
    let (content, _) = regular::read(path, LONGEST_LINE).ok()?;
    let text = String::from_utf8(content).ok()?;
    let line = text.trim_end_matches(['\n', '\r']);
    (!line.is_empty() && visible_line(line) == line).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_too_many_worktrees_nor_too_long_lines_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..=MOST_WORKTREES {
            let folder = dir.path().join(format!(".git/worktrees/{number}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("gitdir"), format!("/{number}/.git\n")).unwrap();
        }
        assert_eq!(worktrees(dir.path()).len(), MOST_WORKTREES);
        let long = format!("/{}/.git\n", "x".repeat(usize::try_from(LONGEST_LINE).unwrap()));
        fs::write(dir.path().join("line"), long).unwrap();
        assert!(!line(&dir.path().join("line")).unwrap().ends_with("/.git"));
    }

    #[test]
    fn worktrees_are_listed_with_their_branches_and_nothing_that_hides() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, gitdir: &str, head: &str| {
            let folder = dir.path().join(".git/worktrees").join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("gitdir"), gitdir).unwrap();
            fs::write(folder.join("HEAD"), head).unwrap();
        };
        write("a", "/wt/a/.git\n", "ref: refs/heads/feature/a\n");
        write("b", "/wt/b/.git\n", "0123456789abcdef\n");
        write("c", "/wt/c\u{1b}[2J/.git\n", "ref: refs/heads/c\n");
        write("d", "relative/.git\n", "ref: refs/heads/d\n");
        write("e", "/wt/e/.git\n", "ref: refs/heads/e\u{202e}\n");
        let sandbox = |path: &str, branch: Option<&str>| Sandbox {
            path: path.to_owned(),
            branch: branch.map(str::to_owned),
        };
        let expected = [sandbox("/wt/a", Some("feature/a")), sandbox("/wt/b", None), sandbox("/wt/e", None)];
        assert_eq!(worktrees(dir.path()), expected);
        assert!(keeps(dir.path()) && worktrees(&dir.path().join(".git")).is_empty());
    }
}
