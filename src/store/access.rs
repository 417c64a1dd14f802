//! How this process gets at the database: as everybody does, or at its file alone.
//!
//! Whoever reads a database in WAL mode needs the log and its index beside it, and makes them where they are missing. On
//! a full disk, or in a directory that cannot be written, that fails before anything was read. Where there is no log, all
//! that was ever written is in the file, and the file can be read for itself: for one query at a time, and only until the
//! database opens as usual, which each query and each job tries first. A connection to the file alone takes no locks,
//! and closing it would drop those of the process's other connections
//! (<https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>), so
//! there are never both.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, OpenFlags};

use super::{Result, StoreError, configure, migrate, reader};

/// The way to one database.
pub(super) struct Access {
    path: PathBuf,
    /// Whether it was opened as usual; it then always is.
    shared: Mutex<bool>,
}

/// What can be had.
pub(super) enum Opened<'a> {
    /// A connection as everybody has it, to be kept.
    Shared(Connection),
    /// The file, for one query.
    Alone(Alone<'a>),
}

/// A connection to the file alone. While it is there nobody else opens the database.
pub(super) struct Alone<'a> {
    pub(super) connection: Connection,
    /// Why there is nothing better.
    pub(super) why: StoreError,
    _others_wait: MutexGuard<'a, bool>,
}

impl Access {
    /// To a database that was opened as usual.
    pub(super) fn shared(path: PathBuf) -> Self {
        Self { path, shared: Mutex::new(true) }
    }

    /// To a database that could not be opened as usual, and why not. Fails with that when its file alone does not do: what
    /// it holds is not all, or not of a version that this program reads. A newer version is said.
    pub(super) fn alone(path: PathBuf, why: StoreError) -> Result<(Self, Option<i64>)> {
        let version = match open_instead(&path, &why) {
            Some(connection) => migrate::check(&connection)?,
            None => return Err(why),
        };
        if version < migrate::VERSION {
            return Err(why);
        }
        tracing::warn!(error = %why, "the database is read without its log, until it can be written");
        let newer = (version > migrate::VERSION).then_some(version);
        Ok((Self { path, shared: Mutex::new(false) }, newer))
    }

    /// Opens the database by `usual`, which must have read something, or its file alone where nothing better can be had.
    /// Blocks.
    pub(super) fn open(&self, usual: impl FnOnce(&Path) -> Result<Connection>) -> Result<Opened<'_>> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if *shared {
            drop(shared);
            return usual(&self.path).map(Opened::Shared);
        }
        match usual(&self.path) {
            Ok(connection) => {
                *shared = true;
                tracing::info!("the database is opened as usual again");
                Ok(Opened::Shared(connection))
            }
            Err(why) => match open_instead(&self.path, &why) {
                Some(connection) => Ok(Opened::Alone(Alone { connection, why, _others_wait: shared })),
                None => Err(why),
            },
        }
    }
}

/// The file alone, where it holds everything and the way in lacks room or permission.
fn open_instead(path: &Path, why: &StoreError) -> Option<Connection> {
    let may_help = matches!(why, StoreError::Full(_) | StoreError::Readonly(_)) && !has_log(path);
    if may_help { open_alone(path).ok() } else { None }
}

/// Opens a file that nobody writes. What stands in a log beside it is not seen.
pub(super) fn open_alone(path: &Path) -> Result<Connection> {
    let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    // <https://www.sqlite.org/uri.html>
    let name = format!("file:{escaped}?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(name, flags)?;
    configure(&connection, reader::CACHE_KIB)?;
    migrate::check(&connection)?;
    Ok(connection)
}

/// Whether something stands in the log beside the database.
pub(super) fn has_log(path: &Path) -> bool {
    let log = PathBuf::from(format!("{}-wal", path.display()));
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> StoreError {
        StoreError::Full("no room".to_owned())
    }

    /// A database that was closed, in its directory.
    fn closed() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agentls.db");
        drop(migrate::open(&path).unwrap());
        (directory, path)
    }

    #[test]
    fn the_file_alone_is_read_until_the_database_opens_as_usual_and_never_again() {
        let (_directory, path) = closed();
        let (access, newer) = Access::alone(path, full()).unwrap();
        assert_eq!(newer, None);
        let Ok(Opened::Alone(alone)) = access.open(|_| Err(full())) else { panic!("it can be read") };
        assert_eq!((migrate::check(&alone.connection), alone.why.clone()), (Ok(migrate::VERSION), full()));
        drop(alone);
        let usual = |path: &Path| Ok(migrate::open(path)?.connection);
        assert!(matches!(access.open(usual), Ok(Opened::Shared(_))));
        assert!(matches!(access.open(|_| Err(full())), Err(StoreError::Full(_))));
    }

    #[test]
    fn a_file_that_is_not_all_or_of_an_older_version_does_not_do() {
        let (_directory, path) = closed();
        let connection = migrate::open(&path).unwrap().connection;
        connection.execute_batch("UPDATE activity SET last = 1").unwrap();
        assert!(matches!(Access::alone(path.clone(), full()), Err(StoreError::Full(_))), "beside a log");
        connection.execute_batch("PRAGMA user_version = 1").unwrap();
        drop(connection);
        assert!(matches!(Access::alone(path.clone(), full()), Err(StoreError::Full(_))), "to be migrated");
        Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
        assert_eq!(Access::alone(path, full()).unwrap().1, Some(99));
    }
}
