//! What a client shows first: the newest page of a long session, the list of many sessions.

use serde_json::json;

use crate::harness::{
    client::Client,
    figures::{Goal, Table, megabytes},
    place::{Place, Provider},
    support::provider::Wire,
    tool_loop::{Tool, overheads_of, prompt, script},
};

const MESSAGES: usize = 2_000;
const SESSIONS: usize = 1_000;
const RUNS: usize = 20;

pub(crate) fn measure(table: &mut Table) {
    let provider = Provider::start(Wire::Responses, script(Tool::Read, MESSAGES - 2));
    let place = Place::new(Some(&provider));
    let session = long_session(table, &provider, &place);

    // A server that knows nothing of it yet.
    let (mut client, _) = Client::start(&place);
    let page = json!({"sessionId": session});
    let first = client.timed("session/messages", &page).0;
    let pages = (0..RUNS).map(|_| client.timed("session/messages", &page).0).collect();
    table.row(
        &format!("first page of {MESSAGES} messages, database not yet open"),
        "ms",
        Goal::None,
        vec![first],
    );
    table.row("… again", "ms", Goal::AtMost(20.0), pages);

    for _ in 0..SESSIONS {
        client.send("session/new", &json!({"cwd": place.workspace()}));
    }
    let list = json!({"limit": 50});
    let lists = (0..RUNS).map(|_| client.timed("session/list", &list).0).collect();
    table.row(&format!("list of {SESSIONS} sessions, first page"), "ms", Goal::AtMost(50.0), lists);
    let all = (0..RUNS).map(|_| client.timed("session/list", &json!({"limit": 500})).0).collect();
    table.row("… first 500", "ms", Goal::None, all);
    table.row("… memory", "MB", Goal::None, vec![megabytes(client.memory().resident)]);
}

/// Makes a session of [`MESSAGES`] messages in one turn, and shows what its last steps cost.
fn long_session(table: &mut Table, provider: &Provider, place: &Place) -> String {
    let (mut client, _) = Client::start(place);
    let session = client.session(place);
    let outcome = client.call("session/prompt", &prompt(&session));
    assert_eq!(outcome["stopReason"], "endTurn", "{outcome}");
    let overheads = overheads_of(provider);
    let last = overheads.get(overheads.len() - 100..).expect("there are as many steps").to_vec();
    table.row(&format!("last 100 steps of {MESSAGES} in one turn: overhead"), "ms", Goal::None, last);
    table.row("… peak memory", "MB", Goal::None, vec![megabytes(client.memory().peak)]);
    table.row("… database with its log", "MB", Goal::None, vec![megabytes(place.database())]);
    session
}
