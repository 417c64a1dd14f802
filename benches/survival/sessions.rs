//! Sixty-four sessions that stream in one process, and the session list meanwhile.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{
    client::Client,
    figures::{Goal, Table, megabytes, quantile},
    place::{Place, Provider},
    support::provider::{Answer, Wire},
    tool_loop::prompt,
};

const SESSIONS: usize = 64;

/// 20 deltas a second each.
const PACE: Duration = Duration::from_millis(50);

/// For so long.
const LASTING: Duration = Duration::from_secs(15);

/// Between two lists.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn measure(table: &mut Table, _: Option<usize>) {
    let deltas = usize::try_from(LASTING.as_millis() / PACE.as_millis()).expect("it is a small number");
    let provider = Provider::start(Wire::Responses, Vec::new());
    provider.double.always(Answer::new().text(&"word".repeat(deltas)).delay(PACE));
    let place = Place::new(Some(&provider));
    let (mut client, _) = Client::start(&place);
    let sessions: Vec<String> = (0..SESSIONS).map(|_| client.session(&place)).collect();
    let mut open: Vec<u64> =
        sessions.iter().map(|session| client.send("session/prompt", &prompt(session))).collect();
    let (mut lists, mut asked) = (Vec::new(), None);
    let mut next = Instant::now();
    while !open.is_empty() {
        if asked.is_none() && Instant::now() >= next {
            asked = Some((client.send("session/list", &json!({})), Instant::now()));
        }
        let Some(frame) = client.frame_within(PAUSE) else { continue };
        if let Some((id, sent)) = asked.filter(|(id, _)| frame.message["id"] == *id) {
            lists.push((frame.at - sent).as_secs_f64() * 1_000.0);
            (asked, next) = (None, frame.at + PAUSE);
            assert!(frame.message["error"].is_null(), "list {id}: {}", frame.message["error"]);
        } else if let Some(at) = open.iter().position(|id| frame.message["id"] == *id) {
            assert!(frame.message["error"].is_null(), "{}", frame.message["error"]);
            open.swap_remove(at);
        }
    }
    lists.sort_by(f64::total_cmp);
    let name = format!("{SESSIONS} sessions, 20 deltas/s each");
    table.row(
        &format!("{name}: `session/list`, 99th percentile"),
        "ms",
        Goal::AtMost(50.0),
        vec![quantile(&lists, 99)],
    );
    table.row("… each of them", "ms", Goal::None, lists);
    table.row("… peak memory", "MB", Goal::AtMost(150.0), vec![megabytes(client.memory().peak)]);
}
