//! Characters that a person does not see and a model reads all the same: they can turn text around, or hide
//! instructions in it. Pure.

use std::borrow::Cow;

/// Whether a character shows nothing, or changes how others are shown: bidirectional controls, zero-width characters,
/// variation selectors, tags. Control characters but line end and tab are among them.
pub fn is_hidden(char: char) -> bool {
    (char.is_control() && !matches!(char, '\n' | '\r' | '\t'))
        || is_joiner(char)
        || matches!(char, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Characters that belong to scripts and pictures when they stand between others: joiners, and the choice between a
/// text and a picture.
fn is_joiner(char: char) -> bool {
    matches!(char, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// `text` with the escapes of its hidden characters in their place; lines and tabs stay.
pub fn visible(text: &str) -> String {
    escaped(text, |char| is_hidden(char) || char == '\r')
}

/// [`visible`], on one line: for titles and lists.
pub fn visible_line(text: &str) -> String {
    escaped(text, |char| is_hidden(char) || char.is_control())
}

/// [`visible`] for a text of many lines that is read as it is, a diff say: line ends of either kind stay, and joiners
/// that have something to do.
pub fn visible_lines(text: &str) -> String {
    let (mut shown, mut before) = (String::with_capacity(text.len()), None);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let ends_line = char == '\r' && chars.peek().is_none_or(|next| *next == '\n');
        let hides = (char == '\r' && !ends_line) || is_hidden(char);
        if !hides || before.is_some_and(|before| joins(before, char)) {
            shown.push(char);
            before = Some(char);
        } else {
            shown.extend(char.escape_unicode());
        }
    }
    shown
}

/// `text` without what could steer a terminal or turn text around; lines, tabs and joiners stay. A text may come in
/// pieces.
pub fn printable(text: &str) -> Cow<'_, str> {
    let harmful = |char: char| char == '\r' || (is_hidden(char) && !is_joiner(char));
    if text.contains(harmful) { Cow::Owned(text.replace(harmful, "")) } else { Cow::Borrowed(text) }
}

/// `text` as [`printable`] on one line.
pub fn printable_line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

/// The name that somebody gives to a thing, as a person sees it, without lines, tabs and what stands around it.
pub fn plain_name(text: &str) -> String {
    let (shown, _) = without_hidden(text);
    shown.replace(['\n', '\r', '\t'], "").trim().to_owned()
}

fn escaped(text: &str, hides: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if hides(char) {
            shown.extend(char.escape_unicode());
        } else {
            shown.push(char);
        }
    }
    shown
}

/// `text` without hidden characters, and how many there were. A single joiner behind what is no ASCII stays: emoji and
/// several scripts need it, and one alone hides nothing.
pub fn without_hidden(text: &str) -> (Cow<'_, str>, usize) {
    if !text.chars().any(is_hidden) {
        return (Cow::Borrowed(text), 0);
    }
    let (mut shown, mut removed, mut before) = (String::with_capacity(text.len()), 0, None);
    for (index, char) in text.chars().enumerate() {
        if !is_hidden(char) || before.is_some_and(|before| joins(before, char)) {
            shown.push(char);
            before = Some(char);
        } else if index > 0 || char != '\u{feff}' {
            // Editors put that mark at the beginning of a file; it says nothing.
            removed += 1;
        }
    }
    (Cow::Owned(shown), removed)
}

/// Whether `char` is a joiner that has something to do behind `before`.
fn joins(before: char, char: char) -> bool {
    let picture = !before.is_ascii() && !is_hidden(before) && !before.is_whitespace();
    match char {
        '\u{fe0e}' | '\u{fe0f}' => picture || matches!(before, '0'..='9' | '#' | '*'),
        '\u{200c}' | '\u{200d}' => picture || before == '\u{fe0f}',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_hides_is_shown_as_its_escape_or_left_out_of_names() {
        let text = " a\u{1b}[31m\u{202e}b\n\tc\u{e0041}";
        assert_eq!(visible(text), " a\\u{1b}[31m\\u{202e}b\n\tc\\u{e0041}");
        assert_eq!(visible_line(text), " a\\u{1b}[31m\\u{202e}b\\u{a}\\u{9}c\\u{e0041}");
        assert_eq!(plain_name(text), "a[31mbc");
    }

    #[test]
    fn a_diff_keeps_its_line_ends_tabs_and_pictures() {
        let diff = "+\ta\r\n-⚠\u{fe0f} b\r";
        assert_eq!(visible_lines(diff), diff);
        assert_eq!(visible_lines("a\rb\u{202e}c\u{200d}"), "a\\u{d}b\\u{202e}c\\u{200d}");
    }

    #[test]
    fn what_is_printed_steers_no_terminal_and_turns_no_text_around() {
        assert_eq!(printable("a\x1b]0;evil\x07\u{9b}2J\r\n\tb\u{202e}c"), "a]0;evil2J\n\tbc");
        assert_eq!(printable("\u{200c}خواهم"), "\u{200c}خواهم", "the rest of a word that came in pieces");
    }

    #[test]
    fn what_hides_or_turns_text_around_is_removed_and_counted() {
        for (text, shown, removed) in [
            ("plain\ttext\r\n", "plain\ttext\r\n", 0),
            ("\u{feff}beginning", "beginning", 0),
            ("a\u{202e}b\u{2066}c", "abc", 2),
            ("a\u{200b}\u{200d}b", "ab", 2),
            ("x\u{e0041}\u{e0042}", "x", 2),
            ("bell\u{7}\u{1b}[31m", "bell[31m", 2),
            (
                "⚠\u{fe0f} 1\u{fe0f}\u{20e3} 👩\u{200d}💻 می\u{200c}خواهم",
                "⚠\u{fe0f} 1\u{fe0f}\u{20e3} 👩\u{200d}💻 می\u{200c}خواهم",
                0,
            ),
            ("é\u{200d}\u{200d}\u{200c}", "é\u{200d}", 2),
        ] {
            assert_eq!(without_hidden(text), (Cow::Borrowed(shown), removed), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_cleaned_is_clean(text in any::<String>(), joiners in "[a\u{200d}\u{fe0f}\u{200c}é👩1 ]{0,12}") {
            let (once, _) = without_hidden(&text);
            prop_assert_eq!(without_hidden(&once).1, 0, "{:?}", once);
            let (once, _) = without_hidden(&joiners);
            prop_assert_eq!(without_hidden(&once).1, 0, "{:?}", once);
        }
    }
}
