//! The fault matrix: how often each of its rows is run, and what is written down of it.
//!
//! The gate runs reduced counts. `AGENTLS_FAULTS=full` runs the full ones, and `AGENTLS_FAULTS_TABLE=<file>` collects
//! a line of the README's table from each row.

use std::{fs::OpenOptions, io::Write};

/// How often to do it: `full` times when the full counts are asked for, else `gate` times.
pub fn times(gate: usize, full: usize) -> usize {
    if std::env::var_os("AGENTLS_FAULTS").is_some_and(|wanted| wanted == "full") { full } else { gate }
}

/// Writes down that a row held: its id, what was done, how often, and what was seen (a figure where there is one).
/// Called at the end of a test, when everything in it held.
pub fn held(id: &str, done: &str, times: usize, seen: &str) {
    let line = format!("| {id} | {done} | {times} | {seen} |\n");
    eprint!("{line}");
    let Some(table) = std::env::var_os("AGENTLS_FAULTS_TABLE") else { return };
    let mut table =
        OpenOptions::new().create(true).append(true).open(table).expect("the table can be opened");
    table.write_all(line.as_bytes()).expect("the table can be written");
}
