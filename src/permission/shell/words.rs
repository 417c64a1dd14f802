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
    /// Whether file names are put in its place, or a home folder.
    pub(super) expands: bool,
}

/// Reads a word. The error names what is not understood.
pub(super) fn read(node: Node<'_>, source: &str) -> Result<Word, String> {
    let mut text = String::new();
    let mut expands = false;
    let mut quoted = false;
    append(node, source, &mut text, &mut expands, &mut quoted)?;
    if expands && quoted {
        return Err("a pattern that is partly quoted".to_owned());
    }
    let shown = if expands { text.clone() } else { quote(&text) };
    Ok(Word { shown, text, expands })
}

fn append(
    node: Node<'_>,
    source: &str,
    text: &mut String,
    expands: &mut bool,
    quoted: &mut bool,
) -> Result<(), String> {
    let raw = range(source, node.start_byte(), node.end_byte());
    match node.kind() {
        "word" | "number" => bare(raw, text, expands, quoted),
        "raw_string" => {
            *quoted = true;
            let inner = raw.strip_prefix('\'').and_then(|raw| raw.strip_suffix('\''));
            text.push_str(inner.ok_or("an open quote")?);
            Ok(())
        }
        "string" => {
            *quoted = true;
            double_quoted(raw, text)
        }
        "concatenation" => {
            let mut at = node.start_byte();
            for child in super::children(node) {
                if child.start_byte() != at {
                    return Err("a word in pieces".to_owned());
                }
                append(child, source, text, expands, quoted)?;
                at = child.end_byte();
            }
            Ok(())
        }
        kind => Err(super::known::construct(kind)),
    }
}

fn bare(raw: &str, text: &mut String, expands: &mut bool, quoted: &mut bool) -> Result<(), String> {
    if raw.starts_with('~') || raw.contains(":~") || raw.contains("=~") {
        *expands = true;
    }
    if raw.contains('{') && raw != "{}" {
        return Err("a brace expansion".to_owned());
    }
    let mut chars = raw.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('\n') | None => return Err("a word that goes on in the next line".to_owned()),
                Some(escaped) => {
                    *quoted = true;
                    text.push(escaped);
                }
            },
            '$' | '`' => return Err("an expansion".to_owned()),
            '(' | ')' | '<' | '>' | '|' | '&' | ';' | '"' | '\'' => {
                return Err(format!("`{char}` in a word"));
            }
            '*' | '?' | '[' => {
                *expands = true;
                text.push(char);
            }
            char if char.is_whitespace() => return Err("unusual white space".to_owned()),
            char => text.push(char),
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
    if !text.is_empty() && !text.starts_with(['#', '~']) && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
