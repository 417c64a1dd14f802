//! The database: SQLite in WAL mode, one writer thread, a few readers, SQL by table.
//!
//! Knows `transcript` only. Everything that changes rows goes through [`Store::write`], in the order of the
//! calls, several calls in one transaction where they come together; what comes back is [`Committed`], a type
//! that nobody else can make (invariant 7). Order is `seq`, given here (invariant 1); bodies lie apart from the
//! rows that describe them (invariant 2). One process writes a session at a time, by a lease (invariant 8); the others
//! may ask for it ([`Claim`]) and follow what it writes ([`follow`]).

mod access;
mod anchors;
mod approvals;
mod backlog;
mod backup;
mod baselines;
mod body;
pub mod bounds;
mod busy;
mod changes;
mod claims;
mod damage;
mod evidence;
pub mod follow;
mod history;
mod import;
mod inbox;
mod inspect;
mod leases;
mod lines;
mod live;
mod mend;
mod messages;
mod migrate;
mod notices;
mod outline;
mod parts;
mod pictures;
mod projects;
mod reader;
mod recovery;
mod rows;
mod second_look;
mod sent;
mod sessions;
mod steps;
mod transfer;
mod turns;
mod writer;

#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::Connection;

use crate::transcript::SessionId;

use access::Access;
pub use anchors::{Anchor, Anchoring, Mooring};
pub use approvals::{Approved, StoredApproval};
pub use baselines::{Baseline, Fragment};
pub use body::{Field, FieldRange};
pub use changes::{ChangedTurn, NewChange, StoredChange};
pub use claims::{Claim, Pressed};
pub use evidence::Evidence;
pub use history::{Entry, History};
pub use import::{Event as ImportEvent, Fate, ImportError, Outcome, Source, Summary as ImportSummary};
#[doc(hidden)]
pub use import::{RowRead, read_row};
pub use inbox::{Enqueued, NewPrompt, PromptFate};
pub use inspect::{Inspection, Sizes, inspect, stored_project};
pub use leases::{BEAT_MS, Holder, Lessee, Vitality};
pub use live::{Boundary, Counted, Live, NewSummary, Reshape, Weight, Won};
pub use mend::{Loss, Repair, RepairError, repair};
pub use messages::{MessagesPage, NewMessage, PageQuery};
pub use outline::Outline;
pub use parts::{Bodies, Loading, NewPart};
pub use pictures::StoredImage;
pub use projects::{ProjectChange, StoredProject};
pub use sent::{Results, Sent};
pub use sessions::{NewSessionRow, SessionFilter, SessionsPage, TitleBy};
pub use steps::{LastAnswered, Step};
pub use turns::{Begun, Change, Ended, TurnEnd};

/// Marks our databases (`PRAGMA application_id`): "agls".
pub const APPLICATION_ID: i32 = 0x6167_6c73;

/// The database's name in the data directory.
pub const FILE: &str = "agentls.db";

/// The oldest SQLite without the WAL corruption that several connections could meet.
/// <https://www.sqlite.org/wal.html#walresetbug>
const OLDEST_SQLITE: i32 = 3_051_003;

/// What the writer may leave in the WAL file after a checkpoint, in bytes.
const JOURNAL_LIMIT: u32 = 16 * 1024 * 1024;

/// A value that is on disk. Only the store makes these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed<T>(T);

impl<T> Committed<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }

    /// Another view of what was committed.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Committed<U> {
        Committed(f(self.0))
    }
}

impl<T> std::ops::Deref for Committed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Why the database did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No such session (or it was deleted).
    #[error("session {0} not found")]
    SessionNotFound(String),
    /// No such project.
    #[error("project {0} not found")]
    ProjectNotFound(String),
    /// No such message in this session.
    #[error("message {0} not found")]
    MessageNotFound(String),
    /// No such part, or it has no such field.
    #[error("part {0} not found")]
    PartNotFound(String),
    /// A cursor names something that is not there.
    #[error("cursor {0} is no longer valid")]
    StaleCursor(String),
    /// Another process runs this session.
    #[error("the session is running in process {} ({})", .0.pid, .0.client)]
    Leased(crate::transcript::Owner),
    /// Another process has ended the turn that wants to write: the owner now, if there is one.
    #[error("another process took the session over while this one did not answer")]
    LeaseLost(Option<crate::transcript::Owner>),
    /// A client id was used again for other content.
    #[error("clientId {0} was used for another prompt")]
    ClientIdConflict(String),
    /// The disk is full.
    #[error("the disk is full: {0}")]
    Full(String),
    /// The database cannot be written.
    #[error("the database cannot be written: {0}")]
    Readonly(String),
    /// A newer version of agentls wrote it.
    #[error("the database has schema version {0}, newer than this program's {SCHEMA}", SCHEMA = migrate::VERSION)]
    Newer(i64),
    /// It is not a database, not ours, or broken.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// Another process held the write lock for too long.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The disk reports an error.
    #[error("the disk reports an error: {0}")]
    Failed(String),
    /// The process is ending, or a job panicked.
    #[error("the store is closed")]
    Closed,
    /// Anything else SQLite said.
    #[error("database: {0}")]
    Sqlite(String),
}

impl StoreError {
    /// Whether the same may be written when the disk is free, writable, sound or unlocked again.
    pub(crate) fn is_of_the_disk(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Readonly(_) | Self::Failed(_) | Self::Busy(_))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let text = error.to_string();
        // The WAL's index is a file too, and the first one that finds no room.
        if error
            .sqlite_error()
            .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
        {
            return Self::Full(text);
        }
        match error.sqlite_error_code() {
            Some(Code::DiskFull) => Self::Full(text),
            Some(Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied) => Self::Readonly(text),
            Some(Code::NotADatabase | Code::DatabaseCorrupt) => Self::Damaged(text),
            Some(Code::SystemIoFailure) => Self::Failed(text),
            // The last one is what a reader is told that lost too many races for a place in the WAL.
            Some(Code::DatabaseBusy | Code::DatabaseLocked | Code::FileLockingProtocolFailed) => {
                Self::Busy(text)
            }
            _ => Self::Sqlite(text),
        }
    }
}

/// The result of a store operation.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A handle on the database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: writer::Writer,
    backlog: Arc<backlog::Backlog>,
    readers: reader::Readers,
    /// The schema version of a database that a newer program wrote.
    newer: Option<i64>,
    lessee: Lessee,
    recovered: Vec<recovery::Recovered>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.inner.path).finish()
    }
}

impl Store {
    /// Opens [`FILE`] in `directory`, making or migrating it, and ends what dead processes left open.
    /// Blocks; call it where blocking is allowed. A database of a newer version opens for reading only; one that cannot
    /// be written is read, too, until it can.
    pub fn open(directory: &Path, lessee: Lessee) -> Result<Self> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(StoreError::Damaged(format!("SQLite {} has a WAL fault", rusqlite::version())));
        }
        #[cfg(debug_assertions)]
        crate::failpoint::disk::install();
        let path = directory.join(FILE);
        let backlog = Arc::new(backlog::Backlog::new(lessee.clone()));
        let (access, connection, newer) = match migrate::open(&path) {
            Ok(opened) => (Access::shared(path.clone()), Some(opened.connection), opened.newer),
            Err(error) => {
                let (access, newer) = Access::alone(path.clone(), error)?;
                (access, None, newer)
            }
        };
        let recovered = match &connection {
            _ if newer.is_some() => Vec::new(),
            Some(connection) => recover(connection, &backlog)?,
            None => {
                backlog.recover_later();
                Vec::new()
            }
        };
        let access = Arc::new(access);
        Ok(Self {
            inner: Arc::new(Inner {
                readers: reader::Readers::new(Arc::clone(&access)),
                writer: writer::Writer::start(access, connection, Arc::clone(&backlog))?,
                backlog,
                newer,
                path,
                lessee,
                recovered,
            }),
        })
    }

    /// Runs `job` in a write transaction. Jobs run in the order of the calls to this function, not of the
    /// awaiting; a job that fails leaves nothing behind and disturbs no other.
    pub(crate) fn write<T, F>(&self, job: F) -> impl Future<Output = Result<Committed<T>>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let newer = self.inner.newer;
        let reply = self.inner.writer.submit(job, |_| {});
        async move {
            match (reply.await, newer) {
                (Err(StoreError::Readonly(_)), Some(version)) => Err(StoreError::Newer(version)),
                (result, _) => result.map(Committed),
            }
        }
    }

    /// As [`write`](Self::write), with the session and its key. When the disk does not take it, `entry` is kept, which
    /// is the same again, and written as soon as it does.
    fn write_or_keep<T, F>(
        &self,
        session: &SessionId,
        entry: backlog::Entry,
        job: F,
    ) -> impl Future<Output = Result<Committed<T>>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &SessionId, i64) -> Result<T> + Send + 'static,
    {
        let (name, backlog) = (session.clone(), self.backlog());
        let write = move |tx: &Connection| {
            backlog.refuse(&name)?;
            job(tx, &name, sessions::key(tx, &name)?)
        };
        let (name, backlog, newer) = (session.clone(), self.backlog(), self.inner.newer);
        let reply = self.inner.writer.submit(write, move |failed: Option<&StoreError>| {
            // A database of a newer version is never written.
            if let Some(why) = failed.filter(|error| newer.is_none() && error.is_of_the_disk()) {
                backlog.keep(name, entry, why);
            }
        });
        async move { reply.await.map(Committed) }
    }

    fn backlog(&self) -> Arc<backlog::Backlog> {
        Arc::clone(&self.inner.backlog)
    }

    /// Runs `query` on a reading connection, on a thread where blocking is allowed.
    pub(crate) async fn read<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.inner.readers.run(query).await
    }

    /// Writes what waits, takes nothing more, and folds the WAL back into the database.
    pub async fn close(&self) {
        let inner = Arc::clone(&self.inner);
        let closing = tokio::task::spawn_blocking(move || {
            inner.readers.close();
            inner.writer.close();
        });
        if let Err(error) = closing.await {
            tracing::warn!(%error, "the store was not closed");
        }
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The sessions that had an unclean end when the database was opened, and what was interrupted in each.
    pub fn recovered(&self) -> &[(crate::transcript::SessionId, String)] {
        &self.inner.recovered
    }

    /// Who this process is in leases.
    pub fn lessee(&self) -> &Lessee {
        &self.inner.lessee
    }

    /// Version of the SQLite library.
    pub fn sqlite_version() -> &'static str {
        rusqlite::version()
    }

    /// Size of the database file and of its WAL in bytes.
    pub fn sizes(&self) -> (u64, u64) {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        let mut wal = self.inner.path.clone().into_os_string();
        wal.push("-wal");
        (size(&self.inner.path), size(Path::new(&wal)))
    }
}

/// Ends what dead processes left open; later, where the disk does not take it: everything can be read all the same.
fn recover(connection: &Connection, backlog: &backlog::Backlog) -> Result<Vec<recovery::Recovered>> {
    let ended = busy::patiently(|| recovery::end_what_dead_processes_left(connection))
        .map_err(|error| second_look::reconsider(connection, error));
    match ended {
        Err(error) if error.is_of_the_disk() => {
            backlog.recover_later();
            Ok(Vec::new())
        }
        ended => ended,
    }
}

/// Sets what every connection of ours needs.
fn configure(connection: &Connection, cache_kib: u32) -> Result<()> {
    busy::configure(connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(&format!(
        "PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA synchronous = FULL;
         PRAGMA mmap_size = 0;
         PRAGMA journal_size_limit = {JOURNAL_LIMIT};
         PRAGMA cache_size = -{cache_kib};"
    ))?;
    Ok(())
}
