//! OpenAI Responses as the double speaks it.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    rules::{OpenCalls, Verdict, call_name, fields, key_header, list, positive, require, text, tools},
    script::{Answer, Say, named, pieces},
};

const FIELDS: &[&str] = &[
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "stream",
    "store",
    "include",
    "max_output_tokens",
    "prompt_cache_key",
    "previous_response_id",
    "reasoning",
    "text",
    "temperature",
    "parallel_tool_calls",
    "service_tier",
    "metadata",
    "truncation",
    "user",
    "top_p",
];

/// What OpenAI would say to this request. `left_open`: the calls of the response that is continued.
pub fn check(path: &str, headers: &HashMap<String, String>, body: &Value, left_open: Vec<String>) -> Verdict {
    require(path == "/v1/responses", || format!("no such path: {path}"))?;
    key_header(headers, "authorization", "x-api-key")?;
    fields(body, FIELDS)?;
    positive(body, "max_output_tokens")?;
    tools(body, |tool| (&tool["name"], &tool["parameters"]))?;
    for tool in body["tools"].as_array().into_iter().flatten() {
        require(tool["type"] == "function" && tool["strict"].is_boolean(), || {
            format!("a tool is incomplete: {tool}")
        })?;
    }
    let mut open = OpenCalls(left_open.into());
    let items = list(body, "input")?;
    for (at, item) in items.iter().enumerate() {
        check_item(item, items.get(at + 1), body["store"] == true, &mut open)?;
    }
    open.none()?;
    let last = items.last().filter(|item| item["role"] == "assistant" || item["type"] == "function_call");
    require(last.is_none(), || "the model spoke last".into())
}

fn check_item(item: &Value, next: Option<&Value>, store: bool, open: &mut OpenCalls) -> Verdict {
    match item["type"].as_str() {
        Some("message") => {
            open.none()?;
            check_message(item)
        }
        Some("function_call") => {
            call_name(item)?;
            let arguments = item["arguments"].as_str().unwrap_or_default();
            let parsed = serde_json::from_str::<Value>(arguments).unwrap_or_default();
            require(parsed.is_object(), || format!("arguments are no object: {arguments:?}"))?;
            open.call(text(item, "call_id"))
        }
        Some("function_call_output") => {
            open.result(text(item, "call_id"))?;
            let output = &item["output"];
            require(output.is_string() || list(item, "output").is_ok(), || format!("no output: {item}"))
        }
        Some("reasoning") => {
            require(text(item, "id").is_some() && item["summary"].is_array(), || {
                format!("incomplete: {item}")
            })?;
            require(store || text(item, "encrypted_content").is_some(), || {
                "reasoning that is not kept".into()
            })?;
            let followed =
                next.is_some_and(|next| next["role"] != "user" && next["type"] != "function_call_output");
            require(followed, || "reasoning was provided without its required following item".into())
        }
        kind => Err(format!("unknown item {kind:?}")),
    }
}

fn check_message(item: &Value) -> Verdict {
    let role = item["role"].as_str().unwrap_or_default();
    require(["user", "assistant", "system", "developer"].contains(&role), || {
        format!("unknown role {role:?}")
    })?;
    if text(item, "content").is_some() {
        return Ok(());
    }
    for part in list(item, "content")? {
        let good = match (role, part["type"].as_str().unwrap_or_default()) {
            ("assistant", "output_text") | ("user" | "system" | "developer", "input_text") => {
                text(part, "text").is_some()
            }
            ("user", "input_image") => {
                text(part, "image_url").is_some_and(|url| url.starts_with("data:image/"))
            }
            _ => false,
        };
        require(good, || format!("{role} cannot say {part}"))?;
    }
    Ok(())
}

/// The answer as OpenAI streams it.
pub fn frames(answer: &Answer) -> Vec<String> {
    let id = &answer.response_id;
    let response = |status: &str| json!({"id": id, "object": "response", "status": status, "output": []});
    let mut events = vec![
        json!({"type": "response.created", "response": response("in_progress")}),
        json!({"type": "response.in_progress", "response": response("in_progress")}),
    ];
    for (index, say) in answer.says.iter().enumerate() {
        match say {
            Say::Text(text) => message(&mut events, index, text),
            Say::Reasoning(text) => reasoning(&mut events, index, text),
            Say::Call { id, tool, arguments } => call(&mut events, index, id, tool, arguments),
        }
    }
    let tokens = answer.tokens;
    let input = tokens.input + tokens.cache_read + tokens.cache_write;
    let output = tokens.output + tokens.reasoning;
    let mut last = response(if answer.cut_short { "incomplete" } else { "completed" });
    last["usage"] = json!({
        "input_tokens": input,
        "input_tokens_details": {"cached_tokens": tokens.cache_read, "cache_write_tokens": tokens.cache_write},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": input + output,
    });
    if answer.cut_short {
        last["incomplete_details"] = json!({"reason": "max_output_tokens"});
    }
    let kind = if answer.cut_short { "response.incomplete" } else { "response.completed" };
    events.push(json!({"type": kind, "response": last}));
    number(&mut events);
    events.iter().map(named).collect()
}

fn number(events: &mut [Value]) {
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = number.into();
    }
}

fn message(events: &mut Vec<Value>, index: usize, text: &str) {
    let id = format!("msg_{index}");
    let item = |status: &str, content: Value| json!({"type": "message", "id": id, "role": "assistant", "status": status, "content": content});
    let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
    let at = json!({"item_id": id, "output_index": index, "content_index": 0});
    events.push(json!({"type": "response.output_item.added", "output_index": index, "item": item("in_progress", json!([]))}));
    events.push(with(&at, json!({"type": "response.content_part.added", "part": part("")})));
    for delta in pieces(text) {
        events.push(with(&at, json!({"type": "response.output_text.delta", "delta": delta, "logprobs": []})));
    }
    events.push(with(&at, json!({"type": "response.output_text.done", "text": text, "logprobs": []})));
    events.push(with(&at, json!({"type": "response.content_part.done", "part": part(text)})));
    events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item("completed", json!([part(text)]))}));
}

fn reasoning(events: &mut Vec<Value>, index: usize, text: &str) {
    let id = format!("rs_{index}");
    let item = |summary: Value| json!({"type": "reasoning", "id": id, "summary": summary, "encrypted_content": format!("sealed {index}")});
    let at = json!({"item_id": id, "output_index": index, "summary_index": 0});
    events
        .push(json!({"type": "response.output_item.added", "output_index": index, "item": item(json!([]))}));
    for delta in pieces(text) {
        events.push(with(&at, json!({"type": "response.reasoning_summary_text.delta", "delta": delta})));
    }
    let summary = json!([{"type": "summary_text", "text": text}]);
    events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item(summary)}));
}

fn call(events: &mut Vec<Value>, index: usize, call_id: &str, tool: &str, arguments: &str) {
    let id = format!("fc_{index}");
    let item = |arguments: &str| json!({"type": "function_call", "id": id, "call_id": call_id, "name": tool, "arguments": arguments});
    let at = json!({"item_id": id, "output_index": index});
    events.push(json!({"type": "response.output_item.added", "output_index": index, "item": item("")}));
    for delta in pieces(arguments) {
        events.push(with(&at, json!({"type": "response.function_call_arguments.delta", "delta": delta})));
    }
    events.push(with(&at, json!({"type": "response.function_call_arguments.done", "arguments": arguments})));
    events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item(arguments)}));
}

fn with(at: &Value, mut event: Value) -> Value {
    for (name, value) in at.as_object().into_iter().flatten() {
        event[name] = value.clone();
    }
    event
}
