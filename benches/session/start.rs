//! From the start of the process to the reply to `initialize`, and the memory after it.

use crate::harness::{
    client::Client,
    figures::{Goal, Table, megabytes, millis},
    place::Place,
};

const RUNS: usize = 30;

pub(crate) fn measure(table: &mut Table) {
    let place = Place::new(None);
    let (mut times, mut resident, mut peak) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (client, taken) = Client::start(&place);
        times.push(millis(taken));
        let memory = client.memory();
        resident.push(megabytes(memory.resident));
        peak.push(megabytes(memory.peak));
    }
    table.row("start → reply to `initialize`", "ms", Goal::AtMost(15.0), times);
    table.row("memory after it", "MB", Goal::AtMost(10.0), resident);
    table.row("… its peak", "MB", Goal::AtMost(10.0), peak);
}
