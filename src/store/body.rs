//! The big fields of parts, in chunks.
//!
//! A body is appended to and never rewritten (a streamed text costs what it is long, not what it is long times
//! how often it grew); a range is read without reading what lies before it.

use std::ops::ControlFlow;

use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use crate::transcript::text;

/// The longest chunk that is written, in bytes.
pub(in crate::store) const CHUNK: usize = 256 * 1024;

/// Which big field of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Text or reasoning.
    Text,
    /// A call's arguments.
    Input,
    /// A tool's output.
    Output,
    /// What the model is told about a call that failed.
    Error,
    /// A reasoning seal, as JSON.
    Seal,
    /// Content of a file or image that came with a prompt.
    Data,
    /// The n-th attachment of a tool call.
    Attachment(u8),
}

impl Field {
    /// The number that the column holds. Stored: never changed.
    fn number(self) -> i64 {
        match self {
            Self::Text => 0,
            Self::Input => 1,
            Self::Output => 2,
            Self::Error => 3,
            Self::Seal => 4,
            Self::Data => 5,
            Self::Attachment(n) => 16 + i64::from(n),
        }
    }

    /// The field of that name in the protocol: `text`, `input`, `output`, `error`, `data`, `attachment:N`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "input" => Some(Self::Input),
            "output" => Some(Self::Output),
            "error" => Some(Self::Error),
            "data" => Some(Self::Data),
            _ => name.strip_prefix("attachment:")?.parse().ok().map(Self::Attachment),
        }
    }
}

/// A range of a field's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRange {
    /// The bytes.
    pub data: Vec<u8>,
    /// Where they begin.
    pub offset: u64,
    /// Size of the whole field.
    pub bytes: u64,
}

fn number(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// Adds to the end of a field.
pub(super) fn append(connection: &Connection, part: i64, field: Field, data: &[u8]) -> Result<()> {
    let mut start = i64::try_from(size(connection, part, field)?).unwrap_or(i64::MAX);
    let mut insert =
        connection.prepare_cached("INSERT INTO body (part, field, start, data) VALUES (?1, ?2, ?3, ?4)")?;
    for chunk in data.chunks(CHUNK) {
        insert.execute(params![part, field.number(), start, chunk])?;
        start = start.saturating_add(number(chunk.len()));
    }
    Ok(())
}

/// Size of a field in bytes.
pub(super) fn size(connection: &Connection, part: i64, field: Field) -> Result<u64> {
    let end = connection
        .prepare_cached(
            "SELECT start + length(data) FROM body WHERE part = ?1 AND field = ?2 ORDER BY start DESC LIMIT 1",
        )?
        .query_row(params![part, field.number()], |row| row.get::<_, i64>(0))
        .optional()?;
    Ok(u64::try_from(end.unwrap_or(0)).unwrap_or(0))
}

/// Lines and bytes of a text field, counted chunk by chunk.
pub(super) fn count_lines(connection: &Connection, part: i64, field: Field) -> Result<(usize, u64)> {
    let mut statement =
        connection.prepare_cached("SELECT data FROM body WHERE part = ?1 AND field = ?2 ORDER BY start")?;
    let mut rows = statement.query(params![part, field.number()])?;
    let (mut lines, mut bytes, mut ended) = (0, 0, true);
    while let Some(row) = rows.next()? {
        let chunk = row.get_ref(0)?.as_blob().unwrap_or_default();
        lines += memchr::memchr_iter(b'\n', chunk).count();
        bytes += chunk.len() as u64;
        ended = chunk.last().is_none_or(|byte| *byte == b'\n');
    }
    Ok((lines + usize::from(!ended), bytes))
}

/// At most `limit` bytes of a field from `offset`.
pub(super) fn read(
    connection: &Connection,
    part: i64,
    field: Field,
    offset: u64,
    limit: u64,
) -> Result<FieldRange> {
    let bytes = size(connection, part, field)?;
    let offset = offset.min(bytes);
    let end = offset.saturating_add(limit).min(bytes);
    let mut data = Vec::with_capacity(usize::try_from(end - offset).unwrap_or(0));
    let mut statement = connection.prepare_cached(
        "SELECT start, data FROM body WHERE part = ?1 AND field = ?2 AND start < ?4
           AND start >= coalesce((SELECT max(start) FROM body WHERE part = ?1 AND field = ?2 AND start <= ?3), 0)
         ORDER BY start",
    )?;
    let (from, to) = (i64::try_from(offset).unwrap_or(i64::MAX), i64::try_from(end).unwrap_or(i64::MAX));
    let mut rows = statement.query(params![part, field.number(), from, to])?;
    while let Some(row) = rows.next()? {
        let start = row.get::<_, i64>(0)?;
        let chunk = row.get_ref(1)?.as_blob().unwrap_or_default();
        let skip = usize::try_from(from.saturating_sub(start)).unwrap_or(0);
        let stop = usize::try_from(to.saturating_sub(start)).unwrap_or(0).min(chunk.len());
        data.extend_from_slice(chunk.get(skip..stop).unwrap_or_default());
    }
    Ok(FieldRange { data, offset, bytes })
}

/// Hands over a field's chunks in order, until the visitor breaks.
pub(super) fn chunks(
    connection: &Connection,
    part: i64,
    field: Field,
    mut visit: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let mut select =
        connection.prepare_cached("SELECT data FROM body WHERE part = ?1 AND field = ?2 ORDER BY start")?;
    let mut rows = select.query(params![part, field.number()])?;
    while let Some(row) = rows.next()? {
        if visit(row.get_ref(0)?.as_blob().unwrap_or_default()).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// A whole text field; bytes that are no UTF-8 become replacement characters.
pub(super) fn text(connection: &Connection, part: i64, field: Field) -> Result<String> {
    Ok(lossy(until(connection, part, field, i64::MAX)?))
}

/// The beginning of a text field, at most `limit` bytes, cut on a character boundary.
pub(super) fn beginning(connection: &Connection, part: i64, field: Field, limit: usize) -> Result<String> {
    let mut data = until(connection, part, field, number(limit))?;
    data.truncate(limit);
    Ok(complete_characters(data))
}

/// The chunks that begin before `end`, each cut to that many bytes, in one look-up: a page of messages has hundreds.
fn until(connection: &Connection, part: i64, field: Field, end: i64) -> Result<Vec<u8>> {
    let mut statement = connection.prepare_cached(
        "SELECT substr(data, 1, ?3) FROM body WHERE part = ?1 AND field = ?2 AND start < ?3 ORDER BY start",
    )?;
    let mut rows = statement.query(params![part, field.number(), end])?;
    let mut data = Vec::new();
    while let Some(row) = rows.next()? {
        data.extend_from_slice(row.get_ref(0)?.as_blob().unwrap_or_default());
    }
    Ok(data)
}

/// The text of `data` without a character that is cut off at its end.
pub(super) fn complete_characters(mut data: Vec<u8>) -> String {
    if let Err(error) = std::str::from_utf8(&data)
        && error.error_len().is_none()
    {
        data.truncate(error.valid_up_to());
    }
    lossy(data)
}

fn lossy(data: Vec<u8>) -> String {
    match String::from_utf8(data) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// A range of a text field whose ends are moved so that no character is split. At least one character long
/// where there is one.
pub(super) fn text_range(
    connection: &Connection,
    part: i64,
    field: Field,
    offset: u64,
    limit: u64,
) -> Result<FieldRange> {
    let mut range = read(connection, part, field, offset, limit.max(4))?;
    let lead = range.data.iter().take(3).take_while(|byte| (**byte & 0b1100_0000) == 0b1000_0000).count();
    if lead > 0 && range.offset > 0 {
        range.data.drain(..lead);
        range.offset += lead as u64;
    }
    let text = complete_characters(range.data);
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut cut = text::head(&text, wanted);
    if cut.is_empty() {
        cut = text::head(&text, text.chars().next().map_or(0, char::len_utf8));
    }
    range.data = cut.as_bytes().to_vec();
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE body (part, field, start, data BLOB, UNIQUE (part, field, start))")
            .unwrap();
        connection
    }

    proptest! {
        #[test]
        fn reading_by_range_gives_back_what_was_appended(
            pieces in prop::collection::vec("\\PC{0,30}", 0..8), limit in 1_u64..40
        ) {
            let connection = table();
            for piece in &pieces {
                append(&connection, 1, Field::Text, piece.as_bytes()).unwrap();
            }
            let whole = pieces.concat();
            prop_assert_eq!(text(&connection, 1, Field::Text).unwrap(), whole.clone());
            let (mut offset, mut read_back) = (0, String::new());
            while offset < whole.len() as u64 {
                let range = text_range(&connection, 1, Field::Text, offset, limit).unwrap();
                prop_assert_eq!(range.offset, offset);
                prop_assert!(!range.data.is_empty() && range.data.len() as u64 <= limit.max(4));
                offset += range.data.len() as u64;
                read_back.push_str(std::str::from_utf8(&range.data).unwrap());
            }
            prop_assert_eq!(read_back, whole);
        }

        #[test]
        fn a_range_never_splits_a_character(content in "\\PC{0,40}", offset in 0_u64..60, limit in 0_u64..20) {
            let connection = table();
            append(&connection, 1, Field::Output, content.as_bytes()).unwrap();
            let range = text_range(&connection, 1, Field::Output, offset, limit).unwrap();
            prop_assert!(std::str::from_utf8(&range.data).is_ok());
            prop_assert_eq!(range.bytes, content.len() as u64);
        }
    }
}
