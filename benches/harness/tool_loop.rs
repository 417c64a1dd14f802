//! A turn in which the model calls a tool in each step: from the last byte of an answer to the next request.

use serde_json::{Value, json};

use super::{
    figures::millis,
    place::{Provider, SMALL_FILE},
    support::provider::{Answer, script::Tokens},
};

/// What the model calls in each step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tool {
    /// A small file is read.
    Read,
    /// `true` is run, allowed by a rule.
    Bash,
}

impl Tool {
    fn call(self, number: usize) -> (&'static str, Value) {
        match self {
            Self::Read => ("read", json!({"path": SMALL_FILE, "offset": number % 40 + 1})),
            Self::Bash => ("bash", json!({"command": "true", "description": format!("step {number}")})),
        }
    }
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
