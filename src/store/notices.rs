//! What happened to the list of sessions, so that other processes can tell their clients.
//!
//! A row for each change, written in the change's own transaction; only the newest [`KEPT`] stay (invariant 9). Whoever
//! falls further behind has missed some: they only say that a list is worth being read again.

use rusqlite::{Connection, params};

use super::{
    Result,
    leases::Lessee,
    rows::{self, Reading},
};
use crate::transcript::{Change, SessionId};

/// Rows that are kept.
pub(in crate::store) const KEPT: i64 = 500;

/// Writes down that `by` changed a session.
pub(super) fn add(tx: &Connection, by: &Lessee, session: &SessionId, change: Change) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO notice (session, change, pid, pid_started, host) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![session.as_str(), rows::word(&change)?, by.pid, by.started, by.host])?;
    let newest = tx.last_insert_rowid();
    tx.prepare_cached("DELETE FROM notice WHERE seq <= ?1")?.execute([newest - KEPT])?;
    Ok(())
}

/// The newest notice's number; 0 while there is none.
pub(super) fn newest(connection: &Connection) -> Result<i64> {
    let mut select = connection.prepare_cached("SELECT coalesce(max(seq), 0) FROM notice")?;
    Ok(select.query_row([], |row| row.get(0))?)
}

/// What processes other than `reader` changed since `after`, in order, each change of a session once; and the newest
/// notice's number.
pub(super) fn since(
    connection: &Connection,
    reader: &Lessee,
    after: i64,
) -> Result<(Vec<(SessionId, Change)>, i64)> {
    let mut select = connection.prepare_cached(
        "SELECT session, change FROM notice
         WHERE seq > ?1 AND NOT (pid = ?2 AND pid_started = ?3 AND host = ?4) ORDER BY seq",
    )?;
    let mut found = select.query(params![after, reader.pid, reader.started, reader.host])?;
    let mut changes: Vec<(SessionId, Change)> = Vec::new();
    while let Some(row) = found.next()? {
        let mut it = Reading::new(row);
        let session = SessionId::from(it.text("session"));
        let change = it.word("change").unwrap_or(Change::Updated);
        it.log(|| format!("a notice of session {session}"));
        if !changes.contains(&(session.clone(), change)) {
            changes.push((session, change));
        }
    }
    Ok((changes, newest(connection)?))
}
