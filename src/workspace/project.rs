//! The project that a working directory belongs to.

use std::path::{Path, PathBuf};

/// A project's root and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRoot {
    /// The nearest folder upward with a `.git`, else the working directory itself.
    pub path: PathBuf,
    /// The last name of the path.
    pub name: String,
}

/// Finds the project of `cwd`. `.git` may be a folder or, in a worktree, a file.
pub fn find(cwd: &Path) -> ProjectRoot {
    let path = cwd.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(cwd).to_owned();
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    ProjectRoot { path, name }
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
    fn without_a_repository_the_folder_itself_is_the_project() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(find(dir.path()).path, dir.path());
    }
}
