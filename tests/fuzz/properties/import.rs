//! A row of opencode: whatever its JSON says, a call has its result, sizes are true, and what went wrong is one line.

use agentls::{
    store::read_row,
    transcript::{PartId, PartKind, evidence::Record},
};

/// The longest words of a failure that are kept, in bytes.
const LONGEST_FAILURE: usize = 1_000;

pub fn holds(bytes: &[u8]) {
    let read = read_row(bytes);
    assert_eq!(read_row(bytes), read, "the same every time");
    if let Ok((_, Some(failure))) = &read.message {
        assert!(failure.message.len() <= LONGEST_FAILURE, "{} bytes", failure.message.len());
    }
    let Ok(Some((kind, bodies))) = read.part else { return };
    let held: usize = bodies.iter().map(|(_, data)| data.len()).sum();
    assert!(held <= bytes.len(), "more than the row held");
    match kind {
        PartKind::Tool(tool) => {
            assert!(tool.state.is_settled(), "a call without its result");
            let sizes: u64 = tool.attachments.iter().map(|file| file.bytes).sum();
            assert_eq!(sizes, held as u64);
            let record = Record::of(&PartId::from("prt_1"), &tool, "");
            assert_eq!(Record::read(&serde_json::to_string(&record).unwrap()), Some(record));
        }
        PartKind::File(file) => {
            assert_eq!(file.bytes, held as u64);
            assert!(file.uri.is_none() || held == 0, "an address and a content");
        }
        PartKind::Text(body) => assert!(!body.truncated()),
        PartKind::Reasoning(reasoning) => assert!(!reasoning.text.truncated()),
        _ => assert_eq!(held, 0),
    }
}
