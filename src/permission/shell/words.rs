//! One word of a command: what bash would make of it, or the construct that makes it unknowable.

use tree_sitter::Node;

use crate::transcript::text::range;

/// A word without substitutions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// In one canonical spelling: quoted where needed, with single quotes; a glob stays as it is written.
    pub(super) shown: String,
    /// What the program gets; for a glob, the pattern.
    pub(super) text: String,
    /// What bash puts in its place.
    pub(super) expands: Expands,
}

/// What bash puts in the place of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expands {
    /// Nothing: it is what it is.
    No,
    /// A home folder, for its `~`. It may be a pattern, too.
    Home,
    /// The names of files that match it.
    Files,
}

impl Word {
    /// Whether something is put in its place.
    pub(super) fn expands(&self) -> bool {
        self.expands != Expands::No
    }
}

/// A word as far as it is read.
struct Reading {
    text: String,
    expands: Expands,
    quoted: bool,
    /// Whether there is a brace that is not quoted.
    brace: bool,
}

/// Reads a word. The error names what is not understood.
pub(super) fn read(node: Node<'_>, source: &str) -> Result<Word, String> {
    let mut reading = Reading { text: String::new(), expands: Expands::No, quoted: false, brace: false };
    append(node, source, &mut reading)?;
    let Reading { text, expands, quoted, brace } = reading;
    // Without a comma or two dots braces are what they are: `stash@{0}`, `{}`.
    if brace && (text.contains(',') || text.contains("..")) {
        return Err("a brace expansion".to_owned());
    }
    if expands != Expands::No && quoted {
        return Err("a pattern that is partly quoted".to_owned());
    }
    let shown = if expands == Expands::No { quote(&text) } else { text.clone() };
    Ok(Word { shown, text, expands })
}

fn append(node: Node<'_>, source: &str, reading: &mut Reading) -> Result<(), String> {
    let raw = range(source, node.start_byte(), node.end_byte());
    match node.kind() {
        "word" | "number" => bare(raw, reading),
        // Of a test. A lone bracket is no pattern.
        "test_operator" | "=" | "==" | "!=" | "!" | "[" | "]" => {
            reading.text.push_str(raw);
            Ok(())
        }
        "raw_string" => {
            reading.quoted = true;
            let inner = raw.strip_prefix('\'').and_then(|raw| raw.strip_suffix('\''));
            reading.text.push_str(inner.ok_or("an open quote")?);
            Ok(())
        }
        "string" => {
            reading.quoted = true;
            double_quoted(raw, &mut reading.text)
        }
        "concatenation" => {
            let mut at = node.start_byte();
            for child in super::children(node) {
                if child.start_byte() != at {
                    return Err("a word in pieces".to_owned());
                }
                append(child, source, reading)?;
                at = child.end_byte();
            }
            Ok(())
        }
        kind => Err(super::known::construct(kind)),
    }
}

fn bare(raw: &str, reading: &mut Reading) -> Result<(), String> {
    if raw.starts_with('~') || raw.contains(":~") || raw.contains("=~") {
        reading.expands = Expands::Home;
    }
    let mut chars = raw.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('\n') | None => return Err("a word that goes on in the next line".to_owned()),
                Some(escaped) => {
                    reading.quoted = true;
                    reading.text.push(escaped);
                }
            },
            '$' | '`' => return Err("an expansion".to_owned()),
            '(' | ')' | '<' | '>' | '|' | '&' | ';' | '"' | '\'' => {
                return Err(format!("`{char}` in a word"));
            }
            '*' | '?' | '[' => {
                if reading.expands == Expands::No {
                    reading.expands = Expands::Files;
                }
                reading.text.push(char);
            }
            char if char.is_whitespace() => return Err("unusual white space".to_owned()),
            char => {
                reading.brace |= char == '{';
                reading.text.push(char);
            }
        }
    }
    Ok(())
}

fn double_quoted(raw: &str, text: &mut String) -> Result<(), String> {
    let inner = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).ok_or("an open quote")?;
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        match char {
            '$' | '`' => return Err("an expansion in a string".to_owned()),
            '\\' => match chars.next() {
                Some(escaped @ ('$' | '`' | '"' | '\\')) => text.push(escaped),
                Some('\n') | None => return Err("a string that goes on in the next line".to_owned()),
                Some(other) => text.extend(['\\', other]),
            },
            '"' => return Err("a quote in a string".to_owned()),
            char => text.push(char),
        }
    }
    Ok(())
}

/// The canonical spelling of a word that bash is to take as it is.
fn quote(text: &str) -> String {
    let plain = |char: char| char.is_alphanumeric() || "_-./:=@%+,^{}#".contains(char);
    if matches!(text, "[" | "]" | "!" | "!=") {
        return text.to_owned();
    }
    if !text.is_empty() && !text.starts_with(['#', '~']) && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
