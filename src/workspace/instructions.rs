//! Instruction files: what a project tells the model, each with the path it came from.
//!
//! Read, never run; they change no permission (invariant 12). Each is read up to a cap (invariant 9).

use std::{
    fs, io,
    io::Read,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use crate::transcript::Timestamp;

/// Bytes of one file that are read.
pub const MAX_BYTES: u64 = 64 * 1024;

/// The names of a project's own instruction files; of each folder the first that exists is taken.
const NAMES: [&str; 2] = ["AGENTS.md", "CLAUDE.md"];

/// One instruction file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Where it is.
    pub path: PathBuf,
    /// Its text, at most [`MAX_BYTES`].
    pub text: String,
    /// Whether it has more.
    pub truncated: bool,
    /// When it was last written, where the file system tells.
    pub changed_at: Option<Timestamp>,
}

/// The instruction files that exist for `cwd`, outermost first, then the configured ones (relative to the
/// project's root). What cannot be read is left out.
pub fn read(cwd: &Path, root: &Path, configured: &[String]) -> Vec<Instruction> {
    find(cwd, root, configured).iter().filter_map(|path| read_one(path).ok()).collect()
}

/// The instruction files of a session, looked at again and again: a file is read only when its name, its size or its
/// time of change is another than before.
#[derive(Debug)]
pub struct Watch {
    cwd: PathBuf,
    root: PathBuf,
    configured: Vec<String>,
    seen: Mutex<Vec<(Stamp, Instruction)>>,
}

/// What tells that a file is the one that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    path: PathBuf,
    len: u64,
    modified: Option<SystemTime>,
}

impl Watch {
    /// Nothing is read yet.
    pub fn new(cwd: PathBuf, root: PathBuf, configured: Vec<String>) -> Self {
        Self { cwd, root, configured, seen: Mutex::default() }
    }

    /// The files as they are now, in the order of [`read`].
    pub fn look(&self) -> Vec<Instruction> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let looked = find(&self.cwd, &self.root, &self.configured).into_iter().filter_map(|path| {
            let about = fs::metadata(&path).ok()?;
            let stamp = Stamp { len: about.len(), modified: about.modified().ok(), path };
            let known = seen.iter().find(|(before, _)| *before == stamp).map(|(_, file)| file.clone());
            let file = known.or_else(|| read_one(&stamp.path).ok())?;
            Some((stamp, file))
        });
        *seen = looked.collect();
        seen.iter().map(|(_, file)| file.clone()).collect()
    }
}

/// Their paths, for a look whether they changed.
pub fn find(cwd: &Path, root: &Path, configured: &[String]) -> Vec<PathBuf> {
    let mut folders: Vec<&Path> = cwd.ancestors().take_while(|folder| folder.starts_with(root)).collect();
    folders.reverse();
    let named = |folder: &&Path| NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    let mut paths: Vec<PathBuf> = folders.iter().filter_map(named).collect();
    for path in configured.iter().map(|path| root.join(path)).filter(|path| path.is_file()) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

fn read_one(path: &Path) -> io::Result<Instruction> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path)?;
    let changed_at = file.metadata()?.modified().ok().map(Timestamp::from);
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let cap = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX);
    Ok(Instruction {
        path: path.to_owned(),
        truncated: bytes.len() > cap,
        changed_at,
        text: crate::transcript::text::head(&text, cap).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outer_instructions_come_first_and_agents_md_before_claude_md() {
        let dir = tempfile::tempdir().unwrap();
        let (root, cwd) = (dir.path(), dir.path().join("a/b"));
        fs::create_dir_all(&cwd).unwrap();
        for (path, text) in
            [("CLAUDE.md", "root"), ("a/AGENTS.md", "a"), ("a/CLAUDE.md", "not this"), ("docs.md", "docs")]
        {
            fs::write(root.join(path), text).unwrap();
        }
        let configured = ["docs.md".to_owned(), "missing.md".to_owned(), "CLAUDE.md".to_owned()];
        let texts: Vec<_> = read(&cwd, root, &configured).into_iter().map(|found| found.text).collect();
        assert_eq!(texts, ["root", "a", "docs"]);
    }

    #[test]
    fn files_above_the_project_do_not_belong_to_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("project");
        fs::create_dir_all(&root).unwrap();
        fs::write(dir.path().join("AGENTS.md"), "above").unwrap();
        assert_eq!(find(&root, &root, &[]), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_watch_sees_what_is_new_changed_and_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("AGENTS.md");
        let watch = Watch::new(dir.path().to_owned(), dir.path().to_owned(), Vec::new());
        let texts = || watch.look().into_iter().map(|file| file.text).collect::<Vec<_>>();
        assert_eq!(texts(), Vec::<String>::new());
        fs::write(&path, "one").unwrap();
        assert_eq!((texts(), texts()), (vec!["one".to_owned()], vec!["one".to_owned()]));
        fs::write(&path, "another").unwrap();
        assert_eq!(texts(), ["another"]);
        fs::remove_file(&path).unwrap();
        assert_eq!(texts(), Vec::<String>::new());
    }

    #[test]
    fn a_long_file_is_cut_at_a_character() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("AGENTS.md"), "é".repeat(40_000)).unwrap();
        let found = read(dir.path(), dir.path(), &[]);
        assert!(found[0].truncated && found[0].text.len() as u64 <= MAX_BYTES);
        assert!(found[0].text.ends_with('é'));
    }
}
