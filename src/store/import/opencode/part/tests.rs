use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::store::import::opencode::message;

fn of(row: &Value) -> Option<PartFacts> {
    read(&row.to_string(), Timestamp(9)).unwrap()
}

fn tool(state: &Value) -> ToolPart {
    let row = json!({"type": "tool", "tool": "bash", "callID": "call_1", "state": state, "metadata": {"openai": {"itemId": "x"}}});
    match of(&row).unwrap().kind {
        PartKind::Tool(tool) => tool,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_type_becomes_what_it_is_here() {
    let rows = [
        json!({"type": "text", "text": "hi", "synthetic": true, "time": {"start": 1}}),
        json!({"type": "reasoning", "text": "hm", "time": {"start": 5, "end": 9}, "metadata": {"openai": {"reasoningEncryptedContent": "bW9jaw=="}}}),
        json!({"type": "file", "mime": "image/png", "filename": "a.png", "url": "data:image/png;base64,AAEC"}),
        json!({"type": "file", "mime": "text/plain", "filename": "a.txt", "url": "file:///a.txt"}),
        json!({"type": "step-start", "snapshot": "cf"}),
        json!({"type": "step-finish", "reason": "tool-calls", "cost": 0.25, "tokens": {"input": 3, "output": 2}}),
        json!({"type": "patch", "hash": "cf", "files": ["/a"]}),
        json!({"type": "compaction", "auto": true, "tail_start_id": "msg_1"}),
        json!({"type": "subtask", "prompt": "Count.", "description": "Count files", "agent": "general"}),
    ];
    let read: Vec<_> = rows.iter().map(|row| of(row).unwrap()).collect();
    insta::assert_debug_snapshot!(read);
}

#[test]
fn a_completed_call_keeps_input_output_times_and_whether_it_was_compacted() {
    let call = tool(&json!({
        "status": "completed", "input": {"command": "ls", "n": 1.0}, "output": "a\n", "title": "ls", "metadata": {"exit": 0},
        "time": {"start": 5, "end": 6, "compacted": 7},
        "attachments": [{"type": "file", "mime": "image/png", "url": "data:image/png;base64,AA=="},
                        {"type": "file", "mime": "image/png", "filename": "b.png", "url": "https://example.com/b.png"}],
    }));
    insta::assert_debug_snapshot!(call);
}

#[test]
fn every_other_state_is_an_error_that_the_model_can_read() {
    for (state, expected) in [
        (
            json!({"status": "error", "error": "File not found", "time": {"start": 1, "end": 2}}),
            "File not found",
        ),
        (json!({"status": "error"}), "It failed; opencode did not say why."),
        (json!({"status": "pending", "input": {}, "raw": ""}), INTERRUPTED),
        (json!({"status": "running", "input": {}, "time": {"start": 3}}), INTERRUPTED),
        (json!({"status": "dancing"}), INTERRUPTED),
        (json!({}), INTERRUPTED),
    ] {
        let ToolState::Error { message, .. } = tool(&state).state else { panic!("{state}") };
        assert_eq!(message, expected, "{state}");
    }
}

#[test]
fn an_output_that_is_gone_has_no_proof() {
    let ToolState::Completed { output, .. } = tool(&json!({"status": "completed"})).state else { panic!() };
    assert!(output.truncated());
}

#[test]
fn what_the_model_never_saw_is_left_there_and_what_is_unknown_is_named() {
    for row in [
        json!({"type": "agent", "name": "general"}),
        json!({"type": "snapshot", "snapshot": "cf"}),
        json!({"type": "retry", "attempt": 1, "error": {"data": {"responseHeaders": {}}}}),
        json!({"type": "text", "text": "aside", "ignored": true}),
    ] {
        assert_eq!(of(&row), None, "{row}");
    }
    for (row, why) in [
        (r#"{"type":"hologram"}"#, "a part of the unknown type `hologram`"),
        (r#"{"type":"file","url":"data:image/png;base64,*"}"#, "a file whose data: URL is broken"),
        (r#"{"type":"text"}"#, "missing field `text` at line 1 column 15"),
        ("{", "EOF while parsing an object at line 1 column 1"),
        ("null", "invalid type: null, expected struct Typed at line 1 column 4"),
    ] {
        assert_eq!(read(row, Timestamp(0)).unwrap_err().to_string(), why);
    }
}

/// Any JSON, often with the members that rows have.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "text",
            "reasoning",
            "file",
            "tool",
            "step-finish",
            "patch",
            "compaction",
            "subtask",
            "completed",
            "error",
            "running",
            "user",
            "assistant",
            "stop",
            "data:,%4",
            "data:image/png;base64,AA",
            "data:;base64,*",
        ])
        .prop_map(Value::from),
    ];
    let names = prop::sample::select(vec![
        "type",
        "text",
        "state",
        "status",
        "input",
        "output",
        "title",
        "error",
        "time",
        "start",
        "end",
        "compacted",
        "attachments",
        "url",
        "mime",
        "filename",
        "tool",
        "callID",
        "files",
        "auto",
        "tail_start_id",
        "reason",
        "tokens",
        "cache",
        "read",
        "cost",
        "role",
        "name",
        "data",
        "message",
        "statusCode",
        "finish",
        "summary",
        "parentID",
        "model",
        "modelID",
        "providerID",
        "created",
        "completed",
        "prompt",
        "ignored",
    ]);
    leaf.prop_recursive(5, 64, 10, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..10).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Value>()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_json_panics_the_translation_and_every_call_is_settled(row in any_json(), kind in "[a-z-]{0,9}", cut in 0_usize..200) {
        let mut row = row;
        if let (Some(members), true) = (row.as_object_mut(), kind.len() % 2 == 0) {
            members.entry("type").or_insert_with(|| "tool".into());
            members.entry("tool").or_insert_with(|| kind.into());
        }
        let text = row.to_string();
        for json in [text.as_str(), crate::transcript::text::head(&text, cut)] {
            drop(message::read(json, Timestamp(0)));
            drop(compaction(json));
            if let Ok(Some(PartFacts { kind: PartKind::Tool(tool), .. })) = read(json, Timestamp(0)) {
                prop_assert!(tool.state.is_settled());
            }
        }
    }
}

#[test]
fn of_very_many_attachments_the_first_have_a_place() {
    let file =
        json!({"type": "file", "mime": "text/plain", "filename": "a", "url": "data:text/plain;base64,AAEC"});
    let call = tool(
        &json!({"status": "completed", "input": {}, "output": "", "attachments": vec![file; MOST_ATTACHMENTS + 20]}),
    );
    assert_eq!(call.attachments.len(), MOST_ATTACHMENTS);
}
