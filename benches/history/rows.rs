//! JSON of messages and parts as opencode 1.18 writes it into `message.data` and `part.data`.

use serde_json::{Value, json};

use super::calls::Call;

/// Milliseconds since the epoch.
pub(crate) type Millis = i64;

pub(crate) fn model() -> Value {
    json!({"providerID": "double", "modelID": "model"})
}

pub(crate) fn user(at: Millis) -> Value {
    json!({"role": "user", "time": {"created": at}, "agent": "build", "model": model(), "summary": {"diffs": []}})
}

/// An answer as it is stored; `mode` is the agent that gave it.
pub(crate) fn assistant(answer: &Answer<'_>) -> Value {
    let &Answer { parent, mode, directory, tokens, created, completed, finish } = answer;
    let mut row = json!({
        "parentID": parent, "role": "assistant", "mode": mode, "agent": mode,
        "path": {"cwd": directory, "root": directory}, "cost": 0, "tokens": usage(tokens),
        "modelID": "model", "providerID": "double",
        "time": {"created": created, "completed": completed}, "finish": finish,
    });
    if mode == "compaction" {
        row["summary"] = true.into();
    }
    row
}

/// What an assistant's row says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) parent: &'a str,
    pub(crate) mode: &'a str,
    pub(crate) directory: &'a str,
    /// That were sent to the model.
    pub(crate) tokens: usize,
    pub(crate) created: Millis,
    pub(crate) completed: Millis,
    pub(crate) finish: &'a str,
}

fn usage(input: usize) -> Value {
    let output = 60;
    json!({"total": input + output, "input": input, "output": output, "reasoning": 0,
           "cache": {"write": 0, "read": 0}})
}

pub(crate) fn text(text: &str, start: Millis, end: Millis) -> Value {
    json!({"type": "text", "text": text, "time": {"start": start, "end": end}})
}

pub(crate) fn typed(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

pub(crate) fn reasoning(text: &str, start: Millis, end: Millis) -> Value {
    let metadata = json!({"openai": {"itemId": "rs_1", "reasoningEncryptedContent": "bW9jaw=="}});
    json!({"type": "reasoning", "text": text, "time": {"start": start, "end": end}, "metadata": metadata})
}

pub(crate) fn step_start(snapshot: &str) -> Value {
    json!({"snapshot": snapshot, "type": "step-start"})
}

pub(crate) fn step_finish(snapshot: &str, reason: &str, tokens: usize) -> Value {
    json!({"reason": reason, "snapshot": snapshot, "type": "step-finish", "tokens": usage(tokens), "cost": 0})
}

pub(crate) fn patch(snapshot: &str, file: &Value) -> Value {
    json!({"type": "patch", "hash": snapshot, "files": [file]})
}

/// What asks for a summary; the messages from `tail` on are kept.
pub(crate) fn compaction(tail: &str) -> Value {
    json!({"type": "compaction", "auto": true, "tail_start_id": tail})
}

pub(crate) fn tool(call: &Call, id: &str, start: Millis, end: Millis) -> Value {
    let time = json!({"start": start, "end": end});
    let state = match &call.result {
        Ok(done) => json!({"status": "completed", "input": call.input, "output": done.output,
                           "metadata": done.metadata, "title": done.title, "time": time}),
        Err(error) => json!({"status": "error", "input": call.input, "error": error, "time": time}),
    };
    let metadata = json!({"openai": {"itemId": format!("fc_{id}")}});
    json!({"type": "tool", "tool": call.tool, "callID": id, "state": state, "metadata": metadata})
}
