//! Names and descriptions that people give to agents and commands. Pure.

use std::path::Path;

use crate::transcript::text;

/// Bytes of a name.
pub(in crate::workspace) const NAME: usize = 64;

/// Bytes of a description.
pub(in crate::workspace) const DESCRIPTION: usize = 1_024;

/// What a name has to be.
pub(super) const RULE: &str = "its name must be letters, digits, `-` and `_`, at most 64";

/// Whether it is one that can be typed and shown anywhere.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=NAME).contains(&name.len()) && name.bytes().all(plain)
}

/// The name that a file gives, as it may be shown.
pub(super) fn of_file(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let shown: String = stem.chars().flat_map(char::escape_debug).collect();
    text::ellipsis(&shown, NAME)
}

/// One line.
pub(super) fn description(written: &str) -> String {
    text::ellipsis(&written.split_whitespace().collect::<Vec<_>>().join(" "), DESCRIPTION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_typed_and_shown_anywhere() {
        for (name, good) in [
            ("review", true),
            ("a-b_2", true),
            ("", false),
            ("two words", false),
            ("a/b", false),
            ("é", false),
            ("x\u{1b}[31m", false),
        ] {
            assert_eq!(is_name(name), good, "{name:?}");
        }
        assert!(!is_name(&"n".repeat(NAME + 1)));
        assert_eq!(of_file(Path::new("/x/a\nb\u{1b}.md")), "a\\nb\\u{1b}");
        assert_eq!(description(" one\n  two "), "one two");
    }
}
