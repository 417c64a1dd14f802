//! Many small requests, sent without waiting for any answer.

use std::{collections::HashSet, time::Instant};

use serde_json::json;

use crate::harness::{
    client::{Client, frame},
    figures::{Goal, Table, megabytes, millis},
    place::Place,
};

const REQUESTS: usize = 5_000;

/// Ids of a kind of their own.
const FIRST_ID: usize = 1_000_000;

pub(crate) fn measure(table: &mut Table) {
    let place = Place::new(None);
    let (mut client, _) = Client::start(&place);
    let session = client.session(&place);
    let request = |id: usize| {
        let params = json!({"sessionId": session});
        frame(&json!({"jsonrpc": "2.0", "id": id, "method": "session/get", "params": params}))
    };
    let frames: Vec<u8> = (FIRST_ID..FIRST_ID + REQUESTS).flat_map(request).collect();
    let started = Instant::now();
    client.write(&frames);
    let (mut open, mut refused) = ((FIRST_ID..FIRST_ID + REQUESTS).collect::<HashSet<_>>(), 0_u32);
    while !open.is_empty() {
        let message = client.frame().message;
        let id = message["id"].as_u64().and_then(|id| usize::try_from(id).ok());
        if id.is_some_and(|id| open.remove(&id)) && !message["error"].is_null() {
            refused += 1;
        }
    }
    let taken = started.elapsed();
    table.row(
        &format!("{REQUESTS} requests at once: until all are answered"),
        "ms",
        Goal::None,
        vec![millis(taken)],
    );
    table.row("… answered with an error", "", Goal::AtMost(0.0), vec![f64::from(refused)]);
    table.row("… peak memory", "MB", Goal::AtMost(20.0), vec![megabytes(client.memory().peak)]);
}
