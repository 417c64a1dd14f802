//! What servers other than OpenAI's make of the format.

use super::*;
use crate::provider::{Api, Key};

fn settings() -> Settings {
    Settings {
        name: "local".into(),
        api: Api::Chat,
        base_url: String::new(),
        key: Key::NotNeeded,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        store: false,
        options: serde_json::Map::new(),
    }
}

/// The events of an answer whose connection ends after these chunks.
fn read(chunks: &[Value]) -> Vec<Event> {
    let (mut decoder, mut out) = (Decoder::new(&settings(), "m".into()), VecDeque::new());
    for chunk in chunks {
        decoder.event(&chunk.to_string(), &mut out).unwrap();
    }
    decoder.end(&mut out);
    out.into()
}

fn delta(delta: &Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

fn stop(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

/// Id, tool and arguments of each call.
fn calls(events: &[Event]) -> Vec<(String, String, String)> {
    let mut calls = Vec::new();
    for event in events {
        match event {
            Event::Open { kind: BlockKind::Call { call_id, tool }, .. } => {
                calls.push((call_id.clone(), tool.clone(), String::new()));
            }
            Event::Delta { block, text } => calls[usize::try_from(*block).unwrap()].2.push_str(text),
            _ => {}
        }
    }
    calls
}

#[test]
fn a_finish_reason_is_enough_where_done_is_missing() {
    let events = read(&[delta(&json!({"content": "x"})), stop("stop")]);
    assert!(matches!(events.last(), Some(Event::Finish { reason: FinishReason::EndTurn, .. })));
    assert!(!matches!(read(&[delta(&json!({"content": "x"}))]).last(), Some(Event::Finish { .. })));
}

#[test]
fn calls_at_one_index_with_other_ids_are_other_calls() {
    let call = |id: &str| json!({"index": 0, "id": id, "function": {"name": "read", "arguments": "{}"}});
    let events = read(&[
        delta(&json!({"tool_calls": [call("a")]})),
        delta(&json!({"tool_calls": [call("b")]})),
        stop("stop"),
    ]);
    let ids: Vec<_> = calls(&events).into_iter().map(|(id, ..)| id).collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(matches!(events.last(), Some(Event::Finish { reason: FinishReason::ToolCalls, .. })));
}

#[test]
fn calls_without_ids_get_ids_that_differ() {
    let call = |index: u64| json!({"tool_calls": [{"index": index, "function": {"name": "read", "arguments": "{}"}}]});
    let calls = calls(&read(&[delta(&call(0)), delta(&call(1)), stop("tool_calls")]));
    assert!(!calls[0].0.is_empty() && calls[0].0 != calls[1].0);
}

#[test]
fn a_repeated_name_is_no_second_call_and_a_late_one_loses_nothing() {
    let part = |part: Value| delta(&json!({"tool_calls": [part]}));
    let events = read(&[
        part(json!({"index": 0, "id": "a", "function": {"arguments": "{\"x\""}})),
        part(json!({"index": 0, "function": {"name": "read", "arguments": ":1"}})),
        part(json!({"index": 0, "id": "a", "function": {"name": "read", "arguments": "}"}})),
        stop("tool_calls"),
    ]);
    assert_eq!(calls(&events), [("a".into(), "read".into(), "{\"x\":1}".into())]);
}

#[test]
fn reasoning_is_sealed_with_the_field_it_came_in() {
    for field in ["reasoning", "reasoning_content"] {
        let events = read(&[delta(&json!({field: "hm"})), delta(&json!({"content": "x"})), stop("stop")]);
        let seal = events.iter().find_map(|event| match event {
            Event::Close { block: 0, seal } => seal.clone(),
            _ => None,
        });
        assert_eq!(seal.unwrap().item, json!({"field": field}));
    }
}

#[test]
fn refusals_filters_and_foreign_cache_figures_are_understood() {
    let finish = |chunks: &[Value]| match read(chunks).pop() {
        Some(Event::Finish { reason, usage, .. }) => (reason, usage),
        last => panic!("{last:?}"),
    };
    assert_eq!(finish(&[delta(&json!({"refusal": "no"})), stop("stop")]).0, FinishReason::Refusal);
    let used = json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 2, "prompt_cache_hit_tokens": 4}});
    let (reason, usage) = finish(&[stop("content_filter"), used]);
    assert_eq!((reason, usage.input, usage.cache_read), (FinishReason::Refusal, 6, 4));
}
