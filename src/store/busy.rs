//! Patience with a database that another process has locked.
//!
//! SQLite's own waiting (`busy_timeout`) does not cover everything: two connections that switch a new database to WAL
//! at once, or that recover a WAL at once, are told at once that it is busy, because waiting could be a deadlock. So
//! whatever meets BUSY is done again, with jitter, within a bounded time (invariant 9), before anybody hears of it.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{Result, StoreError};

/// How long a locked database is waited for in all before something fails with `storageBusy`.
pub(in crate::store) const PATIENCE: Duration = Duration::from_mins(1);

/// How long SQLite itself waits for a lock, where it waits. One attempt of those that [`patiently`] makes.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long a checkpoint waits for readers: it holds back every writer of every process meanwhile.
const CHECKPOINT_TIMEOUT: Duration = Duration::from_millis(50);

/// The shortest and the longest pause between two attempts, in milliseconds.
const PAUSE: std::ops::Range<u64> = 2..25;

/// Lets a connection wait for locks.
pub(super) fn configure(connection: &Connection) -> Result<()> {
    Ok(connection.busy_timeout(TIMEOUT)?)
}

/// Does `attempt`, again while the database is busy and patience lasts. It must leave nothing behind when it fails.
/// Blocks.
pub(super) fn patiently<T>(attempt: impl FnMut() -> Result<T>) -> Result<T> {
    within(PATIENCE, attempt)
}

/// As [`patiently`], for what is waited for already since `asked`: once it is tried in any case.
pub(super) fn patiently_since<T>(asked: Instant, attempt: impl FnMut() -> Result<T>) -> Result<T> {
    within(PATIENCE.saturating_sub(asked.elapsed()), attempt)
}

fn within<T>(patience: Duration, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    loop {
        match attempt() {
            Err(StoreError::Busy(_)) if started.elapsed() < patience => std::thread::sleep(pause()),
            other => return other,
        }
    }
}

/// A different pause for everybody, so that those who collided do not collide again.
fn pause() -> Duration {
    let mut bytes = [0; 8];
    // Without randomness the clock has to do: processes do not look at it at the same nanosecond.
    let random = match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => u64::from(Instant::now().elapsed().subsec_nanos()),
    };
    Duration::from_millis(PAUSE.start + random % (PAUSE.end - PAUSE.start))
}

/// Folds the WAL back into the database and empties it, unless others are reading or writing: then another time.
pub(super) fn checkpoint(connection: &Connection) -> Result<()> {
    connection.busy_timeout(CHECKPOINT_TIMEOUT)?;
    let done = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    configure(connection)?;
    match done.map_err(StoreError::from) {
        Ok(_) | Err(StoreError::Busy(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> StoreError {
        StoreError::Busy("locked".to_owned())
    }

    #[test]
    fn what_is_busy_is_done_again_and_what_failed_otherwise_is_not() {
        let mut attempts = 0;
        let done = patiently(|| {
            attempts += 1;
            if attempts < 4 { Err(busy()) } else { Ok(attempts) }
        });
        assert_eq!(done, Ok(4));
        let mut attempts = 0;
        let failed = patiently(|| {
            attempts += 1;
            Err::<(), _>(StoreError::Closed)
        });
        assert_eq!((failed, attempts), (Err(StoreError::Closed), 1));
    }

    #[test]
    fn what_was_asked_for_long_ago_is_tried_once_more() {
        let Some(asked) = Instant::now().checked_sub(PATIENCE) else { return };
        let mut attempts = 0;
        let failed = patiently_since(asked, || {
            attempts += 1;
            Err::<(), _>(busy())
        });
        assert_eq!((failed, attempts), (Err(busy()), 1));
    }

    #[test]
    fn patience_has_an_end() {
        let begun = Instant::now();
        assert_eq!(within(Duration::from_millis(30), || Err::<(), _>(busy())), Err(busy()));
        assert!(begun.elapsed() >= Duration::from_millis(30));
    }
}
