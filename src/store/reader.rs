//! The few connections that read. Opened when first needed, kept for the next query, never held across a turn.

use std::{
    path::PathBuf,
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
            let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match kept {
                Some(connection) => connection,
                None => busy::patiently(|| open(&path))?,
            };
            let transaction = busy::patiently(|| snapshot(&connection))?;
            let result = query(&transaction).map_err(|error| second_look::reconsider(&connection, error));
            drop(transaction);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            drop(place);
            result
        });
        task.await.unwrap_or(Err(StoreError::Closed))
    }
}

/// A read transaction that has its place in the WAL already: what follows in it is never busy.
fn snapshot(connection: &Connection) -> Result<Transaction<'_>> {
    let transaction = connection.unchecked_transaction()?;
    transaction.prepare_cached("SELECT rootpage FROM sqlite_schema LIMIT 1")?.exists([])?;
    Ok(transaction)
}

fn open(path: &std::path::Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    configure(&connection, CACHE_KIB)?;
    connection.execute_batch("PRAGMA query_only = ON")?;
    Ok(connection)
}
