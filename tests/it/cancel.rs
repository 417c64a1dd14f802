//! Stopping: wherever a turn is, it ends soon, once, and the next prompt works.

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{output, parts, said, texts},
    provider::{Answer, Double, Stall, Wire},
    server::{Client, Server},
};

async fn next_prompt_works(server: &Server, double: &Double, session: &str) {
    double.then(Answer::new().text("Here again."));
    let end = server.prompt(session, "Still there?").await;
    assert_eq!(end["stopReason"], "endTurn");
    let messages = server.messages(session).await;
    assert_eq!(texts(&messages, "text").last(), Some(&"Here again."));
    let session = server.call("session/get", json!({"sessionId": session})).await;
    assert_eq!(session["session"]["status"], "idle");
}

async fn stop(server: &Server, session: &str) {
    let stopped = server.call("session/cancel", json!({"sessionId": session})).await;
    assert_eq!(stopped, json!({"cancelled": true}));
}

#[tokio::test]
async fn a_stream_is_stopped_and_what_came_is_kept() {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        let answer = Answer::new().text("A very long answer that goes on").stall(Stall::After(6));
        let double = Double::start(wire, vec![answer]).await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        let session = server.session().await;
        let prompt = server.start_prompt(&session, "Talk.");
        server.update(&session, "delta", |update| update["kind"] == "partDelta").await;
        stop(&server, &session).await;
        assert_eq!(prompt.result().await["stopReason"], "cancelled");
        let messages = server.messages(&session).await;
        let kept = texts(&messages[1..], "text").concat();
        assert!(!kept.is_empty() && "A very long answer that goes on".starts_with(&kept), "{wire:?}: {kept}");
        assert_eq!(messages[1]["error"]["kind"], "interrupted");
        next_prompt_works(&server, &double, &session).await;
    }
}

#[tokio::test]
async fn a_stop_before_the_first_event_leaves_nothing_open() {
    let double = Double::start(Wire::Responses, vec![Answer::new().stall(Stall::Head)]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Talk.");
    double.wait_for_requests(1).await;
    stop(&server, &session).await;
    assert_eq!(prompt.result().await["stopReason"], "cancelled");
    next_prompt_works(&server, &double, &session).await;
}

/// A process with this id that is not a zombie.
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[tokio::test]
async fn a_stopped_command_is_dead_with_its_children_when_the_prompt_is_answered() {
    let command = "sleep 600 & echo $! > child; echo $$ > shell; mv shell started; wait";
    let answer = Answer::new().call("call_1", "bash", &json!({"command": command}));
    let double = Double::start(Wire::Responses, vec![answer]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.allow_all();
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Wait.");
    home.wait_for_file("started").await;
    stop(&server, &session).await;
    assert_eq!(prompt.result().await["stopReason"], "cancelled");
    for file in ["started", "child"] {
        assert!(!is_alive(home.read(file).trim()), "{file} lives on");
    }
    let messages = server.messages(&session).await;
    let call = parts(&messages, "tool")[0];
    assert_eq!(call["status"], "error");
    assert!(output(call).to_lowercase().contains("interrupted"), "{call}");
    next_prompt_works(&server, &double, &session).await;
}

#[tokio::test]
async fn a_wait_for_a_retry_is_stopped() {
    let limited = Answer::status(429).header("retry-after", "60").body("{}");
    let double = Double::start(Wire::Responses, vec![limited]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Talk.");
    let retrying = server.update(&session, "retrying", |update| update["status"] == "retrying").await;
    assert!(retrying["retryAt"].is_i64() || retrying["retryAt"].is_u64(), "{retrying}");
    stop(&server, &session).await;
    assert_eq!(prompt.result().await["stopReason"], "cancelled");
    next_prompt_works(&server, &double, &session).await;
}

#[tokio::test]
async fn cancelling_the_request_stops_the_turn_and_says_so_as_lsp_does() {
    let double =
        Double::start(Wire::Responses, vec![Answer::new().text("Long and longer").stall(Stall::After(6))])
            .await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Talk.");
    server.update(&session, "delta", |update| update["kind"] == "partDelta").await;
    server.cancel_request(&prompt);
    assert_eq!(prompt.error().await["code"], -32800);
    server.update(&session, "idle", |update| update["status"] == "idle").await;
    next_prompt_works(&server, &double, &session).await;
}

#[tokio::test]
async fn cancelling_the_request_of_a_waiting_prompt_withdraws_it() {
    let double =
        Double::start(Wire::Responses, vec![Answer::new().text("Long and longer").stall(Stall::After(6))])
            .await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let running = server.start_prompt(&session, "First.");
    server.update(&session, "delta", |update| update["kind"] == "partDelta").await;
    let waiting = server.start_prompt(&session, "Second.");
    let queued = |update: &Value| update["prompts"][0]["text"] == "Second.";
    server.update(&session, "queue with the prompt in it", queued).await;
    let seen = server.notifications().len();
    server.cancel_request(&waiting);
    assert_eq!(waiting.error().await["code"], -32800);
    let empty = |update: &Value| update["prompts"] == json!([]);
    server.update_after(seen, &session, "empty queue", empty).await;
    stop(&server, &session).await;
    running.result().await;
    next_prompt_works(&server, &double, &session).await;
    assert_eq!(said(&server.messages(&session).await), ["First.", "Still there?"]);
}

#[tokio::test]
async fn an_idle_session_has_nothing_to_stop() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let stopped = server.call("session/cancel", json!({"sessionId": session})).await;
    assert_eq!(stopped, json!({"cancelled": false}));
}

#[tokio::test]
async fn a_request_cancelled_at_once_leaves_no_turn_running() {
    let stalled = || Answer::new().text("Long and longer").stall(Stall::After(6));
    let double = Double::start(Wire::Responses, (0..40).map(|_| stalled()).collect()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    for _ in 0..20 {
        let prompt = server.start_prompt(&session, "Talk.");
        server.cancel_request(&prompt);
        assert_eq!(prompt.error().await["code"], -32800);
    }
    // A turn that nobody stopped would wait for its provider for two minutes.
    // Between two turns it is idle, too, for a moment.
    loop {
        server.wait_until_idle(&session).await;
        let queue = server.call("session/queue", json!({"sessionId": session})).await;
        if queue["prompts"] == json!([]) {
            break;
        }
    }
    server.wait_until_idle(&session).await;
}

#[tokio::test]
async fn a_turn_is_stopped_at_each_of_its_boundaries() {
    for place in ["answer.stored", "tool.started", "tools.done"] {
        let script = vec![
            Answer::new().call("call_1", "list", &json!({})).call("call_2", "glob", &json!({"pattern": "*"})),
            Answer::new().text("Not to be seen."),
        ];
        let double = Double::start(Wire::Responses, script).await;
        let home = Home::new(&config_for(&double));
        let server = Client::default().failpoints(&format!("{place}=pause:300")).start(&home).await;
        let session = server.session().await;
        let prompt = server.start_prompt(&session, "List.");
        let calls = |update: &Value| update["part"]["type"] == "tool";
        server.update(&session, "calls", calls).await;
        stop(&server, &session).await;
        assert_eq!(prompt.result().await["stopReason"], "cancelled", "{place}");
        assert_eq!(double.requests().len(), 1, "{place}: nothing starts after it");
        let messages = server.messages(&session).await;
        let open = |call: &&Value| call["status"] != "completed" && call["status"] != "error";
        assert_eq!(parts(&messages, "tool").into_iter().filter(open).count(), 0, "{place}");
        // The double wants a result for each call, in order.
        assert_eq!(server.prompt(&session, "Go on.").await["stopReason"], "endTurn", "{place}");
    }
}
