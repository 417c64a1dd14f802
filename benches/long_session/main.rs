//! What a long session costs: the founding session (7,704 messages, 91 MB), a tenth of it and four times it, each
//! compacted near its end and never compacted, beside a fresh session with the same live window.
//!
//! `cargo bench --bench long_session` measures everything; `-- quick` only a tenth, once. Histories are made from
//! numbers alone, as an opencode database, and come in through `agentls import`. Figures come from the release binary
//! over its pipe, against a provider on loopback; each scenario has a server and a copy of the database of its own. A
//! goal that is missed fails the run.
#![allow(missing_docs, reason = "a program, not a library")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "the table is what this program is for")]

mod compaction;
mod goals;
#[path = "../harness/harness.rs"]
mod harness;
#[path = "../history/history.rs"]
mod history;
mod imported;
mod list;
mod matrix;
mod steps;
mod views;

use std::process::ExitCode;

use harness::{figures, support::provider::Wire, tool_loop::Tool};
use history::{Ending, FOUNDING};
use imported::Imported;
use matrix::Column;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
struct Depth {
    /// Lengths of the histories, in hundredths of the founding session.
    percents: &'static [usize],
    /// Turns of 50 steps for each tool.
    runs: usize,
    /// Sessions in the list.
    sessions: usize,
}

const WHOLE: Depth = Depth { percents: &[10, 100, 400], runs: 3, sessions: 10_000 };
const QUICK: Depth = Depth { percents: &[10], runs: 1, sessions: 1_000 };

fn main() -> ExitCode {
    // `cargo bench` passes `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let depth = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => WHOLE,
        ["quick"] => QUICK,
        _ => {
            println!("there is nothing to say but `quick`");
            return ExitCode::from(2);
        }
    };
    println!("{}\n", figures::machine());
    println!("## Compacted, about 320 KB live\n");
    let met = [
        matrix::show(goals::COMPACTED, &compacted(depth)),
        {
            println!("\n## Never compacted, a model with a window of {} tokens\n", steps::CONTEXT);
            matrix::show(goals::NEVER_COMPACTED, &never_compacted(depth))
        },
        {
            println!("\n## Many sessions\n");
            matrix::show(goals::LIST, &[list::measure(depth.sessions)])
        },
    ];
    if met.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A fresh session with the same window, then each length.
fn compacted(depth: Depth) -> Vec<Column> {
    let mut histories = vec![Imported::window_alone()];
    histories.extend(
        depth
            .percents
            .iter()
            .map(|percent| Imported::long(&name(*percent), FOUNDING.percent(*percent), Ending::Compacted)),
    );
    measure(histories, depth, &[Wire::Responses, Wire::Chat, Wire::Anthropic])
}

fn never_compacted(depth: Depth) -> Vec<Column> {
    let histories = depth
        .percents
        .iter()
        .map(|percent| Imported::long(&name(*percent), FOUNDING.percent(*percent), Ending::NeverCompacted));
    measure(histories.collect(), depth, &[Wire::Responses])
}

fn name(percent: usize) -> String {
    match percent {
        10 => "a tenth".to_owned(),
        100 => matrix::FOUNDING.to_owned(),
        _ => format!("{} ×", percent / 100),
    }
}

/// Takes the histories in turn in each run, so that what else the machine does meets all of them alike.
fn measure(mut histories: Vec<Imported>, depth: Depth, wires: &[Wire]) -> Vec<Column> {
    for _ in 0..depth.runs {
        for history in &mut histories {
            for tool in [Tool::Bash, Tool::Read] {
                steps::measure(history, wires[0], tool);
            }
        }
    }
    for history in &mut histories {
        for wire in &wires[1..] {
            steps::measure(history, *wire, Tool::Bash);
        }
        views::measure(history);
        compaction::measure(history);
    }
    histories.into_iter().map(|history| history.column).collect()
}
