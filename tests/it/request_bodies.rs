//! Representative request bodies of each wire: valid for any conversation, and written out for the vendors' own
//! types to judge (`tests/published_types`).

use agentls::provider::{CallResult, Content, Entry, Image, Said, Seal, ToolChoice, connect};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::wires::{WIRES, outgoing, settings, user};

/// Where bodies are written; nothing is written without it.
const DIRECTORY: &str = "AGENTLS_REQUEST_BODIES";

fn image() -> Image {
    Image { mime: "image/png".into(), base64: "iVBORw0KGgo=".into(), width: 1, height: 1 }
}

fn call(id: &str) -> Said {
    Said::Call { call_id: id.into(), tool: "read".into(), arguments: r#"{"path":"a"}"#.into() }
}

fn seals() -> Vec<Seal> {
    [
        json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}),
        json!({"type": "thinking", "thinking": "hm", "signature": "c2ln"}),
        json!({"type": "redacted_thinking", "data": "ZGF0YQ=="}),
    ]
    .into_iter()
    .map(|item| Seal { provider: "double".into(), model: "gpt-5".into(), item })
    .collect()
}

fn conversations() -> Vec<(&'static str, Vec<Entry>)> {
    let result = |id: &str, text: &str, images, failed| CallResult {
        call_id: id.into(),
        text: text.into(),
        images,
        failed,
    };
    let reasoned = seals().into_iter().map(|seal| Said::Reasoning { text: "hm".into(), seal: Some(seal) });
    let calls = Entry::Assistant(vec![Said::Text("I read.".into()), call("call_1"), call("call_2")]);
    let images = vec![image()];
    vec![
        ("text", vec![user("hi"), Entry::Assistant(vec![Said::Text("ho".into())]), user("so?")]),
        ("image", vec![Entry::User(vec![Content::Text("look".into()), Content::Image(image())])]),
        (
            "calls",
            vec![
                user("read"),
                calls.clone(),
                Entry::Results(vec![
                    result("call_1", "x", vec![], false),
                    result("call_2", "no", vec![], true),
                ]),
            ],
        ),
        (
            "result-images",
            vec![
                user("read"),
                calls,
                Entry::Results(vec![
                    result("call_1", "", images.clone(), false),
                    result("call_2", "y", images, false),
                ]),
            ],
        ),
        (
            "reasoning",
            vec![
                user("think"),
                Entry::Assistant(reasoned.chain([call("call_1")]).collect()),
                Entry::Results(vec![result("call_1", "", vec![], false)]),
            ],
        ),
    ]
}

#[test]
fn write_request_bodies() {
    let directory = std::env::var_os(DIRECTORY).map(std::path::PathBuf::from);
    for (_, api) in WIRES {
        let provider = connect(settings(api, "https://api.example"));
        for (name, entries) in conversations() {
            for (choice, suffix) in [(ToolChoice::Auto, ""), (ToolChoice::None, "-no-calls")] {
                let body = outgoing(&provider, &entries, choice).body;
                let parsed: Value = serde_json::from_slice(&body).unwrap();
                assert!(parsed["tools"].is_array(), "the tools stay, whatever the choice");
                if let Some(directory) = &directory {
                    std::fs::create_dir_all(directory).unwrap();
                    let file = format!("{}.{name}{suffix}.json", format!("{api:?}").to_lowercase());
                    std::fs::write(directory.join(file), &body).unwrap();
                }
            }
        }
    }
}

fn any_image() -> impl Strategy<Value = Image> {
    ("[a-z]{1,5}/[a-z]{1,5}", "[A-Za-z0-9]{0,12}").prop_map(|(mime, base64)| Image {
        mime,
        base64,
        width: 1,
        height: 1,
    })
}

fn any_said() -> impl Strategy<Value = Said> {
    prop_oneof![
        any::<String>().prop_map(Said::Text),
        (any::<String>(), proptest::option::of(proptest::sample::select(seals())))
            .prop_map(|(text, seal)| Said::Reasoning { text, seal }),
        (any::<String>(), any::<String>(), any::<String>())
            .prop_map(|(call_id, tool, arguments)| Said::Call { call_id, tool, arguments }),
    ]
}

pub(crate) fn any_entry() -> impl Strategy<Value = Entry> {
    let content = prop_oneof![any::<String>().prop_map(Content::Text), any_image().prop_map(Content::Image)];
    let result =
        (any::<String>(), any::<String>(), proptest::collection::vec(any_image(), 0..2), any::<bool>())
            .prop_map(|(call_id, text, images, failed)| CallResult { call_id, text, images, failed });
    prop_oneof![
        proptest::collection::vec(content, 0..4).prop_map(Entry::User),
        proptest::collection::vec(any_said(), 0..4).prop_map(Entry::Assistant),
        proptest::collection::vec(result, 0..3).prop_map(Entry::Results),
    ]
}

proptest! {
    #[test]
    fn any_conversation_is_valid_json_and_the_same_each_time(entries in proptest::collection::vec(any_entry(), 0..5)) {
        for (_, api) in WIRES {
            let provider = connect(settings(api, "https://api.example"));
            let body = outgoing(&provider, &entries, ToolChoice::Auto).body;
            prop_assert!(serde_json::from_slice::<Value>(&body).is_ok());
            prop_assert_eq!(&body, &outgoing(&provider, &entries, ToolChoice::Auto).body);
        }
    }
}
