//! Frames in and out: order, back-pressure, questions to the client, the end of the process.
//!
//! Knows bytes and JSON-RPC, no method of ours. Keeps invariants 9 (every buffer has a cap), 10 (one door
//! out) and 11 (only `exit`, EOF, a signal or the parent's death ends the process; each request gets exactly
//! one reply). tower-lsp's `LspService` is driven from here; its own stdio loop is not used.

pub mod bounds;
pub mod calls;
pub mod ending;
pub mod frame;
pub mod message;
pub mod outbox;
pub mod pump;
pub mod reply;
