//! What happened to the lists of sessions and of projects, so that other processes can tell their clients.
//!
//! A row for each change, written in the change's own transaction; only the newest [`KEPT`] stay (invariant 9). Whoever
//! falls further behind has missed some: they only say that a list is worth being read again.

use rusqlite::{Connection, params};

use super::{
    Result,
    leases::Lessee,
    rows::{self, Reading},
};
use crate::transcript::{Change, ProjectId, SessionId};

/// Rows that are kept.
pub(in crate::store) const KEPT: i64 = 500;

/// Stands in place of a [`Change`] where the row is about a project, whose id is in the column `session`.
const PROJECT: &str = "project";

/// Writes down that `by` changed a session.
pub(super) fn add(tx: &Connection, by: &Lessee, session: &SessionId, change: Change) -> Result<()> {
    add_row(tx, by, session.as_str(), &rows::word(&change)?)
}

/// Writes down that `by` made or changed a project.
pub(super) fn add_project(tx: &Connection, by: &Lessee, project: &ProjectId) -> Result<()> {
    add_row(tx, by, project.as_str(), PROJECT)
}

fn add_row(tx: &Connection, by: &Lessee, id: &str, change: &str) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO notice (session, change, pid, pid_started, host) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![id, change, by.pid, by.started, by.host])?;
    let newest = tx.last_insert_rowid();
    tx.prepare_cached("DELETE FROM notice WHERE seq <= ?1")?.execute([newest - KEPT])?;
    Ok(())
}

/// The newest notice's number; 0 while there is none.
pub(super) fn newest(connection: &Connection) -> Result<i64> {
    let mut select = connection.prepare_cached("SELECT coalesce(max(seq), 0) FROM notice")?;
    Ok(select.query_row([], |row| row.get(0))?)
}

/// What other processes changed, each thing once, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// Sessions, and how.
    pub sessions: Vec<(SessionId, Change)>,
    /// Projects that are new or have another name, icon or trust.
    pub projects: Vec<ProjectId>,
    /// The newest notice's number.
    pub newest: i64,
}

/// What processes other than `reader` changed since `after`.
pub(super) fn since(connection: &Connection, reader: &Lessee, after: i64) -> Result<Notices> {
    let mut select = connection.prepare_cached(
        "SELECT session, change FROM notice
         WHERE seq > ?1 AND NOT (pid = ?2 AND pid_started = ?3 AND host = ?4) ORDER BY seq",
    )?;
    let mut found = select.query(params![after, reader.pid, reader.started, reader.host])?;
    let mut notices = Notices::default();
    while let Some(row) = found.next()? {
        let mut it = Reading::new(row);
        let id = it.text("session");
        if it.text("change") == PROJECT {
            let project = ProjectId::from(id);
            if !notices.projects.contains(&project) {
                notices.projects.push(project);
            }
            continue;
        }
        let session = SessionId::from(id);
        let change = it.word("change").unwrap_or(Change::Updated);
        it.log(|| format!("a notice of session {session}"));
        if !notices.sessions.contains(&(session.clone(), change)) {
            notices.sessions.push((session, change));
        }
    }
    notices.newest = newest(connection)?;
    Ok(notices)
}
