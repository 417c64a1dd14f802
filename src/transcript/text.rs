//! Cutting text and guessing its size in tokens.
//!
//! The only place where text is cut: always on a character boundary (lint `string_slice` forbids the rest).
#![expect(clippy::string_slice, reason = "this is the helper that everybody else must use")]

/// Lines of a tool's output that the model sees before it is shown as head and tail.
pub const SHOWN_LINES: usize = 2_000;

/// Bytes of a tool's output that the model sees before it is shown as head and tail.
pub const SHOWN_BYTES: usize = 50 * 1024;

/// Bytes of each end of a capped output.
pub const END_BYTES: usize = SHOWN_BYTES / 2;

/// Bytes a token takes on average in code and English, the usual rule of thumb.
const BYTES_PER_TOKEN: u64 = 4;

/// The longest beginning of `text` of at most `max` bytes that ends on a character boundary.
pub fn head(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// The longest end of `text` of at most `max` bytes that begins on a character boundary.
pub fn tail(text: &str, max: usize) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(max))..]
}

/// `text`, or its beginning and an ellipsis where there is room for one, in at most `max` bytes.
pub fn ellipsis(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    match max.checked_sub('…'.len_utf8()) {
        Some(room) => format!("{}…", head(text, room)),
        None => head(text, max).to_owned(),
    }
}

/// `text` from byte `offset`, moved forward to a character boundary.
pub fn from(text: &str, offset: usize) -> &str {
    &text[text.ceil_char_boundary(offset)..]
}

/// `text` split at byte `offset`, moved back to a character boundary.
pub fn split(text: &str, offset: usize) -> (&str, &str) {
    text.split_at(text.floor_char_boundary(offset))
}

/// The text between two byte offsets, each moved back to a character boundary.
pub fn range(text: &str, start: usize, end: usize) -> &str {
    let start = text.floor_char_boundary(start);
    &text[start..text.floor_char_boundary(end).max(start)]
}

/// The first line, without its end.
pub fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// An estimate of the tokens of `bytes` of text, rounded up.
pub fn estimate_tokens(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}

/// `text` as it may be shown to a model: whole, or its first and last lines with a line between them that
/// says how much is left out and where the whole is (`recall`, a part id, when it is stored).
pub fn cap_output(text: &str, recall: Option<&str>) -> String {
    cap(text, SHOWN_LINES, SHOWN_BYTES, recall)
}

fn cap(text: &str, max_lines: usize, max_bytes: usize, recall: Option<&str>) -> String {
    let lines = text.lines().count();
    if lines <= max_lines && text.len() <= max_bytes {
        return text.to_owned();
    }
    let first = keep_lines(head(text, max_bytes / 2), max_lines / 2);
    let last = keep_last_lines(tail(from(text, first.len()), max_bytes / 2), max_lines / 2);
    join_ends(first, last, (lines, text.len()), recall)
}

/// [`cap_output`] of a text of more than [`SHOWN_BYTES`] that is not at hand: from its first and its last
/// [`END_BYTES`] (each cut to whole characters), its lines and its bytes. The same as from the whole text.
pub fn cap_ends(first: &str, last: &str, lines: usize, bytes: usize, recall: Option<&str>) -> String {
    let first = keep_lines(head(first, END_BYTES), SHOWN_LINES / 2);
    let last = keep_last_lines(tail(last, END_BYTES), SHOWN_LINES / 2);
    join_ends(first, last, (lines, bytes), recall)
}

fn join_ends(first: &str, last: &str, (lines, bytes): (usize, usize), recall: Option<&str>) -> String {
    let omitted_bytes = bytes.saturating_sub(first.len() + last.len());
    let omitted_lines = lines.saturating_sub(first.lines().count() + last.lines().count());
    let handle = recall.map(|part| format!("; the whole: recall {part}")).unwrap_or_default();
    let newline = if first.ends_with('\n') { "" } else { "\n" };
    format!("{first}{newline}… ({omitted_lines} lines, {omitted_bytes} bytes left out{handle})\n{last}")
}

fn keep_lines(text: &str, max_lines: usize) -> &str {
    match text.match_indices('\n').nth(max_lines.saturating_sub(1)) {
        Some((at, _)) => &text[..=at],
        None => text,
    }
}

fn keep_last_lines(text: &str, max_lines: usize) -> &str {
    let body = text.strip_suffix('\n').unwrap_or(text);
    match body.rmatch_indices('\n').nth(max_lines.saturating_sub(1)) {
        Some((at, _)) => &text[at + 1..],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_output_is_shown_whole() {
        assert_eq!(cap_output("a\nb\n", Some("prt_x")), "a\nb\n");
    }

    #[test]
    fn long_output_keeps_both_ends_and_names_the_handle() {
        let text: String = (0..5_000).map(|n| format!("line {n}\n")).collect();
        let shown = cap_output(&text, Some("prt_x"));
        assert!(shown.starts_with("line 0\n") && shown.ends_with("line 4999\n"));
        assert!(shown.contains("… (3000 lines, "), "{shown}");
        assert!(shown.contains("left out; the whole: recall prt_x)"));
    }

    proptest! {
        #![proptest_config(crate::cases::cases())]

        #[test]
        fn p_04_cuts_never_split_a_character(text in any::<String>(), at in 0_usize..64, end in 0_usize..64) {
            prop_assert!(head(&text, at).len() <= at);
            prop_assert!(tail(&text, at).len() <= at);
            prop_assert!(text.ends_with(from(&text, at)));
            prop_assert!(range(&text, at, end).len() <= text.len());
            prop_assert!(ellipsis(&text, at).len() <= at);
            let (first, second) = split(&text, at);
            prop_assert_eq!(format!("{first}{second}"), text);
        }
    }

    proptest! {
        #[test]
        fn the_ends_of_a_long_output_are_enough_to_cap_it(
            line in "\\PC{0,60}", times in 800_usize..3_000, last in "[^\n]{0,40}", newline in any::<bool>()
        ) {
            let mut text = format!("{line}é{line}\n").repeat(times) + &last;
            text.push_str(if newline { "\n" } else { "" });
            prop_assume!(text.len() > SHOWN_BYTES);
            let (first, end) = (head(&text, END_BYTES), tail(&text, END_BYTES));
            let from_ends = cap_ends(first, end, text.lines().count(), text.len(), Some("prt_x"));
            prop_assert_eq!(from_ends, cap_output(&text, Some("prt_x")));
        }

        #[test]
        fn capped_output_is_bounded(text in "(\\PC{0,40}\n){0,60}", lines in 2_usize..20, bytes in 16_usize..400) {
            let shown = cap(&text, lines, bytes, Some("prt_x"));
            prop_assert!(shown.len() <= bytes + 120);
            prop_assert!(shown.lines().count() <= lines + 2);
        }
    }
}
