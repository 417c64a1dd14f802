//! What holds for any bytes at all, by what reads them. The fuzzer looks for bytes for which it does not; the replay
//! test (`tests/it/fuzz_corpus.rs`) runs the same functions over the corpora that the fuzzer has left.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a property that does not hold panics"
)]

pub mod config;
pub mod evidence;
pub mod export;
pub mod frame;
pub mod import;
pub mod message;
pub mod patch;
pub mod shell;
pub mod sse;

/// What has to hold for any bytes.
pub type Property = fn(&[u8]);

/// All of them, by the name of their target.
pub const ALL: [(&str, Property); 9] = [
    ("config", config::holds),
    ("evidence", evidence::holds),
    ("export", export::holds),
    ("frame", frame::holds),
    ("import", import::holds),
    ("message", message::holds),
    ("patch", patch::holds),
    ("shell", shell::holds),
    ("sse", sse::holds),
];

/// Stands between the texts of an input that has several: ASCII's record separator.
pub const BETWEEN: char = '\u{1e}';

/// The texts of an input; those that are missing are empty.
fn texts<const N: usize>(bytes: &[u8]) -> [String; N] {
    let input = String::from_utf8_lossy(bytes);
    let mut pieces = input.splitn(N, BETWEEN);
    std::array::from_fn(|_| pieces.next().unwrap_or_default().to_owned())
}
