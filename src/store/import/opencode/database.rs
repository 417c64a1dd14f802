//! opencode's SQLite database, read only, in one read transaction.
//!
//! A row is looked up by its id, and the ids come from indexes: a row on a broken page costs that row. Columns that
//! other versions lack read as missing; without those that sessions consist of, it is another program's database.

use std::{collections::HashSet, io::Read, path::Path};

use rusqlite::{Connection, ErrorCode, OpenFlags, Row, params, types::ValueRef};
use serde::de::DeserializeOwned;

use super::{SessionFacts, message::ModelChoice, todo};
use crate::{
    store::{
        import::{ImportError, landing::Mark, open, taking::Taking},
        rows,
    },
    transcript::{Timestamp, TodoItem, Usage},
};

/// What the file should be.
const EXPECTED: &str = "a database of opencode";

/// The first bytes of every SQLite database. <https://www.sqlite.org/fileformat.html>
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The largest row that is read, in bytes: memory is bounded whatever a row holds.
const LARGEST_ROW: i64 = 16 * 1024 * 1024;

/// Ids that are looked up at once.
const PAGE: usize = 200;

/// Page cache of the connection in KiB.
const CACHE_KIB: u32 = 1024;

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
        match database.session(id) {
            Ok(facts) => {
                if let Some(from) = taking.begin(facts)? {
                    database.messages(id, &from, taking, &mut |taking, more| {
                        taking.progress(done + more, total);
                    })?;
                    let todos = database.todos(id);
                    taking.end(todos)?;
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
    /// Columns that are there, as `table.column`.
    columns: HashSet<String>,
}

impl<'a> Database<'a> {
    fn open(path: &'a Path) -> Result<Self, ImportError> {
        let mut magic = [0; MAGIC.len()];
        let begins = open(path)?.read_exact(&mut magic);
        if begins.is_err() || magic != *MAGIC {
            return Err(ImportError::foreign(path, EXPECTED, "it is no SQLite database"));
        }
        let connection = connect(path).map_err(|error| unreadable(path, &error))?;
        let columns = columns(&connection).map_err(|error| unreadable(path, &error))?;
        for (table, needed) in NEEDED {
            if let Some(missing) =
                needed.iter().find(|column| !columns.contains(&format!("{table}.{column}")))
            {
                return Err(ImportError::foreign(
                    path,
                    EXPECTED,
                    format!("there is no column {table}.{missing}"),
                ));
            }
        }
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
            let rows =
                statement.query_map([only], |row| Ok((row.get(0)?, rows::unsigned(row, "messages")?)))?;
            rows.collect()
        });
        found.map_err(|error| unreadable(self.path, &error))
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
            .query_map([message], |row| row.get(0))?
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

/// A connection that reads, in a transaction of its own that holds until it is dropped.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.execute_batch(&format!(
        "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA cache_size = -{CACHE_KIB};
         BEGIN"
    ))?;
    Ok(connection)
}

fn columns(connection: &Connection) -> rusqlite::Result<HashSet<String>> {
    connection
        .prepare(
            "SELECT m.name || '.' || c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
             WHERE m.type = 'table'",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Why the database cannot be read at all.
fn unreadable(path: &Path, error: &rusqlite::Error) -> ImportError {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let has_log = std::fs::metadata(Path::new(&log)).is_ok_and(|log| log.len() > 0);
    match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) if has_log => {
            ImportError::NeedsRecovery(path.to_owned())
        }
        Some(ErrorCode::NotADatabase) => ImportError::foreign(path, EXPECTED, "it is no SQLite database"),
        _ => ImportError::Unopened { path: path.to_owned(), why: error.to_string() },
    }
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
