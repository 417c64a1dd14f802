//! Characters that a person does not see: controls, escapes, zero-width, bidirectional and tag characters.
//!
//! Names and commands come from repositories and models. What a person decides by has to be what is there.

/// Whether a reader does not see it, or sees something else because of it. Line ends and tabs are among them.
pub fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

/// `text` with the escapes of its hidden characters in their place; lines and tabs stay.
pub fn visible(text: &str) -> String {
    escaped(text, |char| is_hidden(char) && !matches!(char, '\n' | '\t'))
}

/// [`visible`], on one line: for titles and lists.
pub fn visible_line(text: &str) -> String {
    escaped(text, is_hidden)
}

/// `text` without its hidden characters: for a name that somebody gives.
pub fn without_hidden(text: &str) -> String {
    text.chars().filter(|char| !is_hidden(*char)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_shown_as_its_escape_or_taken_out() {
        let text = "a\u{1b}[31m\u{202e}b\n\tc\u{e0041}";
        assert_eq!(visible(text), "a\\u{1b}[31m\\u{202e}b\n\tc\\u{e0041}");
        assert_eq!(visible_line(text), "a\\u{1b}[31m\\u{202e}b\\u{a}\\u{9}c\\u{e0041}");
        assert_eq!(without_hidden(text), "a[31mbc");
    }
}
