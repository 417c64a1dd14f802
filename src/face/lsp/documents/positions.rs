//! LSP positions (line, UTF-16 units) in text (bytes). Positions outside mean the nearest place inside.

use tower_lsp::lsp_types::{Position, Range};

use crate::transcript::text as cut;

/// Replaces what is in `range`, or all, by `new`.
pub(super) fn apply(text: &mut String, range: Option<Range>, new: &str) {
    match range {
        None => new.clone_into(text),
        Some(range) => {
            let start = offset(text, range.start);
            let end = offset(text, range.end).max(start);
            text.replace_range(start..end, new);
        }
    }
}

/// The lines in which `new` differs from `old`, and what stands there in `new`.
pub(super) fn difference<'a>(old: &str, new: &'a str) -> (Range, &'a str) {
    let same = |a: &str, b: &str| a == b;
    let start: usize = lines(old).zip(lines(new)).take_while(|(a, b)| same(a, b)).map(|(a, _)| a.len()).sum();
    let (old_rest, new_rest) = (cut::from(old, start), cut::from(new, start));
    let (old_lines, new_lines): (Vec<_>, Vec<_>) = (lines(old_rest).collect(), lines(new_rest).collect());
    let end: usize = old_lines
        .iter()
        .rev()
        .zip(new_lines.iter().rev())
        .take_while(|(a, b)| same(a, b))
        .map(|(a, _)| a.len())
        .sum();
    let range = Range { start: position(old, start), end: position(old, old.len() - end) };
    (range, cut::head(new_rest, new_rest.len() - end))
}

/// Lines with their ends: `\n`, `\r\n` or `\r`.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (line, later) = cut::split(rest, line_end(rest));
        rest = later;
        Some(line)
    })
}

/// Behind the end of the first line.
fn line_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        Some(at) if bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n') => at + 2,
        Some(at) => at + 1,
        None => bytes.len(),
    }
}

/// The byte at `position`.
fn offset(text: &str, position: Position) -> usize {
    let mut start = 0;
    for _ in 0..position.line {
        let rest = cut::from(text, start);
        let end = line_end(rest);
        if end == 0 || !rest.as_bytes().get(end - 1).is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            return text.len();
        }
        start += end;
    }
    let mut units = 0;
    let line = cut::from(text, start);
    let within = line.char_indices().find(|(_, character)| {
        let reached = units >= position.character || matches!(character, '\n' | '\r');
        units += if u32::from(*character) > 0xFFFF { 2 } else { 1 };
        reached
    });
    start + within.map_or(line.len(), |(at, _)| at)
}

/// The position of a byte that begins a character.
fn position(text: &str, offset: usize) -> Position {
    let before = cut::head(text, offset);
    let ended = |line: &&str| line.ends_with(['\n', '\r']);
    let line = lines(before).filter(ended).count();
    let last = lines(before).last().filter(|line| !ended(line)).unwrap_or_default();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position { line: count(line), character: count(last.encode_utf16().count()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn positions_count_utf16_units_and_every_kind_of_line_end() {
        let text = "a\u{1F600}b\r\nc\rd\n";
        for (position, expected) in [
            (at(0, 0), 0),
            (at(0, 1), 1),
            (at(0, 3), 5),
            (at(0, 99), 6),
            (at(1, 0), 8),
            (at(2, 0), 10),
            (at(3, 0), 12),
            (at(9, 9), 12),
        ] {
            assert_eq!(offset(text, position), expected, "{position:?}");
        }
    }

    #[test]
    fn a_range_the_wrong_way_round_inserts() {
        let mut text = "abc".to_owned();
        apply(&mut text, Some(Range { start: at(0, 2), end: at(0, 1) }), "x");
        assert_eq!(text, "abxc");
    }

    const TEXT: &str = "(a|é|\u{1F600}|\n|\r\n|\r){0,12}";

    proptest! {
        #[test]
        fn a_difference_applied_gives_the_new_text(old in TEXT, new in TEXT) {
            let (range, replacement) = difference(&old, &new);
            let mut text = old.clone();
            apply(&mut text, Some(range), replacement);
            prop_assert_eq!(text, new);
        }

        #[test]
        fn any_position_is_a_place_between_characters(text in TEXT, line in 0_u32..6, character in 0_u32..6) {
            prop_assert!(text.is_char_boundary(offset(&text, at(line, character))));
        }
    }
}
