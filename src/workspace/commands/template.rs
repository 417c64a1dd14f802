//! A command's template, and what becomes of it: arguments in their places, files named, snippets left to be run.
//!
//! Snippets are found in the template alone, before any argument is inserted: nothing that is typed, and nothing that a
//! snippet prints, is ever run, and nothing that is inserted is looked at again (invariant 12). Pure.

use serde::{Deserialize, Serialize};

use crate::transcript::text;

/// Files that one call names at most; what comes after them stays text.
pub(in crate::workspace) const MOST_FILES: usize = 20;

/// A piece of a prompt that a command becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Piece {
    /// It is sent as it is.
    Text(String),
    /// A command line whose output stands in its place.
    Shell(String),
}

/// A file that a call names with `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As it was written.
    pub path: String,
    /// Whether the person typed it, and not the template.
    pub typed: bool,
}

/// What a call of a command means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// The prompt.
    pub pieces: Vec<Piece>,
    /// The files that it names, each once, at most [`MOST_FILES`].
    pub files: Vec<Named>,
}

/// An expansion would be too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("with its arguments the command is longer than {0} bytes")]
pub struct TooLong(pub usize);

/// What stands in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Text(String),
    /// `$1` to `$9`, from 0.
    Argument(usize),
    /// `$ARGUMENTS`.
    Arguments,
    /// `@`, behind which a path begins.
    At,
    /// White space: it ends a path.
    Blank(char),
    /// `` !`command` ``.
    Shell(String),
}

/// How many shell snippets a template has.
pub(super) fn snippets(template: &str) -> usize {
    tokens(template).iter().filter(|token| matches!(token, Token::Shell(_))).count()
}

/// Puts the arguments into a template. What was typed behind a command that has no place for it comes at the end. Fails
/// when more than `most` bytes would come of it.
pub fn expand(template: &str, arguments: &str, most: usize) -> Result<Expanded, TooLong> {
    let (tokens, words) = (tokens(template), words(arguments));
    let takes = tokens.iter().any(|token| matches!(token, Token::Argument(_) | Token::Arguments));
    let mut making = Making { most, ..Making::default() };
    for token in &tokens {
        match token {
            Token::Text(text) => making.push(text)?,
            Token::Argument(index) => making.push(words.get(*index).map_or("", String::as_str))?,
            Token::Arguments => making.push(arguments)?,
            Token::At => making.begin_path()?,
            Token::Blank(blank) => {
                making.end_path();
                making.push(blank.encode_utf8(&mut [0; 4]))?;
            }
            Token::Shell(command) => {
                making.end_path();
                making.expanded.pieces.push(Piece::Shell(command.clone()));
            }
        }
    }
    making.end_path();
    if !takes && !arguments.is_empty() {
        making.push("\n\n")?;
        making.push(arguments)?;
    }
    for word in arguments.split_whitespace().filter_map(|word| word.strip_prefix('@')) {
        making.name(word, true);
    }
    Ok(making.expanded)
}

/// An expansion that is being made.
#[derive(Default)]
struct Making {
    expanded: Expanded,
    /// The path that is being read.
    path: Option<String>,
    bytes: usize,
    most: usize,
}

impl Making {
    fn push(&mut self, more: &str) -> Result<(), TooLong> {
        self.bytes += more.len();
        if self.bytes > self.most {
            return Err(TooLong(self.most));
        }
        if let Some(path) = &mut self.path {
            path.push_str(more);
        }
        match self.expanded.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push_str(more),
            _ if more.is_empty() => {}
            _ => self.expanded.pieces.push(Piece::Text(more.to_owned())),
        }
        Ok(())
    }

    fn begin_path(&mut self) -> Result<(), TooLong> {
        self.push("@")?;
        self.path = Some(String::new());
        Ok(())
    }

    fn end_path(&mut self) {
        if let Some(path) = self.path.take() {
            self.name(&path, false);
        }
    }

    /// Takes a file, without what ends the sentence that it stands in.
    fn name(&mut self, path: &str, typed: bool) {
        let path = path.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'']);
        if path.is_empty() || path.contains(['\n', '\0']) || self.expanded.files.len() >= MOST_FILES {
            return;
        }
        match self.expanded.files.iter_mut().find(|named| named.path == path) {
            Some(named) => named.typed |= typed,
            None => self.expanded.files.push(Named { path: path.to_owned(), typed }),
        }
    }
}

fn tokens(template: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = template.char_indices().peekable();
    let mut before = None;
    while let Some((at, char)) = chars.next() {
        // Behind a letter they are parts of a word: a mail address, an exclamation.
        let begins = before.is_none_or(|before: char| !before.is_alphanumeric());
        before = Some(char);
        let (found, length) = match char {
            '\\' if matches!(chars.peek(), Some((_, '$' | '@' | '!'))) => {
                before = chars.next().map(|(_, escaped)| escaped);
                (before.map(|escaped| Token::Text(escaped.to_string())), 0)
            }
            '$' => placeholder(text::from(template, at + 1)),
            '!' if begins => snippet(text::from(template, at + 1)),
            '@' if begins => (chars.peek().filter(|(_, next)| !next.is_whitespace()).map(|_| Token::At), 0),
            blank if blank.is_whitespace() => (Some(Token::Blank(blank)), 0),
            _ => (None, 0),
        };
        while length > 0 && chars.next_if(|(next, _)| *next <= at + length).is_some() {}
        match (found.unwrap_or_else(|| Token::Text(char.to_string())), tokens.last_mut()) {
            (Token::Text(more), Some(Token::Text(text))) => text.push_str(&more),
            (token, _) => tokens.push(token),
        }
    }
    tokens
}

/// The placeholder that follows a `$`, and its length.
fn placeholder(rest: &str) -> (Option<Token>, usize) {
    const ALL: &str = "ARGUMENTS";
    if let Some(behind) = rest.strip_prefix(ALL) {
        let goes_on = behind.starts_with(|char: char| char.is_alphanumeric() || char == '_');
        return if goes_on { (None, 0) } else { (Some(Token::Arguments), ALL.len()) };
    }
    let mut chars = rest.chars();
    let number = chars.next().and_then(|char| char.to_digit(10)).and_then(|number| number.checked_sub(1));
    match number.and_then(|number| usize::try_from(number).ok()) {
        Some(index) if !chars.next().is_some_and(|next| next.is_ascii_digit()) => {
            (Some(Token::Argument(index)), 1)
        }
        _ => (None, 0),
    }
}

/// The command line between the backticks that follow a `!`, and the length of all.
fn snippet(rest: &str) -> (Option<Token>, usize) {
    let command = rest.strip_prefix('`').and_then(|rest| rest.split_once('`')).map(|(command, _)| command);
    match command.filter(|command| !command.trim().is_empty()) {
        Some(command) => (Some(Token::Shell(command.to_owned())), command.len() + 2),
        None => (None, 0),
    }
}

/// Arguments as a shell would part them: by white space, except within quotes.
fn words(arguments: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for char in arguments.chars() {
        match quote {
            Some(open) if char == open => quote = None,
            None if matches!(char, '"' | '\'') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            None if char.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(char),
        }
    }
    // A quote that nobody closed is none: an apostrophe, say.
    if quote.is_some() {
        return arguments.split_whitespace().map(str::to_owned).collect();
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests;
