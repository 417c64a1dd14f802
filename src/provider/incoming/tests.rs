use serde_json::{Value, json};

use super::*;
use crate::provider::Key;

fn settings() -> Settings {
    Settings {
        name: "double".into(),
        api: Api::Chat,
        base_url: String::new(),
        key: Key::NotNeeded,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        store: false,
        options: serde_json::Map::new(),
    }
}

/// The events of a chat answer with these deltas, and its error.
fn hear(deltas: &[Value]) -> (Vec<Event>, Option<ProviderError>) {
    let events = deltas.iter().map(|delta| format!("data: {}\n\n", json!({"choices": [{"delta": delta}]})));
    let end = "data: {\"choices\":[{\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":18446744073709551615}}\n\n\
               data: [DONE]\n\n";
    let stream = events.chain([end.to_owned()]).collect::<String>();
    replay(&settings(), "m", &[stream.as_bytes()])
}

fn call(index: usize, id: &str, name: Option<&str>) -> Value {
    json!({"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": "{}"}}]})
}

fn stopped_at(deltas: &[Value], bound: &str) {
    let (events, error) = hear(deltas);
    let words = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(words.contains(bound), "{words} after {} events", events.len());
    assert!(!events.iter().any(|event| matches!(event, Event::Finish { .. })));
}

#[test]
fn an_answer_is_stopped_at_each_of_its_bounds() {
    let text = json!({"content": "x".repeat(MOST_WRITTEN / 4)});
    assert_eq!(hear(&vec![text.clone(); 4]).1, None);
    stopped_at(&vec![text; 5], "4194304 bytes");
    let calls =
        |count: usize| (0..count).map(|at| call(at, &format!("call_{at}"), Some("list"))).collect::<Vec<_>>();
    assert_eq!(hear(&calls(MOST_CALLS)).1, None);
    stopped_at(&calls(MOST_CALLS + 1), "128 tool calls");
    let both = json!({"content": "a", "reasoning": "b"});
    stopped_at(&vec![both; MOST_BLOCKS], "1024 blocks");
    stopped_at(&[call(0, &"c".repeat(LONGEST_NAME + 1), Some("list"))], "65536 bytes in a name");
    stopped_at(&[call(0, "c", Some(&"l".repeat(LONGEST_NAME + 1)))], "65536 bytes in a name");
    let nameless = (0..5_000).map(|at| call(at, &format!("call_{at}"), None)).collect::<Vec<_>>();
    stopped_at(&nameless, "4194304 bytes");
}

#[test]
fn figures_that_nobody_can_consume_are_not_believed() {
    let (events, _) = hear(&[json!({"content": "x"})]);
    let Some(Event::Finish { usage, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(usage.input, crate::transcript::Usage::MOST);
}

#[test]
fn half_a_pair_of_surrogates_does_not_cost_the_answer() {
    let stream = br#"data: {"choices":[{"delta":{"content":"a\ud83d"}}]}"#;
    let (events, _) = replay(&settings(), "m", &[stream, b"\n\n"]);
    assert!(matches!(events.last(), Some(Event::Delta { text, .. }) if text == "a\u{fffd}"), "{events:?}");
}
