//! Prompts that come while a turn runs: each is answered, in its place, once.

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{body, said, texts},
    provider::{Answer, Double, Stall, Wire},
    server::{Client, Server},
};

/// A call that ends when the test makes the file `go`.
fn held_call() -> Answer {
    let command = "touch held; until [ -e go ]; do sleep 0.02; done";
    Answer::new().call("call_1", "bash", &json!({"command": command}))
}

fn answer(text: &str) -> Answer {
    Answer::new().text(text)
}

async fn queued(server: &Server, session: &str, text: &str) {
    let waits = |update: &Value| {
        update["prompts"].as_array().is_some_and(|prompts| prompts.iter().any(|it| it["text"] == text))
    };
    server.update(session, "queue with the prompt in it", waits).await;
}

/// A session whose turn waits for `go`.
async fn held(script: Vec<Answer>) -> (Double, Home, Server, String) {
    let double = Double::start(Wire::Responses, vec![held_call()]).await;
    script.into_iter().for_each(|answer| double.then(answer));
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.allow_all();
    let session = server.session().await;
    (double, home, server, session)
}

#[tokio::test]
async fn a_queued_prompt_is_answered_after_the_turn() {
    let (_double, home, server, session) = held(vec![answer("One."), answer("Two.")]).await;
    let first = server.start_prompt(&session, "First.");
    home.wait_for_file("held").await;
    let second = server.start_prompt(&session, "Second.");
    queued(&server, &session, "Second.").await;
    let waiting = server.call("session/queue", json!({"sessionId": session})).await;
    assert_eq!(waiting["prompts"][0]["text"], "Second.");
    assert_eq!(waiting["prompts"][0]["delivery"], "queue");
    home.write("go", "");
    assert_eq!(first.result().await["steps"], 2);
    assert_eq!(second.result().await["steps"], 1);
    assert_eq!(texts(&server.messages(&session).await, "text"), ["First.", "One.", "Second.", "Two."]);
}

#[tokio::test]
async fn a_steering_prompt_joins_the_turn_before_the_next_provider_call() {
    let (double, home, server, session) = held(vec![answer("Both.")]).await;
    let first = server.start_prompt(&session, "First.");
    home.wait_for_file("held").await;
    let second = server.start_prompt_with(&session, "Second.", json!({"delivery": "steer"}));
    queued(&server, &session, "Second.").await;
    home.write("go", "");
    assert_eq!(first.result().await["steps"], 2);
    assert_eq!(second.result().await["stopReason"], "endTurn");
    assert!(body(&double, 1).to_string().contains("Second."));
    assert_eq!(texts(&server.messages(&session).await, "text"), ["First.", "Second.", "Both."]);
}

#[tokio::test]
async fn an_interrupting_prompt_stops_the_turn_and_is_answered_next() {
    let (_double, home, server, session) = held(vec![answer("Two."), answer("Three.")]).await;
    let first = server.start_prompt(&session, "First.");
    home.wait_for_file("held").await;
    let third = server.start_prompt(&session, "Third.");
    queued(&server, &session, "Third.").await;
    let second = server.start_prompt_with(&session, "Second.", json!({"delivery": "interrupt"}));
    assert_eq!(first.result().await["stopReason"], "cancelled");
    assert_eq!(second.result().await["stopReason"], "endTurn");
    assert_eq!(third.result().await["stopReason"], "endTurn");
    assert_eq!(said(&server.messages(&session).await), ["First.", "Second.", "Third."]);
}

#[tokio::test]
async fn an_interrupting_prompt_to_an_idle_session_is_answered() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    for _ in 0..10 {
        double.then(answer("Yes."));
        let prompt = server.start_prompt_with(&session, "Now.", json!({"delivery": "interrupt"}));
        assert_eq!(prompt.result().await["stopReason"], "endTurn");
    }
}

#[tokio::test]
async fn a_prompt_taken_out_of_the_queue_is_not_answered() {
    let (_double, home, server, session) = held(vec![answer("One.")]).await;
    let first = server.start_prompt(&session, "First.");
    home.wait_for_file("held").await;
    let second = server.start_prompt(&session, "Second.");
    queued(&server, &session, "Second.").await;
    let waiting = server.call("session/queue", json!({"sessionId": session})).await;
    let unqueue = json!({"sessionId": session, "messageId": waiting["prompts"][0]["messageId"]});
    assert_eq!(server.call("session/unqueue", unqueue.clone()).await, json!({"removed": true}));
    assert_eq!(second.error().await["data"]["kind"], "interrupted");
    assert_eq!(server.call("session/unqueue", unqueue).await, json!({"removed": false}));
    home.write("go", "");
    first.result().await;
    assert_eq!(said(&server.messages(&session).await), ["First."]);
}

#[tokio::test]
async fn the_same_client_id_with_the_same_content_is_the_same_prompt() {
    let (double, home, server, session) = held(vec![answer("Once.")]).await;
    let named = json!({"clientId": "c-1"});
    let first = server.start_prompt_with(&session, "Do it.", named.clone());
    home.wait_for_file("held").await;
    let again = server.start_prompt_with(&session, "Do it.", named.clone());
    let other = server.start_prompt_with(&session, "Do something else.", named.clone());
    assert_eq!(other.error().await["data"]["kind"], "clientIdConflict");
    home.write("go", "");
    let result = first.result().await;
    assert_eq!(again.result().await, result);
    assert_eq!(server.start_prompt_with(&session, "Do it.", named.clone()).result().await, result);
    server.shut_down().await;

    let server = home.start().await;
    let after = server.start_prompt_with(&session, "Do it.", named).result().await;
    assert_eq!(after, result, "also after a restart");
    assert_eq!(said(&server.messages(&session).await), ["Do it."]);
    assert_eq!(double.requests().len(), 2);
}

/// Prompts a session while its turn is held at a named place on its way out.
async fn prompt_at(place: &str) {
    let double = Double::start(Wire::Responses, vec![answer("One."), answer("Two.")]).await;
    let home = Home::new(&config_for(&double));
    let server = Client::default().failpoints(&format!("{place}=pause:400")).start(&home).await;
    let session = server.session().await;
    let first = server.start_prompt(&session, "First.");
    if place == "turn.leaving" {
        first.result().await;
        let second = server.start_prompt(&session, "Second.");
        assert_eq!(second.result().await["stopReason"], "endTurn", "{place}");
    } else {
        let answered = |update: &Value| update["message"]["finish"] == "endTurn";
        server.update(&session, "the whole answer", answered).await;
        let second = server.start_prompt(&session, "Second.");
        first.result().await;
        assert_eq!(second.result().await["stopReason"], "endTurn", "{place}");
    }
    assert_eq!(texts(&server.messages(&session).await, "text"), ["First.", "One.", "Second.", "Two."]);
}

#[tokio::test]
async fn a_prompt_that_comes_while_a_turn_ends_is_answered() {
    prompt_at("turn.ending").await;
    prompt_at("turn.leaving").await;
}

#[tokio::test]
async fn a_steering_prompt_that_comes_too_late_is_the_next_turn() {
    let double = Double::start(Wire::Responses, vec![answer("One."), answer("Two.")]).await;
    let home = Home::new(&config_for(&double));
    let server = Client::default().failpoints("turn.ending=pause:400").start(&home).await;
    let session = server.session().await;
    let first = server.start_prompt(&session, "First.");
    server.update(&session, "the whole answer", |update| update["message"]["finish"] == "endTurn").await;
    let second = server.start_prompt_with(&session, "Second.", json!({"delivery": "steer"}));
    first.result().await;
    assert_eq!(second.result().await["steps"], 1);
    assert_eq!(texts(&server.messages(&session).await, "text"), ["First.", "One.", "Second.", "Two."]);
}

#[tokio::test]
async fn prompts_that_come_at_once_are_answered_one_by_one_in_order() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let texts: Vec<_> = (0..8).map(|number| format!("Prompt {number}.")).collect();
    texts.iter().for_each(|_| double.then(answer("Yes.")));
    let prompts: Vec<_> = texts.iter().map(|text| server.start_prompt(&session, text)).collect();
    for prompt in prompts {
        assert_eq!(prompt.result().await["stopReason"], "endTurn");
    }
    let messages = server.messages(&session).await;
    assert_eq!(said(&messages), texts);
    let roles: Vec<_> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert!(roles.chunks(2).all(|pair| pair == ["user", "assistant"]), "{roles:?}");
    assert_eq!(
        server.updates(&session).iter().rfind(|it| it["kind"] == "queue").unwrap()["prompts"],
        json!([])
    );
}

#[tokio::test]
async fn what_is_stopped_is_the_turn_and_not_the_prompts_behind_it() {
    let stalled = answer("Long and longer").stall(Stall::After(6));
    let double = Double::start(Wire::Responses, vec![stalled, answer("Two.")]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let first = server.start_prompt(&session, "First.");
    server.update(&session, "delta", |update| update["kind"] == "partDelta").await;
    let second = server.start_prompt(&session, "Second.");
    queued(&server, &session, "Second.").await;
    server.call("session/cancel", json!({"sessionId": session})).await;
    assert_eq!(first.result().await["stopReason"], "cancelled");
    assert_eq!(second.result().await["stopReason"], "endTurn");
}
