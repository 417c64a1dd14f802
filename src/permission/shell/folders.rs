//! Where a command line may be after its `cd`s. Pure: nothing is looked at.

/// More folders than this in which a command may run, and it is not followed any further.
pub(in crate::permission) const MAX_FOLDERS: usize = 32;

/// The folders in which the next command may run, relative to that in which the line begins (`""`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folders {
    here: Vec<String>,
    /// Where it may be when a `cd` before did not succeed.
    otherwise: Vec<String>,
}

impl Folders {
    /// At the beginning of a line.
    pub(super) fn new() -> Self {
        Self { here: vec![String::new()], otherwise: Vec::new() }
    }

    /// Where the next command may run.
    pub(super) fn here(&self) -> &[String] {
        &self.here
    }

    /// `cd folder`. `false` when there are too many places to follow.
    pub(super) fn enter(&mut self, folder: &str) -> bool {
        let mut entered = Vec::new();
        self.here.iter().for_each(|from| add(&mut entered, &ways(from, folder)));
        let before = std::mem::replace(&mut self.here, entered);
        add(&mut self.otherwise, &before);
        self.here.len() + self.otherwise.len() <= MAX_FOLDERS
    }

    /// An operator after which a command also runs when the one before has failed: all but `&&`.
    pub(super) fn also_after_failure(&mut self) {
        let otherwise = std::mem::take(&mut self.otherwise);
        add(&mut self.here, &otherwise);
    }

    /// Back from a part of the line that may have run in a process of its own.
    pub(super) fn or(&mut self, before: &Self) {
        add(&mut self.here, &before.here);
        add(&mut self.otherwise, &before.otherwise);
    }
}

fn add(to: &mut Vec<String>, more: &[String]) {
    for folder in more {
        if !to.contains(folder) {
            to.push(folder.clone());
        }
    }
}

/// Where `path` leads from `folder`. Bash takes `..` away from the name of a folder, the kernel follows links first;
/// both are named where they may differ.
pub(super) fn ways(folder: &str, path: &str) -> Vec<String> {
    let joined =
        if path.starts_with('/') || folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
    let shortened = without_dots(&joined);
    if shortened == joined { vec![joined] } else { vec![joined, shortened] }
}

/// `a/b/../c` → `a/c`, as bash would say it; what goes up from the beginning stays.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for name in path.split('/').filter(|name| !name.is_empty() && *name != ".") {
        match (name, kept.last()) {
            ("..", Some(last)) if *last != ".." => drop(kept.pop()),
            _ => kept.push(name),
        }
    }
    let joined = kept.join("/");
    if path.starts_with('/') {
        format!("/{joined}")
    } else if joined.is_empty() {
        ".".to_owned()
    } else {
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_sure_only_behind_a_double_ampersand() {
        let mut folders = Folders::new();
        assert!(folders.enter("a") && folders.enter("b"));
        assert_eq!(folders.here(), ["a/b"]);
        folders.also_after_failure();
        assert_eq!(folders.here(), ["a/b", "", "a"]);
    }

    #[test]
    fn a_step_up_is_named_in_both_ways() {
        assert_eq!(ways("link", ".."), ["link/..", "."]);
        assert_eq!(ways("a", "../../x"), ["a/../../x", "../x"]);
        assert_eq!(ways("a", "/x/y"), ["/x/y"]);
    }

    #[test]
    fn what_cannot_be_followed_is_said() {
        let mut folders = Folders::new();
        let followed = (0..64).map(|_| {
            let followed = folders.enter("a/..");
            folders.also_after_failure();
            followed
        });
        assert!(followed.into_iter().any(|followed| !followed));
    }
}
