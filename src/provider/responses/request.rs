//! Entries as input items, and the body around them.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::provider::{
    CallResult, Content, Entry, Envelope, Image, Model, Settings, ToolChoice, ToolSpec,
    body::{elements, join, with_options},
    entries::{Sent, data_url, fitting_id, result_text, sendable},
};

/// Asks for reasoning in a form that can be sent back where the provider keeps nothing.
const ENCRYPTED_REASONING: &str = "reasoning.encrypted_content";

/// An entry as input items.
pub(super) fn encode(settings: &Settings, model: &Model, entry: &Entry) -> Bytes {
    let items: Vec<Value> = match entry {
        Entry::User(content) => {
            vec![json!({"type": "message", "role": "user", "content": user_content(content)})]
        }
        Entry::Assistant(said) => {
            sendable(said, &settings.name, model).iter().filter_map(|piece| assistant_item(piece)).collect()
        }
        Entry::Results(results) => results.iter().map(result_item).collect(),
    };
    elements(&items)
}

fn user_content(content: &[Content]) -> Vec<Value> {
    content
        .iter()
        .map(|piece| match piece {
            Content::Text(text) => input_text(text),
            Content::Image(image) => input_image(image),
        })
        .collect()
}

fn input_text(text: &str) -> Value {
    json!({"type": "input_text", "text": text})
}

fn input_image(image: &Image) -> Value {
    json!({"type": "input_image", "detail": "auto", "image_url": data_url(image)})
}

fn assistant_item(piece: &Sent<'_>) -> Option<Value> {
    Some(match piece {
        // A string, because the form with `output_text` needs the id that the provider gave to the message.
        Sent::Text(text) => json!({"type": "message", "role": "assistant", "content": text}),
        Sent::Reasoning { item, .. } if item.get("type").and_then(Value::as_str) == Some("reasoning") => {
            (*item).clone()
        }
        Sent::Reasoning { .. } => return None,
        Sent::Call { call_id, tool, arguments } => {
            json!({"type": "function_call", "call_id": id(call_id), "name": tool, "arguments": arguments})
        }
    })
}

fn result_item(result: &CallResult) -> Value {
    let output = if result.images.is_empty() {
        Value::from(result_text(result))
    } else {
        let text = (!result.text.is_empty()).then(|| input_text(&result.text));
        text.into_iter().chain(result.images.iter().map(input_image)).collect()
    };
    json!({"type": "function_call_output", "call_id": id(&result.call_id), "output": output})
}

fn id(call_id: &str) -> std::borrow::Cow<'_, str> {
    fitting_id(call_id, |_| true)
}

/// Whether the provider is asked to keep its answers: the options may say otherwise than the setting.
pub(super) fn stores(settings: &Settings, model: &Model) -> bool {
    let fields = Map::from_iter([("store".to_owned(), settings.store.into())]);
    with_options(fields, &settings.options, &model.options).get("store") == Some(&Value::Bool(true))
}

/// The request's body.
pub(super) fn body(settings: &Settings, envelope: &Envelope<'_>, encoded: &[Bytes]) -> Bytes {
    let model = envelope.model;
    let mut tunable = Map::new();
    let store = stores(settings, model);
    tunable.insert("store".into(), store.into());
    tunable.insert("prompt_cache_key".into(), envelope.cache_key.into());
    tunable.insert("max_output_tokens".into(), model.max_output.into());
    if !store && reasons(&model.id) {
        tunable.insert("include".into(), json!([ENCRYPTED_REASONING]));
    }
    let mut fields = Map::new();
    fields.insert("model".into(), model.id.as_str().into());
    fields.insert("stream".into(), true.into());
    fields.extend(with_options(tunable, &settings.options, &model.options));
    if let Some(previous) = envelope.previous_response_id {
        fields.insert("previous_response_id".into(), previous.into());
    }
    if !envelope.instructions.is_empty() {
        fields.insert("instructions".into(), envelope.instructions.into());
    }
    if !envelope.tools.is_empty() {
        let choice = if envelope.tool_choice == ToolChoice::None { "none" } else { "auto" };
        fields.insert("tool_choice".into(), choice.into());
        fields.insert("tools".into(), envelope.tools.iter().map(tool).collect());
    }
    join(&fields, "input", encoded)
}

fn tool(spec: &ToolSpec) -> Value {
    json!({
        "type": "function",
        "name": spec.name,
        "description": spec.description,
        "parameters": spec.parameters,
        "strict": false,
    })
}

/// Whether OpenAI's model of that id reasons: the o series, and GPT from 5 on except its chat variants. Others
/// refuse to be asked for encrypted reasoning.
fn reasons(id: &str) -> bool {
    let name = id.rsplit('/').next().unwrap_or(id);
    let leading_number = |text: &str| -> u32 {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    };
    let gpt = name.strip_prefix("gpt-").is_some_and(|rest| leading_number(rest) >= 5);
    let o_series = name.strip_prefix('o').is_some_and(|rest| leading_number(rest) >= 1);
    (gpt || o_series || name.starts_with("codex")) && !name.contains("-chat")
}

#[cfg(test)]
mod tests {
    use super::reasons;

    #[test]
    fn reasoning_models_are_told_from_the_others_by_name() {
        for id in
            ["gpt-5", "gpt-5.4-mini", "gpt-6-astra", "o3", "o4-mini", "openai/gpt-5", "codex-mini-latest"]
        {
            assert!(reasons(id), "{id}");
        }
        for id in ["gpt-4.1", "gpt-4o", "gpt-5-chat-latest", "qwen3-coder", "olmo-3", "gpt-oss-120b"] {
            assert!(!reasons(id), "{id}");
        }
    }
}
