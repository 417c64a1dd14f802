//! Parameters of tools: one struct for each tool is the schema the model sees and the reader of what it
//! sends.
//!
//! A wrong parameter is an error that names it and says what was expected. Common slips of models are
//! forgiven where there is one meaning only: numbers and truth values in quotes, or without them where a text
//! belongs, a list or object as JSON text, `null` for "not given".

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ToolError;
use crate::{provider::ToolSpec, transcript::text::ellipsis};

/// How a tool is offered: its parameters are those of `P`.
pub fn spec<P: JsonSchema>(name: &str, description: &str) -> ToolSpec {
    ToolSpec { name: name.to_owned(), description: description.to_owned(), parameters: schema::<P>() }
}

/// Reads the parameters of a call.
pub fn read<P: JsonSchema + DeserializeOwned>(input: Value) -> Result<P, ToolError> {
    let schema = schema::<P>();
    let empty = Map::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let Value::Object(given) = input else {
        return Err(ToolError::Parameter(format!("the parameters must be an object with {}", names(known))));
    };
    let mut fields = Map::new();
    for (name, value) in given {
        let Some(expected) = known.get(&name) else {
            let known = names(known);
            return Err(ToolError::Parameter(format!("unknown parameter `{name}`; this tool takes {known}")));
        };
        if !value.is_null() {
            let value = fit(&name, &value, expected)?;
            fields.insert(name, value);
        }
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            let kind = known.get(name).map_or("value", kind);
            return Err(ToolError::Parameter(format!("missing parameter `{name}` ({kind})")));
        }
    }
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|problem| {
        let place = problem.path().to_string();
        let problem = problem.into_inner();
        ToolError::Parameter(if place == "." {
            problem.to_string()
        } else {
            format!("parameter `{place}`: {problem}")
        })
    })
}

fn names(known: &Map<String, Value>) -> String {
    known.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn kind(schema: &Value) -> &str {
    schema.get("type").and_then(Value::as_str).unwrap_or("value")
}

fn fit(name: &str, value: &Value, schema: &Value) -> Result<Value, ToolError> {
    let kind = kind(schema);
    let fitted = match (value, kind) {
        (Value::String(text), "integer" | "number" | "boolean" | "array" | "object") => {
            serde_json::from_str(text.trim()).unwrap_or(Value::Null)
        }
        (Value::Number(_) | Value::Bool(_), "string") => Value::String(value.to_string()),
        _ => value.clone(),
    };
    let fitted = if kind == "integer" { whole(fitted) } else { fitted };
    let wrong = || {
        let shown = ellipsis(&value.to_string(), 80);
        ToolError::Parameter(format!("parameter `{name}` must be {}, not {shown}", expectation(kind, schema)))
    };
    if !is(&fitted, kind) || !within(&fitted, schema) {
        return Err(wrong());
    }
    if let Some(element) = schema.get("items")
        && let Some(bad) = fitted.as_array().into_iter().flatten().find(|item| !is(item, self::kind(element)))
    {
        let shown = ellipsis(&bad.to_string(), 80);
        let kind = self::kind(element);
        return Err(ToolError::Parameter(format!(
            "each element of `{name}` must be of type {kind}, not {shown}"
        )));
    }
    Ok(fitted)
}

/// `10.0` is a whole number, too.
fn whole(value: Value) -> Value {
    match value.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        Some(float) if !value.is_i64() && float.fract() == 0.0 && float.abs() < 1e15 => {
            Value::from(float as i64)
        }
        _ => value,
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

fn within(value: &Value, schema: &Value) -> bool {
    let Some(number) = value.as_f64() else { return true };
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    bound("minimum").is_none_or(|least| number >= least) && bound("maximum").is_none_or(|most| number <= most)
}

fn expectation(kind: &str, schema: &Value) -> String {
    let article = if kind.starts_with(['a', 'i', 'o']) { "an" } else { "a" };
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(least), Some(most)) => format!("{article} {kind} from {least} to {most}"),
        (Some(least), None) => format!("{article} {kind} of at least {least}"),
        _ => format!("{article} {kind}"),
    }
}

/// The schema of `P`, inlined and without what says nothing to a model.
fn schema<P: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<P>().to_value();
    simplify(&mut schema);
    if let Some(object) = schema.as_object_mut() {
        object.remove("description");
        object.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    schema
}

fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("title").is_some_and(Value::is_string) {
                object.remove("title");
            }
            if object.get("format").is_some_and(Value::is_string) {
                object.remove("format");
            }
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            if let Some(Value::Array(kinds)) = object.get("type")
                && let Some(kind) = kinds.iter().find(|kind| *kind != "null").cloned()
            {
                object.insert("type".to_owned(), kind);
            }
            object.values_mut().for_each(simplify);
        }
        Value::Array(elements) => elements.iter_mut().for_each(simplify),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Step {
        name: String,
        state: State,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum State {
        Open,
        Done,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Plan {
        steps: Vec<Step>,
    }

    #[test]
    fn a_mistake_within_a_list_is_named_by_its_place() {
        for (step, place, words) in [
            (
                json!({"name": "a", "state": "nope"}),
                "steps[1].state",
                "unknown variant `nope`, expected `open` or `done`",
            ),
            (json!({"name": 5, "state": "open"}), "steps[1].name", "expected a string"),
            (json!({"name": "a"}), "steps[1]", "missing field `state`"),
        ] {
            let input = json!({"steps": [{"name": "a", "state": "done"}, step]});
            let error = read::<Plan>(input).unwrap_err().to_string();
            assert!(error.contains(&format!("parameter `{place}`: ")) && error.contains(words), "{error}");
        }
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        /// Where.
        path: String,
        /// How many.
        #[schemars(range(min = 1, max = 50))]
        line_limit: Option<u32>,
        #[serde(default)]
        all: bool,
        #[serde(default)]
        words: Vec<String>,
    }

    #[test]
    fn the_schema_is_plain() {
        let schema = schema::<Sample>();
        assert_eq!(schema["properties"]["lineLimit"]["type"], "integer");
        assert_eq!(schema["properties"]["path"], json!({"type": "string", "description": "Where."}));
        assert_eq!(schema["required"], json!(["path"]));
        assert_eq!(schema.get("$schema"), None);
    }

    #[test]
    fn common_slips_are_forgiven() {
        let input = json!({"path": 7, "lineLimit": "12", "all": "true", "words": "[\"a\"]"});
        let expected = Sample { path: "7".into(), line_limit: Some(12), all: true, words: vec!["a".into()] };
        assert_eq!(read::<Sample>(input).unwrap(), expected);
        let input = json!({"path": "p", "lineLimit": 3.0, "words": null});
        assert_eq!(read::<Sample>(input).unwrap().line_limit, Some(3));
    }

    #[test]
    fn each_mistake_is_named() {
        for (input, words) in [
            (json!([]), "must be an object with `path`"),
            (json!({}), "missing parameter `path` (string)"),
            (json!({"path": null}), "missing parameter `path`"),
            (
                json!({"path": "x", "lineLimt": 3}),
                "unknown parameter `lineLimt`; this tool takes `path`, `lineLimit`",
            ),
            (json!({"path": ["x"]}), "parameter `path` must be a string, not [\"x\"]"),
            (
                json!({"path": "x", "lineLimit": "many"}),
                "parameter `lineLimit` must be an integer from 1 to 50",
            ),
            (json!({"path": "x", "lineLimit": 0}), "from 1 to 50, not 0"),
            (json!({"path": "x", "lineLimit": 1.5}), "must be an integer"),
            (json!({"path": "x", "lineLimit": -1}), "from 1 to 50, not -1"),
            (json!({"path": "x", "all": "maybe"}), "`all` must be a boolean"),
            (json!({"path": "x", "words": [1]}), "each element of `words` must be of type string, not 1"),
        ] {
            let error = read::<Sample>(input.clone()).unwrap_err().to_string();
            assert!(error.contains(words), "{input}: {error}");
        }
    }
}
