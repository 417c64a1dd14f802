//! Parts: small rows that say what there is, and how their bodies are read.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{
    Result, Store, StoreError,
    body::{self, Field, FieldRange},
    rows,
};
use crate::transcript::{
    Attachment, Body, Compaction, FilePart, FinishReason, MessageId, Part, PartId, PartKind, Seq, SessionId,
    ToolPart, ToolState, Usage, evidence::Record, text,
};

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
                Field::Attachment(_) => body::read(tx, key, field, offset, limit),
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
            Field::Attachment(_) => Ok(true),
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
        let (kind, status) = (row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?);
        Ok(match (kind.as_str(), status.as_deref()) {
            ("tool", Some("error")) => Field::Error,
            ("tool", _) => Field::Output,
            ("file", _) => Field::Data,
            _ => Field::Text,
        })
    })?)
}

fn is_text(connection: &Connection, key: i64) -> Result<bool> {
    let mime = connection
        .prepare_cached("SELECT metadata ->> '$.mime' FROM part WHERE key = ?1")?
        .query_row([key], |row| row.get::<_, Option<String>>(0))?;
    Ok(mime.is_none_or(|mime| mime.starts_with("text/")))
}

/// Keys of a part and of its session.
pub(super) fn locate(connection: &Connection, id: &PartId) -> Result<(i64, i64)> {
    connection
        .prepare_cached("SELECT key, session FROM part WHERE id = ?1")?
        .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .ok_or_else(|| StoreError::PartNotFound(id.to_string()))
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
    tx.prepare_cached("UPDATE session SET parts = parts + ?2, bytes = bytes + ?3 WHERE key = ?1")?
        .execute(params![session, rows::signed(parts), rows::signed(bytes)])?;
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
            PartKind::Reasoning(body) => Self::text("reasoning", body),
            PartKind::File(file) => Self {
                bytes: rows::signed(file.bytes),
                tokens: rows::signed(text::estimate_tokens(file.bytes)),
                metadata: Metadata {
                    mime: Some(file.mime.clone()),
                    name: file.name.clone(),
                    uri: file.uri.clone(),
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
        columns.tokens = rows::signed(text::estimate_tokens(shown));
        columns
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

const COLUMNS: &str =
    "part.key AS key, part.id AS id, seq, idx, type, tool, call_id, status, title, bytes, input_bytes,
    started_at, ended_at, compacted_at, metadata";

/// The parts of the messages from `first` to `last`, with their message's seq, in order.
pub(super) fn of_messages(
    connection: &Connection,
    session: i64,
    (first, last): (Seq, Seq),
    loading: Loading,
    message_id: impl Fn(Seq) -> Option<MessageId>,
) -> Result<Vec<(Seq, Part)>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM part WHERE session = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq, idx"
    ))?;
    let mut found = statement.query(params![session, first.0, last.0])?;
    let (mut parts, mut read) = (Vec::new(), 0);
    while let Some(row) = found.next()? {
        let seq = Seq(row.get("seq")?);
        let loading = match loading {
            Loading::Within(most) => Loading::Preview(LEAST.max(most.saturating_sub(read))),
            other => other,
        };
        if let Some(message) = message_id(seq) {
            let part = from_row(connection, row, message, loading)?;
            read += part.text_bytes();
            parts.push((seq, part));
        }
    }
    Ok(parts)
}

fn load_body(connection: &Connection, key: i64, field: Field, bytes: u64, loading: Loading) -> Result<Body> {
    let text = match loading {
        Loading::Preview(limit) | Loading::Within(limit) => body::beginning(connection, key, field, limit)?,
        Loading::Sent if field == Field::Output && bytes > text::SHOWN_BYTES as u64 => String::new(),
        Loading::Full | Loading::Sent => body::text(connection, key, field)?,
    };
    Ok(Body { bytes: bytes.max(text.len() as u64), text })
}

fn from_row(connection: &Connection, row: &Row<'_>, message_id: MessageId, loading: Loading) -> Result<Part> {
    let key = row.get("key")?;
    let kind: String = row.get("type")?;
    let bytes = rows::unsigned(row, "bytes")?;
    let metadata = rows::optional_json::<Metadata>(row, "metadata")?.unwrap_or_default();
    let kind = match kind.as_str() {
        "text" => PartKind::Text(load_body(connection, key, Field::Text, bytes, loading)?),
        // The row counts its seal, too.
        "reasoning" => {
            let bytes = body::size(connection, key, Field::Text)?;
            PartKind::Reasoning(load_body(connection, key, Field::Text, bytes, loading)?)
        }
        "file" => PartKind::File(FilePart {
            mime: metadata.mime.unwrap_or_else(|| "application/octet-stream".to_owned()),
            name: metadata.name,
            uri: metadata.uri,
            bytes,
        }),
        "tool" => PartKind::Tool(ToolPart {
            call_id: row.get::<_, Option<String>>("call_id")?.unwrap_or_default(),
            tool: row.get::<_, Option<String>>("tool")?.unwrap_or_default(),
            title: row.get("title")?,
            input: load_body(connection, key, Field::Input, rows::unsigned(row, "input_bytes")?, loading)?,
            state: tool_state(connection, row, key, loading)?,
            compacted_at: rows::optional_time(row, "compacted_at")?,
            attachments: metadata.attachments,
        }),
        "stepStart" => PartKind::StepStart,
        "stepFinish" => PartKind::StepFinish { reason: metadata.reason, usage: metadata.usage },
        "patch" => PartKind::Patch { files: metadata.files },
        "compaction" => PartKind::Compaction(metadata.compaction.unwrap_or_default()),
        "subtask" => PartKind::Subtask {
            session_id: metadata.session_id.unwrap_or_else(|| SessionId::from("")),
            description: metadata.description.unwrap_or_default(),
        },
        other => PartKind::Text(Body::whole(format!("[a part of the unknown type {other}]"))),
    };
    Ok(Part { id: PartId::from(row.get::<_, String>("id")?), message_id, index: row.get("idx")?, kind })
}

fn tool_state(connection: &Connection, row: &Row<'_>, key: i64, loading: Loading) -> Result<ToolState> {
    let started = rows::optional_time(row, "started_at")?;
    let ended_at = rows::optional_time(row, "ended_at")?.unwrap_or(crate::transcript::Timestamp(0));
    let status: Option<String> = row.get("status")?;
    let bytes = rows::unsigned(row, "bytes")?;
    let compacted = row.get::<_, Option<i64>>("compacted_at")?.is_some();
    Ok(match status.as_deref() {
        Some("completed") => ToolState::Completed {
            started_at: started.unwrap_or(ended_at),
            ended_at,
            output: match loading {
                Loading::Sent if compacted => Body { text: String::new(), bytes },
                _ => load_body(connection, key, Field::Output, bytes, loading)?,
            },
        },
        Some("running") => ToolState::Running { started_at: started.unwrap_or(ended_at) },
        Some("error") => ToolState::Error {
            started_at: started,
            ended_at,
            message: load_body(connection, key, Field::Error, 0, loading)?.text,
        },
        _ => ToolState::Pending,
    })
}

/// A part's further body, whole.
pub(super) fn data(connection: &Connection, id: &PartId, field: Field) -> Result<Vec<u8>> {
    let (key, _) = locate(connection, id)?;
    Ok(body::read(connection, key, field, 0, u64::MAX)?.data)
}
