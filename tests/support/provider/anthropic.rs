//! Anthropic Messages as the double speaks it.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    rules::{MARK, OpenCalls, Verdict, call_name, fields, key_header, list, positive, require, text, tools},
    script::{Answer, Say, named, pieces},
};

const FIELDS: &[&str] = &[
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "stream",
    "max_tokens",
    "cache_control",
    "thinking",
    "temperature",
    "top_p",
    "top_k",
    "metadata",
    "output_config",
    "service_tier",
    "stop_sequences",
];

/// What Anthropic would say to this request.
pub fn check(path: &str, headers: &HashMap<String, String>, body: &Value) -> Verdict {
    require(path == "/v1/messages", || format!("no such path: {path}"))?;
    key_header(headers, "x-api-key", "authorization")?;
    let version = headers.get("anthropic-version").map(String::as_str);
    require(version == Some("2023-06-01"), || format!("anthropic-version is {version:?}"))?;
    fields(body, FIELDS)?;
    positive(body, "max_tokens")?;
    tools(body, |tool| (&tool["name"], &tool["input_schema"]))?;
    check_marks(body)?;
    let messages = list(body, "messages")?;
    require(messages[0]["role"] == "user", || "the first message is not the user's".into())?;
    require(messages[messages.len() - 1]["role"] == "user", || "the model spoke last".into())?;
    let mut open = OpenCalls::default();
    for message in messages {
        check_message(message, &mut open)?;
    }
    open.none()
}

/// At most four marks, that on the request included; a longer life before a shorter; none where nothing is kept.
pub fn check_marks(body: &Value) -> Verdict {
    let marks: Vec<&Value> =
        blocks(body).into_iter().chain([body]).filter_map(|block| block.get(MARK)).collect();
    require(marks.len() <= 4, || format!("a maximum of 4 blocks with {MARK}; there are {}", marks.len()))?;
    let lives: Vec<&str> = marks.iter().map(|mark| mark["ttl"].as_str().unwrap_or("5m")).collect();
    require(marks.iter().all(|mark| mark["type"] == "ephemeral"), || format!("odd marks: {marks:?}"))?;
    require(lives.iter().all(|life| ["5m", "1h"].contains(life)), || format!("odd lives: {lives:?}"))?;
    require(lives.is_sorted(), || format!("a shorter life before a longer: {lives:?}"))?;
    let marked = blocks(body).into_iter().find(|block| {
        let empty = block["type"] == "text" && text(block, "text").is_none();
        let thinks = block["type"].as_str().is_some_and(|kind| kind.ends_with("thinking"));
        block.get(MARK).is_some() && (empty || thinks)
    });
    require(marked.is_none(), || format!("this cannot be marked: {marked:?}"))
}

/// All that can be marked, in the order in which it is cached.
pub fn blocks(body: &Value) -> Vec<&Value> {
    let of = |name: &str| body[name].as_array().into_iter().flatten();
    let content = of("messages").flat_map(|message| message["content"].as_array().into_iter().flatten());
    of("tools").chain(of("system")).chain(content).collect()
}

fn check_message(message: &Value, open: &mut OpenCalls) -> Verdict {
    let role = message["role"].as_str().unwrap_or_default();
    let blocks = list(message, "content")?;
    for block in blocks {
        let kind = block["type"].as_str().unwrap_or_default();
        match (role, kind) {
            ("user", "tool_result") => {
                check_result(block)?;
                open.result(text(block, "tool_use_id"))?;
            }
            ("user", "text" | "image") => {
                open.none()?;
                check_block(block)?;
            }
            ("assistant", "text") => check_block(block)?,
            ("assistant", "thinking") => {
                require(text(block, "signature").is_some() && block["thinking"].is_string(), || {
                    format!("{block}")
                })?;
            }
            ("assistant", "redacted_thinking") => {
                require(text(block, "data").is_some(), || format!("{block}"))?;
            }
            ("assistant", "tool_use") => {
                require(block["input"].is_object(), || format!("{block}"))?;
                call_name(block)?;
                let id = text(block, "id").unwrap_or_default();
                let plain = id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
                require(plain, || format!("an id of odd characters: {id}"))?;
                open.call(Some(id))?;
            }
            _ => return Err(format!("{role} cannot say {block}")),
        }
    }
    let thought_last = blocks
        .last()
        .is_some_and(|last| last["type"].as_str().is_some_and(|kind| kind.ends_with("thinking")));
    require(!thought_last, || "the final block in an assistant message cannot be thinking".into())
}

fn check_block(block: &Value) -> Verdict {
    let source = &block["source"];
    let good = match block["type"].as_str() {
        Some("text") => text(block, "text").is_some(),
        Some("image") => {
            source["type"] == "base64"
                && text(source, "data").is_some()
                && text(source, "media_type").is_some()
        }
        _ => false,
    };
    require(good, || format!("an empty or incomplete block: {block}"))
}

fn check_result(block: &Value) -> Verdict {
    if let Some(content) = block["content"].as_array() {
        content.iter().try_for_each(check_block)?;
    }
    require(block["is_error"].is_boolean() || block.get("is_error").is_none(), || {
        format!("is_error: {block}")
    })
}

/// The answer as Anthropic streams it, a ping included.
pub fn frames(answer: &Answer) -> Vec<String> {
    let tokens = answer.tokens;
    let usage = json!({
        "input_tokens": tokens.input,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation_input_tokens": tokens.cache_write,
        "output_tokens": 1,
    });
    let message = json!({
        "id": answer.response_id, "type": "message", "role": "assistant", "model": "double", "content": [],
        "stop_reason": null, "usage": usage,
    });
    let mut events = vec![json!({"type": "message_start", "message": message})];
    for (index, say) in answer.says.iter().enumerate() {
        block(&mut events, index, say);
        if index == 0 {
            events.push(json!({"type": "ping"}));
        }
    }
    let called = answer.says.iter().any(|say| matches!(say, Say::Call { .. }));
    let reason = match (answer.cut_short, called) {
        (true, _) => "max_tokens",
        (_, true) => "tool_use",
        _ => "end_turn",
    };
    let usage = json!({
        "output_tokens": tokens.output + tokens.reasoning,
        "output_tokens_details": {"thinking_tokens": tokens.reasoning},
    });
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null}, "usage": usage}));
    events.push(json!({"type": "message_stop"}));
    events.iter().map(named).collect()
}

fn block(events: &mut Vec<Value>, index: usize, say: &Say) {
    let (start, deltas): (Value, Vec<Value>) = match say {
        Say::Text(text) => (
            json!({"type": "text", "text": ""}),
            pieces(text).into_iter().map(|piece| json!({"type": "text_delta", "text": piece})).collect(),
        ),
        Say::Reasoning(text) => {
            let thoughts =
                pieces(text).into_iter().map(|piece| json!({"type": "thinking_delta", "thinking": piece}));
            let signature = json!({"type": "signature_delta", "signature": format!("signed {index}")});
            (
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                thoughts.chain([signature]).collect(),
            )
        }
        Say::Call { id, tool, arguments } => (
            json!({"type": "tool_use", "id": id, "name": tool, "input": {}}),
            pieces(arguments)
                .into_iter()
                .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}))
                .collect(),
        ),
    };
    events.push(json!({"type": "content_block_start", "index": index, "content_block": start}));
    for delta in deltas {
        events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
    }
    events.push(json!({"type": "content_block_stop", "index": index}));
}
