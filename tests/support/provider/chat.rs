//! Chat Completions as the double speaks it.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    rules::{OpenCalls, Verdict, call_name, fields, key_header, list, positive, require, text, tools},
    script::{Answer, Say, pieces},
};

const FIELDS: &[&str] = &[
    "model",
    "messages",
    "tools",
    "tool_choice",
    "stream",
    "stream_options",
    "max_tokens",
    "temperature",
    "top_p",
    "reasoning_effort",
    "parallel_tool_calls",
    "seed",
    "stop",
    "user",
];

/// What a strict server would say to this request.
pub fn check(path: &str, headers: &HashMap<String, String>, body: &Value) -> Verdict {
    require(path == "/v1/chat/completions", || format!("no such path: {path}"))?;
    key_header(headers, "authorization", "x-api-key")?;
    fields(body, FIELDS)?;
    positive(body, "max_tokens")?;
    require(body["stream_options"]["include_usage"] == true, || "usage is not asked for".into())?;
    tools(body, |tool| (&tool["function"]["name"], &tool["function"]["parameters"]))?;
    let messages = list(body, "messages")?;
    let mut open = OpenCalls::default();
    for (at, message) in messages.iter().enumerate() {
        check_message(at, message, &mut open)?;
    }
    open.none()?;
    let last = messages.last().and_then(|last| last["role"].as_str());
    require(matches!(last, Some("user" | "tool")), || format!("nobody but {last:?} spoke last"))
}

fn check_message(at: usize, message: &Value, open: &mut OpenCalls) -> Verdict {
    let role = message["role"].as_str().unwrap_or_default();
    if role == "tool" {
        require(text(message, "content").is_some(), || format!("an empty result: {message}"))?;
        return open.result(text(message, "tool_call_id"));
    }
    open.none()?;
    match role {
        "system" => {
            require(at == 0 && text(message, "content").is_some(), || "a system message inside".into())
        }
        "user" => check_parts(message),
        "assistant" => {
            let calls = message["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
            let says = text(message, "content").is_some() || !calls.is_empty();
            require(says, || format!("the model said nothing: {message}"))?;
            for call in calls {
                let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
                let parsed = serde_json::from_str::<Value>(arguments).unwrap_or_default();
                require(parsed.is_object(), || format!("arguments are no object: {arguments:?}"))?;
                require(call["type"] == "function", || format!("a call is incomplete: {call}"))?;
                call_name(&call["function"])?;
                open.call(text(call, "id"))?;
            }
            Ok(())
        }
        role => Err(format!("unknown role {role:?}")),
    }
}

fn check_parts(message: &Value) -> Verdict {
    if text(message, "content").is_some() {
        return Ok(());
    }
    for part in list(message, "content")? {
        let good = match part["type"].as_str() {
            Some("text") => text(part, "text").is_some(),
            Some("image_url") => {
                text(&part["image_url"], "url").is_some_and(|url| url.starts_with("data:image/"))
            }
            _ => false,
        };
        require(good, || format!("a user cannot say {part}"))?;
    }
    Ok(())
}

/// The answer as OpenAI and its followers stream it.
pub fn frames(answer: &Answer) -> Vec<String> {
    let mut deltas = vec![json!({"role": "assistant", "content": ""})];
    let mut calls = 0;
    for say in &answer.says {
        match say {
            Say::Text(text) => deltas.extend(pieces(text).into_iter().map(|piece| json!({"content": piece}))),
            Say::Reasoning(text) => {
                deltas.extend(pieces(text).into_iter().map(|piece| json!({"reasoning_content": piece})));
            }
            Say::Call { id, tool, arguments } => {
                let begin = json!({"name": tool, "arguments": ""});
                deltas.push(json!({"tool_calls": [{"index": calls, "id": id, "type": "function", "function": begin}]}));
                for piece in pieces(arguments) {
                    deltas.push(json!({"tool_calls": [{"index": calls, "function": {"arguments": piece}}]}));
                }
                calls += 1;
            }
        }
    }
    let reason = match (answer.cut_short, calls) {
        (true, _) => "length",
        (_, 0) => "stop",
        _ => "tool_calls",
    };
    let mut choices: Vec<_> = deltas
        .into_iter()
        .map(|delta| json!([{"index": 0, "delta": delta, "finish_reason": null}]))
        .collect();
    choices.push(json!([{"index": 0, "delta": {}, "finish_reason": reason}]));
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({
            "id": answer.response_id, "object": "chat.completion.chunk", "created": 0, "model": "double",
            "choices": choices, "usage": usage,
        });
        format!("data: {chunk}\n\n")
    };
    let mut frames: Vec<_> = choices.into_iter().map(|choices| chunk(choices, Value::Null)).collect();
    frames.push(chunk(json!([]), usage(answer)));
    frames.push("data: [DONE]\n\n".to_owned());
    frames
}

fn usage(answer: &Answer) -> Value {
    let tokens = answer.tokens;
    let prompt = tokens.input + tokens.cache_read + tokens.cache_write;
    let completion = tokens.output + tokens.reasoning;
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": tokens.cache_read, "cache_write_tokens": tokens.cache_write},
        "completion_tokens_details": {"reasoning_tokens": tokens.reasoning},
    })
}
