//! A tool loop in a fresh session: from the last byte of an answer to the arrival of the next request.

use serde_json::{Value, json};

use crate::{
    client::Client,
    figures::{Goal, Table, megabytes, millis},
    place::{Place, Provider, SMALL_FILE},
    support::provider::{Answer, Wire, script::Tokens},
};

const STEPS: usize = 50;

/// Fresh sessions, each in a server of its own.
const RUNS: usize = 3;

/// What the model calls in each step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tool {
    /// A small file is read.
    Read,
    /// `true` is run, allowed by a rule.
    Bash,
}

pub(crate) fn measure(table: &mut Table) {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        for tool in [Tool::Read, Tool::Bash] {
            measure_one(table, wire, tool);
        }
    }
}

fn measure_one(table: &mut Table, wire: Wire, tool: Tool) {
    let (mut overheads, mut peaks, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let provider = Provider::start(wire, script(tool, STEPS));
        let place = Place::new(Some(&provider));
        let (mut client, _) = Client::start(&place);
        let session = client.session(&place);
        let outcome = client.call("session/prompt", &prompt(&session));
        assert_eq!(outcome["stopReason"], "endTurn", "{outcome}");
        overheads.extend(overheads_of(&provider));
        peaks.push(megabytes(client.memory().peak));
        sizes.push(megabytes(place.database()));
    }
    let name = format!("{STEPS} steps, {wire:?}, {tool:?}");
    table.row(&format!("{name}: overhead of a step"), "ms", Goal::AtMost(5.0), overheads);
    table.row("… peak memory", "MB", Goal::AtMost(20.0), peaks);
    table.row("… database with its log", "MB", Goal::None, sizes);
}

/// So many answers that call `tool`, and one that ends the turn. No two calls are the same.
pub(crate) fn script(tool: Tool, steps: usize) -> Vec<Answer> {
    let call = |number: usize| {
        let (name, arguments) = tool.call(number);
        let tokens = Tokens { input: 1_000, output: 50, ..Tokens::default() };
        Answer::new()
            .text("Looking at the next piece of it.")
            .call(&format!("call_{number}"), name, &arguments)
            .tokens(tokens)
    };
    (0..steps).map(call).chain([Answer::new().text("Done.")]).collect()
}

impl Tool {
    fn call(self, number: usize) -> (&'static str, Value) {
        match self {
            Self::Read => ("read", json!({"path": SMALL_FILE, "offset": number % 40 + 1})),
            Self::Bash => ("bash", json!({"command": "true", "description": format!("step {number}")})),
        }
    }
}

/// A prompt for `session`.
pub(crate) fn prompt(session: &str) -> Value {
    json!({"sessionId": session, "parts": [{"type": "text", "text": "Look at everything."}]})
}

/// Milliseconds from each answer's last byte to the arrival of the next request.
pub(crate) fn overheads_of(provider: &Provider) -> Vec<f64> {
    let requests = provider.double.requests();
    requests
        .windows(2)
        .map(|pair| {
            let answered = pair[0].answered.expect("every answer was written");
            millis(pair[1].arrived.saturating_duration_since(answered))
        })
        .collect()
}
