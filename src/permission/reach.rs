//! Where the words of a command line lead: the first place outside the root that a command may touch.
//!
//! Invariant 12: rules speak of commands; where a command reaches a path outside, a person has to see that path. Looks
//! at directory entries and links, and opens nothing. What a program opens by itself (its configuration, the links
//! that it finds in a folder) is not seen here: that is for the sandbox.

use std::{fs, path::Path};

use super::{
    PathQuestion,
    path::{PathError, Resolved, resolve},
    shell::Named,
};

/// Entries of folders that are looked at for the patterns of one line.
pub(in crate::permission) const MAX_ENTRIES: usize = 10_000;

/// A place outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The command that names it, as an index.
    pub command: usize,
    /// The path as it is written and where it leads.
    pub path: PathQuestion,
}

/// Where a command line would run.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// What it may touch without a question.
    pub root: &'a Path,
    /// The folder in which it begins, absolute.
    pub folder: &'a Path,
    /// What `~` stands for.
    pub home: Option<&'a Path>,
}

/// The first of `places` that leads out of the root.
pub fn first_outside(ground: Ground<'_>, places: &[Named]) -> Option<Outside> {
    let mut entries = MAX_ENTRIES;
    places.iter().find_map(|named| {
        let path = ground.question(named, &mut entries)?;
        Some(Outside { command: named.command, path })
    })
}

impl Ground<'_> {
    fn question(&self, named: &Named, entries: &mut usize) -> Option<PathQuestion> {
        let Some(path) = self.absolute(named) else {
            return Some(itself(Path::new(&named.path)));
        };
        if named.is_pattern {
            return pattern(self.root, &path, entries);
        }
        match resolve(self.root, &path) {
            Ok(place) if place.inside || (named.may_be_text && is_text(&named.path)) => None,
            Ok(place) => Some(shown(&place)),
            Err(error) => unknown(&path, &error),
        }
    }

    /// `None` for the home of another, wherever that is.
    fn absolute(&self, named: &Named) -> Option<String> {
        let path = match named.path.strip_prefix('~').filter(|_| named.has_home) {
            Some(behind) if behind.is_empty() || behind.starts_with('/') => {
                format!("{}{behind}", self.home?.to_string_lossy())
            }
            Some(_) => return None,
            None => named.path.clone(),
        };
        // Not with `Path::join`, which takes the last `/` away.
        Some(if path.starts_with('/') { path } else { format!("{}/{path}", self.folder.to_string_lossy()) })
    }
}

/// What could not be followed.
fn itself(path: &Path) -> PathQuestion {
    PathQuestion { link: path.to_path_buf(), target: path.to_path_buf() }
}

/// An absolute path whose first folder does not exist is a pattern or a text to a command that only looks.
fn is_text(path: &str) -> bool {
    let mut names = path.split('/').filter(|name| !name.is_empty());
    path.starts_with('/')
        && names.next().is_some_and(|first| fs::symlink_metadata(Path::new("/").join(first)).is_err())
}

fn shown(place: &Resolved) -> PathQuestion {
    PathQuestion { link: place.written.clone(), target: place.target.clone() }
}

/// What cannot be followed is harmless only where the system could not follow it either, at any time.
fn unknown(path: &str, error: &PathError) -> Option<PathQuestion> {
    let leaves = path.split('/').any(|name| name == "..");
    let harmless = match error {
        PathError::Empty | PathError::Nul(_) | PathError::TooLong { .. } => true,
        PathError::Special(_) => matches!(path, "/dev/null" | "/dev/zero"),
        PathError::NotAFolder { .. } | PathError::LinkLoop(_) => !leaves,
        _ => false,
    };
    (!harmless).then(|| itself(Path::new(path)))
}

/// An absolute pattern: the folder in which it begins, and every link that it may match.
fn pattern(root: &Path, path: &str, entries: &mut usize) -> Option<PathQuestion> {
    let names: Vec<&str> = path.split('/').collect();
    let plain = names.iter().take_while(|name| !name.contains(['*', '?', '['])).count();
    let folder = format!("/{}", names.get(..plain).unwrap_or_default().join("/"));
    let behind = names.get(plain..).unwrap_or_default();
    let start = match resolve(root, &folder) {
        Ok(place) if place.inside => place,
        Ok(place) => return Some(shown(&place)),
        Err(error) => return unknown(&folder, &error),
    };
    if behind.contains(&"..") {
        return Some(itself(Path::new(path)));
    }
    let depth = behind.iter().filter(|name| !name.is_empty()).count();
    link_below(root, &start.target, depth, entries)
}

/// The first link in `folder`, or in the folders in it to that depth, that leads out, or into a folder where the pattern
/// goes on.
fn link_below(root: &Path, folder: &Path, depth: usize, entries: &mut usize) -> Option<PathQuestion> {
    for entry in fs::read_dir(folder).ok()?.flatten() {
        *entries = entries.saturating_sub(1);
        let (path, kind) = (entry.path(), entry.file_type().ok()?);
        if *entries == 0 {
            return Some(itself(&path));
        }
        if kind.is_symlink() {
            let place = resolve(root, &path.to_string_lossy()).ok();
            let leads = |place: &Resolved| !place.inside || (depth > 1 && place.target.is_dir());
            if let Some(place) = place.filter(leads) {
                return Some(shown(&place));
            }
        } else if kind.is_dir() && depth > 1 {
            let found = link_below(root, &path, depth - 1, entries);
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::symlink, path::PathBuf};

    use super::*;
    use crate::permission::shell::analyze;

    /// A root with a link out of it and a folder; beside it a file and a home.
    fn place() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap().join("root");
        fs::create_dir_all(root.join("src/deep")).unwrap();
        fs::create_dir_all(root.join("links")).unwrap();
        fs::write(root.join("src/a.rs"), "a").unwrap();
        fs::write(root.join("src/deep/b.rs"), "b").unwrap();
        fs::write(root.join("../secret"), "s").unwrap();
        symlink("../../secret", root.join("links/out")).unwrap();
        symlink("src/deep", root.join("short")).unwrap();
        (dir, root)
    }

    #[test]
    fn a_pattern_over_more_entries_than_are_looked_at_is_asked_for() {
        let (_dir, root) = place();
        let full = root.join("full");
        fs::create_dir(&full).unwrap();
        let fill = |entries: std::ops::Range<usize>| {
            entries.for_each(|number| fs::write(full.join(number.to_string()), "").unwrap());
        };
        fill(0..MAX_ENTRIES / 4);
        assert_eq!(leads_to(&root, "cat full/*"), None);
        fill(MAX_ENTRIES / 4..MAX_ENTRIES);
        assert!(leads_to(&root, "cat full/*").is_some());
    }

    fn leads_to(root: &Path, line: &str) -> Option<PathBuf> {
        let home = root.with_file_name("home");
        let analysis = analyze(line);
        assert_eq!(analysis.doubt, None, "{line}");
        first_outside(Ground { root, folder: root, home: Some(&home) }, &analysis.places)
            .map(|outside| outside.path.target)
    }

    #[test]
    fn a_path_outside_is_found_in_every_place_of_a_command() {
        let (_dir, root) = place();
        for line in [
            "cat ../secret",
            "cat /etc/hosts",
            "cat ~/.ssh/id",
            "cat ~root/.ssh/id",
            "cat links/out",
            "cat links/*",
            "cat */*",
            "grep -f../secret x",
            "grep --file=../secret x",
            "dd if=/etc/hosts",
            "cd src && cat ../../secret",
            "cd src; cat ../secret",
            "cd .. && ls",
            "cd short && cd .. && cat ../secret",
            "(cd src) && cat ../secret",
            "cd src | true && cat ../secret",
            "cp src/a.rs /tmp/x",
            "touch /new-in-the-root",
            "ls src/*/../../..",
            "cat none/../../secret",
            "git -C .. status",
            "cat /dev/random",
            "cat /proc/self/environ",
        ] {
            assert!(leads_to(&root, line).is_some(), "{line}");
        }
        assert_eq!(leads_to(&root, "cat links/out"), Some(root.parent().unwrap().join("secret")));
    }

    #[test]
    fn paths_inside_and_words_that_are_none_are_not() {
        let (_dir, root) = place();
        for line in [
            "cat src/a.rs",
            "cat src/*.rs",
            "cd src && cat ../src/a.rs",
            "cd src/deep && cd .. && ls",
            "grep -rn '/api/v1' src",
            "sed -n '/fn main/,/}/p' src/a.rs",
            "echo /etc/passwd",
            "git commit -m 'see ../x: /etc, a=b'",
            "ls short",
            "cat src/a.rs > /dev/null",
            "diff src/a.rs /dev/null",
            "curl https://example.org/x",
            "wc -l src/deep/../a.rs",
        ] {
            assert_eq!(leads_to(&root, line), None, "{line}");
        }
    }
}
