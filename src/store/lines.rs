//! Lines of a stored body, one after the other, out of chunks that end anywhere. Never more in memory than a chunk
//! and a line (invariant 9).

use std::ops::ControlFlow;

/// A longer line is handed over in pieces of at most so many bytes, each counted as a line: output without line
/// ends can be read, too.
pub(in crate::store) const LONGEST: usize = 4 * 1024;

/// Cuts chunks into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// What came behind the last line that was handed over.
    rest: Vec<u8>,
    /// Lines handed over.
    number: u64,
}

impl Lines {
    /// Hands over the lines that are complete with this chunk: number from 1, bytes without the line's end.
    pub(super) fn feed(
        &mut self,
        chunk: &[u8],
        visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let joined = std::mem::take(&mut self.rest);
        let joined = if joined.is_empty() { None } else { Some([&joined, chunk].concat()) };
        let mut rest = joined.as_deref().unwrap_or(chunk);
        while let Some((line, behind)) = next(rest) {
            self.hand_over(line, visit)?;
            rest = behind;
        }
        self.rest = rest.to_vec();
        ControlFlow::Continue(())
    }

    /// Hands over what is left.
    pub(super) fn end(mut self, visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>) -> ControlFlow<()> {
        let rest = std::mem::take(&mut self.rest);
        if rest.is_empty() { ControlFlow::Continue(()) } else { self.hand_over(&rest, visit) }
    }

    fn hand_over(
        &mut self,
        line: &[u8],
        visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.number += 1;
        visit(self.number, line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// The first line, or piece of one, and what lies behind it; `None` when it is not known yet where it ends.
fn next(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let within = bytes.get(..LONGEST + 1).unwrap_or(bytes);
    match within.iter().position(|byte| *byte == b'\n') {
        Some(end) => Some((bytes.get(..end)?, bytes.get(end + 1..)?)),
        None if bytes.len() > LONGEST => {
            // Back to where a character begins.
            let begins = |at: &usize| bytes.get(*at).is_some_and(|byte| (*byte & 0b1100_0000) != 0b1000_0000);
            let cut = (LONGEST - 3..=LONGEST).rev().find(begins).unwrap_or(LONGEST);
            bytes.split_at_checked(cut)
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(chunks: &[&[u8]]) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        let mut visit = |number, line: &[u8]| {
            found.push((number, String::from_utf8_lossy(line).into_owned()));
            ControlFlow::Continue(())
        };
        let mut lines = Lines::default();
        for chunk in chunks {
            assert!(lines.feed(chunk, &mut visit).is_continue());
        }
        assert!(lines.end(&mut visit).is_continue());
        found
    }

    #[test]
    fn a_line_without_an_end_comes_in_pieces_that_split_no_character() {
        let whole = "€".repeat(3_000);
        let pieces = cut(&[whole.as_bytes()]);
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.iter().map(|(_, piece)| piece.as_str()).collect::<String>(), whole);
    }

    #[test]
    fn a_visitor_stops_when_it_has_enough() {
        let mut seen = 0;
        let flow = Lines::default().feed(b"1\n2\n3\n", &mut |number, _| {
            seen = number;
            if number == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((flow, seen), (ControlFlow::Break(()), 2));
    }

    proptest! {
        #[test]
        fn lines_are_the_same_wherever_chunks_end(text in "(\\PC{0,30}\r?\n){0,12}\\PC{0,9}", size in 1_usize..40) {
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let expected: Vec<_> = (1..).zip(text.lines().map(str::to_owned)).collect();
            prop_assert_eq!(cut(&chunks), expected);
        }
    }
}
