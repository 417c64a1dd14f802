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
    /// The copy that models are sent of an image: of the n-th attachment, or of a file (0).
    Copy(u8),
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
            Self::Copy(n) => 512 + i64::from(n),
        }
    }

    /// The field of that number.
    pub(super) fn of_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Text),
            1 => Some(Self::Input),
            2 => Some(Self::Output),
            3 => Some(Self::Error),
            4 => Some(Self::Seal),
            5 => Some(Self::Data),
            512.. => u8::try_from(number - 512).ok().map(Self::Copy),
            _ => u8::try_from(number.checked_sub(16)?).ok().map(Self::Attachment),
        }
    }

    /// Its name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Input => "input",
            Self::Output => "output",
            Self::Error => "error",
            Self::Seal => "seal",
            Self::Data => "content",
            Self::Attachment(_) => "attachment",
            Self::Copy(_) => "copy",
        }
    }

    /// The field of that name in the protocol: `text`, `input`, `output`, `error`, `data`, `attachment:N`, `copy:N`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "input" => Some(Self::Input),
            "output" => Some(Self::Output),
            "error" => Some(Self::Error),
            "data" => Some(Self::Data),
            _ => match name.split_once(':')? {
                ("attachment", index) => index.parse().ok().map(Self::Attachment),
                ("copy", index) => index.parse().ok().map(Self::Copy),
                _ => None,
            },
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

/// Size of a field in bytes: where its last chunk ends.
pub(super) fn size(connection: &Connection, part: i64, field: Field) -> Result<u64> {
    let end = connection
        .prepare_cached(
            "SELECT start, length(data) FROM body WHERE part = ?1 AND field = ?2 ORDER BY start DESC LIMIT 1",
        )?
        .query_row(params![part, field.number()], |row| Ok(row.get::<_, i64>(0)?.saturating_add(row.get(1)?)))
        .optional()?;
    Ok(u64::try_from(end.unwrap_or(0)).unwrap_or(0))
}

/// A stretch of a field as it is stored.
enum Piece<'a> {
    Data(&'a [u8]),
    /// So many bytes that should be here and are not.
    Hole(u64),
}

/// What a reader finds in place of bytes that are gone.
pub(super) fn missing_note(bytes: u64) -> String {
    format!("\n[agentls: {bytes} bytes are missing here in the database]\n")
}

/// Hands over what begins before `end`, chunk by chunk and hole by hole, each chunk cut to `end` bytes, until the visitor
/// breaks. Returns where the last chunk that was handed over ends in the field.
fn pieces(
    connection: &Connection,
    part: i64,
    field: Field,
    end: i64,
    mut visit: impl FnMut(Piece<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<(), u64>> {
    let mut statement = connection.prepare_cached(
        "SELECT start, length(data), substr(data, 1, ?3) FROM body
         WHERE part = ?1 AND field = ?2 AND start >= 0 AND start < ?3 ORDER BY start",
    )?;
    let mut rows = statement.query(params![part, field.number(), end])?;
    let mut position = 0_i64;
    while let Some(row) = rows.next()? {
        let (start, length) = (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?);
        let chunk = row.get_ref(2)?.as_blob().unwrap_or_default();
        let mut chunk = chunk;
        if start > position {
            let hole = u64::try_from(start - position).unwrap_or(0);
            if visit(Piece::Hole(hole)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        } else {
            // A chunk that lies over another one adds what lies beyond that.
            let over = usize::try_from(position - start).unwrap_or(usize::MAX);
            chunk = chunk.get(over..).unwrap_or_default();
        }
        position = position.max(start.saturating_add(length));
        if visit(Piece::Data(chunk)).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(u64::try_from(position).unwrap_or(0)))
}

/// Lines and bytes of a text field, counted chunk by chunk.
pub(super) fn count_lines(connection: &Connection, part: i64, field: Field) -> Result<(usize, u64)> {
    let (mut lines, mut bytes, mut ended) = (0, 0, true);
    // It goes on to the end.
    let _: ControlFlow<()> = chunks(connection, part, field, |chunk| {
        lines += memchr::memchr_iter(b'\n', chunk).count();
        bytes += chunk.len() as u64;
        ended = chunk.last().is_none_or(|byte| *byte == b'\n');
        ControlFlow::Continue(())
    })?;
    Ok((lines + usize::from(!ended), bytes))
}

/// Where the range that begins at `offset` really begins: behind the hole in which `offset` lies, if it lies in one.
fn beginning_of_range(connection: &Connection, part: i64, field: Field, offset: i64) -> Result<Option<i64>> {
    let found = connection
        .prepare_cached(
            "SELECT start, length(data) FROM body WHERE part = ?1 AND field = ?2 AND start >= 0 AND start <= ?3
             ORDER BY start DESC LIMIT 1",
        )?
        .query_row(params![part, field.number(), offset], |row| {
            Ok(row.get::<_, i64>(0)?.saturating_add(row.get(1)?))
        })
        .optional()?;
    if found.is_some_and(|end| end > offset) {
        return Ok(Some(offset));
    }
    Ok(connection
        .prepare_cached(
            "SELECT start FROM body WHERE part = ?1 AND field = ?2 AND start > ?3 ORDER BY start LIMIT 1",
        )?
        .query_row(params![part, field.number(), offset], |row| row.get(0))
        .optional()?)
}

/// At most `limit` bytes of a field from `offset`. A range never passes over a hole: it ends before one, and one that
/// would begin in a hole begins behind it.
pub(super) fn read(
    connection: &Connection,
    part: i64,
    field: Field,
    offset: u64,
    limit: u64,
) -> Result<FieldRange> {
    let bytes = size(connection, part, field)?;
    let whole = |data, offset| FieldRange { data, offset, bytes };
    let wanted = i64::try_from(offset.min(bytes)).unwrap_or(i64::MAX);
    let Some(from) = beginning_of_range(connection, part, field, wanted)? else {
        return Ok(whole(Vec::new(), bytes));
    };
    let offset = u64::try_from(from).unwrap_or(0);
    let end = offset.saturating_add(limit).min(bytes);
    let to = i64::try_from(end).unwrap_or(i64::MAX);
    let mut data = Vec::new();
    let mut statement = connection.prepare_cached(
        "SELECT start, data FROM body WHERE part = ?1 AND field = ?2 AND start < ?4
           AND start >= coalesce((SELECT max(start) FROM body WHERE part = ?1 AND field = ?2 AND start <= ?3), 0)
         ORDER BY start",
    )?;
    let mut rows = statement.query(params![part, field.number(), from, to])?;
    let mut position = from;
    while let Some(row) = rows.next()? {
        let start = row.get::<_, i64>(0)?;
        let chunk = row.get_ref(1)?.as_blob().unwrap_or_default();
        if start > position {
            break;
        }
        let skip = usize::try_from(position.saturating_sub(start)).unwrap_or(0);
        let stop = usize::try_from(to.saturating_sub(start)).unwrap_or(0).min(chunk.len());
        let taken = chunk.get(skip..stop).unwrap_or_default();
        data.extend_from_slice(taken);
        position = position.saturating_add(number(taken.len()));
    }
    Ok(whole(data, offset))
}

/// Hands over a field's chunks in order, a note in place of each hole, until the visitor breaks.
pub(super) fn chunks(
    connection: &Connection,
    part: i64,
    field: Field,
    mut visit: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let end = pieces(connection, part, field, i64::MAX, |piece| match piece {
        Piece::Data(data) => visit(data),
        Piece::Hole(bytes) => visit(missing_note(bytes).as_bytes()),
    })?;
    Ok(if end.is_break() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}

/// A field that was read from its beginning.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// Its bytes, a note in place of each hole.
    pub(super) data: Vec<u8>,
    /// How many bytes the holes have.
    pub(super) missing: u64,
    /// Where what was read ends in the field.
    pub(super) end: u64,
}

impl Loaded {
    /// As text; bytes that are no UTF-8 become replacement characters.
    pub(super) fn into_text(self) -> String {
        lossy(self.data)
    }
}

/// A whole field.
pub(super) fn whole(connection: &Connection, part: i64, field: Field) -> Result<Loaded> {
    until(connection, part, field, i64::MAX)
}

/// A whole text field.
pub(super) fn text(connection: &Connection, part: i64, field: Field) -> Result<String> {
    Ok(whole(connection, part, field)?.into_text())
}

/// The beginning of a field, at most `limit` bytes of it, cut on a character boundary.
pub(super) fn start_of(connection: &Connection, part: i64, field: Field, limit: usize) -> Result<Loaded> {
    let mut loaded = until(connection, part, field, number(limit))?;
    loaded.data.truncate(limit);
    loaded.data = complete_characters(loaded.data).into_bytes();
    Ok(loaded)
}

/// The beginning of a text field, at most `limit` bytes, cut on a character boundary.
pub(super) fn beginning(connection: &Connection, part: i64, field: Field, limit: usize) -> Result<String> {
    Ok(start_of(connection, part, field, limit)?.into_text())
}

/// The chunks that begin before `end`, in one look-up: a page of messages has hundreds.
fn until(connection: &Connection, part: i64, field: Field, end: i64) -> Result<Loaded> {
    let mut loaded = Loaded::default();
    let reached = pieces(connection, part, field, end, |piece| {
        match piece {
            Piece::Data(data) => loaded.data.extend_from_slice(data),
            Piece::Hole(bytes) => {
                loaded.missing = loaded.missing.saturating_add(bytes);
                loaded.data.extend_from_slice(missing_note(bytes).as_bytes());
            }
        }
        ControlFlow::Continue(())
    })?;
    if let ControlFlow::Continue(end) = reached {
        loaded.end = end;
    }
    Ok(loaded)
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
