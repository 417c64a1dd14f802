//! The protocol as one JSON Schema document: every method, notification and question, from the types
//! themselves.
//!
//! `schema.json` beside this file is committed; clients' types are made from it. After a change of the types:
//! `AGENTLS_UPDATE_SCHEMA=1 cargo test schema` writes it anew.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    events, methods, person,
    server::PROTOCOL_VERSION,
    updates::{AskQuestion, ProjectDidChange, QuestionAnswers, SessionDidChange, SessionUpdate},
};
use crate::permission::{PermissionAnswer, PermissionQuestion};

/// The document.
pub fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let described = methods::describe(&mut generator).into_iter();
    let requests: Map<String, Value> = described
        .map(|method| {
            let entry =
                json!({"description": method.about, "params": method.params, "result": method.result});
            (method.name.to_owned(), entry)
        })
        .collect();
    let notifications = json!({
        events::UPDATE: {"params": schema::<SessionUpdate>(&mut generator)},
        events::DID_CHANGE: {"params": schema::<SessionDidChange>(&mut generator)},
        events::PROJECT_DID_CHANGE: {"params": schema::<ProjectDidChange>(&mut generator)},
    });
    let server_requests = json!({
        person::REQUEST_PERMISSION: {
            "params": schema::<PermissionQuestion>(&mut generator),
            "result": schema::<PermissionAnswer>(&mut generator),
        },
        person::ASK_QUESTION: {
            "params": schema::<AskQuestion>(&mut generator),
            "result": schema::<QuestionAnswers>(&mut generator),
        },
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "agentls",
        "protocolVersion": PROTOCOL_VERSION,
        "requests": requests,
        "notifications": notifications,
        "serverRequests": server_requests,
        "$defs": generator.take_definitions(true),
    })
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/face/lsp/schema.json");
        let document = serde_json::to_string_pretty(&document()).unwrap() + "\n";
        if std::env::var_os("AGENTLS_UPDATE_SCHEMA").is_some() {
            std::fs::write(path, &document).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap();
        assert!(committed == document, "run: AGENTLS_UPDATE_SCHEMA=1 cargo test schema");
    }

    /// Whether a schema is true of `null`.
    fn takes_null(schema: &Value) -> bool {
        let one = |kind: &Value| {
            kind == "null" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("null")))
        };
        let branches = schema["anyOf"].as_array().into_iter().flatten();
        one(&schema["type"]) || branches.into_iter().any(|branch| one(&branch["type"]))
    }

    #[test]
    fn what_a_client_may_leave_out_it_may_also_send_as_null() {
        let document = document();
        let objects = |name: &str| document[name].as_object().unwrap().values();
        let mut open: Vec<&Value> = objects("requests").map(|request| &request["params"]).collect();
        open.extend(objects("serverRequests").map(|request| &request["result"]));
        let mut seen = Vec::new();
        while let Some(schema) = open.pop() {
            if let Some(reference) = schema.get("$ref").and_then(Value::as_str)
                && !seen.contains(&reference)
            {
                seen.push(reference);
                open.push(document.pointer(reference.trim_start_matches('#')).unwrap());
            }
            let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                assert!(required.contains(&json!(name)) || takes_null(property), "{name}: {property}");
            }
            match schema {
                Value::Object(members) => open.extend(members.values()),
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        assert!(seen.len() > 10, "nothing was looked at");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut open = vec![&document];
        while let Some(value) = open.pop() {
            if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            }
            match value {
                Value::Object(members) => open.extend(members.values()),
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
    }
}
