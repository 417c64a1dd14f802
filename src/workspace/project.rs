//! The project that a working directory belongs to, and what it brings.

mod footprint;
pub mod git;

use std::path::{Path, PathBuf};

use crate::transcript::hidden;

pub(in crate::workspace) use footprint::{MOST_BYTES, MOST_FILES};
pub use footprint::{TooMuch, footprint};

/// A project's root and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRoot {
    /// The nearest folder upward with a `.git`, else the working directory itself.
    pub path: PathBuf,
    /// The last name of the path, without what a person would not see of it.
    pub name: String,
}

/// Finds the project of `cwd`. `.git` may be a folder or, in a worktree, a file.
pub fn find(cwd: &Path) -> ProjectRoot {
    let path = cwd.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(cwd).to_owned();
    ProjectRoot { name: name(&path), path }
}

/// What the project at `root` is called before a person names it.
pub fn name(root: &Path) -> String {
    let last = root.file_name().unwrap_or(root.as_os_str()).to_string_lossy();
    let name = hidden::plain_name(&last);
    if name.is_empty() { hidden::visible_line(&last) } else { name }
}

/// Folders of a project whose content counts only where it is trusted.
const BRINGING: [&str; 2] = [".agentls", ".claude/skills"];

/// Whether there is something at `root` that counts only where it is trusted.
pub fn brings_anything(root: &Path) -> bool {
    BRINGING.iter().any(|folder| root.join(folder).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_repository_upward_is_the_project() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("outer/inner/src");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::create_dir_all(dir.path().join("outer/.git")).unwrap();
        std::fs::write(dir.path().join("outer/inner/.git"), "gitdir: elsewhere").unwrap();
        assert_eq!(find(&deep).name, "inner");
        assert_eq!(find(&dir.path().join("outer")).path, dir.path().join("outer"));
    }

    #[test]
    fn a_name_hides_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("safe\n\u{1b}[2Jrepo\u{202e}");
        std::fs::create_dir(&folder).unwrap();
        assert_eq!(find(&folder).name, "safe[2Jrepo");
    }

    #[test]
    fn without_a_repository_the_folder_itself_is_the_project() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(find(dir.path()).path, dir.path());
    }
}
