//! Comparing a layer with the schema of the configuration: what is wrong is reported and left out. Pure.

use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::{Config, document::KeyPath};
use crate::transcript::text::ellipsis;

/// What was found. Each finding names its place and what was expected there.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Keys that mean nothing.
    pub(super) unknown: Vec<(KeyPath, String)>,
    /// Values that cannot be used.
    pub(super) wrong: Vec<(KeyPath, String)>,
}

/// The configuration's schema, made when the first layer is checked: where there is no file, nobody needs it.
pub(super) fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(make_schema)
}

fn make_schema() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.into_generator().into_root_schema_for::<Config>().to_value()
}

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
        return wrong(&value, &format!("one of {}", words.join(", ")), path, findings);
    }
    if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
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
        value => wrong(&value, &expectation(schema), path, findings),
    }
}

fn check_object(
    object: Map<String, Value>,
    schema: &Value,
    path: &mut KeyPath,
    findings: &mut Findings,
) -> Map<String, Value> {
    let known = schema.get("properties").and_then(Value::as_object);
    let others = schema.get("additionalProperties");
    let mut checked = Map::new();
    for (key, value) in object {
        let value = step(path, key.clone(), |path| match (known.and_then(|known| known.get(&key)), others) {
            (Some(expected), _) | (None, Some(expected)) => check(value, expected, path, findings),
            (None, None) if known.is_none() => Some(value),
            (None, None) => {
                let keys = known.map(|known| known.keys().cloned().collect::<Vec<_>>().join(", "));
                findings
                    .unknown
                    .push((path.clone(), format!("unknown key; known are {}", keys.unwrap_or_default())));
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

fn wrong(value: &Value, expected: &str, path: &KeyPath, findings: &mut Findings) -> Option<Value> {
    let shown = match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        value => ellipsis(&value.to_string(), 80),
    };
    findings.wrong.push((path.clone(), format!("must be {expected}, not {shown}")));
    None
}

/// The words of an enumeration.
fn words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return words.iter().map(Value::as_str).collect();
    }
    let options = schema.get("oneOf")?.as_array()?;
    options.iter().map(|option| option.get("const")?.as_str()).collect()
}

fn allows(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(own)) => own == kind,
        Some(Value::Array(kinds)) => kinds.iter().any(|own| own == kind),
        // A schema without a type takes anything.
        _ => schema.get("anyOf").is_none() && schema.get("oneOf").is_none() && schema.get("enum").is_none(),
    }
}

fn fits(value: &Value, schema: &Value) -> bool {
    match value {
        Value::Null => allows(schema, "null"),
        Value::Bool(_) => allows(schema, "boolean"),
        Value::String(_) => allows(schema, "string"),
        Value::Number(number) => {
            let most =
                if schema.get("format") == Some(&"uint32".into()) { u64::from(u32::MAX) } else { u64::MAX };
            allows(schema, "number")
                || (allows(schema, "integer") && number.as_u64().is_some_and(|n| n <= most))
        }
        Value::Array(_) => allows(schema, "array"),
        Value::Object(_) => allows(schema, "object"),
    }
}

fn expectation(schema: &Value) -> String {
    for (kind, words) in [
        ("string", "text"),
        ("integer", "a whole number, zero or more"),
        ("number", "a number"),
        ("boolean", "true or false"),
        ("array", "a list"),
        ("object", "an object"),
    ] {
        if allows(schema, kind) {
            return words.to_owned();
        }
    }
    "something else".to_owned()
}
