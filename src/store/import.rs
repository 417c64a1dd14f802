//! Taking over sessions from other programs.
//!
//! The source is read only, in one read transaction; what is read is written in small transactions, so that a server
//! beside it goes on. Ids are kept: importing twice changes nothing, an import that was cut short goes on where it was,
//! and a session that has grown there gets what is new, unless it was continued here. A row that cannot be read is named
//! and skipped.

mod landing;
pub(in crate::store) mod opencode;
pub(in crate::store) mod taking;

use std::path::{Path, PathBuf};

use tokio::runtime::Handle;

use super::{Bodies, Store, StoreError};
use crate::transcript::{Failure, Owner, PartKind, Role, SessionId, Timestamp, json};
use taking::Taking;

/// Where sessions come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A database of opencode 1.18.
    OpencodeDatabase {
        /// The file.
        path: PathBuf,
        /// Only this session and those that it started.
        session: Option<String>,
    },
    /// What `opencode export` printed: one session.
    OpencodeExport(PathBuf),
}

/// Something that happened on the way.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// So much of so much is done, in units of the source: messages of a database, bytes of a file.
    Progress {
        /// Done.
        done: u64,
        /// In all.
        total: u64,
    },
    /// A row was not taken.
    Skipped {
        /// Its session there, where it belongs to one.
        session: Option<SessionId>,
        /// Which row.
        row: String,
        /// Why.
        why: String,
    },
    /// A session is done.
    Session(Outcome),
}

/// What became of one session.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Its id, there and here.
    pub session: SessionId,
    /// Its title there.
    pub title: String,
    /// What became of it.
    pub fate: Fate,
    /// Messages that were taken now.
    pub messages: u64,
    /// Parts that were taken now.
    pub parts: u64,
    /// Rows that were not.
    pub skipped: u64,
}

/// What became of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is here now.
    Imported,
    /// It was here; what is new there was added.
    Grown,
    /// It was here, and nothing is new there.
    Unchanged,
    /// It was continued here and is left alone.
    Continued,
    /// Something else here has its id.
    Occupied,
    /// Another process imports or runs it.
    Busy(Owner),
}

/// What an import did in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Sessions that are here now.
    pub imported: u64,
    /// Sessions that were here and got what is new.
    pub grown: u64,
    /// Sessions of which nothing is new.
    pub unchanged: u64,
    /// Sessions that were left alone.
    pub left_alone: u64,
    /// Messages taken.
    pub messages: u64,
    /// Parts taken.
    pub parts: u64,
    /// Rows that could not be taken.
    pub skipped: u64,
}

impl Summary {
    fn count(&mut self, fate: &Fate) {
        match fate {
            Fate::Imported => self.imported += 1,
            Fate::Grown => self.grown += 1,
            Fate::Unchanged => self.unchanged += 1,
            Fate::Continued | Fate::Occupied | Fate::Busy(_) => self.left_alone += 1,
        }
    }
}

/// Why nothing could be imported, or no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// There is no such file, or it cannot be opened.
    #[error("{}: {why}", .path.display())]
    Unopened {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// It is something else than it should be.
    #[error("{} is not {expected}: {why}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
        /// Why it is not.
        why: String,
    },
    /// A database whose log has to be folded in first.
    #[error(
        "{} has a write-ahead log that cannot be read in a folder that cannot be written; copy both to another folder",
        .0.display()
    )]
    NeedsRecovery(PathBuf),
    /// It has no such session.
    #[error("there is no session {0}")]
    NoSession(String),
    /// Our own database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    /// What could not be read.
    pub fn row(&self) -> String {
        match self {
            Self::Unopened { path, .. } | Self::Foreign { path, .. } | Self::NeedsRecovery(path) => {
                path.display().to_string()
            }
            Self::NoSession(id) => format!("session {id}"),
            Self::Store(_) => String::new(),
        }
    }

    fn foreign(path: &Path, expected: &'static str, why: impl Into<String>) -> Self {
        Self::Foreign { path: path.to_owned(), expected, why: why.into() }
    }
}

impl Store {
    /// Takes over sessions. `heard` is told what happens, on another thread.
    pub async fn import(
        &self,
        source: Source,
        mut heard: impl FnMut(Event) + Send + 'static,
    ) -> Result<Summary, ImportError> {
        let (store, runtime) = (self.clone(), Handle::current());
        let work = tokio::task::spawn_blocking(move || {
            let mut taking = Taking::new(store, runtime, "opencode", &mut heard);
            match source {
                Source::OpencodeDatabase { path, session } => {
                    opencode::database::read(&path, session.as_deref(), &mut taking)?;
                }
                Source::OpencodeExport(path) => opencode::export::read(&path, &mut taking)?,
            }
            Ok(taking.summary())
        });
        work.await.unwrap_or(Err(ImportError::Store(StoreError::Closed)))
    }
}

/// A row of opencode as it would be taken: what it becomes here, or why it cannot be read.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq)]
pub struct RowRead {
    /// As a message: who speaks, and what went wrong there.
    pub message: Result<(Role, Option<Failure>), String>,
    /// As a part; `None` when it has no meaning here.
    pub part: Result<Option<(PartKind, Bodies)>, String>,
}

/// Reads a row's JSON as a message and as a part.
#[doc(hidden)]
pub fn read_row(json: &[u8]) -> RowRead {
    let json = json::repaired(json);
    let message = opencode::message::read(&json, Timestamp(0));
    let part = opencode::part::read(&json, Timestamp(0));
    RowRead {
        message: message.map(|facts| (facts.role, facts.error)).map_err(|why| why.to_string()),
        part: part.map(|part| part.map(|part| (part.kind, part.bodies))).map_err(|why| why.to_string()),
    }
}

/// Opens a file that should hold something. Only a plain file: opening a pipe would wait for its writer.
fn open(path: &Path) -> Result<std::fs::File, ImportError> {
    let unopened = |why: String| ImportError::Unopened { path: path.to_owned(), why };
    let metadata = std::fs::metadata(path).map_err(|error| unopened(error.to_string()))?;
    if !metadata.is_file() {
        return Err(unopened("it is not a file".to_owned()));
    }
    std::fs::File::open(path).map_err(|error| unopened(error.to_string()))
}
