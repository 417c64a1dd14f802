//! Providers that never stop: whatever they send, and however much of it, an answer is bounded.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{DONE, acknowledged, model, nonsense::home_beside, peak_memory, prompt_of};
use crate::support::{
    invariants, matrix,
    provider::{
        Answer, Double, Wire,
        socket::{Forever, Socket},
    },
};

/// The most that all of them together may add to the server's memory, in bytes.
const MEMORY: u64 = 96 * 1024 * 1024;

fn event(delta: &Value) -> Vec<u8> {
    format!("data: {}\n\n", json!({"choices": [{"delta": delta}]})).into_bytes()
}

fn call(index: usize, name: Option<&str>, arguments: &str) -> Value {
    let function = json!({"name": name, "arguments": arguments});
    json!({"tool_calls": [{"index": index, "id": format!("call_{index}"), "function": function}]})
}

/// What never ends, and is stopped by a bound of the answer.
const TOO_MUCH: [(&str, Forever); 7] = [
    ("text", |_| event(&json!({"content": "word ".repeat(4_000)}))),
    ("reasoning", |_| event(&json!({"reasoning_content": "hm, ".repeat(4_000)}))),
    ("the arguments of one call", |_| event(&call(0, Some("write"), &"x".repeat(20_000)))),
    ("calls", |number| event(&call(number, Some("list"), "{}"))),
    ("calls without a name", |number| event(&call(number, None, "{}"))),
    ("blocks", |number| event(&json!({"content": "a", "reasoning_content": number.to_string()}))),
    ("one event", |_| vec![b'x'; 20_000]),
];

/// What never ends, and is stopped by the turn's deadline: nothing of it is kept.
const NOTHING: [(&str, Forever); 2] = [
    ("events that mean nothing", |_| b"data: {\"choices\":[]}\n\n".to_vec()),
    ("comments", |_| b": still here\n\n".to_vec()),
];

/// Asks all of these at once; each answer ends with an error of this kind. The memory that it took, in bytes.
async fn ask(cases: &[(&'static str, Forever)], timeouts: Value, kind: &str) -> u64 {
    let double = Double::start_model(Wire::Chat, model(|_| Answer::new().text(DONE))).await;
    let mut sockets = Vec::new();
    for (_, forever) in cases {
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_vec();
        sockets.push(Socket::start(head, Some(*forever)).await);
    }
    let home = home_beside(&double, &sockets, timeouts);
    let server = home.start().await;
    let warm = server.session().await;
    server.prompt(&warm, &prompt_of(0)).await;
    let before = peak_memory(server.pid());
    let sessions = cases.iter().enumerate().map(async |(number, (name, _))| {
        let model = json!({"model": {"provider": format!("socket{number}"), "id": "gpt-5"}});
        let session = server.session_with(model).await;
        let error = server.start_prompt(&session, &prompt_of(1)).error().await;
        assert_eq!(error["data"]["kind"], kind, "{name}: {error}");
        acknowledged(&session, 1)
    });
    let said = join_all(sessions).await;
    let grown = peak_memory(server.pid()).saturating_sub(before);
    assert_eq!(server.prompt(&warm, &prompt_of(2)).await["stopReason"], "endTurn");
    assert_eq!(server.shut_down().await, Some(0));
    invariants::hold(&home, &said).await;
    grown
}

#[tokio::test]
async fn f_04_whatever_a_provider_sends_for_ever_its_answer_is_bounded() {
    let grown = ask(&TOO_MUCH, json!({"retryMs": 0}), "providerRejected").await;
    assert!(grown <= MEMORY, "{grown} bytes more");
    let grown = ask(&NOTHING, json!({"turnMs": 3_000, "retryMs": 0}), "providerStalled").await;
    assert!(grown <= MEMORY, "{grown} bytes more");
    matrix::held(
        "F-04",
        "text, reasoning, arguments, calls, blocks, one event, comments without end, all at once",
        TOO_MUCH.len() + NOTHING.len(),
        "stopped by a bound or by the turn's deadline, typed; at most 96 MB more memory for seven at once",
    );
}
