//! Entries as messages, and the body around them.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::REASONING_FIELDS;
use crate::provider::{
    CallResult, Content, Entry, Envelope, Image, Model, Settings, ToolChoice, ToolSpec,
    body::{elements, join, json as to_json, with_options},
    entries::{Sent, data_url, fitting_id, result_text, sendable},
};

/// OpenAI's own host takes fields that stricter servers refuse.
const OPENAI_HOST: &str = "://api.openai.com/";

/// An entry as messages.
pub(super) fn encode(settings: &Settings, model: &Model, entry: &Entry) -> Bytes {
    match entry {
        Entry::User(content) => elements(&[json!({"role": "user", "content": user_content(content)})]),
        Entry::Assistant(said) => {
            let pieces = sendable(said, &settings.name, model);
            if pieces.is_empty() { Bytes::new() } else { elements(&[assistant(&pieces)]) }
        }
        Entry::Results(results) => elements(&results_messages(results)),
    }
}

/// A plain string where text is all there is: some local servers take nothing else.
fn user_content(content: &[Content]) -> Value {
    if let [Content::Text(text)] = content {
        return text.as_str().into();
    }
    content
        .iter()
        .map(|piece| match piece {
            Content::Text(text) => json!({"type": "text", "text": text}),
            Content::Image(image) => image_part(image),
        })
        .collect()
}

fn image_part(image: &Image) -> Value {
    json!({"type": "image_url", "image_url": {"url": data_url(image)}})
}

fn assistant(pieces: &[Sent<'_>]) -> Value {
    let mut texts = Vec::new();
    let mut calls = Vec::new();
    let mut message = Map::new();
    message.insert("role".into(), "assistant".into());
    for piece in pieces {
        match piece {
            Sent::Text(text) => texts.push(*text),
            Sent::Call { call_id, tool, arguments } => calls.push(json!({
                "id": id(call_id),
                "type": "function",
                "function": {"name": tool, "arguments": arguments},
            })),
            // The seal names the field that the server used: it wants its words back in the same.
            Sent::Reasoning { text, item } => {
                let field = item.get("field").and_then(Value::as_str);
                if let Some(field) = field.filter(|field| REASONING_FIELDS.contains(field)) {
                    message.insert(field.to_owned(), (*text).into());
                }
            }
        }
    }
    let content = if texts.is_empty() { Value::Null } else { texts.join("\n\n").into() };
    message.insert("content".into(), content);
    if !calls.is_empty() {
        message.insert("tool_calls".into(), calls.into());
    }
    message.into()
}

/// One message for each result, and behind them one from the user with the images: a tool's message holds text
/// only.
fn results_messages(results: &[CallResult]) -> Vec<Value> {
    let mut images = Vec::new();
    let mut messages: Vec<_> = results
        .iter()
        .map(|result| {
            let id = id(&result.call_id);
            let mut text = result_text(result);
            if !result.images.is_empty() {
                images.push(json!({"type": "text", "text": format!("Images returned by the call {id}:")}));
                images.extend(result.images.iter().map(image_part));
            }
            if text.is_empty() {
                text = "(see the images below)";
            }
            json!({"role": "tool", "tool_call_id": id, "content": text})
        })
        .collect();
    if !images.is_empty() {
        messages.push(json!({"role": "user", "content": images}));
    }
    messages
}

fn id(call_id: &str) -> std::borrow::Cow<'_, str> {
    fitting_id(call_id, |_| true)
}

/// The request's body.
pub(super) fn body(settings: &Settings, envelope: &Envelope<'_>, encoded: &[Bytes]) -> Bytes {
    let model = envelope.model;
    let mut tunable = Map::new();
    tunable.insert("stream_options".into(), json!({"include_usage": true}));
    if settings.base_url.contains(OPENAI_HOST) {
        tunable.insert("max_completion_tokens".into(), model.max_output.into());
        tunable.insert("prompt_cache_key".into(), envelope.cache_key.into());
        tunable.insert("store".into(), settings.store.into());
    } else {
        tunable.insert("max_tokens".into(), model.max_output.into());
    }
    let mut fields = Map::new();
    fields.insert("model".into(), model.id.as_str().into());
    fields.insert("stream".into(), true.into());
    fields.extend(with_options(tunable, &settings.options, &model.options));
    if !envelope.tools.is_empty() {
        let choice = if envelope.tool_choice == ToolChoice::None { "none" } else { "auto" };
        fields.insert("tool_choice".into(), choice.into());
        fields.insert("tools".into(), envelope.tools.iter().map(tool).collect());
    }
    if envelope.instructions.is_empty() {
        return join(&fields, "messages", encoded);
    }
    let system = Bytes::from(to_json(&json!({"role": "system", "content": envelope.instructions})));
    let messages: Vec<_> = std::iter::once(system).chain(encoded.iter().cloned()).collect();
    join(&fields, "messages", &messages)
}

fn tool(spec: &ToolSpec) -> Value {
    json!({
        "type": "function",
        "function": {"name": spec.name, "description": spec.description, "parameters": spec.parameters},
    })
}
