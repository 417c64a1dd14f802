//! Reading what people write for the model: Markdown files of agents, commands, skills, instructions.
//!
//! Regular files only, up to a cap (invariant 9), never waiting for a pipe's writer; hidden characters are taken out and
//! counted. Of a project, only what lies in it: a link that leads out of it is not followed (invariant 12).

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::regular;
use crate::transcript::{Timestamp, hidden, text};

/// Files of one folder that are looked at.
pub(in crate::workspace) const MOST_FILES: usize = 200;

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Document {
    /// It, without hidden characters.
    pub(super) text: String,
    /// Whether the file has more.
    pub(super) truncated: bool,
    /// How many hidden characters were taken out.
    pub(super) hidden: usize,
    /// When it was last written, where the file system tells.
    pub(super) changed_at: Option<Timestamp>,
}

/// What tells that a file is the one that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) path: PathBuf,
    len: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// Of the file that is there now, if it is a regular one.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        Some(Self { path: path.to_owned(), len: about.len(), modified: about.modified().ok() })
    }
}

/// Reads a regular file, at most `most` bytes of it. What is no UTF-8 is replaced.
pub(super) fn read(path: &Path, most: u64) -> io::Result<Document> {
    let (file, about) = regular::open(path)?;
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    let truncated = bytes.len() as u64 > most;
    let whole = String::from_utf8_lossy(&bytes);
    let cap = usize::try_from(most).unwrap_or(usize::MAX);
    let (shown, hidden) = hidden::without_hidden(text::head(&whole, cap));
    let changed_at = about.modified().ok().map(Timestamp::from);
    Ok(Document { text: shown.into_owned(), truncated, hidden, changed_at })
}

/// What is said of a text from which hidden characters were taken out.
pub(super) fn hidden_note(hidden: usize) -> String {
    format!("{hidden} invisible or bidirectional characters were taken out of it")
}

/// The Markdown files of a folder, by name, at most [`MOST_FILES`].
pub(super) fn markdown(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    first(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")), MOST_FILES)
}

/// The first of these paths by name; no more of them are held, however many there are.
pub(super) fn first(paths: impl Iterator<Item = PathBuf>, most: usize) -> Vec<PathBuf> {
    let mut first = BTreeSet::new();
    for path in paths {
        first.insert(path);
        if first.len() > most {
            first.pop_last();
        }
    }
    first.into_iter().collect()
}

/// Whether a path, with its links followed, lies in a folder, which is a real path.
pub(super) fn lies_in(path: &Path, folder: &Path) -> bool {
    path.canonicalize().is_ok_and(|real| real.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_text_is_read_up_to_its_cap_and_without_hidden_characters() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.md");
        fs::write(&path, "on\u{202e}e two").unwrap();
        let read = |most| read(&path, most).unwrap();
        assert_eq!((read(100).text.as_str(), read(100).hidden, read(100).truncated), ("one two", 1, false));
        assert_eq!((read(6).text.as_str(), read(6).truncated), ("one", true));
    }

    #[test]
    fn of_many_files_the_first_by_name_are_taken() {
        let dir = tempfile::tempdir().unwrap();
        (0..MOST_FILES + 3).for_each(|n| drop(File::create(dir.path().join(format!("{n:03}.md"))).unwrap()));
        File::create(dir.path().join("000.txt")).unwrap();
        let found = markdown(dir.path());
        assert_eq!((found.len(), found[0].file_name().unwrap()), (MOST_FILES, "000.md".as_ref()));
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe.md");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        assert!(read(&pipe, 10).is_err());
        assert!(read(dir.path(), 10).is_err());
        assert_eq!(Stamp::of(&pipe), None);
    }

    #[test]
    fn a_link_that_leads_out_does_not_lie_in_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("root");
        fs::create_dir(&root).unwrap();
        fs::write(dir.path().join("secret"), "s").unwrap();
        fs::write(root.join("own"), "o").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret"), root.join("out")).unwrap();
        std::os::unix::fs::symlink(root.join("own"), root.join("in")).unwrap();
        assert!(lies_in(&root.join("in"), &root) && !lies_in(&root.join("out"), &root));
    }
}
