//! What a session keeps beside its messages: its todo list, and what a person allowed for longer than once.

use rusqlite::{Connection, params};

use super::{
    Committed, Result, Store, leases,
    rows::{self, Lossy, Reading},
    sessions,
};
use crate::transcript::{SessionId, Timestamp, TodoItem, TodoStatus};

/// Something a person allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The tool.
    pub tool: String,
    /// The rule, matched like a configured one.
    pub rule: String,
}

impl Store {
    /// What holds for this session, its project's approvals included.
    pub async fn approvals(&self, session: &SessionId) -> Result<Vec<Approved>> {
        let session = session.clone();
        self.read(move |tx| {
            let key = sessions::key(tx, &session)?;
            let mut statement = tx.prepare_cached(
                "SELECT tool, rule FROM approval
                 WHERE project = (SELECT project FROM session WHERE key = ?1) AND (session IS NULL OR session = ?1)
                 ORDER BY key",
            )?;
            let found = statement.query_map([key], |row| {
                let (Lossy(tool), Lossy(rule)) = (row.get(0)?, row.get(1)?);
                Ok(Approved { tool, rule })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Remembers rules for the session, or for its whole project.
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
                     SELECT project, CASE WHEN ?2 THEN NULL ELSE key END, ?3, ?4, ?5 FROM session WHERE key = ?1",
                    params![key, whole_project, tool, rule, Timestamp::now().0],
                )?;
            }
            Ok(())
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
