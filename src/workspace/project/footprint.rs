//! What a project brings that counts once it is trusted, each file with a digest: what trust is bound to.
//!
//! Reads, and runs nothing (invariant 12). Instructions (`AGENTS.md`) and skills are not among it: they are words for
//! the model, which change no permission.

use std::{fs, io, path::Path};

use sha2::{Digest, Sha256};

use crate::{
    transcript::project::{Footprint, Mark, Use},
    workspace::regular,
};

/// A project's folder of ours, below its root.
const FOLDER: &str = ".agentls";

/// Folders of Markdown files there.
const FOLDERS: [(&str, Use); 2] = [("agents", Use::Agent), ("commands", Use::Command)];

/// Agents or commands of a project at most.
pub(in crate::workspace) const MOST_FILES: usize = 256;

/// Bytes of a file that its digest covers, beside its size. Nothing that uses such a file reads more of it.
pub(in crate::workspace) const MOST_BYTES: u64 = 1024 * 1024;

/// A project brings more than anybody can look through: it cannot be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{FOLDER}/{folder} holds more than {MOST_FILES} files")]
pub struct TooMuch {
    folder: &'static str,
}

/// What the project at `root` brings, as it is now.
pub fn footprint(root: &Path) -> Result<Footprint, TooMuch> {
    let mut marks = Vec::new();
    let configuration = format!("{FOLDER}/config.jsonc");
    if let Some(digest) = digest(&root.join(&configuration)) {
        marks.push(Mark { path: configuration, what: Use::Configuration, digest });
    }
    for (folder, what) in FOLDERS {
        for name in names(&root.join(FOLDER).join(folder)).ok_or(TooMuch { folder })? {
            let path = format!("{FOLDER}/{folder}/{name}");
            if let Some(digest) = digest(&root.join(&path)) {
                marks.push(Mark { path, what, digest });
            }
        }
    }
    Ok(Footprint(marks))
}

/// The Markdown files of a folder, by name; none when it cannot be read. `None` when there are too many.
fn names(folder: &Path) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("md")) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        if names.len() > MOST_FILES {
            return None;
        }
    }
    names.sort();
    Some(names)
}

/// Tells a file's content from any other. `None` when there is no file.
fn digest(path: &Path) -> Option<String> {
    match regular::read(path, MOST_BYTES) {
        Ok((content, size)) => {
            let mut hash = Sha256::new();
            hash.update(size.to_le_bytes());
            hash.update(content);
            Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        // Nobody can use it now; once somebody can, it is another.
        Err(_) => Some("unreadable".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn write(root: &Path, path: &str, content: &[u8]) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    #[test]
    fn what_would_count_is_named_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        for path in [
            "agents/b.md",
            "agents/a.MD",
            "agents/notes.txt",
            "commands/c.md",
            "config.jsonc",
            "skills/s/SKILL.md",
        ] {
            write(dir.path(), &format!(".agentls/{path}"), b"x");
        }
        write(dir.path(), "AGENTS.md", b"x");
        let named: Vec<_> =
            footprint(dir.path()).unwrap().0.into_iter().map(|mark| (mark.path, mark.what)).collect();
        let expected = [
            (".agentls/config.jsonc", Use::Configuration),
            (".agentls/agents/a.MD", Use::Agent),
            (".agentls/agents/b.md", Use::Agent),
            (".agentls/commands/c.md", Use::Command),
        ];
        assert_eq!(named, expected.map(|(path, what)| (path.to_owned(), what)));
    }

    #[test]
    fn what_is_no_file_is_named_without_a_wait() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join(".agentls/agents/folder.md")).unwrap();
        let pipe = dir.path().join(".agentls/config.jsonc");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        let digests: Vec<_> = footprint(dir.path()).unwrap().0.into_iter().map(|mark| mark.digest).collect();
        assert_eq!(digests, ["unreadable", "unreadable"]);
    }

    #[test]
    fn more_than_can_be_looked_through_has_no_footprint() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..=MOST_FILES {
            write(dir.path(), &format!(".agentls/agents/{number}.md"), b"");
        }
        assert!(footprint(dir.path()).unwrap_err().to_string().contains(".agentls/agents"));
    }

    #[test]
    fn of_a_long_file_the_beginning_and_the_size_count() {
        let dir = tempfile::tempdir().unwrap();
        let of = |content: &[u8]| {
            write(dir.path(), ".agentls/config.jsonc", content);
            footprint(dir.path()).unwrap()
        };
        let long = vec![b' '; usize::try_from(MOST_BYTES).unwrap() + 1];
        let before = of(&long);
        assert_ne!(of(&[&long[..], b" "].concat()), before);
        assert_ne!(of(&[&b"x"[..], &long[1..]].concat()), before);
    }

    proptest! {
        #[test]
        fn another_content_is_another_footprint(before: Vec<u8>, after: Vec<u8>) {
            let dir = tempfile::tempdir().unwrap();
            let of = |content: &[u8]| {
                write(dir.path(), ".agentls/config.jsonc", content);
                footprint(dir.path()).unwrap()
            };
            prop_assert_eq!(of(&before) == of(&after), before == after);
        }
    }
}
