//! Request bodies: small fields, options merged over them, and the long arrays joined from bytes at hand.
//!
//! What was encoded once is copied into the body once and never parsed again (invariants 2 and 4).

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

/// Fields that belong to the request itself; configuration cannot replace them.
const RESERVED: [&str; 9] = [
    "model",
    "messages",
    "input",
    "system",
    "instructions",
    "tools",
    "tool_choice",
    "stream",
    "previous_response_id",
];

/// `fields` with the provider's options over them and the model's over both; objects are merged by key, and a
/// `null` takes a key out.
pub(super) fn with_options(
    mut fields: Map<String, Value>,
    provider: &Map<String, Value>,
    model: &Map<String, Value>,
) -> Map<String, Value> {
    for (key, value) in provider.iter().chain(model).filter(|(key, _)| !RESERVED.contains(&key.as_str())) {
        merge(&mut fields, key, value);
    }
    fields
}

fn merge(fields: &mut Map<String, Value>, key: &str, value: &Value) {
    match (fields.get_mut(key), value) {
        (_, Value::Null) => {
            fields.shift_remove(key);
        }
        (Some(Value::Object(old)), Value::Object(new)) => {
            for (key, value) in new {
                merge(old, key, value);
            }
        }
        _ => {
            fields.insert(key.to_owned(), value.clone());
        }
    }
}

/// The object of `fields`, and behind them the array `name` of the encoded elements, empty ones left out.
pub(super) fn join(fields: &Map<String, Value>, name: &str, encoded: &[Bytes]) -> Bytes {
    let elements: usize = encoded.iter().map(|element| element.len() + 1).sum();
    let mut body = json(fields);
    body.reserve_exact(elements + name.len() + 8);
    body.pop();
    if body.len() > 1 {
        body.push(b',');
    }
    body.extend_from_slice(&json(name));
    body.extend_from_slice(b":[");
    let mut separator: &[u8] = b"";
    for element in encoded.iter().filter(|element| !element.is_empty()) {
        body.extend_from_slice(separator);
        body.extend_from_slice(element);
        separator = b",";
    }
    body.extend_from_slice(b"]}");
    body.into()
}

/// `value` as JSON.
pub(super) fn json(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    // Only maps with keys that are not strings can fail, and no request has one.
    serde_json::to_vec(value).unwrap_or_default()
}

/// `values` as elements of a JSON array, joined by commas.
pub(super) fn elements(values: &[Value]) -> Bytes {
    let mut bytes = Vec::new();
    for value in values {
        if !bytes.is_empty() {
            bytes.push(b',');
        }
        bytes.extend_from_slice(&json(value));
    }
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_models_options_win_and_merge_into_objects() {
        let fields = map(json!({"store": false, "reasoning": {"summary": "auto"}, "gone": 1}));
        let provider = map(json!({"reasoning": {"effort": "low"}, "store": true, "gone": null}));
        let model = map(json!({"reasoning": {"effort": "high"}}));
        let merged = with_options(fields, &provider, &model);
        assert_eq!(
            Value::Object(merged),
            json!({"store": true, "reasoning": {"summary": "auto", "effort": "high"}})
        );
    }

    #[test]
    fn options_cannot_replace_the_conversation() {
        let options: Map<_, _> = RESERVED.iter().map(|key| ((*key).to_owned(), json!("mine"))).collect();
        assert!(with_options(Map::new(), &options, &options).is_empty());
    }

    #[test]
    fn encoded_elements_are_joined_and_empty_ones_leave_no_trace() {
        let encoded = [Bytes::new(), Bytes::from("1,2"), Bytes::new(), Bytes::from("3")];
        assert_eq!(join(&map(json!({"a": 1})), "list", &encoded), r#"{"a":1,"list":[1,2,3]}"#);
        assert_eq!(join(&Map::new(), "list", &[]), r#"{"list":[]}"#);
    }
}
