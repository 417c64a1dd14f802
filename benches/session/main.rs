//! What agentls costs: start, memory, a step of a tool loop, what is sent again, many requests at once, a fast stream,
//! large lists.
//!
//! `cargo bench --bench session` measures everything, `cargo bench --bench session -- start stream` only that.
//! Each figure comes from the release binary as a client has it: over its pipe, with a database on a real disk,
//! against a provider on loopback that answers at once. The provider runs in this process, on a thread of its
//! own; what it costs is part of the figures. A goal that is missed fails the run.
#![allow(missing_docs, reason = "a program, not a library")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "the table is what this program is for")]

mod body;
#[path = "../harness/harness.rs"]
mod harness;
mod pages;
mod prefix;
mod requests;
mod start;
mod steps;
mod stream;

use std::process::ExitCode;

use harness::figures::Table;

/// Measures and shows something.
type Measure = fn(&mut Table);

/// What can be measured, by name, in the order of the table.
const MEASUREMENTS: &[(&str, Measure)] = &[
    ("start", start::measure),
    ("steps", steps::measure),
    ("prefix", prefix::measure),
    ("body", body::measure),
    ("requests", requests::measure),
    ("stream", stream::measure),
    ("pages", pages::measure),
];

fn main() -> ExitCode {
    // `cargo bench` passes `--bench`.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let Some(unknown) = wanted.iter().find(|name| !MEASUREMENTS.iter().any(|(known, _)| known == *name)) {
        let known: Vec<&str> = MEASUREMENTS.iter().map(|(name, _)| *name).collect();
        println!("there is no measurement `{unknown}`; there are {}", known.join(", "));
        return ExitCode::from(2);
    }
    let mut table = Table::begin();
    for (name, measure) in MEASUREMENTS {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            measure(&mut table);
        }
    }
    if table.missed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
