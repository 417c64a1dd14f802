//! Where a sandboxed command may write.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::workspace::worktree;

/// Reads a variable of the environment.
type Env<'e> = &'e dyn Fn(&str) -> Option<OsString>;

/// Temporary folders that every system has, beside the one that `TMPDIR` names.
const TEMPORARY: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// Where package managers keep what they download: the variable that says so, and below it; else below the home folder.
const CACHES: [(Option<&str>, &str, &str); 10] = [
    (Some("CARGO_HOME"), "registry", ".cargo/registry"),
    (Some("CARGO_HOME"), "git", ".cargo/git"),
    (Some("CARGO_HOME"), ".package-cache", ".cargo/.package-cache"),
    (Some("CARGO_HOME"), ".package-cache-mutate", ".cargo/.package-cache-mutate"),
    (Some("npm_config_cache"), "", ".npm"),
    (Some("XDG_CACHE_HOME"), "", ".cache"),
    (Some("GOPATH"), "pkg", "go/pkg"),
    (Some("GRADLE_USER_HOME"), "caches", ".gradle/caches"),
    (None, "", ".m2/repository"),
    (None, "", ".local/share/pnpm/store"),
];

/// The session's own places: its working directory, the project around it, and the git directories of a linked worktree.
/// A repository that holds the whole home folder is not what somebody means who works in a part of it. The last is the
/// widest.
pub(super) fn roots(cwd: &Path, project: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let mut roots = worktree::git_directories(project);
    roots.push(cwd.to_owned());
    if project != cwd && cwd.starts_with(project) && !is_above(project, home) {
        roots.push(project.to_owned());
    }
    roots
}

/// Temporary folders.
pub(super) fn temporary(home: Option<&Path>, env: Env<'_>) -> Vec<PathBuf> {
    let own = env("TMPDIR").map(PathBuf::from).filter(|path| path.is_absolute() && !is_above(path, home));
    own.into_iter().chain(TEMPORARY.map(PathBuf::from)).collect()
}

/// The caches of package managers.
pub(super) fn caches(home: Option<&Path>, env: Env<'_>) -> Vec<PathBuf> {
    let place = |(variable, below, usual): &(Option<&str>, &str, &str)| {
        let named = variable.and_then(env).map(PathBuf::from).filter(|path| path.is_absolute());
        let named = named.map(|path| path.join(below)).filter(|path| !is_above(path, home));
        named.or_else(|| home.map(|home| home.join(usual)))
    };
    CACHES.iter().filter_map(place).collect()
}

/// What the configuration adds: absolute, below the home folder (`~/…`), or relative to the working directory.
pub(super) fn configured(writable: &[String], cwd: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let place = |path: &String| match path.strip_prefix("~/") {
        Some(below) => home.map(|home| home.join(below)),
        None if path == "~" => home.map(Path::to_owned),
        None => Some(cwd.join(path)),
    };
    writable.iter().filter_map(place).collect()
}

/// Whether it is the home folder or holds it: too wide to be meant.
fn is_above(path: &Path, home: Option<&Path>) -> bool {
    home.is_some_and(|home| home.starts_with(path))
}
