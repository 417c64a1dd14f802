//! Eight hours in ten minutes: thousands of turns with large tool outputs in one process, sessions made and deleted on
//! the way. After the warm-up nothing grows that does not have to: memory, threads, descriptors, the WAL, free pages.

use serde_json::{Value, json};

use crate::harness::{
    client::Client,
    figures::{Goal, Table, megabytes},
    place::{Place, Provider},
    process,
    support::provider::{Answer, Wire},
    tool_loop::prompt,
};

/// Turns, unless the command line says otherwise.
const TURNS: usize = 10_000;

/// Output of the tool of each turn, in bytes: 2 GB in all.
const OUTPUT: usize = 200_000;

/// Turns of one session; then it is deleted, but for every tenth.
const TURNS_OF_A_SESSION: usize = 20;

/// Samples of a tenth of the run. A turn holds its output several times over for a moment: single ones differ by a
/// megabyte, their medians tell whether something grows. The first tenth is the warm-up.
const SAMPLES: usize = 10;

/// Samples of all of it.
const ALL_SAMPLES: usize = 10 * SAMPLES;

/// Threads for what blocks come when they are needed and go after ten seconds.
const IDLE_THREADS: f64 = 4.0;

/// What grows, or does not.
#[derive(Clone, Copy, Debug)]
struct Sample {
    resident: u64,
    threads: u64,
    descriptors: u64,
    wal: u64,
}

pub(crate) fn measure(table: &mut Table, turns: Option<usize>) {
    let turns = turns.unwrap_or(TURNS).max(ALL_SAMPLES * TURNS_OF_A_SESSION) / ALL_SAMPLES * ALL_SAMPLES;
    let provider = Provider::start(Wire::Responses, Vec::new());
    provider.double.always(Answer::new().new_prefix().adapted(|_, request, _| step(request)));
    let place = Place::new(Some(&provider));
    let (mut client, _) = Client::start(&place);
    let mut samples = Vec::new();
    let (mut session, mut deleted) = (client.session(&place), 0);
    for turn in 1..=turns {
        client.call("session/prompt", &prompt(&session));
        if turn % TURNS_OF_A_SESSION == 0 {
            if turn % (10 * TURNS_OF_A_SESSION) != 0 {
                client.call("session/delete", &json!({"sessionId": session}));
                deleted += 1;
            }
            session = client.session(&place);
        }
        if turn % (turns / ALL_SAMPLES) == 0 {
            samples.push(sample(&client, &place));
        }
    }
    let name = format!(
        "soak of {turns} turns, {} MB of tool output, {deleted} sessions deleted",
        turns * OUTPUT / 1_000_000
    );
    show(table, &name, &samples);
    drop(client);
    let (file, live) = sizes(&place);
    table.row("… database, in live bytes", "×", Goal::AtMost(1.3), vec![megabytes(file) / megabytes(live)]);
}

/// A call with a large output in answer to a prompt, words in answer to the output.
fn step(request: &Value) -> Answer {
    let items = request["input"].as_array().expect("a request has an input");
    if items.last().is_some_and(|last| last["type"] == "function_call_output") {
        return Answer::new().text("Seen.");
    }
    // Numbers that differ, so that no two calls are the same.
    let command = format!("yes 'a line of a large output, {}' | head -c {OUTPUT}", items.len());
    Answer::new().call(&format!("call_{}", items.len()), "bash", &json!({"command": command}))
}

fn sample(client: &Client, place: &Place) -> Sample {
    let pid = client.pid();
    Sample {
        resident: client.memory().resident,
        threads: process::entries(pid, "task"),
        descriptors: process::entries(pid, "fd"),
        wal: place.wal(),
    }
}

fn show(table: &mut Table, name: &str, samples: &[Sample]) {
    let tenths: Vec<&[Sample]> = samples.chunks(SAMPLES).collect();
    let growth = |of: fn(&Sample) -> u64| {
        let middle = |tenth: &[Sample]| {
            let mut all: Vec<u64> = tenth.iter().map(of).collect();
            all.sort_unstable();
            all[all.len() / 2]
        };
        middle(tenths[tenths.len() - 1]).saturating_sub(middle(tenths[1]))
    };
    let whole = |number: u64| vec![megabytes(number * 1_000_000)];
    let resident = samples.iter().map(|sample| megabytes(sample.resident)).collect();
    table.row(&format!("{name}: memory"), "MB", Goal::None, resident);
    let grown = megabytes(growth(|sample| sample.resident));
    table.row("… memory gained after the warm-up", "MB", Goal::AtMost(1.0), vec![grown]);
    table.row("… threads gained", "", Goal::AtMost(IDLE_THREADS), whole(growth(|sample| sample.threads)));
    table.row("… descriptors gained", "", Goal::AtMost(0.0), whole(growth(|sample| sample.descriptors)));
    let wal = samples.iter().map(|sample| sample.wal).max().unwrap_or_default();
    table.row("… WAL at most", "MB", Goal::AtMost(67.1), vec![megabytes(wal)]);
}

/// Size of the database, and of what of it is in use, in bytes.
fn sizes(place: &Place) -> (u64, u64) {
    let database = rusqlite::Connection::open(place.path("data/agentls.db")).expect("the database opens");
    let number = |what: &str| {
        let read = database.query_row(&format!("PRAGMA {what}"), [], |row| row.get::<_, i64>(0));
        u64::try_from(read.expect("SQLite tells it")).expect("it is a count")
    };
    let (pages, free, size) = (number("page_count"), number("freelist_count"), number("page_size"));
    (pages * size, (pages - free) * size)
}
