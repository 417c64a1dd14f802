//! A session's history as `recall` reads it: entry by entry, line by line, never whole in memory (invariants 2 and 9).
//!
//! Entries are texts, what commands became, files and tool calls, numbered from 1 in the order of the session. Descriptions come
//! from the small rows; bodies are read for the entries that are looked into, a chunk at a time.

use std::ops::ControlFlow;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Result, Store, StoreError,
    body::{self, Field},
    damage,
    lines::Lines,
    parts,
    rows::{self, Reading},
    sessions,
};
use crate::transcript::{PartId, Role, Seq, SessionId};

/// Of a file, name and media type stand in its metadata.
const COLUMNS: &str =
    "part.key AS key, part.id AS id, part.seq AS seq, role, type, tool, title, status, bytes,
    CASE WHEN type = 'file' AND json_valid(part.metadata) THEN part.metadata ->> '$.name' END AS name,
    CASE WHEN type = 'file' AND json_valid(part.metadata) THEN part.metadata ->> '$.mime' END AS mime";

/// Something of a session that can be read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The handle.
    pub part: PartId,
    /// Its message.
    pub seq: Seq,
    /// Who said or did it.
    pub role: Role,
    /// The tool's name, of a call.
    pub tool: Option<String>,
    /// A call's title, a file's name.
    pub title: Option<String>,
    /// Whether it is a call that has no result yet.
    pub open: bool,
    /// Size of the main field in bytes, as the row says; 0 for the error of a call.
    pub bytes: u64,
    /// The field with what was said, found or brought along.
    pub main: Field,
    /// Whether that field is text.
    pub is_text: bool,
    key: i64,
}

/// A session's entries, within one read transaction.
pub struct History<'a> {
    connection: &'a Connection,
    session: i64,
}

impl Store {
    /// Looks into a session's history, on a thread where blocking is allowed.
    pub async fn history<T, F>(&self, session: &SessionId, look: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&History<'_>) -> Result<T> + Send + 'static,
    {
        let session = session.clone();
        self.read(move |tx| look(&History { connection: tx, session: sessions::key(tx, &session)? })).await
    }
}

impl History<'_> {
    /// The part of that id, of any type that has a body: of this session, or of one that it came from (a fork's
    /// summary names parts of its source). One of another session is not found.
    pub fn part(&self, id: &PartId) -> Result<Entry> {
        let sql = format!(
            "SELECT {COLUMNS} FROM part LEFT JOIN message ON message.session = part.session AND message.seq = part.seq
             WHERE part.key = ?1 AND type IN ('text', 'command', 'reasoning', 'file', 'tool') AND part.session IN (
                 WITH RECURSIVE line (key, parent) AS (
                     SELECT key, parent FROM session WHERE key = ?2
                     UNION SELECT session.key, session.parent FROM session JOIN line ON session.id = line.parent
                     WHERE deleted_at IS NULL)
                 SELECT key FROM line)"
        );
        let mut select = self.connection.prepare_cached(&sql)?;
        let (key, _) = parts::locate(self.connection, id)?;
        let found = select.query_row(params![key, self.session], |row| Ok(entry(row))).optional()?;
        found.ok_or_else(|| StoreError::PartNotFound(id.to_string()))
    }

    /// Hands over the entries from number `first` on (1 is the oldest), until the visitor breaks.
    pub fn each(
        &self,
        first: u64,
        mut visit: impl FnMut(u64, &Entry) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let sql = format!(
            "SELECT {COLUMNS} FROM part LEFT JOIN message ON message.session = part.session AND message.seq = part.seq
             WHERE part.session = ?1 AND type IN ('text', 'command', 'file', 'tool')
             ORDER BY part.seq, idx LIMIT -1 OFFSET ?2"
        );
        let mut select = self.connection.prepare_cached(&sql)?;
        let mut found = select.query(params![self.session, rows::signed(first.saturating_sub(1))])?;
        let mut number = first.max(1);
        while let Some(row) = found.next()? {
            if visit(number, &entry(row))?.is_break() {
                break;
            }
            number += 1;
        }
        Ok(())
    }

    /// The beginning of a field, at most `most` bytes, cut on a character boundary.
    pub fn beginning(&self, entry: &Entry, field: Field, most: usize) -> Result<String> {
        body::beginning(self.connection, entry.key, field, most)
    }

    /// Hands over the lines of a field, numbered from 1, without their ends, until the visitor breaks. Lines longer than
    /// 4 KiB come in pieces, each counted as a line. Returns how many bytes were read.
    pub fn lines(
        &self,
        entry: &Entry,
        field: Field,
        mut visit: impl FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Result<u64> {
        let mut lines = Lines::default();
        let mut read = 0;
        let flow = body::chunks(self.connection, entry.key, field, |chunk| {
            read += chunk.len() as u64;
            lines.feed(chunk, &mut visit)
        })?;
        if flow.is_continue() {
            // The visitor's answer to the last line changes nothing any more.
            let _: ControlFlow<()> = lines.end(&mut visit);
        }
        Ok(read)
    }
}

fn entry(row: &Row<'_>) -> Entry {
    let mut it = Reading::new(row);
    let key = it.integer("key");
    let kind = it.text("type");
    let status = it.optional_text("status");
    let mime = it.optional_text("mime");
    let (main, is_text) = match (kind.as_str(), status.as_deref()) {
        ("tool", Some("error")) => (Field::Error, true),
        ("tool", _) => (Field::Output, true),
        ("file", _) => (Field::Data, mime.is_none_or(|mime| mime.starts_with("text/"))),
        _ => (Field::Text, true),
    };
    let answers = matches!(kind.as_str(), "tool" | "reasoning");
    let entry = Entry {
        part: PartId::from(it.id("id", || damage::stand_in(PartId::PREFIX, &[key]))),
        seq: Seq(it.integer("seq")),
        role: it.needed_word("role").unwrap_or(if answers { Role::Assistant } else { Role::User }),
        tool: it.optional_text("tool").or_else(|| (kind == "tool").then(|| "unknown".to_owned())),
        title: it.optional_text("title").or_else(|| it.optional_text("name")),
        open: matches!(status.as_deref(), Some("pending" | "running")),
        bytes: it.unsigned("bytes"),
        main,
        is_text,
        key,
    };
    it.log(|| format!("part {}", entry.part));
    entry
}
