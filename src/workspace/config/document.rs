//! A JSONC document as a JSON value, and the place of each of its values. Pure.
//!
//! JSON with comments and trailing commas, nothing looser: what would be guessed at is an error with its place.

use std::collections::HashMap;

use jsonc_parser::{CollectOptions, ParseOptions, ast, common::Ranged, errors::ParseErrorKind, parse_to_ast};
use serde_json::{Map, Value};

use super::mistake::{KeyPath, Position};
use crate::transcript::text::range;

/// A parsed document.
#[derive(Debug)]
pub(super) struct Document {
    /// Its value; `null` when it is empty.
    pub(super) value: Value,
    /// Where each value stands.
    pub(super) places: Places,
    /// Keys that are there more than once. The last one counts.
    pub(super) twice: Vec<KeyPath>,
}

/// Where values stand in a text. Made whole only for what is asked for: a line may be as long as the file.
#[derive(Debug, Default)]
pub(super) struct Places {
    text: String,
    /// The byte at which each line begins.
    starts: Vec<usize>,
    /// The byte at which each value begins: with its key, if it has one.
    offsets: HashMap<KeyPath, usize>,
}

impl Places {
    fn new(text: &str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text: text.to_owned(), starts, offsets: HashMap::new() }
    }

    /// Where the value of a path stands, or the nearest one around it. `None` where there is no text.
    pub(super) fn of(&self, path: &[String]) -> Option<Position> {
        self.nearest(path).map(|offset| self.position(offset))
    }

    /// The line of a value, from 1.
    pub(super) fn line(&self, path: &[String]) -> Option<u32> {
        self.nearest(path).map(|offset| count(self.line_of(offset)))
    }

    fn nearest(&self, path: &[String]) -> Option<usize> {
        (0..=path.len()).rev().find_map(|length| self.offsets.get(path.get(..length)?)).copied()
    }

    fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    fn position(&self, offset: usize) -> Position {
        let line = self.line_of(offset);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let column = range(&self.text, start, offset).chars().count() + 1;
        Position { line: count(line), column: count(column) }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Where and why a text is no JSONC.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) at: Position,
    pub(super) problem: String,
    pub(super) cure: &'static str,
}

/// Parses a document.
pub(super) fn parse(text: &str) -> Result<Document, SyntaxError> {
    let options = ParseOptions {
        allow_comments: true,
        allow_loose_object_property_names: false,
        allow_trailing_commas: true,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { places: Places::new(text), twice: Vec::new() };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options).map_err(|error| SyntaxError {
        at: reader.places.position(error.range().start),
        problem: format!("is no JSON with comments: {}", error.kind()),
        cure: cure(error.kind()),
    })?;
    let value = match parsed.value {
        Some(value) => reader.read(&value, &mut Vec::new())?,
        None => Value::Null,
    };
    Ok(Document { value, places: reader.places, twice: reader.twice })
}

/// What to do about a syntax error.
fn cure(kind: &ParseErrorKind) -> &'static str {
    use ParseErrorKind as Kind;
    match kind {
        Kind::SingleQuotedStringsNotAllowed => "Put texts and keys into double quotes.",
        Kind::ExpectedStringObjectProperty | Kind::UnexpectedWord | Kind::UnexpectedTokenInObject => {
            "Put keys and texts into double quotes, and look for a missing comma before."
        }
        Kind::ExpectedComma => "Put a comma between the two.",
        Kind::ExpectedColonAfterObjectKey => "Put a colon behind the key.",
        Kind::ExpectedObjectValue => "Put a value behind the colon.",
        Kind::UnterminatedArray => "Close the list with ].",
        Kind::UnterminatedObject => "Close the object with }.",
        Kind::UnterminatedCommentBlock => "Close the comment with */.",
        Kind::UnexpectedCloseBrace | Kind::UnexpectedCloseBracket => {
            "Put a value before the bracket, or take it out."
        }
        Kind::UnexpectedComma => "Take out the comma that is too much.",
        Kind::MultipleRootJsonValues => "Keep everything inside one { }.",
        Kind::String(_) => "Close the text with a double quote on its line, and write backslashes as \\\\.",
        Kind::NestingDepthExceeded => "Nest less deep.",
        Kind::BareDecimalPointNumbersNotAllowed
        | Kind::ExpectedDigit
        | Kind::ExpectedDigitFollowingNegativeSign
        | Kind::ExpectedPlusMinusOrDigitInNumberLiteral
        | Kind::HexadecimalNumbersNotAllowed
        | Kind::NonFiniteNumbersNotAllowed
        | Kind::UnaryPlusNumbersNotAllowed => "Write the number as in 20, 0.5 or 1e3.",
        _ => "Correct what stands there.",
    }
}

/// Walks the syntax tree.
struct Reader {
    places: Places,
    twice: Vec<KeyPath>,
}

impl Reader {
    fn read(&mut self, node: &ast::Value<'_>, path: &mut KeyPath) -> Result<Value, SyntaxError> {
        let start = node.range().start;
        self.places.offsets.entry(path.clone()).or_insert(start);
        Ok(match node {
            ast::Value::StringLit(text) => Value::String(text.value.to_string()),
            ast::Value::BooleanLit(word) => Value::Bool(word.value),
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::NumberLit(number) => serde_json::from_str(number.value).map_err(|_| SyntaxError {
                at: self.places.position(start),
                problem: format!("is no JSON with comments: {} is not a number", number.value),
                cure: "Write the number as in 20, 0.5 or 1e3.",
            })?,
            ast::Value::Array(list) => {
                let mut values = Vec::new();
                for (at, element) in list.elements.iter().enumerate() {
                    path.push(at.to_string());
                    values.push(self.read(element, path)?);
                    path.pop();
                }
                Value::Array(values)
            }
            ast::Value::Object(object) => Value::Object(self.object(object, path)?),
        })
    }

    fn object(
        &mut self,
        object: &ast::Object<'_>,
        path: &mut KeyPath,
    ) -> Result<Map<String, Value>, SyntaxError> {
        let mut map = Map::new();
        for property in &object.properties {
            let name = property.name.as_str().to_owned();
            path.push(name.clone());
            if map.contains_key(&name) {
                self.twice.push(path.clone());
            }
            self.places.offsets.insert(path.clone(), property.range().start);
            map.insert(name, self.read(&property.value, path)?);
            path.pop();
        }
        Ok(map)
    }
}
