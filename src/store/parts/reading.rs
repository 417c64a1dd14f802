//! Parts as they are read: a row that cannot be read, or a body that is not all there, costs that part only. It is shown
//! with a note in its place, and named.

use rusqlite::{Connection, Row, params};

use super::{LEAST, Loading, Metadata, is_text, locate};
use crate::{
    store::{
        Result,
        body::{self, Field},
        damage,
        rows::Reading,
    },
    transcript::{
        Body, CommandPart, FilePart, MessageId, Part, PartId, PartKind, Reasoning, Seq, SessionId, Timestamp,
        ToolPart, ToolState, text,
    },
};

const COLUMNS: &str =
    "part.key AS key, part.id AS id, seq, idx, type, tool, call_id, status, title, bytes, input_bytes,
    started_at, ended_at, compacted_at, metadata";

/// A part as it was found.
pub(in crate::store) struct Found {
    /// Its message's place.
    pub(in crate::store) seq: Seq,
    /// It. What could not be read has a default, or a note in its place.
    pub(in crate::store) part: Part,
    /// What could not be read.
    pub(in crate::store) flaws: Vec<String>,
}

/// The parts of the messages from `first` to `last`, in order; those of messages without an id are left out.
pub(in crate::store) fn of_messages(
    connection: &Connection,
    session: i64,
    (first, last): (Seq, Seq),
    loading: Loading,
    message_id: impl Fn(Seq) -> Option<MessageId>,
) -> Result<Vec<Found>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM part WHERE session = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq, idx"
    ))?;
    let mut found = statement.query(params![session, first.0, last.0])?;
    let mut parts = Vec::new();
    let (mut at, mut place, mut bytes) = (None, 0_u32, 0);
    while let Some(row) = found.next()? {
        let seq = Seq(row.get("seq")?);
        place = if at == Some(seq) { place.saturating_add(1) } else { 0 };
        at = Some(seq);
        if let Some(message) = message_id(seq) {
            let loading = match loading {
                Loading::Within(most) => Loading::Preview(LEAST.max(most.saturating_sub(bytes))),
                other => other,
            };
            let (part, flaws) = from_row(connection, row, (message, place), loading)?;
            bytes += part.text_bytes();
            damage::log(&flaws, || format!("part {} of session {session}, message {}", part.id, seq.0));
            parts.push(Found { seq, part, flaws });
        }
    }
    Ok(parts)
}

/// One part, where it is there.
pub(in crate::store) fn one(
    connection: &Connection,
    id: &PartId,
    message: &MessageId,
    loading: Loading,
) -> Result<Option<Part>> {
    let mut select = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM part WHERE id = ?1"))?;
    let mut found = select.query([id.as_str()])?;
    let Some(row) = found.next()? else { return Ok(None) };
    let (part, flaws) = from_row(connection, row, (message.clone(), 0), loading)?;
    damage::log(&flaws, || format!("part {id}"));
    Ok(Some(part))
}

/// How much of a body the row says there is.
#[derive(Clone, Copy)]
enum Expected {
    /// So many bytes.
    Bytes(u64),
    /// The row does not say; but no such text is empty.
    Some,
}

/// A part's bodies as they are read with it.
struct Bodied<'a> {
    connection: &'a Connection,
    key: i64,
    loading: Loading,
}

impl Bodied<'_> {
    /// Reads a body. What is gone of it is noted in its place, and as a flaw.
    fn load(&self, field: Field, expected: Expected, flaws: &mut Vec<String>) -> Result<Body> {
        let bytes = if let Expected::Bytes(bytes) = expected { bytes } else { 0 };
        let (mut loaded, most) = match self.loading {
            Loading::Preview(limit) | Loading::Within(limit) => {
                (body::start_of(self.connection, self.key, field, limit)?, limit as u64)
            }
            Loading::Sent if field == Field::Output && bytes > text::SHOWN_BYTES as u64 => {
                return Ok(Body { bytes, text: String::new() });
            }
            Loading::Full | Loading::Sent => (body::whole(self.connection, self.key, field)?, u64::MAX),
        };
        let mut missing = loaded.missing;
        match expected {
            // An import writes so what was no longer stored there.
            Expected::Bytes(1) if field == Field::Output && loaded.end == 0 => {}
            Expected::Bytes(bytes) if loaded.end < bytes.min(most) => {
                missing = missing.saturating_add(bytes - loaded.end);
                loaded.data.extend_from_slice(body::missing_note(bytes - loaded.end).as_bytes());
                loaded.end = bytes;
            }
            Expected::Some if loaded.end == 0 && most > 0 => {
                flaws.push(format!("its {} is missing", field.name()));
                return Ok(Body::whole(format!(
                    "[agentls: the {} is missing in the database]",
                    field.name()
                )));
            }
            _ => {}
        }
        let whole = loaded.end >= bytes && loaded.end <= most;
        let text = loaded.into_text();
        if missing > 0 {
            flaws.push(format!("{missing} bytes of its {} are missing", field.name()));
            // What can be read has been read; asking for the rest would find nothing more.
            if whole {
                return Ok(Body::whole(text));
            }
        }
        Ok(Body { bytes: bytes.max(text.len() as u64), text })
    }
}

/// Parts whose own place cannot be read come behind the others.
const NO_PLACE: u32 = 1 << 20;

/// The part in this row, and what could not be read of it. `place` is its message, and its place there.
fn from_row(
    connection: &Connection,
    row: &Row<'_>,
    (message_id, place): (MessageId, u32),
    loading: Loading,
) -> Result<(Part, Vec<String>)> {
    let mut it = Reading::new(row);
    let key = it.integer("key");
    let id = PartId::from(it.id("id", || damage::stand_in(PartId::PREFIX, &[key])));
    let bodied = Bodied { connection, key, loading };
    let mut missing = Vec::new();
    let kind = kind(&mut it, &bodied, &mut missing)?;
    let index = u32::try_from(it.integer("idx")).unwrap_or_else(|_| {
        it.note("`idx` is no place in a message".to_owned());
        NO_PLACE.saturating_add(place)
    });
    let mut flaws = it.flaws();
    flaws.append(&mut missing);
    for flaw in &mut flaws {
        *flaw = format!("part {id}: {flaw}");
    }
    Ok((Part { id, message_id, index, kind }, flaws))
}

fn kind(it: &mut Reading<'_, '_>, bodied: &Bodied<'_>, missing: &mut Vec<String>) -> Result<PartKind> {
    let bytes = it.unsigned("bytes");
    let kind = it.text("type");
    let metadata = it.json::<Metadata>("metadata").unwrap_or_default();
    Ok(match kind.as_str() {
        "text" => PartKind::Text(bodied.load(Field::Text, Expected::Bytes(bytes), missing)?),
        "command" => PartKind::Command(CommandPart {
            name: it.whole_text("title").unwrap_or_default(),
            text: bodied.load(Field::Text, Expected::Bytes(bytes), missing)?,
        }),
        "reasoning" => PartKind::Reasoning(Reasoning {
            text: reasoning(bytes, bodied, missing)?,
            started_at: it.optional_time("started_at"),
            ended_at: it.optional_time("ended_at"),
        }),
        "file" => PartKind::File(FilePart {
            mime: metadata.mime.unwrap_or_else(|| "application/octet-stream".to_owned()),
            name: metadata.name,
            uri: metadata.uri,
            bytes,
            shown: metadata.shown,
        }),
        "tool" => PartKind::Tool(tool(it, bytes, metadata, bodied, missing)?),
        "stepStart" => PartKind::StepStart,
        "stepFinish" => PartKind::StepFinish { reason: metadata.reason, usage: metadata.usage },
        "patch" => PartKind::Patch { files: metadata.files },
        "compaction" => PartKind::Compaction(metadata.compaction.unwrap_or_default()),
        "subtask" => PartKind::Subtask {
            session_id: metadata.session_id.unwrap_or_else(|| SessionId::from("")),
            description: metadata.description.unwrap_or_default(),
        },
        other => {
            it.note(format!("`type` is `{}`", text::ellipsis(other, 40)));
            PartKind::Text(Body::whole("[agentls: a part that cannot be read from the database]"))
        }
    })
}

/// The row counts its seal, too, so that only the loss of both can be told.
fn reasoning(bytes: u64, bodied: &Bodied<'_>, missing: &mut Vec<String>) -> Result<Body> {
    let size = body::size(bodied.connection, bodied.key, Field::Text)?;
    if size == 0 && bytes > 0 && body::size(bodied.connection, bodied.key, Field::Seal)? == 0 {
        missing.push(format!("{bytes} bytes of its reasoning are missing"));
    }
    bodied.load(Field::Text, Expected::Bytes(size), missing)
}

fn tool(
    it: &mut Reading<'_, '_>,
    bytes: u64,
    metadata: Metadata,
    bodied: &Bodied<'_>,
    missing: &mut Vec<String>,
) -> Result<ToolPart> {
    let input = Expected::Bytes(it.unsigned("input_bytes"));
    Ok(ToolPart {
        call_id: it.whole_text("call_id").unwrap_or_default(),
        tool: it.whole_text("tool").unwrap_or_else(|| UNKNOWN_TOOL.to_owned()),
        title: it.optional_text("title"),
        input: bodied.load(Field::Input, input, missing)?,
        state: tool_state(it, bytes, bodied, missing)?,
        compacted_at: it.optional_time("compacted_at"),
        attachments: metadata.attachments,
    })
}

/// The name of a tool whose own cannot be read: one that every provider takes.
const UNKNOWN_TOOL: &str = "unknown";

fn tool_state(
    it: &mut Reading<'_, '_>,
    bytes: u64,
    bodied: &Bodied<'_>,
    missing: &mut Vec<String>,
) -> Result<ToolState> {
    let started = it.optional_time("started_at");
    let ended_at = it.optional_time("ended_at").unwrap_or(Timestamp(0));
    let status = it.text("status");
    Ok(match status.as_str() {
        "pending" => ToolState::Pending,
        "running" => ToolState::Running { started_at: started.unwrap_or(ended_at) },
        "completed" => ToolState::Completed {
            started_at: started.unwrap_or(ended_at),
            ended_at,
            output: match bodied.loading {
                Loading::Sent if it.optional_time("compacted_at").is_some() => {
                    Body { text: String::new(), bytes }
                }
                _ => bodied.load(Field::Output, Expected::Bytes(bytes), missing)?,
            },
        },
        "error" => ToolState::Error {
            started_at: started,
            ended_at,
            message: bodied.load(Field::Error, Expected::Some, missing)?.text,
        },
        unknown => {
            if !unknown.is_empty() {
                it.note(format!("`status` is `{}`", text::ellipsis(unknown, 40)));
            }
            let message = "[agentls: what became of this call cannot be read from the database]".to_owned();
            ToolState::Error { started_at: started, ended_at, message }
        }
    })
}

/// A part's further body, whole: text with a note where bytes are gone, nothing where it is no text any more.
pub(in crate::store) fn data(connection: &Connection, id: &PartId, field: Field) -> Result<Vec<u8>> {
    let (key, _) = locate(connection, id)?;
    let loaded = body::whole(connection, key, field)?;
    if loaded.missing == 0 {
        return Ok(loaded.data);
    }
    damage::log(&[format!("{} bytes of its {} are missing", loaded.missing, field.name())], || {
        format!("part {id}")
    });
    let shown = field == Field::Data && is_text(connection, key)?;
    Ok(if shown { loaded.data } else { Vec::new() })
}
