//! From the start of a process on the database of one that was killed in the middle of a turn to the first list.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{
    client::Client,
    figures::{Goal, Table, millis},
    place::{Place, Provider},
    support::provider::{Answer, Stall, Wire},
    tool_loop::prompt,
};

const RUNS: usize = 20;

/// Text that was streamed when it was killed.
const STREAMED: usize = 200_000;

pub(crate) fn measure(table: &mut Table, _: Option<usize>) {
    let provider = Provider::start(Wire::Responses, Vec::new());
    let answer = Answer::new().text(&"word".repeat(STREAMED / 4));
    provider.double.always(answer.stall(Stall::After(STREAMED / 4)));
    let place = Place::new(Some(&provider));
    let mut taken = Vec::new();
    for _ in 0..RUNS {
        let (mut client, _) = Client::start(&place);
        let session = client.session(&place);
        client.send("session/prompt", &prompt(&session));
        let begun = Instant::now();
        let mut grown = 0;
        while grown < STREAMED / 2 {
            let frame = client.frame();
            grown += frame.message["params"]["update"]["text"].as_str().map_or(0, str::len);
            assert!(begun.elapsed() < Duration::from_mins(1), "the answer does not come");
        }
        client.kill();
        let started = Instant::now();
        let (mut client, _) = Client::start(&place);
        let list = client.call("session/list", &json!({"limit": 1}));
        let shown = client.call("session/messages", &json!({"sessionId": session}));
        taken.push(millis(started.elapsed()));
        assert_eq!(list["sessions"][0]["status"], "idle", "{list}");
        assert!(shown["messages"][1]["error"]["kind"] == "interrupted", "{shown}");
    }
    table.row("killed while it streams: start → list and messages", "ms", Goal::AtMost(200.0), taken);
}
