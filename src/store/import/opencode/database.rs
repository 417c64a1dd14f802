//! opencode's SQLite database, read only, in one read transaction.
//!
//! A row is looked up by its id, and the ids come from indexes: a row on a broken page costs that row. Columns that
//! other versions lack read as missing; without those that sessions consist of, it is another program's database.

use std::path::Path;

use rusqlite::{Connection, Row, params, types::ValueRef};
use serde::de::DeserializeOwned;

use super::{
    SessionFacts,
    connection::{self, Columns},
    message::ModelChoice,
    todo,
};
use crate::{
    store::{
        import::{ImportError, landing::Mark, taking::Taking},
        rows,
    },
    transcript::{Timestamp, TodoItem, Usage},
};

/// The largest row that is read, in bytes: memory is bounded whatever a row holds.
pub(in crate::store) const LARGEST_ROW: i64 = 16 * 1024 * 1024;

/// Ids that are looked up at once.
pub(in crate::store) const PAGE: usize = 200;

/// What sessions consist of.
const NEEDED: [(&str, &[&str]); 3] = [
    ("session", &["id", "directory", "title", "time_created", "time_updated"]),
    ("message", &["id", "session_id", "time_created", "data"]),
    ("part", &["id", "message_id", "data"]),
];

/// Reads the sessions, those that changed last at the end: they come first in lists.
pub(in super::super) fn read(
    path: &Path,
    only: Option<&str>,
    taking: &mut Taking<'_>,
) -> Result<(), ImportError> {
    let database = Database::open(path)?;
    let sessions = database.sessions(only)?;
    if let (Some(only), []) = (only, sessions.as_slice()) {
        return Err(ImportError::NoSession(only.to_owned()));
    }
    let total = sessions.iter().map(|(_, messages)| messages).sum();
    let mut done = 0;
    for (id, messages) in &sessions {
        taking.progress(done, total);
        if *messages == 0 && database.is_of_newer_engine(id) {
            taking.skip(
                format!("session {id}"),
                "it is of opencode's newer engine, which is not read".to_owned(),
            );
            continue;
        }
        match database.session(id) {
            Ok(facts) => {
                if let Some(from) = taking.begin(facts)? {
                    database.messages(id, &from, taking, &mut |taking, more| {
                        taking.progress(done + more, total);
                    })?;
                    let todos = database.todos(id);
                    taking.end(Some(todos))?;
                }
            }
            Err(why) => taking.skip(format!("session {id}"), why.to_string()),
        }
        done += messages;
    }
    taking.progress(done, total);
    Ok(())
}

struct Database<'a> {
    path: &'a Path,
    connection: Connection,
    columns: Columns,
}

impl<'a> Database<'a> {
    fn open(path: &'a Path) -> Result<Self, ImportError> {
        let (connection, columns) = connection::reading(path, &NEEDED)?;
        Ok(Self { path, connection, columns })
    }

    /// The column, or NULL where this version has none.
    fn column(&self, table: &str, column: &str) -> String {
        let name = format!("{table}.{column}");
        if self.columns.contains(&name) { name } else { "NULL".to_owned() }
    }

    /// Ids of the sessions and how many messages each has.
    fn sessions(&self, only: Option<&str>) -> Result<Vec<(String, u64)>, ImportError> {
        let sql = format!(
            "WITH RECURSIVE wanted (id) AS (
               SELECT id FROM session WHERE ?1 IS NULL OR id = ?1
               UNION SELECT session.id FROM session JOIN wanted ON {} = wanted.id WHERE ?1 IS NOT NULL)
             SELECT id, (SELECT count(*) FROM message WHERE session_id = session.id) AS messages FROM session
             WHERE id IN (SELECT id FROM wanted) ORDER BY time_updated, id",
            self.column("session", "parent_id")
        );
        let found = self.connection.prepare(&sql).and_then(|mut statement| {
            let rows = statement
                .query_map([only], |row| Ok((id(row), rows::Reading::new(row).unsigned("messages"))))?;
            rows.collect()
        });
        found.map_err(|error| ImportError::Unopened { path: self.path.to_owned(), why: error.to_string() })
    }

    fn session(&self, id: &str) -> rusqlite::Result<SessionFacts> {
        let of = |column| self.column("session", column);
        let has_projects =
            self.columns.contains("project.worktree") && self.columns.contains("session.project_id");
        let worktree = if has_projects {
            "(SELECT worktree FROM project WHERE id = session.project_id)"
        } else {
            "NULL"
        };
        let sql = format!(
            "SELECT title, directory, {worktree}, {}, {}, {}, time_created, time_updated, {}, {}, {}, {}, {}, {}, {}
             FROM session WHERE id = ?1",
            of("parent_id"),
            of("agent"),
            of("model"),
            of("time_archived"),
            of("cost"),
            of("tokens_input"),
            of("tokens_output"),
            of("tokens_reasoning"),
            of("tokens_cache_read"),
            of("tokens_cache_write"),
        );
        self.connection.prepare_cached(&sql)?.query_row([id], |row| {
            let created_at = Timestamp(integer(row, 6).unwrap_or(0));
            Ok(SessionFacts {
                id: id.to_owned(),
                title: text(row, 0).unwrap_or_default(),
                directory: text(row, 1).unwrap_or_default(),
                worktree: text(row, 2),
                parent: text(row, 3),
                agent: text(row, 4),
                model: json::<ModelChoice>(row, 5).map(Into::into),
                created_at,
                updated_at: integer(row, 7).map_or(created_at, Timestamp),
                archived_at: integer(row, 8).map(Timestamp),
                usage: usage(row),
            })
        })
    }

    /// Whether its messages stand in the table of the engine that opencode 1.18 does not use yet by itself.
    fn is_of_newer_engine(&self, id: &str) -> bool {
        let sql = "SELECT 1 FROM session_message WHERE session_id = ?1";
        self.connection.prepare_cached(sql).and_then(|mut statement| statement.exists([id])).unwrap_or(false)
    }

    /// Hands on the messages from `from` on with their parts. `passed` is told how many there were until now.
    fn messages(
        &self,
        session: &str,
        from: &Mark,
        taking: &mut Taking<'_>,
        passed: &mut dyn FnMut(&mut Taking<'_>, u64),
    ) -> Result<(), ImportError> {
        let mut count = 0;
        let mut next = self.page(session, from, ">=");
        loop {
            let marks = match next {
                Ok(marks) => marks,
                Err(error) => {
                    taking.skip("further messages".to_owned(), error.to_string());
                    return Ok(());
                }
            };
            let Some(last) = marks.last().cloned() else { return Ok(()) };
            for mark in marks {
                self.message(mark, taking)?;
                count += 1;
            }
            passed(taking, count);
            next = self.page(session, &last, ">");
        }
    }

    fn page(&self, session: &str, from: &Mark, beyond: &str) -> rusqlite::Result<Vec<Mark>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT time_created, id FROM message WHERE session_id = ?1 AND (time_created, id) {beyond} (?2, ?3)
                 ORDER BY time_created, id LIMIT {PAGE}"
            ))?
            .query_map(params![session, from.time, from.id], |row| {
                Ok(Mark { time: row.get(0)?, id: row.get(1)? })
            })?
            .collect()
    }

    fn message(&self, mark: Mark, taking: &mut Taking<'_>) -> Result<(), ImportError> {
        let id = mark.id.clone();
        match self.data("message", &id, |data| taking.message(mark, data)) {
            Ok(taken) => taken?,
            Err(why) => {
                taking.skip(format!("message {id}"), why);
                return Ok(());
            }
        }
        let parts = self.parts(&id).unwrap_or_else(|error| {
            taking.skip(format!("parts of message {id}"), error.to_string());
            Vec::new()
        });
        for part in parts {
            match self.data("part", &part, |data| taking.part(&part, data)) {
                Ok(taken) => taken?,
                Err(why) => taking.skip(format!("part {part}"), why),
            }
        }
        Ok(())
    }

    fn parts(&self, message: &str) -> rusqlite::Result<Vec<String>> {
        self.connection
            .prepare_cached("SELECT id FROM part WHERE message_id = ?1 ORDER BY id")?
            .query_map([message], |row| Ok(id(row)))?
            .collect()
    }

    /// Gives the JSON of a row to `with`.
    fn data<T>(&self, table: &str, id: &str, with: impl FnOnce(&[u8]) -> T) -> Result<T, String> {
        let sql =
            format!("SELECT iif(octet_length(data) <= {LARGEST_ROW}, data, NULL) FROM {table} WHERE id = ?1");
        let mut statement = self.connection.prepare_cached(&sql).map_err(|error| error.to_string())?;
        let mut rows = statement.query([id]).map_err(|error| error.to_string())?;
        let row = rows.next().map_err(|error| error.to_string())?;
        match row.map(|row| row.get_ref(0)) {
            Some(Ok(ValueRef::Text(data) | ValueRef::Blob(data))) => Ok(with(data)),
            Some(Ok(ValueRef::Null)) => Err(format!("larger than {LARGEST_ROW} bytes, or empty")),
            Some(Ok(_)) => Err("a number instead of JSON".to_owned()),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("not found by its id".to_owned()),
        }
    }

    /// The todo list; none where it cannot be read.
    fn todos(&self, session: &str) -> Vec<TodoItem> {
        let sql = "SELECT content, status FROM todo WHERE session_id = ?1 ORDER BY position";
        let read = || {
            self.connection
                .prepare_cached(sql)?
                .query_map([session], |row| {
                    Ok(todo(text(row, 0).unwrap_or_default(), &text(row, 1).unwrap_or_default()))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        read().unwrap_or_default()
    }
}

/// The id in the first column. One that is no text finds nothing, and that is said of its row.
fn id(row: &Row<'_>) -> String {
    text(row, 0).unwrap_or_default()
}

fn text(row: &Row<'_>, index: usize) -> Option<String> {
    match row.get_ref(index) {
        Ok(ValueRef::Text(text)) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    }
}

fn json<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> Option<T> {
    serde_json::from_str(&text(row, index)?).ok()
}

fn integer(row: &Row<'_>, index: usize) -> Option<i64> {
    match row.get_ref(index) {
        Ok(ValueRef::Integer(number)) => Some(number),
        _ => None,
    }
}

/// The sums of the session; `None` where this version has no such columns.
fn usage(row: &Row<'_>) -> Option<Usage> {
    let count = |index| integer(row, index).and_then(|count| u64::try_from(count).ok());
    Some(Usage {
        cost_usd: row.get::<_, f64>(9).ok().filter(|cost| cost.is_finite())?,
        input: count(10)?,
        output: count(11)?,
        reasoning: count(12)?,
        cache_read: count(13)?,
        cache_write: count(14)?,
    })
}
