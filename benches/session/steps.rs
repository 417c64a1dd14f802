//! A tool loop in a fresh session: from the last byte of an answer to the arrival of the next request.

use crate::harness::{
    client::Client,
    figures::{Goal, Table, megabytes},
    place::{Place, Provider},
    support::provider::Wire,
    tool_loop::{Tool, overheads_of, prompt, script},
};

const STEPS: usize = 50;

/// Fresh sessions, each in a server of its own.
const RUNS: usize = 3;

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
