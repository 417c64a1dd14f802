//! The few connections that read. Opened when first needed, kept for the next query, never held across a turn.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OpenFlags, Transaction};
use tokio::sync::Semaphore;

use super::{
    Result, StoreError,
    access::{Access, Opened},
    busy, configure, second_look,
};

/// Connections at most; further queries wait.
pub(in crate::store) const MOST: usize = 3;

/// Page cache of one reader in KiB.
pub(in crate::store) const CACHE_KIB: u32 = 512;

pub(super) struct Readers {
    pool: Arc<Pool>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(access: Arc<Access>) -> Self {
        let pool = Arc::new(Pool { access, idle: Mutex::default() });
        Self { pool, places: Arc::new(Semaphore::new(MOST)) }
    }

    /// Closes the connections that nobody uses.
    pub(super) fn close(&self) {
        self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Runs `query` on one of the connections, in a read transaction of its own.
    pub(super) async fn run<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let pool = Arc::clone(&self.pool);
        let task = tokio::task::spawn_blocking(move || {
            let result = pool.answer(query, true);
            drop(place);
            result
        });
        task.await.unwrap_or(Err(StoreError::Closed))
    }

    /// As [`run`](Self::run), on this thread, which may block. Where all connections are in use it takes one of its own,
    /// for this query only.
    pub(super) fn run_here<T>(&self, query: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let place = self.places.try_acquire();
        self.pool.answer(query, place.is_ok())
    }
}

struct Pool {
    access: Arc<Access>,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    /// Runs `query` on a connection that is idle or new, which is kept only where it has a `place`.
    fn answer<T>(&self, query: impl FnOnce(&Connection) -> Result<T>, place: bool) -> Result<T> {
        let kept = if place { self.idle().pop() } else { None };
        let opened = match kept {
            Some(connection) => Opened::Shared(connection),
            None => self.access.open(|path| busy::patiently(|| open(path)))?,
        };
        let connection = match opened {
            Opened::Shared(connection) => connection,
            Opened::Alone(alone) => return ask(&alone.connection, query),
        };
        let result = ask(&connection, query);
        if place {
            self.idle().push(connection);
        }
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `query` in a transaction of its own.
fn ask<T>(connection: &Connection, query: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let asked = busy::patiently(|| snapshot(connection)).and_then(|transaction| query(&transaction));
    asked.map_err(|error| second_look::reconsider(connection, error))
}

/// A read transaction that has its place in the WAL already: what follows in it is never busy.
fn snapshot(connection: &Connection) -> Result<Transaction<'_>> {
    let transaction = connection.unchecked_transaction()?;
    transaction.prepare_cached("SELECT rootpage FROM sqlite_schema LIMIT 1")?.exists([])?;
    Ok(transaction)
}

/// A connection that has read something: it has whatever it needs for that.
fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    configure(&connection, CACHE_KIB)?;
    connection.execute_batch("PRAGMA query_only = ON")?;
    let read = snapshot(&connection).map(drop);
    read.map_err(|error| second_look::reconsider(&connection, error))?;
    Ok(connection)
}
