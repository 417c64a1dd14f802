//! 50 tool steps at the end of a history. Nothing is pruned or compacted meanwhile, so that the whole window is sent
//! each time: the harder case.

use std::time::Instant;

use serde_json::{Value, json};

use crate::{
    harness::{
        client::Client,
        figures::{megabytes, millis},
        place::Provider,
        support::provider::{Answer, Wire, script::Tokens},
        tool_loop::{Tool, overheads_of, prompt, script},
    },
    imported::{Imported, count},
    matrix::Column,
};

const STEPS: usize = 50;

/// Tokens that the model has room for.
pub(crate) const CONTEXT: u32 = 200_000;

/// One turn in a copy of the history; what it cost goes to the history's column.
pub(crate) fn measure(history: &mut Imported, wire: Wire, tool: Tool) {
    let answers = script(tool, STEPS).into_iter().map(|answer| answer.adapted(count_tokens)).collect();
    let provider = Provider::start(wire, answers);
    let place = history.place.copy();
    place.configure(&configuration(&provider, &json!({"auto": false, "prune": false})));
    let (mut client, _) = Client::start(&place);
    let before = client.processor();
    let prompted = Instant::now();
    let outcome = client.call("session/prompt", &prompt(&history.session));
    assert_eq!(outcome["stopReason"], "endTurn", "{outcome}");
    let processor = client.processor().saturating_sub(before);
    let peak = client.memory().peak;
    let requests = provider.double.requests();
    let first = requests.first().expect("there were requests").arrived;

    let column = &mut history.column;
    let mut put = |figure: &str, samples: Vec<f64>| column.extend(&named(figure, wire, tool), samples);
    put("overhead of a step", overheads_of(&provider));
    put("peak memory", vec![megabytes(peak)]);
    put("processor for 50 steps", vec![processor.as_secs_f64()]);
    put("prompt → first request", vec![millis(first.saturating_duration_since(prompted))]);
    put("a request", requests.iter().map(|request| megabytes(request.bytes as u64)).collect());
    let steps = client.call("session/steps", &json!({"sessionId": history.session, "limit": STEPS}));
    put("overhead by the ledger", ledger(&steps));
}

/// The name of a figure of steps; without more words those on Responses that run `true` in bash.
fn named(figure: &str, wire: Wire, tool: Tool) -> String {
    match (wire, tool) {
        (Wire::Responses, Tool::Bash) => figure.to_owned(),
        (Wire::Responses, Tool::Read) => format!("{figure}, read"),
        (wire, _) => format!("{figure}, {wire:?}"),
    }
}

/// A configuration whose model has room for [`CONTEXT`].
pub(crate) fn configuration(provider: &Provider, compaction: &Value) -> Value {
    let mut configuration = provider.configuration();
    configuration["providers"]["double"]["models"]["model"]["context"] = CONTEXT.into();
    configuration["compaction"] = compaction.clone();
    configuration
}

/// Providers count about a token for four bytes.
pub(crate) fn count_tokens(answer: Answer, _: &Value, bytes: usize) -> Answer {
    answer.tokens(Tokens { input: bytes as u64 / 4, output: 50, ..Tokens::default() })
}

/// What the program itself wrote down as overhead of each step, in milliseconds.
fn ledger(steps: &Value) -> Vec<f64> {
    let steps = steps["steps"].as_array().expect("there is a ledger");
    steps.iter().map(|step| step["overheadMs"].as_f64().expect("a step has an overhead")).collect()
}

/// Records how many requests came and how large the largest was.
pub(crate) fn calls(column: &mut Column, provider: &Provider) {
    let requests = provider.double.requests();
    let largest = requests.iter().map(|request| request.bytes).max().unwrap_or_default();
    column.put("compaction: provider calls", count(requests.len()));
    column.put("compaction: largest request", megabytes(largest as u64));
}
