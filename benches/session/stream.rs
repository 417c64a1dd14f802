//! An answer that comes as fast as the provider can write it.

use bytes::Bytes;

use crate::harness::{
    client::Client,
    figures::{Goal, Table, megabytes, rate},
    place::{Place, Provider},
    support::provider::{Answer, Wire},
    tool_loop::prompt,
};

const DELTAS: usize = 200_000;

/// The double makes a delta of so many characters.
const DELTA_CHARACTERS: usize = 4;

/// A provider under load writes several events at once.
const EVENTS_IN_A_WRITE: usize = 16;

const RUNS: usize = 3;

pub(crate) fn measure(table: &mut Table) {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        let (mut rates, mut peaks, mut frames) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let run = stream(wire);
            rates.push(run.rate);
            peaks.push(run.peak);
            frames.push(f64::from(run.frames));
        }
        let name = format!("stream of {DELTAS} deltas, {wire:?}");
        table.row(&format!("{name}: until the final part"), "deltas/s", Goal::AtLeast(50_000.0), rates);
        table.row("… frames that the client got", "", Goal::None, frames);
        table.row("… peak memory", "MB", Goal::AtMost(32.0), peaks);
    }
}

struct Run {
    rate: f64,
    frames: u32,
    peak: f64,
}

fn stream(wire: Wire) -> Run {
    let text = "One two three; ".repeat(DELTAS * DELTA_CHARACTERS / 15 + 1);
    let text: String = text.chars().take(DELTAS * DELTA_CHARACTERS).collect();
    let provider = Provider::start(wire, vec![Answer::raw(writes(wire, &text))]);
    let place = Place::new(Some(&provider));
    let (mut client, _) = Client::start(&place);
    let session = client.session(&place);
    let id = client.send("session/prompt", &prompt(&session));
    let (mut grown, mut frames, mut done) = (String::new(), 0, None);
    loop {
        let frame = client.frame();
        let update = &frame.message["params"]["update"];
        if update["kind"] == "partDelta" {
            frames += 1;
            grown.push_str(update["text"].as_str().expect("a delta has a text"));
        } else if update["part"]["text"]["bytes"].as_u64() == Some(text.len() as u64) {
            assert!(update["part"]["text"]["text"] == text.as_str(), "the final part is what was sent");
            done = Some(frame.at);
        }
        if frame.message["id"] == id {
            assert!(frame.message["error"].is_null(), "{}", frame.message["error"]);
            break;
        }
    }
    assert!(grown == text, "the deltas are what was sent: {} of {} bytes", grown.len(), text.len());
    let began = provider.double.requests()[0].arrived;
    let taken = done.expect("the final part comes") - began;
    Run { rate: rate(DELTAS, taken), frames, peak: megabytes(client.memory().peak) }
}

/// The answer's events, several in each write.
fn writes(wire: Wire, text: &str) -> Vec<Bytes> {
    let mut answer = Answer::new().text(text);
    answer.render(wire);
    answer.frames.chunks(EVENTS_IN_A_WRITE).map(|events| Bytes::from(events.concat())).collect()
}
