//! Parts: small rows that say what there is, and how they are written and found.

mod reading;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{
    Result, Store, StoreError,
    body::{self, Field, FieldRange},
    damage,
    rows::{self, Lossy},
};
use crate::transcript::{
    Attachment, Body, Compaction, FinishReason, Part, PartId, PartKind, Seq, SessionId, ToolPart, ToolState,
    Usage,
    evidence::Record,
    image::{self, Shown},
    text,
};
pub(super) use reading::{Found, data, of_messages, one};

/// A part to be written with its message, and its big fields beyond those that the part itself shows.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPart {
    /// The part; its bodies are written whole.
    pub part: Part,
    /// More big fields: file content, seals, attachments.
    pub bodies: Bodies,
}

impl From<Part> for NewPart {
    fn from(part: Part) -> Self {
        Self { part, bodies: Bodies::new() }
    }
}

/// Big fields by name.
pub type Bodies = Vec<(Field, Vec<u8>)>;

/// What [`Loading::Within`] reads of a body when nothing more is left of it, in bytes.
pub(in crate::store) const LEAST: usize = 2 * 1024;

/// How much of the bodies is read with the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loading {
    /// Their first so many bytes.
    Preview(usize),
    /// All of them.
    Full,
    /// All of them up to so many bytes together; of what comes after that, the first few.
    Within(usize),
    /// All of them but the outputs of which the model sees only a digest or the ends: these are left empty.
    Sent,
}

/// What of a part stands in the `metadata` column, as far as its type uses it.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    mime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<Shown>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<FinishReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compaction: Option<Compaction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl Store {
    /// A range of a part's field. Ends of a text range are moved so that no character is split.
    pub async fn read_part(&self, id: &PartId, field: Field, offset: u64, limit: u64) -> Result<FieldRange> {
        let id = id.clone();
        self.read(move |tx| {
            let (key, _) = locate(tx, &id)?;
            match field {
                Field::Attachment(_) | Field::Copy(_) => body::read(tx, key, field, offset, limit),
                Field::Data if !is_text(tx, key)? => body::read(tx, key, field, offset, limit),
                _ => body::text_range(tx, key, field, offset, limit),
            }
        })
        .await
    }

    /// The field that a part is about: a call's output (its error when it failed), a file's content, a text's text.
    pub async fn main_field(&self, id: &PartId) -> Result<Field> {
        let id = id.clone();
        self.read(move |tx| main_field(tx, locate(tx, &id)?.0)).await
    }

    /// Whether `field` of the part is bytes and not text.
    pub async fn is_binary(&self, id: &PartId, field: Field) -> Result<bool> {
        let id = id.clone();
        self.read(move |tx| match field {
            Field::Attachment(_) | Field::Copy(_) => Ok(true),
            Field::Data => Ok(!is_text(tx, locate(tx, &id)?.0)?),
            _ => Ok(false),
        })
        .await
    }
}

/// The field that a part is about.
fn main_field(connection: &Connection, key: i64) -> Result<Field> {
    let mut select = connection.prepare_cached("SELECT type, status FROM part WHERE key = ?1")?;
    Ok(select.query_row([key], |row| {
        let (Lossy(kind), Lossy(status)) = (row.get(0)?, row.get(1)?);
        Ok(match (kind.as_str(), status.as_str()) {
            ("tool", "error") => Field::Error,
            ("tool", _) => Field::Output,
            ("file", _) => Field::Data,
            _ => Field::Text,
        })
    })?)
}

fn is_text(connection: &Connection, key: i64) -> Result<bool> {
    let mime = connection
        .prepare_cached(
            "SELECT CASE WHEN json_valid(metadata) THEN metadata ->> '$.mime' END FROM part WHERE key = ?1",
        )?
        .query_row([key], |row| row.get::<_, Option<Lossy>>(0))?;
    Ok(mime.is_none_or(|Lossy(mime)| mime.starts_with("text/")))
}

/// Keys of a part and of its session.
pub(super) fn locate(connection: &Connection, id: &PartId) -> Result<(i64, i64)> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let mut by_id = connection.prepare_cached("SELECT key, session FROM part WHERE id = ?1")?;
    let mut found = by_id.query_row([id.as_str()], read).optional()?;
    if let (None, Some([key])) = (found, damage::place(PartId::PREFIX, id.as_str())) {
        found =
            connection.query_row("SELECT key, session FROM part WHERE key = ?1", [key], read).optional()?;
    }
    found.ok_or_else(|| StoreError::PartNotFound(id.to_string()))
}

/// Writes a part with its bodies and counts it.
pub(super) fn insert(tx: &Connection, session: i64, seq: Seq, new: &NewPart) -> Result<()> {
    let part = &new.part;
    let columns = Columns::of(&part.kind);
    tx.prepare_cached(
        "INSERT INTO part (id, session, seq, idx, type, tool, call_id, status, title, bytes, input_bytes, tokens,
                           started_at, ended_at, compacted_at, metadata)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?
    .execute(params![
        part.id.as_str(),
        session,
        seq.0,
        part.index,
        columns.kind,
        columns.tool,
        columns.call_id,
        columns.status,
        columns.title,
        columns.bytes,
        columns.input_bytes,
        columns.tokens,
        columns.started_at,
        columns.ended_at,
        columns.compacted_at,
        rows::json(&columns.metadata)?
    ])?;
    let key = tx.last_insert_rowid();
    let mut written = 0;
    let own = columns.bodies.into_iter().map(|(field, text)| (field, text.as_bytes()));
    let more = new.bodies.iter().map(|(field, data)| (*field, data.as_slice()));
    for (field, data) in own.chain(more) {
        body::append(tx, key, field, data)?;
        written += data.len() as u64;
    }
    count(tx, session, 1, written)
}

/// Adds to a session's counts.
pub(super) fn count(tx: &Connection, session: i64, parts: u64, bytes: u64) -> Result<()> {
    tx.prepare_cached(
        "UPDATE session SET parts = min(max(parts, 0), ?4) + ?2, bytes = min(max(bytes, 0), ?4) + ?3 WHERE key = ?1",
    )?
    .execute(params![session, rows::signed(parts), rows::signed(bytes), rows::MOST])?;
    Ok(())
}

/// A part's kind as columns.
struct Columns<'a> {
    kind: &'static str,
    tool: Option<&'a str>,
    call_id: Option<&'a str>,
    status: Option<&'static str>,
    title: Option<&'a str>,
    bytes: i64,
    input_bytes: i64,
    tokens: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    compacted_at: Option<i64>,
    metadata: Metadata,
    bodies: Vec<(Field, &'a str)>,
}

impl<'a> Columns<'a> {
    fn empty(kind: &'static str) -> Self {
        Self {
            kind,
            tool: None,
            call_id: None,
            status: None,
            title: None,
            bytes: 0,
            input_bytes: 0,
            tokens: 0,
            started_at: None,
            ended_at: None,
            compacted_at: None,
            metadata: Metadata::default(),
            bodies: Vec::new(),
        }
    }

    fn text(kind: &'static str, body: &'a Body) -> Self {
        Self {
            bytes: rows::signed(body.bytes),
            tokens: rows::signed(text::estimate_tokens(body.bytes)),
            bodies: vec![(Field::Text, &body.text)],
            ..Self::empty(kind)
        }
    }

    fn of(kind: &'a PartKind) -> Self {
        let with = |name, metadata| Self { metadata, ..Self::empty(name) };
        match kind {
            PartKind::Text(body) => Self::text("text", body),
            PartKind::Reasoning(reasoning) => Self {
                started_at: reasoning.started_at.map(|at| at.0),
                ended_at: reasoning.ended_at.map(|at| at.0),
                ..Self::text("reasoning", &reasoning.text)
            },
            PartKind::Command(command) => {
                Self { title: Some(&command.name), ..Self::text("command", &command.text) }
            }
            PartKind::File(file) => Self {
                bytes: rows::signed(file.bytes),
                tokens: rows::signed(if file.is_image() {
                    image_tokens(file.shown.as_ref())
                } else {
                    text::estimate_tokens(file.bytes.min(text::SHOWN_BYTES as u64))
                }),
                metadata: Metadata {
                    mime: Some(file.mime.clone()),
                    name: file.name.clone(),
                    uri: file.uri.clone(),
                    shown: file.shown.clone(),
                    ..Metadata::default()
                },
                ..Self::empty("file")
            },
            PartKind::Tool(tool) => Self::of_tool(tool),
            PartKind::StepStart => Self::empty("stepStart"),
            PartKind::StepFinish { reason, usage } => {
                with("stepFinish", Metadata { reason: *reason, usage: *usage, ..Metadata::default() })
            }
            PartKind::Patch { files } => {
                with("patch", Metadata { files: files.clone(), ..Metadata::default() })
            }
            PartKind::Compaction(compaction) => {
                with("compaction", Metadata { compaction: Some(compaction.clone()), ..Metadata::default() })
            }
            PartKind::Subtask { session_id, description } => with(
                "subtask",
                Metadata {
                    session_id: Some(session_id.clone()),
                    description: Some(description.clone()),
                    ..Metadata::default()
                },
            ),
        }
    }

    fn of_tool(tool: &'a ToolPart) -> Self {
        let mut columns = Self {
            tool: Some(&tool.tool),
            call_id: Some(&tool.call_id),
            title: tool.title.as_deref(),
            input_bytes: rows::signed(tool.input.bytes),
            compacted_at: tool.compacted_at.map(|at| at.0),
            metadata: Metadata { attachments: tool.attachments.clone(), ..Metadata::default() },
            bodies: vec![(Field::Input, &tool.input.text)],
            ..Self::empty("tool")
        };
        match &tool.state {
            ToolState::Pending => columns.status = Some("pending"),
            ToolState::Running { started_at } => {
                columns.status = Some("running");
                columns.started_at = Some(started_at.0);
            }
            ToolState::Completed { started_at, ended_at, output } => {
                columns.status = Some("completed");
                (columns.started_at, columns.ended_at) = (Some(started_at.0), Some(ended_at.0));
                columns.bytes = rows::signed(output.bytes);
                columns.bodies.push((Field::Output, &output.text));
            }
            ToolState::Error { started_at, ended_at, message } => {
                columns.status = Some("error");
                (columns.started_at, columns.ended_at) = (started_at.map(|at| at.0), Some(ended_at.0));
                columns.bodies.push((Field::Error, message));
            }
        }
        let shown =
            tool.input.bytes + u64::try_from(columns.bytes).unwrap_or(0).min(text::SHOWN_BYTES as u64);
        let images = tool.attachments.iter().filter(|file| file.is_image());
        let images = images.map(|file| image_tokens(file.shown.as_ref())).sum::<u64>();
        columns.tokens = rows::signed(text::estimate_tokens(shown) + images);
        columns
    }
}

/// About how many tokens an image adds to a request, for whichever provider.
fn image_tokens(shown: Option<&Shown>) -> u64 {
    match shown {
        None => image::UNSEEN_TOKENS,
        Some(Shown::Image(image)) => image::estimate_tokens(image.width, image.height),
        Some(Shown::Note(note)) => text::estimate_tokens(note.len() as u64),
    }
}

/// Writes the final state of a tool call over its open one.
pub(super) fn settle(
    tx: &Connection,
    session: i64,
    id: &PartId,
    tool: &ToolPart,
    attachments: &Bodies,
    evidence: Option<&Record>,
) -> Result<()> {
    let (key, _) = locate(tx, id)?;
    let columns = Columns::of_tool(tool);
    tx.prepare_cached(
        "UPDATE part SET status = ?2, title = ?3, bytes = ?4, tokens = ?5, started_at = ?6, ended_at = ?7,
                         metadata = ?8, evidence = ?9
         WHERE key = ?1",
    )?
    .execute(params![
        key,
        columns.status,
        columns.title,
        columns.bytes,
        columns.tokens,
        columns.started_at,
        columns.ended_at,
        rows::json(&columns.metadata)?,
        evidence.map(rows::json).transpose()?
    ])?;
    let mut written = 0;
    for (field, text) in columns.bodies.into_iter().filter(|(field, _)| *field != Field::Input) {
        body::append(tx, key, field, text.as_bytes())?;
        written += text.len() as u64;
    }
    for (field, data) in attachments {
        body::append(tx, key, *field, data)?;
        written += data.len() as u64;
    }
    count(tx, session, 0, written)
}
