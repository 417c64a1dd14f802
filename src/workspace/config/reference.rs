//! The configuration reference of the README, made from the schema. Pure.

use std::fmt::Write;

use serde_json::Value;

use super::schema::{allows, expectation, schema};

/// Each key with what it takes, its default and what it is for, as a Markdown table.
pub fn markdown() -> String {
    let mut out = String::from("| key | takes | default | |\n| --- | --- | --- | --- |\n");
    rows(schema(), "", &mut out);
    out
}

fn rows(schema: &Value, path: &str, out: &mut String) {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (key, value) in properties.into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        if value.get("properties").is_some() {
            rows(value, &path, out);
            continue;
        }
        row(&path, value, out);
        if let Some(member) = value.get("additionalProperties").filter(|it| it.get("properties").is_some()) {
            rows(member, &format!("{path}.<name>"), out);
        }
    }
}

fn row(path: &str, schema: &Value, out: &mut String) {
    let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let about = about.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let takes = takes(schema).replace('|', "\\|");
    let default = match schema.get("default") {
        None | Some(Value::Null) => String::new(),
        Some(default) => format!("`{default}`"),
    };
    let written = writeln!(out, "| `{path}` | {takes} | {default} | {about} |");
    debug_assert!(written.is_ok(), "a text can always be written to");
}

fn takes(schema: &Value) -> String {
    if let Some(items) = schema.get("items") {
        return format!("a list: {}", expectation(items));
    }
    let optional = schema.get("anyOf").and_then(Value::as_array).and_then(|options| {
        let mut options = options.iter().filter(|option| !allows(option, "null"));
        options.next().filter(|_| options.next().is_none())
    });
    if let Some(only) = optional {
        return takes(only);
    }
    match schema.get("additionalProperties").filter(|members| members.is_object()) {
        Some(members) if members.get("properties").is_some() => "an object by name".to_owned(),
        Some(members) if members.get("anyOf").is_some() => {
            "allow, ask or deny, by tool and pattern".to_owned()
        }
        Some(members) => format!("an object: {} by name", expectation(members)),
        None => expectation(schema),
    }
}
