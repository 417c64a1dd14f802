//! A provider's answer: where its bytes are cut changes nothing, and its events are in order, in bounds and complete.
//!
//! The first byte of the input chooses the format, the second where the bytes are cut.

use std::collections::HashSet;

use agentls::provider::{Api, BlockKind, Event, Key, ProviderError, Settings, replay};

/// The longest words of an error, in bytes: the provider's own are cut.
const LONGEST_ERROR: usize = 2_200;

pub fn holds(bytes: &[u8]) {
    let [format, cut, stream @ ..] = bytes else { return };
    let api = match format % 3 {
        0 => Api::Responses,
        1 => Api::Chat,
        _ => Api::Anthropic,
    };
    let settings = settings(api, format & 64 != 0);
    let (events, error) = replay(&settings, "m", &[stream]);
    is_in_order(&events);
    ends_once(&events, error.as_ref());

    let pieces: Vec<&[u8]> = stream.chunks(1 + usize::from(*cut) % 97).collect();
    let (again, other) = replay(&settings, "m", &pieces);
    assert_eq!(without_ids(again), without_ids(events), "cut into pieces");
    assert_eq!(other, error, "cut into pieces");
}

fn settings(api: Api, store: bool) -> Settings {
    Settings {
        name: "fuzz".into(),
        api,
        base_url: String::new(),
        key: Key::NotNeeded,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        store,
        options: serde_json::Map::new(),
    }
}

/// Blocks are numbered as they open, grow while they are open, and close once.
fn is_in_order(events: &[Event]) {
    let (mut open, mut next) = (HashSet::new(), 0);
    for event in events {
        match event {
            Event::Open { block, .. } => {
                assert_eq!(*block, next, "numbered as they open");
                next += 1;
                open.insert(*block);
            }
            Event::Delta { block, text } => {
                assert!(open.contains(block), "a block that is not open grows");
                assert!(!text.is_empty(), "it grows by nothing");
            }
            Event::Close { block, .. } => assert!(open.remove(block), "a block that is not open closes"),
            Event::Finish { .. } => assert!(open.is_empty(), "an open block at the end"),
        }
    }
}

/// An answer ends with its last event or with an error, never with both.
fn ends_once(events: &[Event], error: Option<&ProviderError>) {
    let ends = events.iter().filter(|event| matches!(event, Event::Finish { .. })).count();
    assert_eq!(ends, usize::from(error.is_none()));
    assert!(ends == 0 || matches!(events.last(), Some(Event::Finish { .. })), "something follows the end");
    assert!(error.is_none_or(|error| error.to_string().len() <= LONGEST_ERROR), "{error:?}");
}

/// Some servers give a call no id: any will do.
fn without_ids(mut events: Vec<Event>) -> Vec<Event> {
    for event in &mut events {
        if let Event::Open { kind: BlockKind::Call { call_id, .. }, .. } = event {
            call_id.clear();
        }
    }
    events
}
