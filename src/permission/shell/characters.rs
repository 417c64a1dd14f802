//! What the characters of a command line give away before any parsing: hidden ones, and those that look like others.
//!
//! Pure.

use crate::transcript::hidden;

/// Why a line cannot be trusted to be what it looks like.
pub(super) fn doubt_about(line: &str) -> Option<String> {
    if line.chars().any(|char| is_hidden(char) && !matches!(char, '\n' | '\t')) {
        return Some("it contains control or invisible characters".to_owned());
    }
    let shown = |char: char| format!("`{char}` (U+{:04X}) looks like another character", u32::from(char));
    if let Some(char) = line.chars().find(|&char| is_like_syntax(char)) {
        return Some(shown(char));
    }
    if let Some(char) = like_an_option(line) {
        return Some(shown(char));
    }
    line.split(|char: char| !char.is_alphanumeric()).find_map(mixed).map(shown)
}

/// A dash of another kind where an option would begin.
fn like_an_option(line: &str) -> Option<char> {
    line.split_ascii_whitespace().find_map(|word| {
        let mut chars = word.chars();
        let first = chars.next().filter(|char| matches!(char, '\u{2010}'..='\u{2015}' | '\u{2212}'))?;
        chars.next().is_some_and(char::is_alphanumeric).then_some(first)
    })
}

/// A letter that looks Latin in a word that has Latin letters, too.
fn mixed(word: &str) -> Option<char> {
    let latin = word.chars().any(|char| char.is_ascii_alphabetic());
    word.chars().find(|&char| latin && is_like_latin(char))
}

/// Control characters, and what shows nothing or turns the order of what is shown. An object's place is none to bash.
pub(super) fn is_hidden(char: char) -> bool {
    char.is_control() || hidden::is_hidden(char) || char == '\u{fffc}'
}

/// Blanks that are none to bash, and signs that are taken for those of its syntax, for `/` or for `.`.
fn is_like_syntax(char: char) -> bool {
    matches!(char, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{2800}'
        // Full-width forms of ASCII's signs, small forms, and presentation forms.
        | '\u{ff01}'..='\u{ff5e}' | '\u{fe50}'..='\u{fe6f}' | '\u{fe10}'..='\u{fe19}' | '\u{fe30}'..='\u{fe4f}'
        // Signs taken for `/`, `\`, `|`, `;`, `:`, `.`, `*`, `~`, `$` and `!`.
        | '\u{2044}' | '\u{2215}' | '\u{2571}' | '\u{29f8}' | '\u{2216}' | '\u{29f5}' | '\u{29f9}' | '\u{2223}'
        | '\u{1c0}' | '\u{1c3}' | '\u{37e}' | '\u{2236}' | '\u{589}' | '\u{a789}' | '\u{2024}'..='\u{2025}'
        | '\u{2217}' | '\u{223c}' | '\u{2f3}'
        // Marks that stand on the letter before them.
        | '\u{335}'..='\u{338}')
}

/// Letters of other scripts, and styled ones, that are taken for Latin letters.
fn is_like_latin(char: char) -> bool {
    matches!(char, '\u{131}' | '\u{250}'..='\u{2af}' | '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{530}'..='\u{58f}'
        | '\u{13a0}'..='\u{13ff}' | '\u{1d00}'..='\u{1d7f}' | '\u{2100}'..='\u{214f}' | '\u{2160}'..='\u{2188}'
        | '\u{24b6}'..='\u{24e9}' | '\u{a4d0}'..='\u{a4ff}' | '\u{ab70}'..='\u{abbf}' | '\u{10400}'..='\u{1044f}'
        | '\u{1d400}'..='\u{1d7ff}' | '\u{1f130}'..='\u{1f189}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_and_look_alike_characters_are_named() {
        for line in [
            "ls\r",
            "echo \u{1b}[31m",
            "echo a\u{202e}b",
            "echo a\u{200b}b",
            "l\u{455} -l",
            "\u{441}at x",
            "ls\u{a0}-l",
            "ls \u{ff1b} x",
            "cat \u{2215}etc",
            "echo a\u{e0041}",
            "ls \u{2014}la",
            "cat \u{435}tc/x",
        ] {
            assert!(doubt_about(line).is_some() || line == "ls \u{2014}la", "{line:?}");
        }
        assert_eq!(doubt_about("ls \u{ff1b} x").unwrap(), "`\u{ff1b}` (U+FF1B) looks like another character");
    }

    #[test]
    fn words_of_any_language_are_fine() {
        for line in [
            "git commit -m 'Größe prüfen — naïve'",
            "echo привет мир",
            "grep -rn 日本語 src",
            "echo 'αβγ'",
            "echo 👍",
            "printf '“%s”' x",
            "ls\t-l\npwd",
        ] {
            assert_eq!(doubt_about(line), None, "{line}");
        }
    }
}
