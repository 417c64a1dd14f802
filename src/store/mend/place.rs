//! The files of a repair: nobody else may use the database, the work is done beside it, and the new one takes its place
//! in one step.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use rustix::fs::{FlockOperation, fcntl_lock};

use super::{RepairError, Result};
use crate::store::FILE;

/// The folder beside the database in which the work is done; what a repair that was cut short left in it is removed.
const WORK: &str = "agentls.db.repair";

/// Where things are.
pub(super) struct Place {
    directory: PathBuf,
    database: PathBuf,
    /// Holds the lock. SQLite in other processes sees it, whatever the file says.
    locked: Option<File>,
}

/// What is left behind.
pub(super) struct Names {
    /// The old database.
    pub(super) kept: PathBuf,
    /// The report.
    pub(super) report: PathBuf,
}

pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> RepairError {
    let path = path.to_owned();
    move |why| RepairError::File { path, why }
}

/// The path with more behind its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

impl Place {
    /// Makes sure that there is a database and that nobody uses it.
    pub(super) fn take(directory: &Path) -> Result<Self> {
        let database = directory.join(FILE);
        if !database.is_file() {
            return Err(RepairError::Missing(directory.to_owned()));
        }
        let mut place = Self { directory: directory.to_owned(), database, locked: None };
        place.lock()?;
        // SQLite gives up every lock of a process when it closes the file: what it does comes before the lock that counts.
        place.locked = None;
        Ok(place)
    }

    /// Locks the database against every other process.
    pub(super) fn lock(&mut self) -> Result<()> {
        let file =
            OpenOptions::new().read(true).write(true).open(&self.database).map_err(failed(&self.database))?;
        fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| RepairError::InUse)?;
        self.locked = Some(file);
        Ok(())
    }

    /// Folds the write-ahead log into the database as its next user would. Where the database is too damaged for that,
    /// the log stays beside it and is read from the copy.
    pub(super) fn fold_log(&self) {
        let folded = Connection::open(&self.database).and_then(|connection| {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            connection.close().map_err(|(_, error)| error)
        });
        if let Err(error) = folded {
            tracing::warn!(%error, "the log of the damaged database stays beside it");
        }
    }

    pub(super) fn database(&self) -> &Path {
        &self.database
    }

    /// The database in which what was saved is collected.
    pub(super) fn new_database(&self) -> PathBuf {
        self.directory.join(WORK).join("new.db")
    }

    /// Another new and empty one.
    pub(super) fn pattern(&self) -> PathBuf {
        self.directory.join(WORK).join("pattern.db")
    }

    /// Copies the database and its log, whole pages of them, into the empty work folder. Returns the copy.
    pub(super) fn copy(&self) -> Result<PathBuf> {
        let work = self.directory.join(WORK);
        if work.exists() {
            fs::remove_dir_all(&work).map_err(failed(&work))?;
        }
        fs::create_dir(&work).map_err(failed(&work))?;
        let copy = work.join("old.db");
        // By the handle that holds the lock: to close another one would give the lock up.
        let mut from = self.locked.as_ref().ok_or(RepairError::InUse)?;
        let mut to = File::create(&copy).map_err(failed(&copy))?;
        io::copy(&mut from, &mut to).map_err(failed(&copy))?;
        let log = beside(&self.database, "-wal");
        if log.exists() {
            fs::copy(&log, beside(&copy, "-wal")).map_err(failed(&log))?;
        }
        Ok(copy)
    }

    /// Names that are still free.
    pub(super) fn names(&self) -> Result<Names> {
        for number in 1..10_000 {
            let kept = beside(&self.database, &format!(".damaged-{number}"));
            let report = beside(&self.database, &format!(".repair-{number}.txt"));
            if !kept.exists() && !report.exists() {
                return Ok(Names { kept, report });
            }
        }
        Err(failed(&self.database)(io::ErrorKind::AlreadyExists.into()))
    }

    /// Keeps the old database under its other name and puts the new one in its place. Until the last step the old one is
    /// in its place; a log that could not be folded goes just before.
    pub(super) fn swap(&self, names: &Names) -> Result<()> {
        let new = self.new_database();
        File::open(&new).and_then(|file| file.sync_all()).map_err(failed(&new))?;
        fs::hard_link(&self.database, &names.kept).map_err(failed(&names.kept))?;
        let log = beside(&self.database, "-wal");
        if log.exists() {
            fs::rename(&log, beside(&names.kept, "-wal")).map_err(failed(&log))?;
        }
        let index = beside(&self.database, "-shm");
        if index.exists() {
            fs::remove_file(&index).map_err(failed(&index))?;
        }
        fs::rename(&new, &self.database).map_err(failed(&self.database))?;
        File::open(&self.directory).and_then(|it| it.sync_all()).map_err(failed(&self.directory))?;
        let work = self.directory.join(WORK);
        fs::remove_dir_all(&work).map_err(failed(&work))
    }
}
