//! Comparing a layer with the schema of the configuration: what is wrong is reported and left out. Pure.

use serde_json::{Map, Value};

use super::{
    format,
    mistake::{Findings, KeyPath, Weight, nearest, shown_value},
    schema::{allows, expectation, keys, section_with, words},
};
use crate::transcript::secret::is_secret;

/// What of `value` is right.
pub(super) fn check(
    value: Value,
    schema: &Value,
    path: &mut KeyPath,
    findings: &mut Findings,
) -> Option<Value> {
    if let Some(words) = words(schema) {
        if value.as_str().is_some_and(|word| words.contains(&word)) {
            return Some(value);
        }
        return wrong(&value, schema, path, findings);
    }
    if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
        if value.is_null() && options.iter().any(|option| allows(option, "null")) {
            return Some(value);
        }
        let mut options = options.iter().filter(|option| !allows(option, "null"));
        let first = options.next()?;
        let option = options.find(|option| value.is_object() && allows(option, "object")).unwrap_or(first);
        return check(value, option, path, findings);
    }
    match value {
        Value::Object(object) if allows(schema, "object") => {
            Some(Value::Object(check_object(object, schema, path, findings)))
        }
        Value::Array(list) if allows(schema, "array") => {
            let elements = schema.get("items").unwrap_or(&Value::Null);
            let checked = list.into_iter().enumerate().filter_map(|(at, element)| {
                step(path, at.to_string(), |path| check(element, elements, path, findings))
            });
            Some(Value::Array(checked.collect()))
        }
        value if fits(&value, schema) => Some(value),
        value => wrong(&value, schema, path, findings),
    }
}

fn check_object(
    object: Map<String, Value>,
    schema: &Value,
    path: &mut KeyPath,
    findings: &mut Findings,
) -> Map<String, Value> {
    let known = schema.get("properties").and_then(Value::as_object);
    let others = schema.get("additionalProperties").filter(|others| others.is_object());
    let names = schema.get("propertyNames").and_then(format::of);
    let mut checked = Map::new();
    for (key, value) in object {
        let value = step(path, key.clone(), |path| match (known.and_then(|known| known.get(&key)), others) {
            (None, _) if names.as_ref().is_some_and(|names| !(names.fits)(&key)) => {
                let (expected, example) = names.as_ref().map(|names| (names.expected, names.example))?;
                findings.error(path, format!("is not {expected}"), format!("Write it as in {example}."));
                None
            }
            (Some(expected), _) | (None, Some(expected)) => check(value, expected, path, findings),
            (None, None) if known.is_none() => Some(value),
            (None, None) => {
                findings.add(Weight::Warning, path, || {
                    ("is no key of the configuration".to_owned(), cure_of_unknown(&key, schema))
                });
                None
            }
        });
        checked.extend(value.map(|value| (key, value)));
    }
    checked
}

fn step<T>(path: &mut KeyPath, key: String, visit: impl FnOnce(&mut KeyPath) -> T) -> T {
    path.push(key);
    let result = visit(path);
    path.pop();
    result
}

fn cure_of_unknown(key: &str, schema: &Value) -> String {
    let known = keys(schema);
    match (nearest(key, &known), section_with(key)) {
        (Some(meant), _) => format!("Did you mean `{meant}`?"),
        (None, Some(section)) => format!("Put it into `{section}`."),
        (None, None) => format!("Take it out; known here are {}.", known.join(", ")),
    }
}

fn wrong(value: &Value, schema: &Value, path: &KeyPath, findings: &mut Findings) -> Option<Value> {
    findings.add(Weight::Error, path, || {
        let problem = format!("must be {}, not {}", expectation(schema), shown(value, path));
        (problem, cure_of_wrong(value, schema))
    });
    None
}

/// A value as it may be quoted: without what may be a secret.
fn shown(value: &Value, path: &[String]) -> String {
    let secret = path.iter().any(|key| is_secret(key) || key == "headers");
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(_) if secret => "this text".to_owned(),
        Value::String(text) => format!("\"{}\"", shown_value(text)),
        value => shown_value(&value.to_string()),
    }
}

fn cure_of_wrong(value: &Value, schema: &Value) -> String {
    let text = value.as_str();
    if let (Some(words), Some(text)) = (words(schema), text)
        && let Some(meant) = nearest(text, &words)
    {
        return format!("Did you mean `{meant}`?");
    }
    let plain = text.and_then(|text| serde_json::from_str::<Value>(text.trim()).ok());
    if let Some(plain) = plain.filter(|plain| !plain.is_null() && fits(plain, schema)) {
        return format!("Write {plain} without quotes.");
    }
    if text.is_some() && allows(schema, "array") && !allows(schema, "string") {
        return "Put it into a list, in [ ].".to_owned();
    }
    if let Some(format) = format::of(schema) {
        return format!("Write it as in \"{}\".", format.example);
    }
    let default = schema.get("default").filter(|default| !default.is_null());
    match default {
        Some(default) => format!("Correct it, or take it out for the default, {default}."),
        None => "Correct it, or take it out.".to_owned(),
    }
}

fn fits(value: &Value, schema: &Value) -> bool {
    match value {
        Value::Null => allows(schema, "null"),
        Value::Bool(_) => allows(schema, "boolean"),
        Value::String(text) => {
            allows(schema, "string") && format::of(schema).is_none_or(|format| (format.fits)(text))
        }
        Value::Number(number) => {
            let whole = allows(schema, "integer") && (number.is_u64() || number.is_i64());
            (whole || allows(schema, "number")) && within(number, schema)
        }
        Value::Array(_) => allows(schema, "array"),
        Value::Object(_) => allows(schema, "object"),
    }
}

/// Whether a number is within the limits of its schema, which are small enough to be exact as floats.
fn within(number: &serde_json::Number, schema: &Value) -> bool {
    let limit = |name| schema.get(name).and_then(Value::as_f64);
    number.as_f64().is_some_and(|number| {
        limit("minimum").is_none_or(|least| number >= least)
            && limit("maximum").is_none_or(|most| number <= most)
    })
}
