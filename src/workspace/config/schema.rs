//! The JSON Schema of a configuration file, made from the types of the sections. Pure.
//!
//! Editors are given the same document that layers are checked against.

use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::Config;

/// The schema, made when it is first needed: where there is no file, nobody needs it.
pub fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(make)
}

fn make() -> Value {
    // Draft 7 is what editors know; without references, so that each value has its own default.
    let mut settings = SchemaSettings::draft07();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<Config>().to_value();
    close(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), "Configuration of agentls".into());
        root.insert("allowComments".to_owned(), true.into());
        root.insert("allowTrailingCommas".to_owned(), true.into());
        if let Some(properties) = root.get_mut("properties").and_then(Value::as_object_mut) {
            let about = "The schema of this file, for editors.";
            properties.insert("$schema".to_owned(), json!({"type": "string", "description": about}));
        }
    }
    schema
}

/// Lets no object with keys of its own take others, so that editors see a misspelt one.
fn close(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    if schema.contains_key("properties") && !schema.contains_key("additionalProperties") {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
    for inner in ["additionalProperties", "items"] {
        schema.get_mut(inner).into_iter().for_each(close);
    }
    let members = schema.get_mut("properties").and_then(Value::as_object_mut);
    members.into_iter().flat_map(Map::values_mut).for_each(close);
    for options in ["anyOf", "oneOf"] {
        let options = schema.get_mut(options).and_then(Value::as_array_mut);
        options.into_iter().flatten().for_each(close);
    }
}

/// The keys that an object with this schema may have. Empty where any key may stand.
pub(super) fn keys(schema: &Value) -> Vec<&str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(Map::keys).map(String::as_str).collect()
}

/// The section of the whole schema that has a key of that name, dotted; the first one.
pub(super) fn section_with(key: &str) -> Option<&'static str> {
    let sections = schema().get("properties")?.as_object()?;
    let (name, _) = sections.iter().find(|(_, section)| keys(section).contains(&key))?;
    Some(name)
}

/// The words of an enumeration.
pub(super) fn words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return words.iter().map(Value::as_str).collect();
    }
    let options = schema.get("oneOf")?.as_array()?;
    options.iter().map(single_word).collect()
}

/// A word that stands for itself.
fn single_word(schema: &Value) -> Option<&str> {
    let one = || match schema.get("enum")?.as_array()?.as_slice() {
        [word] => word.as_str(),
        _ => None,
    };
    schema.get("const").and_then(Value::as_str).or_else(one)
}

/// Whether values of a JSON type may stand here. A schema without a type takes anything.
pub(super) fn allows(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(own)) => own == kind,
        Some(Value::Array(kinds)) => kinds.iter().any(|own| own == kind),
        _ => ["anyOf", "oneOf", "enum"].iter().all(|choice| schema.get(choice).is_none()),
    }
}

/// What may stand here, for a person.
pub(super) fn expectation(schema: &Value) -> String {
    if let Some(words) = words(schema) {
        return format!("one of {}", words.join(", "));
    }
    if let Some(format) = super::format::of(schema) {
        return format.expected.to_owned();
    }
    let named = |(kind, words): &(&str, &str)| allows(schema, kind).then(|| (*words).to_owned());
    let integer = allows(schema, "integer").then(|| format!("a whole number{}", limits(schema)));
    let number = || allows(schema, "number").then(|| format!("a number{}", limits(schema)));
    let others =
        [("string", "text"), ("boolean", "true or false"), ("array", "a list"), ("object", "an object")];
    integer
        .or_else(number)
        .or_else(|| others.iter().find_map(named))
        .unwrap_or_else(|| "something else".to_owned())
}

fn limits(schema: &Value) -> String {
    let limit = |name| schema.get(name).filter(|value| value.is_number());
    match (limit("minimum"), limit("maximum")) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(", at least {least}"),
        (None, Some(most)) => format!(", at most {most}"),
        (None, None) => String::new(),
    }
}
