//! Instruction files: what the user and a project tell the model, each with the path it came from.
//!
//! Read, never run; they change no permission (invariant 12). Each is read up to a cap, and so are all together
//! (invariant 9). Of a project, only what lies in it: a link that leads out of it is no instruction.

mod find;

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::reading::{self, Stamp};
use crate::transcript::{Timestamp, text};

pub use find::Places;
pub(in crate::workspace) use find::{MOST_MATCHES, MOST_WALKED};

/// Bytes of one file that are read.
pub const MAX_BYTES: u64 = 64 * 1024;

/// Bytes of all files together; what comes behind them is named only.
pub const MAX_TOTAL: usize = 256 * 1024;

/// Files that are looked at; others are as good as not there.
pub(in crate::workspace) const MOST_FILES: usize = 64;

/// Folders below the working directory whose instructions joined.
pub(in crate::workspace) const MOST_FOLDERS: usize = 200;

/// For what an instruction file speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For all that the user does: it is the user's own.
    User,
    /// For the project.
    Project,
    /// For what lies in this folder: it joined when something there was read.
    Below(PathBuf),
}

/// One instruction file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Where it is.
    pub path: PathBuf,
    /// For what it speaks.
    pub scope: Scope,
    /// Its text, at most [`MAX_BYTES`], without hidden characters.
    pub text: String,
    /// Whether it has more.
    pub truncated: bool,
    /// How many invisible or bidirectional characters were taken out of it.
    pub hidden: usize,
    /// When it was last written, where the file system tells.
    pub changed_at: Option<Timestamp>,
}

/// The instruction files of a session, looked at again and again: a file is read only when its name, its size or its
/// time of change is another than before.
#[derive(Debug)]
pub struct Watch {
    places: Places,
    seen: Mutex<Vec<(Stamp, Instruction)>>,
    /// Folders off the way from the root to the working directory, in which something was read, and which have
    /// instructions.
    joined: Mutex<BTreeSet<PathBuf>>,
}

impl Watch {
    /// Nothing is read yet.
    pub fn new(places: Places) -> Self {
        Self { places, seen: Mutex::default(), joined: Mutex::default() }
    }

    /// The files as they are now: the user's own, the project's with the outermost first, the configured ones, those
    /// that joined. What cannot be read is left out.
    pub fn look(&self) -> Vec<Instruction> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.places.find(&self.joined());
        let looked = found.into_iter().filter_map(|(path, scope)| {
            let stamp = Stamp::of(&path)?;
            let known = seen.iter().find(|(before, _)| *before == stamp).map(|(_, file)| file.clone());
            let file = known.or_else(|| read(&path, scope).ok())?;
            Some((stamp, file))
        });
        *seen = looked.take(MOST_FILES).collect();
        within_total(seen.iter().map(|(_, file)| file.clone()).collect())
    }

    /// Something at this place was read: the instructions of the folders above it join.
    pub fn visit(&self, path: &Path) {
        let folders = path.ancestors().skip(1).take_while(|folder| self.places.is_aside(folder));
        let with_instructions: Vec<PathBuf> =
            folders.filter(|folder| self.places.named(folder).is_some()).map(Path::to_owned).collect();
        let mut joined = self.joined();
        for folder in with_instructions {
            if joined.len() < MOST_FOLDERS {
                joined.insert(folder);
            }
        }
    }

    /// Those of these files that are still there join again: a session was told of them before.
    pub fn resume<'a>(&self, told: impl Iterator<Item = &'a str>) {
        for path in told.map(Path::new) {
            if path.parent().is_some_and(|folder| self.places.named(folder).as_deref() == Some(path)) {
                self.visit(path);
            }
        }
    }

    fn joined(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.joined.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path, scope: Scope) -> io::Result<Instruction> {
    let reading::Document { text, truncated, hidden, changed_at } = reading::read(path, MAX_BYTES)?;
    Ok(Instruction { path: path.to_owned(), scope, text, truncated, hidden, changed_at })
}

/// Leaves what is beyond [`MAX_TOTAL`] out of the last files.
fn within_total(mut files: Vec<Instruction>) -> Vec<Instruction> {
    let mut room = MAX_TOTAL;
    for file in &mut files {
        if file.text.len() > room {
            file.text = text::head(&file.text, room).to_owned();
            file.truncated = true;
        }
        room -= file.text.len();
    }
    files
}

#[cfg(test)]
mod tests;
