//! 64 sessions stream at once, and everything else goes on.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{
    home::{Home, config_for},
    invariants::{self, Acknowledged},
    matrix, processes,
    provider::{Answer, Double, Wire},
    server::Server,
};

const SESSIONS: usize = 64;

/// 20 deltas a second each.
const PACE: Duration = Duration::from_millis(50);

/// The server's promises. How long a list takes depends on who else uses the machine, and is measured strictly by
/// `cargo bench --bench survival`; here it only must not stand still.
const MEMORY: u64 = 150 * 1_000_000;
const LIST: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_05_64_sessions_stream_at_once_and_lists_go_on() {
    let deltas = matrix::times(60, 1_200);
    let text = "word".repeat(deltas);
    let answer = Answer::new().text(&text).delay(PACE);
    let double = Double::start_model(Wire::Responses, move |_| answer.clone()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let mut running = Vec::new();
    for number in 0..SESSIONS {
        let (session, text) = (server.session().await, format!("Prompt {number}."));
        running.push((server.start_prompt(&session, &text), Acknowledged { session, text }));
    }
    let lists = list_until(&server, Instant::now() + PACE * u32::try_from(deltas).unwrap()).await;
    let mut acknowledged = Vec::new();
    for (prompt, asked) in running {
        assert_eq!(prompt.result().await["stopReason"], "endTurn");
        acknowledged.push(asked);
    }
    let (_, peak) = processes::memory(server.pid());
    assert!(peak <= MEMORY, "{peak} bytes");
    let last = lists[lists.len() * 99 / 100];
    assert!(last <= LIST, "the 99th percentile of session/list: {last:?}");
    assert_eq!(server.shut_down().await, Some(0));
    invariants::hold(&home, &acknowledged).await;
    let (list, memory) = (last.as_millis(), peak / 1_000_000);
    let seen = format!("0 errors; `session/list` p99 {list} ms, peak {memory} MB, in a debug build");
    matrix::held("R-05", "sessions that stream 20 deltas/s each, at once", SESSIONS, &seen);
}

/// How long each list took, sorted.
async fn list_until(server: &Server, end: Instant) -> Vec<Duration> {
    let mut taken = Vec::new();
    while Instant::now() < end {
        let began = Instant::now();
        server.call("session/list", json!({})).await;
        taken.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    taken.sort();
    taken
}
