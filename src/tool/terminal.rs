//! What a program wrote to its terminal, as plain text within a byte cap.
//!
//! Escape sequences and control characters are taken out (they can hide text from a person and steer a
//! terminal), carriage returns become line ends. Works on pieces cut anywhere, inside a character or a
//! sequence, and gives the same text however it was cut.

use std::collections::VecDeque;

use crate::transcript::text::{head, tail};

/// Where in an escape sequence we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After a carriage return, which a line feed may follow.
    Return,
    /// After ESC.
    Escape,
    /// After ESC and a character that another one follows (a character set).
    EscapeOne,
    /// In a control sequence, until its final byte.
    Control,
    /// In a string (a title, a link), until BEL or ESC `\`.
    String,
    /// After an ESC in a string.
    StringEscape,
}

/// Turns bytes into plain text, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Cleaner {
    /// The beginning of a character whose rest has not come yet.
    cut: Vec<u8>,
    state: State,
}

impl Cleaner {
    /// The text of the next piece. Bytes that are no UTF-8 become U+FFFD.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.cut);
        all.extend_from_slice(bytes);
        let mut out = String::with_capacity(all.len());
        let mut chunks = all.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            chunk.valid().chars().for_each(|char| self.put(char, &mut out));
            let last = chunks.peek().is_none();
            if last && could_go_on(chunk.invalid()) {
                self.cut = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                self.put(char::REPLACEMENT_CHARACTER, &mut out);
            }
        }
        out
    }

    fn put(&mut self, char: char, out: &mut String) {
        self.state = match (self.state, char) {
            (State::Return, '\n') => State::Text,
            (State::Text | State::Return, char) => plain(char, out),
            (State::Escape, ']' | 'P' | 'X' | '^' | '_') => State::String,
            (State::Escape, '(' | ')' | '*' | '+' | '#' | '%' | ' ') => State::EscapeOne,
            (State::Escape, '[') | (State::Control, '\x20'..='\x3f') => State::Control,
            (State::Control, '\n') => plain(char, out),
            (State::String, '\x1b') => State::StringEscape,
            (State::String, '\x07' | '\n')
            | (State::StringEscape | State::Escape | State::EscapeOne | State::Control, _) => State::Text,
            (State::String, _) => State::String,
        };
    }
}

fn plain(char: char, out: &mut String) -> State {
    match char {
        '\x1b' => return State::Escape,
        '\u{9b}' => return State::Control,
        '\r' => {
            out.push('\n');
            return State::Return;
        }
        '\n' | '\t' => out.push(char),
        char if char.is_control() => {}
        char => out.push(char),
    }
    State::Text
}

/// Whether these bytes may be the beginning of a character.
fn could_go_on(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// Text of which the beginning and the end are kept within a cap.
#[derive(Debug)]
pub(super) struct Kept {
    half: usize,
    start: String,
    end: VecDeque<String>,
    end_bytes: usize,
    omitted: usize,
}

impl Kept {
    /// Keeps about `cap` bytes: half from the beginning, half from the end.
    pub(super) fn new(cap: usize) -> Self {
        Self { half: cap / 2, start: String::new(), end: VecDeque::new(), end_bytes: 0, omitted: 0 }
    }

    /// Adds text.
    pub(super) fn push(&mut self, text: &str) {
        let fits =
            if self.end.is_empty() { head(text, self.half.saturating_sub(self.start.len())) } else { "" };
        self.start.push_str(fits);
        let rest = tail(text, text.len() - fits.len());
        if rest.is_empty() {
            return;
        }
        self.end_bytes += rest.len();
        self.end.push_back(rest.to_owned());
        while let Some(first) = self.end.front()
            && self.end_bytes - first.len() >= self.half
        {
            self.end_bytes -= first.len();
            self.omitted += first.len();
            self.end.pop_front();
        }
    }

    /// What was kept, with a line that says how much is missing.
    pub(super) fn into_text(self) -> String {
        let mut text = self.start;
        if self.omitted > 0 {
            let note = format!("\n… ({} bytes left out)\n", self.omitted);
            text.push_str(&note);
        }
        text.extend(self.end);
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(text: &str) -> String {
        Cleaner::default().feed(text.as_bytes())
    }

    #[test]
    fn escape_sequences_and_control_characters_go() {
        for (raw, plain) in [
            ("\x1b[31mred\x1b[0m", "red"),
            ("\x1b]0;title\x07text", "text"),
            ("\x1b]8;;http://x\x1b\\link", "link"),
            ("a\x1b(Bb", "ab"),
            ("10%\r20%\r\ndone\r\n", "10%\n20%\ndone\n"),
            ("a\x08\x00\x07b\tc", "ab\tc"),
            ("\u{9b}31mx", "x"),
            ("é\x1b[", "é"),
        ] {
            assert_eq!(clean(raw), plain, "{raw:?}");
        }
    }

    #[test]
    fn long_output_keeps_both_ends_and_counts_the_rest() {
        let mut kept = Kept::new(20);
        (0..1_000).for_each(|_| kept.push("0123456789"));
        let text = kept.into_text();
        assert!(text.starts_with("0123456789\n… (9980 bytes left out)\n0123456789"), "{text}");
    }

    proptest! {
        #[test]
        fn cutting_the_bytes_anywhere_changes_nothing(
            bytes in prop::collection::vec(prop::sample::select(b"a\x1b[]31m\x07\r\n\\\xc3\xa9\xf0\x9f".to_vec()), 0..40),
            at in 0_usize..40,
        ) {
            let at = at.min(bytes.len());
            let mut cleaner = Cleaner::default();
            let pieces = cleaner.feed(&bytes[..at]) + &cleaner.feed(&bytes[at..]);
            prop_assert_eq!(pieces, Cleaner::default().feed(&bytes));
        }

        #[test]
        fn what_is_kept_is_bounded(pieces in prop::collection::vec("[aé]{0,30}", 0..40)) {
            let mut kept = Kept::new(100);
            for piece in &pieces {
                kept.push(piece);
            }
            prop_assert!(kept.into_text().len() <= 100 + 60 + 60);
        }
    }
}
