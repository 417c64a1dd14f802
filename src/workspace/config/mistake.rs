//! What is wrong with a layer, as one message: where, which key, what, and the cure. Pure.
//!
//! A file of somebody else's is quoted here (names of keys, short values), so what is quoted is cut and made visible;
//! values that may be secrets are not quoted at all (invariant 13).

use crate::transcript::{hidden, text::ellipsis};

/// The keys that lead to a value; elements of lists by their number.
pub(super) type KeyPath = Vec<String>;

/// The most mistakes that are told of one layer.
pub(in crate::workspace) const MOST: usize = 40;

/// The most of a key that is quoted, in bytes.
const QUOTED_KEY: usize = 120;

/// The most of a value that is quoted, in bytes.
const QUOTED_VALUE: usize = 60;

/// Something that is wrong with a layer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}. {cure}", self.place(), self.problem())]
pub struct Mistake {
    /// The file, `client` or `commandLine`.
    pub source_name: String,
    /// Where in a file: line and column (in characters), both from 1.
    pub at: Option<Position>,
    /// The dotted key; empty for the whole layer.
    pub key: String,
    /// What is wrong, as what is said of the key.
    pub message: String,
    /// What to do about it.
    pub cure: String,
}

/// A place in a file: both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words say it")]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl Mistake {
    /// Its file, line and column, as compilers write them.
    pub fn place(&self) -> String {
        match self.at {
            Some(at) => format!("{}:{}:{}", self.source_name, at.line, at.column),
            None => self.source_name.clone(),
        }
    }

    /// The key and what is wrong with it.
    pub fn problem(&self) -> String {
        if self.key.is_empty() { self.message.clone() } else { format!("`{}` {}", self.key, self.message) }
    }
}

/// How much a mistake costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// A value is not used.
    Error,
    /// Something means nothing.
    Warning,
}

/// A mistake on its way: its place in the file is not known yet.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) weight: Weight,
    pub(super) path: KeyPath,
    pub(super) problem: String,
    pub(super) cure: String,
}

/// What was found in one layer: the first [`MOST`] of each weight, the others only counted.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// They, as they were found.
    pub(super) told: Vec<Finding>,
    errors: usize,
    warnings: usize,
}

impl Findings {
    /// A value that is not used.
    pub(super) fn error(&mut self, path: &[String], problem: impl Into<String>, cure: impl Into<String>) {
        self.add(Weight::Error, path, || (problem.into(), cure.into()));
    }

    /// Something that means nothing.
    pub(super) fn warning(&mut self, path: &[String], problem: impl Into<String>, cure: impl Into<String>) {
        self.add(Weight::Warning, path, || (problem.into(), cure.into()));
    }

    /// Something whose problem and cure take work to find: `words` is called if it is told.
    pub(super) fn add(&mut self, weight: Weight, path: &[String], words: impl FnOnce() -> (String, String)) {
        let count = match weight {
            Weight::Error => &mut self.errors,
            Weight::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= MOST {
            let (problem, cure) = words();
            self.told.push(Finding { weight, path: path.to_vec(), problem, cure });
        }
    }

    /// How many of that weight are not told.
    pub(super) fn untold(&self, weight: Weight) -> usize {
        let count = match weight {
            Weight::Error => self.errors,
            Weight::Warning => self.warnings,
        };
        count.saturating_sub(MOST)
    }
}

/// A dotted key as it may be shown.
pub(super) fn shown_key(path: &[String]) -> String {
    quoted(&path.join("."), QUOTED_KEY)
}

/// A text as it may be quoted.
pub(super) fn shown_value(text: &str) -> String {
    quoted(text, QUOTED_VALUE)
}

fn quoted(text: &str, max: usize) -> String {
    let visible: String = text.chars().flat_map(escaped).collect();
    ellipsis(&visible, max)
}

/// Characters that would not be seen, or would change how others are, become their escapes.
fn escaped(char: char) -> Vec<char> {
    let unseen = char.is_control() || hidden::is_hidden(char);
    if unseen { char.escape_unicode().collect() } else { vec![char] }
}

/// The one of `known` that `word` was probably meant to be.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    const CLOSE_ENOUGH: f32 = 0.65;
    let same = known.iter().find(|name| name.eq_ignore_ascii_case(word)).copied();
    same.or_else(|| similar::get_close_matches(word, known, 1, CLOSE_ENOUGH).into_iter().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_key_is_shown_harmless_and_short() {
        let key = shown_key(&["a\u{1b}[31m\u{202e}\n".to_owned(), "x".repeat(500)]);
        assert!(key.starts_with(r"a\u{1b}[31m\u{202e}\u{a}.xxx") && key.len() <= QUOTED_KEY, "{key}");
    }

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        let known = ["model", "maxSteps", "providers"];
        assert_eq!(nearest("modell", &known), Some("model"));
        assert_eq!(nearest("MAXSTEPS", &known), Some("maxSteps"));
        assert_eq!(nearest("temperature", &known), None);
    }
}
