//! opencode's part rows in our words. Pure: a row's JSON in, a part out, whatever the JSON says.
//!
//! Nothing that could be foreign or secret is kept: of reasoning its text, not the provider's encrypted item; of a file
//! its content or its address. Every call gets a final state (invariant 5).

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    data_url,
    message::finish_reason,
    shape::{Number, Text, Tokens, Unreadable, lenient, usage},
};
use crate::{
    store::{Bodies, Field},
    transcript::{
        Attachment, Body, Compaction, FilePart, PartKind, Reasoning, Timestamp, ToolPart, ToolState,
    },
};

/// What the model reads as the result of a call that opencode never ended.
const INTERRUPTED: &str = "Interrupted before it finished. Whether it had any effect is unknown.";

/// Attachments of one call that have a place here.
pub(in crate::store) const MOST_ATTACHMENTS: usize = 200;

/// A part that means something here.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct PartFacts {
    /// What it is.
    pub kind: PartKind,
    /// Its further bodies.
    pub bodies: Bodies,
}

impl From<PartKind> for PartFacts {
    fn from(kind: PartKind) -> Self {
        Self { kind, bodies: Bodies::new() }
    }
}

/// What a user message says of the compaction that follows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(in super::super) struct CompactionOrder {
    /// Whether nobody asked for it.
    #[serde(deserialize_with = "flag")]
    pub auto: bool,
    /// The first message that stays verbatim behind the summary.
    #[serde(rename = "tail_start_id", deserialize_with = "lenient")]
    pub tail: Option<String>,
}

fn flag<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(lenient(deserializer)?.unwrap_or_default())
}

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
}

/// Reads a part; `None` when it has no meaning here. `ended_at` is the end of a call that never ended there.
pub(in super::super) fn read(json: &str, ended_at: Timestamp) -> Result<Option<PartFacts>, Unreadable> {
    let Typed { r#type } = serde_json::from_str(json)?;
    let part = match r#type.as_ref() {
        "text" => return written(json),
        "reasoning" => {
            let Thought { text, time } = serde_json::from_str(json)?;
            let Times { start, end, .. } = time.unwrap_or_default();
            let (started_at, ended_at) = (start.map(Number::time), end.map(Number::time));
            PartKind::Reasoning(Reasoning { text: Body::whole(text.0), started_at, ended_at }).into()
        }
        "file" => file(&serde_json::from_str(json)?)?,
        "tool" => tool(serde_json::from_str(json)?, ended_at),
        "step-start" => PartKind::StepStart.into(),
        "step-finish" => {
            let StepFinish { reason, tokens, cost } = serde_json::from_str(json)?;
            let reason = reason.as_deref().and_then(finish_reason);
            PartKind::StepFinish { reason, usage: usage(tokens, cost) }.into()
        }
        "patch" => {
            let Patch { files } = serde_json::from_str(json)?;
            PartKind::Patch { files }.into()
        }
        "compaction" => {
            let CompactionOrder { auto, .. } = serde_json::from_str(json)?;
            PartKind::Compaction(Compaction { auto, ..Compaction::default() }).into()
        }
        "subtask" => {
            let Subtask { description, prompt, agent } = serde_json::from_str(json)?;
            let task = format!("Work for the agent {agent}: {description}\n\n{prompt}");
            PartKind::Text(Body::whole(task)).into()
        }
        // A mention (the text beside it says what it means), a snapshot's hash, and a note that a call was repeated.
        "agent" | "snapshot" | "retry" => return Ok(None),
        other => return Err(Unreadable(format!("a part of the unknown type `{other}`"))),
    };
    Ok(Some(part))
}

/// The order for a compaction, if the part is one.
pub(in super::super) fn compaction(json: &str) -> Option<CompactionOrder> {
    let Typed { r#type } = serde_json::from_str(json).ok()?;
    if r#type == "compaction" { serde_json::from_str(json).ok() } else { None }
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    text: Text<'a>,
    /// Shown to the person and never to the model.
    #[serde(default, deserialize_with = "lenient")]
    ignored: Option<bool>,
}

fn written(json: &str) -> Result<Option<PartFacts>, Unreadable> {
    let Written { text, ignored } = serde_json::from_str(json)?;
    Ok((ignored != Some(true)).then(|| PartKind::Text(Body::whole(text.0)).into()))
}

#[derive(Deserialize)]
struct Thought<'a> {
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(default, deserialize_with = "lenient")]
    time: Option<Times>,
}

#[derive(Deserialize)]
struct StepFinish {
    #[serde(default, deserialize_with = "lenient")]
    reason: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    tokens: Option<Tokens>,
    #[serde(default, deserialize_with = "lenient")]
    cost: Option<Number>,
}

#[derive(Deserialize)]
struct Patch {
    files: Vec<String>,
}

#[derive(Deserialize)]
struct Subtask {
    #[serde(default)]
    description: String,
    prompt: String,
    #[serde(default)]
    agent: String,
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(default, deserialize_with = "lenient")]
    mime: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    filename: Option<String>,
    #[serde(borrow)]
    url: Text<'a>,
}

impl File<'_> {
    /// The content, where the row holds it.
    fn content(&self) -> Result<Option<Vec<u8>>, Unreadable> {
        if !self.url.0.starts_with("data:") {
            return Ok(None);
        }
        let broken = || Unreadable("a file whose data: URL is broken".to_owned());
        data_url::content(&self.url.0).ok_or_else(broken).map(Some)
    }

    fn mime(&self) -> String {
        self.mime.clone().unwrap_or_else(|| "application/octet-stream".to_owned())
    }
}

fn file(row: &File<'_>) -> Result<PartFacts, Unreadable> {
    let content = row.content()?;
    let uri = content.is_none().then(|| row.url.0.clone().into_owned());
    let content = content.unwrap_or_default();
    let (mime, name, bytes) = (row.mime(), row.filename.clone(), content.len() as u64);
    let file = FilePart { mime, name, uri, bytes, shown: None };
    let bodies = if content.is_empty() { Bodies::new() } else { vec![(Field::Data, content)] };
    Ok(PartFacts { kind: PartKind::File(file), bodies })
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(rename = "tool")]
    name: String,
    #[serde(default, rename = "callID", deserialize_with = "lenient")]
    call_id: Option<String>,
    #[serde(borrow)]
    state: State<'a>,
}

#[derive(Deserialize)]
struct State<'a> {
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lenient")]
    output: Option<Text<'a>>,
    #[serde(default, deserialize_with = "lenient")]
    title: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    error: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    time: Option<Times>,
    #[serde(borrow, default, deserialize_with = "lenient")]
    attachments: Option<Vec<File<'a>>>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Times {
    #[serde(deserialize_with = "lenient")]
    start: Option<Number>,
    #[serde(deserialize_with = "lenient")]
    end: Option<Number>,
    #[serde(deserialize_with = "lenient")]
    compacted: Option<Number>,
}

fn tool(row: Tool<'_>, ended_at: Timestamp) -> PartFacts {
    let Tool { name, call_id, state } = row;
    let times = state.time.unwrap_or_default();
    let started = times.start.map(Number::time);
    let ended_at = times.end.map(Number::time).or(started).unwrap_or(ended_at);
    let settled = match state.status.as_deref() {
        Some("completed") => ToolState::Completed {
            started_at: started.unwrap_or(ended_at),
            ended_at,
            output: state.output.map_or_else(gone, |output| Body::whole(output.0)),
        },
        Some("error") => ToolState::Error {
            started_at: started,
            ended_at,
            message: state.error.unwrap_or_else(|| "It failed; opencode did not say why.".to_owned()),
        },
        _ => ToolState::Error { started_at: started, ended_at, message: INTERRUPTED.to_owned() },
    };
    let (attachments, bodies) = attachments(&state.attachments.unwrap_or_default());
    let kind = PartKind::Tool(ToolPart {
        call_id: call_id.unwrap_or_default(),
        tool: name,
        title: state.title.filter(|title| !title.is_empty()),
        input: Body::whole(arguments(state.input)),
        compacted_at: times
            .compacted
            .map(Number::time)
            .filter(|_| matches!(settled, ToolState::Completed { .. })),
        state: settled,
        attachments,
    });
    PartFacts { kind, bodies }
}

/// An output that is missing in its row: it is longer than what is here, so that its evidence says that it is gone.
fn gone() -> Body {
    Body { text: String::new(), bytes: 1 }
}

/// The arguments as compact JSON, however they were laid out.
fn arguments(input: Option<&RawValue>) -> String {
    let Some(input) = input.map(RawValue::get).filter(|input| *input != "null") else {
        return "{}".to_owned();
    };
    serde_json::from_str::<serde_json::Value>(input)
        .map_or_else(|_| input.to_owned(), |value| value.to_string())
}

/// What a call produced beside its text. An attachment whose content is not in the row keeps its name.
fn attachments(rows: &[File<'_>]) -> (Vec<Attachment>, Bodies) {
    let (mut attachments, mut bodies) = (Vec::new(), Bodies::new());
    for (index, row) in (0_u8..).zip(rows.iter().take(MOST_ATTACHMENTS)) {
        let content = row.content().ok().flatten().unwrap_or_default();
        attachments.push(Attachment {
            mime: row.mime(),
            name: row.filename.clone(),
            bytes: content.len() as u64,
            shown: None,
        });
        if !content.is_empty() {
            bodies.push((Field::Attachment(index), content));
        }
    }
    (attachments, bodies)
}

#[cfg(test)]
mod tests;
