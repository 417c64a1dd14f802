//! Entries as messages, and the body around them.
//!
//! Messages of one role in a row are fine: the API joins them, results first.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::marks::{self, Marks};
use crate::provider::{
    CallResult, Content, Entry, Envelope, Image, Model, Settings, ToolChoice, ToolSpec,
    body::{elements, join, with_options},
    entries::{Sent, fitting_id, result_text, sendable},
};

/// An entry as messages. Blank text is refused by the API and left out.
pub(super) fn encode(settings: &Settings, model: &Model, entry: &Entry) -> Bytes {
    let (role, content): (_, Vec<Value>) = match entry {
        Entry::User(content) => ("user", content.iter().filter_map(user_block).collect()),
        Entry::Assistant(said) => {
            let pieces = sendable(said, &settings.name, model);
            ("assistant", pieces.iter().filter_map(assistant_block).collect())
        }
        Entry::Results(results) => ("user", results.iter().map(result_block).collect()),
    };
    if content.is_empty() { Bytes::new() } else { elements(&[json!({"role": role, "content": content})]) }
}

fn user_block(content: &Content) -> Option<Value> {
    match content {
        Content::Text(text) if text.trim().is_empty() => None,
        Content::Text(text) => Some(text_block(text)),
        Content::Image(image) => Some(image_block(image)),
    }
}

fn text_block(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn image_block(image: &Image) -> Value {
    json!({"type": "image", "source": {"type": "base64", "media_type": image.mime, "data": image.base64}})
}

fn assistant_block(piece: &Sent<'_>) -> Option<Value> {
    Some(match piece {
        Sent::Text(text) => text_block(text),
        Sent::Reasoning { item, .. } => match item.get("type").and_then(Value::as_str) {
            Some("thinking" | "redacted_thinking") => (*item).clone(),
            _ => return None,
        },
        Sent::Call { call_id, tool, arguments } => {
            let input: Map<String, Value> = serde_json::from_str(arguments).unwrap_or_default();
            json!({"type": "tool_use", "id": id(call_id), "name": tool, "input": input})
        }
    })
}

fn result_block(result: &CallResult) -> Value {
    let text = result_text(result);
    let text = (!text.trim().is_empty()).then(|| text_block(text));
    let content: Vec<_> = text.into_iter().chain(result.images.iter().map(image_block)).collect();
    let mut block = json!({"type": "tool_result", "tool_use_id": id(&result.call_id), "content": content});
    if let (true, Some(fields)) = (result.failed, block.as_object_mut()) {
        fields.insert("is_error".into(), true.into());
    }
    block
}

fn id(call_id: &str) -> std::borrow::Cow<'_, str> {
    fitting_id(call_id, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// The request's body. Marks stand behind the tools and the system prompt, and behind the messages of `cache`. None
/// stands on the request itself: it would count as one of the four, and gateways know only those on blocks.
pub(super) fn body(
    settings: &Settings,
    envelope: &Envelope<'_>,
    encoded: &[Bytes],
    cache: &[usize],
) -> Bytes {
    let model = envelope.model;
    let mut tunable = Map::new();
    tunable.insert("max_tokens".into(), model.max_output.into());
    tunable.insert(marks::FIELD.into(), json!({"type": "ephemeral"}));
    let mut tuned = with_options(tunable, &settings.options, &model.options);
    let mut marks = Marks::new(tuned.shift_remove(marks::FIELD));
    let mut fields = Map::new();
    fields.insert("model".into(), model.id.as_str().into());
    fields.insert("stream".into(), true.into());
    fields.extend(tuned);
    let mut tools: Vec<Value> = envelope.tools.iter().map(tool).collect();
    let mut system = (!envelope.instructions.trim().is_empty()).then(|| text_block(envelope.instructions));
    // A mark behind the system prompt covers the tools, which stand before it.
    if let Some(last) = system.as_mut().or(tools.last_mut()) {
        marks.put(last);
    }
    if !tools.is_empty() {
        let choice = if envelope.tool_choice == ToolChoice::None { "none" } else { "auto" };
        fields.insert("tool_choice".into(), json!({"type": choice}));
        fields.insert("tools".into(), tools.into());
    }
    if let Some(system) = system {
        fields.insert("system".into(), json!([system]));
    }
    join(&fields, "messages", &marks.behind(encoded, cache))
}

fn tool(spec: &ToolSpec) -> Value {
    json!({"name": spec.name, "description": spec.description, "input_schema": spec.parameters})
}
