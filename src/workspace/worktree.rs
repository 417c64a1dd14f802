//! The git directories of a linked worktree (`git worktree add`) and of a submodule, which lie in the repository that
//! they belong to.
//!
//! The `.git` of such a folder is a file that names its directory. Whoever makes a folder can write anything into such a
//! file, so it is believed only when the directory names the folder in return: that part lies where only the
//! repository's owner writes. A directory that names nothing in return (`git init --separate-git-dir`) is not believed.
//! Formats: `gitrepository-layout(5)`, `gitsubmodules(7)`, `git-config(1)`.

mod setting;

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use rustix::fs::{FileType, Mode, OFlags, fstat};

/// Bytes that are read of such a file: a path, or a submodule's configuration.
pub(in crate::workspace) const MOST_BYTES: u64 = 8 * 1024;

/// What commits write in the repository, beside the worktree's own directory. Its hooks and its configuration are not
/// among them: they say what git runs.
const SHARED: [&str; 3] = ["objects", "refs", "logs"];

/// The directories outside of `root` that git writes to when somebody commits there; none when it is neither a linked
/// worktree nor a submodule. Real paths.
pub fn git_directories(root: &Path) -> Vec<PathBuf> {
    let Some(own) = named(root) else { return Vec::new() };
    match common(root, &own) {
        Some(common) => std::iter::once(own).chain(SHARED.map(|name| common.join(name))).collect(),
        // All of it is the submodule's, as the folder `.git` of an ordinary repository is all its own.
        None if is_submodule(root, &own) => vec![own],
        None => Vec::new(),
    }
}

/// The directory that the file `.git` in `root` names.
fn named(root: &Path) -> Option<PathBuf> {
    root.join(line(&root.join(".git"))?.strip_prefix("gitdir:")?.trim()).canonicalize().ok()
}

/// Whether the configuration in the git directory `own` says that `root` is what it keeps.
fn is_submodule(root: &Path, own: &Path) -> bool {
    let kept = text(&own.join("config")).and_then(|config| setting::worktree(&config));
    let kept = kept.and_then(|path| own.join(path).canonicalize().ok());
    own.join("HEAD").is_file() && kept.is_some() && kept == root.canonicalize().ok()
}

/// The repository whose linked worktree is at `root`, with the git directory `own`.
fn common(root: &Path, own: &Path) -> Option<PathBuf> {
    let file = root.join(".git");
    let back = own.join(line(&own.join("gitdir"))?).canonicalize().ok()?;
    let common = own.join(line(&own.join("commondir"))?).canonicalize().ok()?;
    (back == file.canonicalize().ok()? && own.parent() == Some(&common.join("worktrees"))).then_some(common)
}

/// The only line of a small file.
fn line(path: &Path) -> Option<String> {
    Some(text(path)?.trim_end().to_owned())
}

/// The beginning of a regular file.
fn text(path: &Path) -> Option<String> {
    // Neither a link nor a pipe that would be waited for.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).ok()?;
    if FileType::from_raw_mode(fstat(&file).ok()?.st_mode) != FileType::RegularFile {
        return None;
    }
    let mut text = String::new();
    File::from(file).take(MOST_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A repository and a worktree of it as git lays them out; the worktree's `.git` names `named`.
    fn layout(dir: &Path, named: &str, back: &str) -> PathBuf {
        let (tree, own) = (dir.join("tree"), dir.join("main/.git/worktrees/tree"));
        fs::create_dir_all(&tree).unwrap();
        fs::create_dir_all(&own).unwrap();
        fs::write(tree.join(".git"), format!("gitdir: {named}\n")).unwrap();
        fs::write(own.join("gitdir"), format!("{back}\n")).unwrap();
        fs::write(own.join("commondir"), "../..\n").unwrap();
        tree
    }

    #[test]
    fn a_worktree_writes_to_its_own_directory_and_what_commits_share() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap();
        let tree = layout(&real, "../main/.git/worktrees/tree", real.join("tree/.git").to_str().unwrap());
        let found = git_directories(&tree);
        let below = |path: &PathBuf| path.strip_prefix(&real).unwrap().to_string_lossy().into_owned();
        assert_eq!(
            found.iter().map(below).collect::<Vec<_>>(),
            ["main/.git/worktrees/tree", "main/.git/objects", "main/.git/refs", "main/.git/logs"]
        );
    }

    #[test]
    fn a_file_that_names_what_does_not_name_it_in_return_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap();
        let tree = layout(&real, "../main/.git/worktrees/tree", "/somewhere/else/.git");
        assert_eq!(git_directories(&tree), Vec::<PathBuf>::new());
        fs::write(tree.join(".git"), format!("gitdir: {}\n", real.display())).unwrap();
        assert_eq!(git_directories(&tree), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_submodule_writes_to_its_own_directory_when_that_names_it_in_return() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap();
        let (sub, own) = (real.join("super/sub"), real.join("super/.git/modules/sub"));
        fs::create_dir_all(&sub).unwrap();
        fs::create_dir_all(&own).unwrap();
        fs::write(sub.join(".git"), "gitdir: ../.git/modules/sub\n").unwrap();
        fs::write(own.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        let keeps = |worktree: &str| {
            fs::write(own.join("config"), format!("[core]\n\tbare = false\n\tworktree = {worktree}\n"))
                .unwrap();
            git_directories(&sub)
        };
        assert_eq!(keeps("../../../sub"), std::slice::from_ref(&own));
        for elsewhere in ["../../../other", "/", "../../..", ""] {
            assert_eq!(keeps(elsewhere), Vec::<PathBuf>::new(), "{elsewhere}");
        }
    }

    #[test]
    fn an_ordinary_repository_a_pipe_and_a_file_without_end_have_none() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("plain/.git")).unwrap();
        assert_eq!(git_directories(&dir.path().join("plain")), Vec::<PathBuf>::new());
        let pipe = dir.path().join(".git");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert_eq!(git_directories(dir.path()), Vec::<PathBuf>::new());
        let real = dir.path().canonicalize().unwrap();
        let far = format!("{}../main/.git/worktrees/tree", " ".repeat(9_000));
        let tree = layout(&real, &far, real.join("tree/.git").to_str().unwrap());
        assert_eq!(git_directories(&tree), Vec::<PathBuf>::new());
    }
}
