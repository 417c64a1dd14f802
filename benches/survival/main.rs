//! What agentls costs under load and over a long time: many sessions at once, coming back after a kill, a long soak.
//!
//! `cargo bench --bench survival` measures everything; `cargo bench --bench survival -- sessions reopen` only that; a
//! number makes the soak as many turns long (`-- soak 500`; 10,000 turns and 2 GB of tool output otherwise). Figures
//! come from the release binary, as in `benches/session`. A goal that is missed fails the run.
#![allow(missing_docs, reason = "a program, not a library")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "the table is what this program is for")]

#[path = "../harness/harness.rs"]
mod harness;
mod reopen;
mod sessions;
mod soak;

use std::process::ExitCode;

use harness::figures::Table;

/// Measures and shows something. The number is that of the command line.
type Measure = fn(&mut Table, Option<usize>);

/// What can be measured, by name, in the order of the table.
const MEASUREMENTS: &[(&str, Measure)] =
    &[("sessions", sessions::measure), ("reopen", reopen::measure), ("soak", soak::measure)];

fn main() -> ExitCode {
    // `cargo bench` passes `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let number = words.iter().find_map(|word| word.parse().ok());
    let wanted: Vec<&String> = words.iter().filter(|word| word.parse::<usize>().is_err()).collect();
    if let Some(unknown) = wanted.iter().find(|name| !MEASUREMENTS.iter().any(|(known, _)| known == **name)) {
        let known: Vec<&str> = MEASUREMENTS.iter().map(|(name, _)| *name).collect();
        println!("there is no measurement `{unknown}`; there are {}", known.join(", "));
        return ExitCode::from(2);
    }
    let mut table = Table::begin();
    for (name, measure) in MEASUREMENTS {
        if wanted.is_empty() || wanted.iter().any(|word| *word == name) {
            measure(&mut table, number);
        }
    }
    if table.missed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
