//! A JSONC document as a JSON value, and the line of each of its values. Pure.
//!
//! JSON with comments and trailing commas, nothing looser: what would be guessed at is an error with its
//! line.

use std::collections::HashMap;

use jsonc_parser::{CollectOptions, ParseOptions, ast, common::Ranged, parse_to_ast};
use serde_json::{Map, Value};

/// The keys that lead to a value; elements of lists by their number.
pub(super) type KeyPath = Vec<String>;

/// A parsed document.
#[derive(Debug)]
pub(super) struct Document {
    /// Its value; `null` when it is empty.
    pub(super) value: Value,
    /// The line, from 1, on which each value begins.
    pub(super) lines: HashMap<KeyPath, u32>,
}

/// Where and why a text is no JSONC.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) line: u32,
    pub(super) message: String,
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
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options).map_err(|error| SyntaxError {
        line: u32::try_from(error.line_display()).unwrap_or(u32::MAX),
        message: error.kind().to_string(),
    })?;
    let mut reader = Reader { starts: starts(text), lines: HashMap::new() };
    let value = match parsed.value {
        Some(value) => reader.read(&value, &mut Vec::new())?,
        None => Value::Null,
    };
    Ok(Document { value, lines: reader.lines })
}

/// The byte at which each line begins.
fn starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

struct Reader {
    starts: Vec<usize>,
    lines: HashMap<KeyPath, u32>,
}

impl Reader {
    fn read(&mut self, node: &ast::Value<'_>, path: &mut KeyPath) -> Result<Value, SyntaxError> {
        let line = self.line(node.range().start);
        self.lines.entry(path.clone()).or_insert(line);
        Ok(match node {
            ast::Value::StringLit(text) => Value::String(text.value.to_string()),
            ast::Value::BooleanLit(word) => Value::Bool(word.value),
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::NumberLit(number) => serde_json::from_str(number.value)
                .map_err(|_| SyntaxError { line, message: format!("{} is not a number", number.value) })?,
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
            let line = self.line(property.range().start);
            if map.contains_key(&name) {
                return Err(SyntaxError { line, message: format!("the key `{name}` is there twice") });
            }
            path.push(name.clone());
            self.lines.insert(path.clone(), line);
            map.insert(name, self.read(&property.value, path)?);
            path.pop();
        }
        Ok(map)
    }

    fn line(&self, at: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
    }
}
