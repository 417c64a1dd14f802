//! What a session keeps beside its messages: its todo list, and what a person allowed for longer than once.

use rusqlite::{Connection, params};

use super::{
    Committed, Result, Store, leases,
    rows::{self, Lossy, Reading},
    sessions,
};
use crate::transcript::{ApprovalId, SessionId, Timestamp, TodoItem, TodoStatus};

/// Something a person allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The tool.
    pub tool: String,
    /// The rule, matched like a configured one.
    pub rule: String,
}

/// Something a person allowed, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredApproval {
    /// Names it until it is revoked; no later one has the same name.
    pub id: ApprovalId,
    /// What was allowed.
    pub approved: Approved,
    /// Whether it holds for all sessions of the project.
    pub whole_project: bool,
    /// When it was allowed.
    pub created_at: Timestamp,
}

/// The rows that hold for the session `?1`.
const HOLDS: &str =
    "project = (SELECT project FROM session WHERE key = ?1) AND (session IS NULL OR session = ?1)";

impl Store {
    /// What holds for this session, its project's approvals included, oldest first.
    pub async fn approvals(&self, session: &SessionId) -> Result<Vec<StoredApproval>> {
        let session = session.clone();
        self.read(move |tx| {
            let key = sessions::key(tx, &session)?;
            let sql = format!(
                "SELECT key, tool, rule, session IS NULL, created_at FROM approval WHERE {HOLDS} ORDER BY key"
            );
            let mut statement = tx.prepare_cached(&sql)?;
            let found = statement.query_map([key], |row| {
                let (Lossy(tool), Lossy(rule)) = (row.get(1)?, row.get(2)?);
                let created_at = row.get(4)?;
                Ok(StoredApproval {
                    id: name(row.get(0)?, created_at),
                    approved: Approved { tool, rule },
                    whole_project: row.get(3)?,
                    created_at: Timestamp(created_at),
                })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Remembers rules for the session, or for its whole project. What holds already is not kept twice.
    pub async fn approve(
        &self,
        session: &SessionId,
        whole_project: bool,
        approved: Vec<Approved>,
    ) -> Result<Committed<()>> {
        let session = session.clone();
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            for Approved { tool, rule } in &approved {
                tx.execute(
                    "INSERT INTO approval (project, session, tool, rule, created_at)
                     SELECT project, CASE WHEN ?2 THEN NULL ELSE key END, ?3, ?4, ?5 FROM session WHERE key = ?1
                     AND NOT EXISTS (SELECT 1 FROM approval kept WHERE kept.project = session.project
                       AND kept.session IS (CASE WHEN ?2 THEN NULL ELSE ?1 END) AND kept.tool = ?3 AND kept.rule = ?4)",
                    params![key, whole_project, tool, rule, Timestamp::now().0],
                )?;
            }
            Ok(())
        })
        .await
    }

    /// Takes back an approval that holds for the session; one of its project for all of its sessions. Says whether
    /// there was one.
    pub async fn revoke_approval(
        &self,
        session: &SessionId,
        approval: &ApprovalId,
    ) -> Result<Committed<bool>> {
        let (session, approval) = (session.clone(), approval.clone());
        self.write(move |tx| {
            let session = sessions::key(tx, &session)?;
            let Some((key, created_at)) = row_of(&approval) else { return Ok(false) };
            let sql = format!("DELETE FROM approval WHERE {HOLDS} AND key = ?2 AND created_at = ?3");
            Ok(tx.execute(&sql, params![session, key, created_at])? > 0)
        })
        .await
    }

    /// The session's todo list.
    pub async fn todo(&self, session: &SessionId) -> Result<Vec<TodoItem>> {
        let session = session.clone();
        self.read(move |tx| todo(tx, sessions::key(tx, &session)?)).await
    }

    /// Replaces the session's todo list.
    pub async fn set_todo(
        &self,
        session: &SessionId,
        items: Vec<TodoItem>,
    ) -> Result<Committed<Vec<TodoItem>>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            leases::fence(tx, key, &lessee)?;
            tx.execute("DELETE FROM todo WHERE session = ?1", [key])?;
            for (index, item) in items.iter().enumerate() {
                tx.prepare_cached("INSERT INTO todo (session, idx, text, status) VALUES (?1, ?2, ?3, ?4)")?
                    .execute(params![key, rows::signed(index as u64), item.text, rows::word(&item.status)?])?;
            }
            Ok(items)
        })
        .await
    }
}

/// A row's key may be given again when the row is gone; with its time it names the row for ever.
fn name(key: i64, created_at: i64) -> ApprovalId {
    ApprovalId::from(format!("{}{key}x{created_at}", ApprovalId::PREFIX))
}

fn row_of(id: &ApprovalId) -> Option<(i64, i64)> {
    let (key, created_at) = id.as_str().strip_prefix(ApprovalId::PREFIX)?.split_once('x')?;
    Some((key.parse().ok()?, created_at.parse().ok()?))
}

/// A session's todo list.
pub(super) fn todo(connection: &Connection, key: i64) -> Result<Vec<TodoItem>> {
    let mut statement =
        connection.prepare_cached("SELECT text, status FROM todo WHERE session = ?1 ORDER BY idx")?;
    let items = statement.query_map([key], |row| {
        let mut it = Reading::new(row);
        let status = it.needed_word("status").unwrap_or(TodoStatus::Pending);
        let item = TodoItem { text: it.text("text"), status };
        it.log(|| format!("a todo of session {key}"));
        Ok(item)
    })?;
    Ok(items.collect::<rusqlite::Result<_>>()?)
}
