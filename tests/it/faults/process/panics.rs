//! code panics, in each handler and at each place that a turn passes.

use agentls::{face::lsp::methods, failpoint};
use serde_json::{Value, json};

use super::super::turn_ends;
use crate::support::{
    home::{Home, config_for},
    invariants::{self, Acknowledged},
    matrix,
    provider::{Answer, Double, Wire},
    server::{Client, Server},
};

/// Parameters with which each method has something to do.
fn params(method: &str, session: &str, home: &Home) -> Value {
    match method {
        "session/new" | "config/get" | "model/list" | "tool/list" | "skill/list" => {
            json!({"cwd": home.workspace()})
        }
        "session/list" | "server/status" => json!({}),
        "session/prompt" => json!({"sessionId": session, "parts": [{"type": "text", "text": "Again."}]}),
        "session/unqueue" => json!({"sessionId": session, "messageId": "msg_1"}),
        "session/rename" => json!({"sessionId": session, "title": "Renamed"}),
        "session/export" => json!({"sessionId": session, "format": "markdown"}),
        "part/read" | "part/evidence" => json!({"partId": "prt_1"}),
        _ => json!({"sessionId": session}),
    }
}

#[tokio::test]
async fn r_13_a_panic_in_a_handler_fails_that_request_and_nothing_else() {
    let double = Double::start_model(Wire::Responses, |_| Answer::new().text("Done.")).await;
    let home = Home::new(&config_for(&double));
    // The first call of each method, and the first command, panics.
    let plan: Vec<_> = methods::NAMES.iter().map(|method| format!("{method}=panic")).collect();
    let server = Client::default().failpoints(&plan.join(";")).start(&home).await;
    let cwd = json!({"cwd": home.workspace()});
    assert_eq!(server.start("session/new", cwd).error().await["code"], -32603);
    let (session, other) = (server.session().await, server.session().await);
    for method in methods::NAMES.iter().filter(|method| **method != "session/new") {
        let failed = server.start(method, params(method, &session, &home)).error().await;
        assert_eq!(failed["code"], -32603, "{method}: {failed}");
        // The same request works now, or fails as it should.
        let again = server.start(method, params(method, &session, &home)).wait().await;
        assert!(again.is_ok() || again.unwrap_err()["data"]["kind"].is_string(), "{method}");
        if *method == "session/prompt" {
            server.prompt(&other, "And you?").await;
        }
        if *method == "session/delete" {
            break;
        }
    }
    let acknowledged = [Acknowledged { session: other, text: "And you?".to_owned() }];
    assert_eq!(server.shut_down().await, Some(0));
    invariants::hold(&home, &acknowledged).await;
    let seen = "-32603, the same request works next, other sessions go on";
    matrix::held("R-13", "a panic in the handler of each method", methods::NAMES.len(), seen);
}

#[tokio::test]
async fn r_13_a_panic_in_a_turn_ends_that_turn_and_nothing_else() {
    let places = places();
    for place in &places {
        let double = Double::start_model(Wire::Responses, answer).await;
        let home = Home::new(&config_for(&double));
        let server = Client::default().failpoints(&format!("{place}=panic")).start(&home).await;
        let (session, other) = (server.session().await, server.session().await);
        let failed = server.start_prompt(&session, "Look.").wait().await;
        if let Err(failure) = &failed {
            assert_eq!(failure["data"]["kind"], "internal", "{place}: {failure}");
        }
        both_go_on(&server, &session, &other, place).await;
        let acknowledged =
            [&session, &other].map(|session| Acknowledged { session: session.clone(), text: "Look.".into() });
        assert_eq!(server.shut_down().await, Some(0), "{place}");
        assert!(turn_ends(&home).iter().all(|(reason, failure)| reason.is_some() != failure.is_some()));
        invariants::hold(&home, &acknowledged).await;
    }
    let seen = "the prompt is answered `internal`; this session and others go on";
    matrix::held("R-13", "a panic at each place that a turn passes", places.len(), seen);
}

/// The places that a short turn with a call passes. Those of compaction are passed under the same roof.
fn places() -> Vec<&'static str> {
    let passed = ["answer.stored", "tool.started", "tools.done", "turn.ending", "turn.leaving"];
    failpoint::NAMES.iter().copied().filter(|name| passed.contains(name)).collect()
}

/// A call first, words when it has its result.
fn answer(request: &Value) -> Answer {
    let items = request["input"].as_array().expect("a request has an input");
    if items.last().is_some_and(|last| last["role"] == "user") {
        return Answer::new().call("call_1", "list", &json!({}));
    }
    Answer::new().text("There is nothing.")
}

async fn both_go_on(server: &Server, session: &str, other: &str, place: &str) {
    for session in [other, session] {
        let end = server.prompt(session, "Look.").await;
        assert_eq!(end["stopReason"], "endTurn", "after a panic at {place}");
        server.wait_until_idle(session).await;
    }
}
