//! Providers that fail: tried again where that helps, told at once where it does not, and the session goes on.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::texts,
    provider::{Answer, Double, Stall, Wire},
    server::Server,
};

async fn server_for(script: Vec<Answer>) -> (Double, Home, Server, String) {
    let double = Double::start(Wire::Responses, script).await;
    let mut config = config_for(&double);
    config["timeouts"] = json!({"firstEventMs": 400, "idleMs": 400});
    let home = Home::new(&config);
    let server = home.start().await;
    let session = server.session().await;
    (double, home, server, session)
}

fn answer() -> Answer {
    Answer::new().text("Here it is, at last.")
}

#[tokio::test]
async fn a_provider_that_takes_less_than_is_configured_is_heard_and_the_setting_named() {
    let words = r#"{"error":{"code":"context_length_exceeded","message":"at most 512 tokens here"}}"#;
    let (_double, _home, server, session) = server_for(vec![Answer::status(400).body(words)]).await;
    let error = server.start_prompt(&session, "Go.").error().await;
    assert_eq!(error["data"]["kind"], "compactionStuck", "{error}");
    assert!(error["message"].as_str().unwrap().contains("at most 512 tokens here"), "{error}");
    assert!(error["data"]["cure"].as_str().unwrap().contains("`context`"), "{error}");
}

#[tokio::test]
async fn a_key_that_nobody_configured_is_asked_for_and_no_variable_is_spoken_of_that_is_not_named() {
    let (_double, _home, server, session) = server_for(vec![Answer::status(401).body("who are you?")]).await;
    let error = server.start_prompt(&session, "Go.").error().await;
    assert_eq!(error["data"]["kind"], "providerAuth", "{error}");
    let cure = error["data"]["cure"].as_str().unwrap();
    assert!(cure.contains("`apiKeyEnv`") && !cure.contains("names"), "{cure}");
    let messages = server.messages(&session).await;
    assert_eq!(messages.last().unwrap()["error"]["cure"], cure, "and it is kept with the message");
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_as_long_as_the_provider_says() {
    let limited = Answer::status(429).header("retry-after", "1").body("{}");
    let (double, _home, server, session) = server_for(vec![limited, answer()]).await;
    let end = server.prompt(&session, "Go.").await;
    assert_eq!(end["stopReason"], "endTurn");
    let requests = double.requests();
    let waited = requests[1].arrived - requests[0].arrived;
    assert!(waited >= Duration::from_millis(990), "{waited:?}");
    assert_eq!(requests[0].body, requests[1].body, "the same request");
    let statuses = server.updates(&session);
    assert!(statuses.iter().any(|update| update["status"] == "retrying" && !update["retryAt"].is_null()));
    let steps = server.call("session/steps", json!({"sessionId": session})).await;
    assert_eq!(steps["steps"][0]["retries"], 1);
}

#[tokio::test]
async fn an_overloaded_or_vanishing_provider_is_called_again() {
    let broken = vec![Answer::status(500).body("oops"), answer().cut_after(0), answer()];
    let (double, _home, server, session) = server_for(broken).await;
    server.prompt(&session, "Go.").await;
    assert_eq!(double.requests().len(), 3);
    let messages = server.messages(&session).await;
    assert_eq!(messages.len(), 2, "failed attempts leave no message");
    assert_eq!(texts(&messages[1..], "text"), ["Here it is, at last."]);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_kept_and_continued_in_a_new_message() {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        let double = Double::start(wire, vec![answer().cut_after(6), answer()]).await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        let session = server.session().await;
        let end = server.prompt(&session, "Go.").await;
        assert_eq!(end["stopReason"], "endTurn", "{wire:?}");
        let messages = server.messages(&session).await;
        assert_eq!(messages.len(), 3, "{wire:?}");
        assert_eq!(messages[1]["error"]["kind"], "providerUnavailable");
        let kept = texts(&messages[1..2], "text").concat();
        assert!(!kept.is_empty() && "Here it is, at last.".starts_with(&kept), "{wire:?}: {kept}");
        assert_eq!(texts(&messages[2..], "text"), ["Here it is, at last."]);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_again_and_again_is_continued_three_times() {
    let script = (0..4).map(|_| answer().cut_after(6)).chain([answer()]).collect();
    let (double, _home, server, session) = server_for(script).await;
    let error = server.start_prompt(&session, "Go.").error().await;
    assert_eq!(error["data"]["kind"], "providerUnavailable", "{error}");
    assert_eq!(double.requests().len(), 4);
    assert_eq!(server.messages(&session).await.len(), 5, "what came of each is kept");
    assert_eq!(server.prompt(&session, "Again.").await["stopReason"], "endTurn");
}

#[tokio::test]
async fn a_tool_call_that_breaks_off_is_not_run() {
    let cut =
        Answer::new().text("I write.").call("call_1", "write", &json!({"path": "n.txt", "content": "x"}));
    let events = 12; // In the middle of the call's arguments.
    let (_double, home, server, session) = server_for(vec![cut.cut_after(events), answer()]).await;
    server.prompt(&session, "Go.").await;
    assert!(!home.workspace().join("n.txt").exists());
    let messages = server.messages(&session).await;
    let calls = crate::support::look::parts(&messages, "tool");
    assert!(calls.iter().all(|call| call["status"] == "error"), "{calls:?}");
    assert_eq!(calls.len(), 1, "the cut is in the call");
}

#[tokio::test]
async fn silence_ends_at_its_deadline_in_every_phase() {
    for stall in [Stall::Head, Stall::After(0), Stall::After(6)] {
        let (double, _home, server, session) = server_for(vec![answer().stall(stall), answer()]).await;
        let end = server.prompt(&session, "Go.").await;
        assert_eq!(end["stopReason"], "endTurn", "{stall:?}");
        let requests = double.requests();
        let waited = requests[1].arrived - requests[0].arrived;
        assert!(waited >= Duration::from_millis(390), "{stall:?}: {waited:?}");
    }
}

async fn fails_at_once(status: u16, kind: &str) {
    let refusal = Answer::status(status).body(r#"{"error": {"message": "No, and here is why."}}"#);
    let (double, _home, server, session) = server_for(vec![refusal, answer()]).await;
    let error = server.start_prompt(&session, "Go.").error().await;
    assert_eq!(error["code"], -32803);
    assert_eq!(error["data"]["kind"], kind, "{error}");
    assert!(error["message"].as_str().unwrap().contains("No, and here is why."), "{error}");
    assert!(error["data"]["cure"].as_str().is_some_and(|cure| !cure.is_empty()), "{error}");
    assert_eq!(double.requests().len(), 1, "not tried again");
    let messages = server.messages(&session).await;
    assert_eq!(messages[1]["error"]["kind"], kind, "the stored message says it too");
    let told = |update: &Value| update["kind"] == "error" && update["error"]["kind"] == kind;
    assert!(server.updates(&session).iter().any(told), "the client is told before the reply");
    assert_eq!(server.prompt(&session, "Again.").await["stopReason"], "endTurn", "the session goes on");
}

#[tokio::test]
async fn a_refusal_fails_at_once_with_its_kind_and_the_session_goes_on() {
    fails_at_once(401, "providerAuth").await;
    fails_at_once(400, "providerRejected").await;
    fails_at_once(413, "providerRejected").await;
}

#[tokio::test]
async fn a_provider_that_asks_for_an_hour_is_not_waited_for() {
    let limited = Answer::status(429).header("retry-after", "3600").body("{}");
    let (double, _home, server, session) = server_for(vec![limited]).await;
    let error = server.start_prompt(&session, "Go.").error().await;
    assert_eq!(error["data"]["kind"], "providerRateLimited");
    assert_eq!(error["data"]["retryable"], true);
    assert_eq!(double.requests().len(), 1);
}

#[tokio::test]
async fn a_missing_key_is_said_before_anything_is_sent() {
    let (double, home, server, session) = server_for(Vec::new()).await;
    let mut config = config_for(&double);
    config["providers"]["double"]["apiKeyEnv"] = "NO_SUCH_KEY".into();
    home.configure(&config);
    server.shut_down().await;
    let server = home.start().await;
    let error = server.start_prompt(&session, "Go.").error().await;
    assert_eq!(error["data"]["kind"], "providerAuth", "{error}");
    assert!(double.requests().is_empty());
}

#[tokio::test]
async fn a_turn_that_takes_too_long_ends_with_its_tools_and_nothing_follows_idle() {
    let wait = Answer::new().call("call_1", "bash", &json!({"command": "sleep 600"}));
    let double = Double::start(Wire::Responses, vec![wait, answer()]).await;
    let mut config = config_for(&double);
    config["timeouts"] = json!({"turnMs": 1_500});
    let home = Home::new(&config);
    let server = home.start().await;
    let session = server.session().await;
    let error = server.start_prompt(&session, "Go.").error().await;
    assert_eq!(
        (&error["data"]["kind"], &error["data"]["phase"]),
        (&json!("providerStalled"), &json!("turn"))
    );
    let messages = server.messages(&session).await;
    let call = crate::support::look::parts(&messages, "tool")[0];
    assert_eq!(call["status"], "error");
    assert_eq!(server.prompt(&session, "Again.").await["stopReason"], "endTurn", "the session goes on");
    let updates = server.updates(&session);
    let told = updates.iter().rfind(|update| update["part"]["id"] == call["id"]).unwrap();
    assert_eq!(told["part"]["status"], "error", "what is told last of the call is what is stored");
    assert_eq!(updates.iter().rfind(|update| update["kind"] == "status").unwrap()["status"], "idle");
}
