//! Where cache marks stand on the Anthropic wire.

use agentls::provider::{Api, Entry, Envelope, Outgoing, Provider, Said, Seal, ToolChoice, connect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Play, bash, long};
use crate::{
    request_bodies::any_entry,
    support::provider::{
        Answer, Wire, anthropic,
        rules::{MARK, unmarked},
    },
    wires::{model, settings, tools, user},
};

fn request(provider: &dyn Provider, instructions: &str, entries: &[Entry], cache: &[usize]) -> Outgoing {
    let (model, tools) = (model(), tools());
    let envelope = Envelope {
        model: &model,
        instructions,
        tools: &tools,
        tool_choice: ToolChoice::Auto,
        cache_key: "ses_1",
        previous_response_id: None,
    };
    let encoded: Vec<_> = entries.iter().map(|entry| provider.encode(&model, entry)).collect();
    provider.request(&envelope, &encoded, cache)
}

fn parsed(outgoing: &Outgoing) -> Value {
    serde_json::from_slice(&outgoing.body).unwrap()
}

/// The marked blocks of a request, by their place.
fn marked(body: &Value) -> Vec<usize> {
    let blocks = anthropic::blocks(body);
    (0..blocks.len()).filter(|at| blocks[*at].get(MARK).is_some()).collect()
}

/// Which messages are marked, and whether all that stands before them is.
fn marked_messages(body: &Value) -> (bool, Vec<usize>) {
    let messages = body["messages"].as_array().unwrap();
    let is_marked =
        |message: &Value| message["content"].as_array().unwrap().last().unwrap().get(MARK).is_some();
    let places = (0..messages.len()).filter(|at| is_marked(&messages[*at])).collect();
    (body["system"][0].get(MARK).is_some(), places)
}

proptest! {
    #[test]
    fn marks_add_themselves_and_change_nothing_else(
        entries in prop::collection::vec(any_entry(), 0..6),
        cache in prop::collection::vec(0..8_usize, 0..6),
        instructions in "[a-z]{0,3}",
    ) {
        let provider = connect(settings(Api::Anthropic, "https://api.example"));
        let with = request(&*provider, &instructions, &entries, &cache);
        let without = request(&*provider, &instructions, &entries, &[]);
        prop_assert_eq!(anthropic::check_marks(&parsed(&with)), Ok(()));
        let text = |outgoing: &Outgoing| unmarked(std::str::from_utf8(&outgoing.body).unwrap());
        prop_assert_eq!(text(&with), text(&without));
    }
}

#[test]
fn the_options_say_which_marks_and_whether_any() {
    let entries = [user("hi")];
    let body = |options: Value| {
        let options = serde_json::from_value(options).unwrap();
        let provider =
            connect(agentls::provider::Settings { options, ..settings(Api::Anthropic, "https://a.example") });
        parsed(&request(&*provider, "Be brief.", &entries, &[0]))
    };
    assert_eq!(marked(&body(json!({}))), [1, 2]);
    assert_eq!(marked(&body(json!({MARK: null}))), [0; 0]);
    let longer = body(json!({MARK: {"ttl": "1h"}}));
    assert!(longer.get(MARK).is_none(), "gateways know marks on blocks only");
    for block in [&longer["system"][0], &longer["messages"][0]["content"][0]] {
        assert_eq!(block[MARK], json!({"type": "ephemeral", "ttl": "1h"}));
    }
}

#[test]
fn without_instructions_the_last_tool_is_marked() {
    let provider = connect(settings(Api::Anthropic, "https://api.example"));
    let body = parsed(&request(&*provider, "", &[user("hi")], &[]));
    assert!(body.get("system").is_none() && body["tools"][0].get(MARK).is_some(), "{body}");
}

#[test]
fn thinking_that_is_not_signed_or_was_another_models_is_not_sent() {
    let provider = connect(settings(Api::Anthropic, "https://api.example"));
    let seal = |provider: &str, model: &str| Seal {
        provider: provider.into(),
        model: model.into(),
        item: json!({"type": "thinking", "thinking": "hm", "signature": "c2ln"}),
    };
    let sent = |seal: Option<Seal>| {
        let said = vec![Said::Reasoning { text: "hm".into(), seal }, Said::Text("So.".into())];
        let body =
            parsed(&request(&*provider, "", &[user("hi"), Entry::Assistant(said), user("so?")], &[2, 0]));
        body["messages"][1]["content"].clone()
    };
    let answer = json!({"type": "text", "text": "So."});
    for seal in [None, Some(seal("another", "gpt-5")), Some(seal("double", "another"))] {
        assert_eq!(sent(seal), json!([answer]));
    }
    let signed = seal("double", "gpt-5");
    assert_eq!(sent(Some(signed.clone())), json!([signed.item, answer]), "as it came, before what it led to");
}

#[tokio::test]
async fn marks_stand_where_requests_end_behind_the_summary_and_behind_a_large_output() {
    let play = Play::begin(Wire::Anthropic, false).await;
    let large = bash(1, "head -c 9000 /dev/zero | tr '\\0' x | fold -w 100");
    play.prompt([large, bash(2, "echo two"), bash(3, "echo three"), long()]).await;
    play.double.then(Answer::new().text(&crate::compaction::summary("all")).aside());
    play.server.call("session/compact", json!({"sessionId": play.session})).await;
    play.prompt([bash(4, "echo four").new_prefix(), bash(5, "echo five"), long()]).await;
    let requests = play.double.requests();
    let marks: Vec<_> = requests.iter().map(|request| marked_messages(&request.body)).collect();
    let expected: [&[usize]; 8] =
        [&[0], &[0, 2], &[2, 4], &[2, 4, 6], &[2, 6, 8], &[0, 4, 6], &[0, 6, 8], &[0, 8, 10]];
    for (number, (marks, expected)) in marks.iter().zip(expected).enumerate() {
        assert_eq!(*marks, (true, expected.to_vec()), "request {number}: {}", requests[number].body);
    }
}

#[tokio::test]
async fn a_step_with_more_calls_than_the_provider_looks_back_reads_what_the_one_before_wrote() {
    let play = Play::begin(Wire::Anthropic, false).await;
    let calls = |step: usize| {
        (0..25).fold(Answer::new(), |answer, n| {
            answer.call(&format!("c{step}_{n}"), "bash", &json!({"command": format!("echo {step} {n}")}))
        })
    };
    play.prompt([calls(1), calls(2), calls(3), long()]).await;
    assert_eq!(play.misses().await, ["first", "", "", ""]);
}
