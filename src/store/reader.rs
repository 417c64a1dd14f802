//! The few connections that read. Opened when first needed, kept for the next query, never held across a turn.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OpenFlags, Transaction};
use tokio::sync::Semaphore;

use super::{Result, StoreError, busy, configure, second_look};

/// Connections at most; further queries wait.
pub(in crate::store) const MOST: usize = 3;

/// Page cache of one reader in KiB.
pub(in crate::store) const CACHE_KIB: u32 = 512;

pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, idle: Arc::default(), places: Arc::new(Semaphore::new(MOST)) }
    }

    /// Closes the connections that nobody uses.
    pub(super) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Runs `query` on one of the connections, in a read transaction of its own.
    pub(super) async fn run<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let idle = Arc::clone(&self.idle);
        let path = self.path.clone();
        let task = tokio::task::spawn_blocking(move || {
            let connection = kept_or_new(&idle, &path)?;
            let result = ask(&connection, query);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            drop(place);
            result
        });
        task.await.unwrap_or(Err(StoreError::Closed))
    }

    /// As [`run`](Self::run), on this thread, which may block. Where all connections are in use it takes one of its own,
    /// for this query only.
    pub(super) fn run_here<T>(&self, query: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let Ok(place) = self.places.try_acquire() else {
            return ask(&busy::patiently(|| open(&self.path))?, query);
        };
        let connection = kept_or_new(&self.idle, &self.path)?;
        let result = ask(&connection, query);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        drop(place);
        result
    }
}

fn kept_or_new(idle: &Mutex<Vec<Connection>>, path: &Path) -> Result<Connection> {
    let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    kept.map_or_else(|| busy::patiently(|| open(path)), Ok)
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

fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    configure(&connection, CACHE_KIB)?;
    connection.execute_batch("PRAGMA query_only = ON")?;
    Ok(connection)
}
