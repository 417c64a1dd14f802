//! Commands that run the one behind them and change nothing about it: `timeout 60 cargo test` is `cargo test`.
//!
//! Only in the forms that are written here; every other use of these names is a doubt.

use super::words::Word;

/// How many may stand before a command.
pub(in crate::permission) const MAX_WRAPPERS: usize = 4;

/// How many words at the beginning of a command only wrap what follows.
pub(super) fn length(words: &[Word]) -> usize {
    let mut length = 0;
    for _ in 0..MAX_WRAPPERS {
        let wrapped = words.get(length..).map_or(0, one);
        if wrapped == 0 {
            break;
        }
        length += wrapped;
    }
    length
}

/// The words of one wrapper, if something follows it.
fn one(words: &[Word]) -> usize {
    let text = |at: usize| words.get(at).filter(|word| !word.expands()).map_or("", |word| word.text.as_str());
    let length = match text(0) {
        // Its own options would be taken for the command.
        "time" | "nice" if !text(1).starts_with('-') => 1,
        "timeout" if is_duration(text(1)) => 2,
        "nice" if text(1) == "-n" && is_duration(text(2)) => 3,
        _ => 0,
    };
    if words.len() > length && !text(length).is_empty() { length } else { 0 }
}

fn is_duration(text: &str) -> bool {
    let number = text.strip_suffix(['s', 'm', 'h', 'd']).unwrap_or(text);
    !number.is_empty() && number.chars().all(|char| char.is_ascii_digit() || char == '.')
}
