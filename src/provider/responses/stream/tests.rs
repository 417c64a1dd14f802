//! What comes whole instead of in pieces, and what fails inside a stream.

use super::*;
use crate::provider::{Api, Key};

fn read(events: &[Value]) -> Result<Vec<Event>, ProviderError> {
    let settings = Settings {
        name: "openai".into(),
        api: Api::Responses,
        base_url: String::new(),
        key: Key::NotNeeded,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        store: false,
        options: serde_json::Map::new(),
    };
    let (mut decoder, mut out) = (Decoder::new(&settings, "m".into()), VecDeque::new());
    for event in events {
        decoder.event(&event.to_string(), &mut out)?;
    }
    Ok(out.into())
}

fn done(index: u64, item: &Value) -> Value {
    json!({"type": "response.output_item.done", "output_index": index, "item": item})
}

fn texts(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| if let Event::Delta { text, .. } = event { Some(text.as_str()) } else { None })
        .collect()
}

#[test]
fn items_that_did_not_stream_are_taken_when_they_are_done() {
    let events = read(&[
        done(0, &json!({"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "e"})),
        done(1, &json!({"type": "message", "content": [{"type": "output_text", "text": "hi"}]})),
        done(2, &json!({"type": "function_call", "call_id": "c", "name": "read", "arguments": "{\"a\":1}"})),
        json!({"type": "response.completed", "response": {"id": "r"}}),
    ])
    .unwrap();
    assert_eq!(texts(&events), ["hi", "{\"a\":1}"]);
    let seal = events
        .iter()
        .find_map(|event| if let Event::Close { block: 0, seal } = event { seal.clone() } else { None });
    assert_eq!(seal.unwrap().item["encrypted_content"], "e");
    assert!(matches!(
        events.last(),
        Some(Event::Finish { reason: FinishReason::ToolCalls, response_id: None, .. })
    ));
}

#[test]
fn what_streamed_is_not_repeated_when_it_is_done() {
    let events = read(&[
        json!({"type": "response.output_text.delta", "output_index": 0, "delta": "hi"}),
        done(0, &json!({"type": "message", "content": [{"type": "output_text", "text": "hi"}]})),
    ])
    .unwrap();
    assert_eq!(texts(&events), ["hi"]);
}

#[test]
fn parts_of_a_summary_are_paragraphs() {
    let part = |index: u64, text: &str| json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": index, "delta": text});
    assert_eq!(texts(&read(&[part(0, "a"), part(1, "b")]).unwrap()).concat(), "a\n\nb");
}

#[test]
fn a_refusal_and_a_filter_are_refusals() {
    let refused = read(&[
        json!({"type": "response.refusal.delta", "output_index": 0, "delta": "no"}),
        json!({"type": "response.completed", "response": {}}),
    ]);
    let filtered = read(&[
        json!({"type": "response.incomplete", "response": {"incomplete_details": {"reason": "content_filter"}}}),
    ]);
    for events in [refused.unwrap(), filtered.unwrap()] {
        assert!(matches!(events.last(), Some(Event::Finish { reason: FinishReason::Refusal, .. })));
    }
}

#[test]
fn failures_inside_the_stream_keep_their_class() {
    let failed = |code: &str| json!({"type": "response.failed", "response": {"error": {"code": code, "message": "m"}}});
    assert!(read(&[failed("server_error")]).unwrap_err().retryable());
    assert!(!read(&[failed("invalid_prompt")]).unwrap_err().retryable());
    let limited = json!({"type": "error", "code": "rate_limit_exceeded", "message": "m"});
    assert!(matches!(read(&[limited]), Err(ProviderError::RateLimited { .. })));
}
