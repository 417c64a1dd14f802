//! `core.worktree` in a git directory's configuration. Pure.
//!
//! Reads what git itself writes there (`git-config(1)`, "Syntax"): sections, names in any case, values in double quotes
//! with escapes, comments. A value that goes on in the next line, and what other files would say, is not looked at.

/// The folder that the repository keeps, as it is written: the last one that is said.
pub(super) fn worktree(config: &str) -> Option<String> {
    let mut in_core = false;
    let mut found = None;
    for line in config.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            in_core = section.split_once(']').is_some_and(|(name, _)| name.eq_ignore_ascii_case("core"));
        } else if let Some((name, written)) = line.split_once('=').filter(|_| in_core)
            && name.trim().eq_ignore_ascii_case("worktree")
        {
            found = value(written.trim());
        }
    }
    found
}

/// A value without its quotes, escapes and comment. `None` when it does not end, or has an escape that git has not.
fn value(written: &str) -> Option<String> {
    let (mut value, mut quoted) = (String::new(), false);
    let mut chars = written.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => quoted = !quoted,
            '\\' => value.push(match chars.next()? {
                'n' => '\n',
                't' => '\t',
                'b' => '\u{8}',
                escaped @ ('"' | '\\') => escaped,
                _ => return None,
            }),
            '#' | ';' if !quoted => break,
            char => value.push(char),
        }
    }
    let value = if written.ends_with('"') { value.as_str() } else { value.trim_end() };
    (!quoted && !value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_folder_is_read_as_git_writes_it() {
        for (config, folder) in [
            ("[core]\n\tworktree = ../../../sub\n", Some("../../../sub")),
            ("[core]\n\tbare = false\n[user]\n\tname = a\n", None),
            ("[user]\nworktree = a\n[Core]\nWorkTree=b\n", Some("b")),
            ("[core]\nworktree = \"../a b;c\" ; why\n", Some("../a b;c")),
            ("[core]\nworktree = \"a\\\\b\\\"c\"\n", Some("a\\b\"c")),
            ("[core]\nworktree = a # b\n", Some("a")),
            ("[core]\nworktree = a\nworktree = b\n", Some("b")),
            ("[core \"x\"]\nworktree = a\n", None),
            ("[core]\nworktree = \"a\n", None),
            ("[core]\nworktree = a\\q\n", None),
            ("[core]\nworktree =\n", None),
        ] {
            assert_eq!(worktree(config).as_deref(), folder, "{config}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_read_without_harm(config in "(\\[core\\]|worktree|=|\"|\\\\|\n|a|;| ){0,24}") {
            if let Some(folder) = worktree(&config) {
                prop_assert!(!folder.is_empty() && config.contains("worktree"));
            }
        }
    }
}
