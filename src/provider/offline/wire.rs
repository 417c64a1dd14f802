//! The explorer's own request format.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::provider::{
    Content, Entry, Envelope, Said, ToolChoice, ToolSpec,
    body::{self, join},
};

/// A request as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    /// The tools on offer.
    pub(super) tools: Vec<Offered>,
    /// Whether they may be called now.
    pub(super) may_call: bool,
    /// The response that is continued.
    #[serde(default)]
    pub(super) previous: Option<String>,
    /// The conversation.
    pub(super) entries: Vec<Turn>,
}

/// A tool on offer. How it is used, the explorer knows without being told.
#[derive(Debug, Deserialize)]
pub(super) struct Offered {
    pub(super) name: String,
}

/// An entry of the conversation. Images and reasoning are of no use to the explorer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub(super) enum Turn {
    /// The person.
    User { text: String },
    /// The explorer, or a model that was asked before.
    Assistant { text: String, calls: Vec<Call> },
    /// Results of the calls before.
    Tool { results: Vec<Returned> },
}

/// A tool call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) tool: String,
    pub(super) arguments: Value,
}

/// The result of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Returned {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) failed: bool,
}

/// Size of a turn in bytes, as it was sent.
pub(super) fn size(turn: &Turn) -> usize {
    body::json(turn).len()
}

/// One entry as JSON.
pub(super) fn encode(entry: &Entry) -> Bytes {
    body::json(&match entry {
        Entry::User(content) => Turn::User { text: lines(content.iter().filter_map(words)) },
        Entry::Assistant(said) => Turn::Assistant {
            text: lines(said.iter().filter_map(|piece| match piece {
                Said::Text(text) => Some(text.as_str()),
                _ => None,
            })),
            calls: said.iter().filter_map(call).collect(),
        },
        Entry::Results(results) => Turn::Tool {
            results: results
                .iter()
                .map(|result| Returned {
                    id: result.call_id.clone(),
                    text: result.text.clone(),
                    failed: result.failed,
                })
                .collect(),
        },
    })
    .into()
}

fn words(content: &Content) -> Option<&str> {
    match content {
        Content::Text(text) => Some(text),
        Content::Image(_) => None,
    }
}

fn lines<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.collect::<Vec<_>>().join("\n")
}

fn call(piece: &Said) -> Option<Call> {
    let Said::Call { call_id, tool, arguments } = piece else { return None };
    let arguments = serde_json::from_str::<Map<String, Value>>(arguments).unwrap_or_default();
    Some(Call { id: call_id.clone(), tool: tool.clone(), arguments: arguments.into() })
}

/// A whole request. It holds what any model is told, so that its size is counted as that of any model.
pub(super) fn body(envelope: &Envelope<'_>, encoded: &[Bytes]) -> Bytes {
    let mut fields = Map::new();
    fields.insert("model".into(), envelope.model.id.as_str().into());
    fields.insert("instructions".into(), envelope.instructions.into());
    fields.insert("tools".into(), envelope.tools.iter().map(offered).collect());
    fields.insert("mayCall".into(), (envelope.tool_choice == ToolChoice::Auto).into());
    if let Some(previous) = envelope.previous_response_id {
        fields.insert("previous".into(), previous.into());
    }
    join(&fields, "entries", encoded)
}

fn offered(tool: &ToolSpec) -> Value {
    json!({"name": tool.name, "description": tool.description, "parameters": tool.parameters})
}
