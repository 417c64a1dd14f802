//! How much of what a tool loop sends is, byte for byte, what it has sent before; and what a follow-up sends where the
//! provider keeps responses.

use serde_json::json;

use crate::harness::{
    client::Client,
    figures::{Goal, Table, kilobytes},
    place::{Place, Provider},
    support::provider::{Recorded, Wire},
    tool_loop::{Tool, prompt, script},
};

const STEPS: usize = 50;

/// What a follow-up may need beside its news, the instructions and the tools, in bytes.
const ENVELOPE: f64 = 1_024.0;

pub(crate) fn measure(table: &mut Table) {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        for tool in [Tool::Bash, Tool::Read] {
            let requests = requests_of(wire, tool, false);
            let (sent_before, steps) = (requests.split_last().expect("there are some").1, &requests[1..]);
            let repeated = 100.0 * sum(steps, |one| one.repeated);
            let name = format!("steps 2 … {STEPS}, {wire:?}, {tool:?}: input in the unchanged prefix");
            table.row(&name, "%", goal(tool), vec![repeated / sum(steps, |one| one.prompt)]);
            let again = repeated / sum(sent_before, |one| one.prompt);
            table.row(
                "… of what was sent before, sent again unchanged",
                "%",
                Goal::AtLeast(100.0),
                vec![again],
            );
        }
    }
    let requests = &requests_of(Wire::Responses, Tool::Read, true)[1..];
    let sizes = requests.iter().map(|one| kilobytes(one.bytes)).collect();
    table.row(&format!("steps 2 … {STEPS} with `store: true`: a request"), "kB", Goal::None, sizes);
    let beside = requests.iter().map(|one| sum(std::slice::from_ref(one), |one| one.bytes - one.prompt));
    let name = "… without its news, the instructions and the tools";
    table.row(name, "bytes", Goal::AtMost(ENVELOPE), beside.collect());
}

/// The plain loop has a goal; what a loop brings that reads in each step depends on what it reads.
fn goal(tool: Tool) -> Goal {
    match tool {
        Tool::Bash => Goal::AtLeast(98.0),
        Tool::Read => Goal::None,
    }
}

/// The requests of a turn.
fn requests_of(wire: Wire, tool: Tool, store: bool) -> Vec<Recorded> {
    let provider = Provider::start(wire, script(tool, STEPS - 1));
    let place = Place::new(Some(&provider));
    let mut configuration = provider.configuration();
    configuration["providers"]["double"]["store"] = json!(store);
    place.configure(&configuration);
    let (mut client, _) = Client::start(&place);
    let session = client.session(&place);
    let outcome = client.call("session/prompt", &prompt(&session));
    assert_eq!(outcome["stopReason"], "endTurn", "{outcome}");
    let requests = provider.double.requests();
    assert_eq!(requests.len(), STEPS);
    requests
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52 bytes")]
fn sum(requests: &[Recorded], of: impl Fn(&Recorded) -> usize) -> f64 {
    requests.iter().map(of).sum::<usize>() as f64
}
