//! Whether a database is damaged, or its disk failed to read once.
//!
//! SQLite takes a disk's EIO at a read for a damaged file system, and says `SQLITE_CORRUPT` of the statement that met it
//! (`SQLITE_IOERR_CORRUPTFS` in <https://www.sqlite.org/rescode.html>). What is told of the two differs: damage wants a
//! repair, a failed read wants another try. So what is said to be damaged is read once more, whole.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::StoreError;

/// How long the second look may take; a database that is too large for it is taken for what SQLite says.
pub(in crate::store) const PATIENCE: Duration = Duration::from_secs(5);

/// `error`, or that the disk failed where it speaks of damage and there is none. Blocks.
pub(super) fn reconsider(connection: &Connection, error: StoreError) -> StoreError {
    match error {
        StoreError::Damaged(_) if is_sound(connection, PATIENCE) => {
            StoreError::Failed("a read failed; the database itself is sound".to_owned())
        }
        other => other,
    }
}

/// Whether all of the database can be read and fits together. False when that is not known in time.
fn is_sound(connection: &Connection, patience: Duration) -> bool {
    let (begun, handle) = (Instant::now(), connection.get_interrupt_handle());
    let (done, waiting) = mpsc::channel::<()>();
    let watch = thread::Builder::new().name("second-look".to_owned()).spawn(move || {
        if waiting.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            handle.interrupt();
        }
    });
    let Ok(watch) = watch else { return false };
    let verdict = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    drop(done);
    // No interruption reaches what follows.
    let watched = watch.join().is_ok();
    watched && begun.elapsed() < patience && verdict.is_ok_and(|verdict| verdict == "ok")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        let rows = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)";
        connection
            .execute_batch(&format!(
                "CREATE TABLE t (n INTEGER UNIQUE); {rows} INSERT INTO t SELECT n FROM n;"
            ))
            .unwrap();
        connection
    }

    #[test]
    fn damage_that_is_not_there_was_a_failed_read() {
        let (connection, damaged) = (database(), StoreError::Damaged("malformed".to_owned()));
        assert!(matches!(reconsider(&connection, damaged), StoreError::Failed(_)));
        assert_eq!(reconsider(&connection, StoreError::Closed), StoreError::Closed);
        let rows = connection.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0));
        assert_eq!(rows, Ok(20_000), "nothing interrupts what follows");
    }

    #[test]
    fn damage_that_is_there_stays_damage() {
        let (connection, damaged) = (database(), StoreError::Damaged("malformed".to_owned()));
        connection
            .execute_batch(
                "PRAGMA writable_schema = ON;
                 UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE type = 'table')
                 WHERE type = 'index';
                 PRAGMA writable_schema = RESET;",
            )
            .unwrap();
        assert_eq!(reconsider(&connection, damaged.clone()), damaged);
    }

    #[test]
    fn a_second_look_that_takes_too_long_decides_nothing() {
        assert!(!is_sound(&database(), Duration::ZERO));
    }
}
