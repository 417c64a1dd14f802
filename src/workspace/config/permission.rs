//! The sections `permission` and `headlessPermission`: what may happen without asking.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The `permission` section of one layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PermissionLayer {
    /// Whether it can only narrow what the others allow: a project's own file.
    pub narrows_only: bool,
    /// Its rules as they are written.
    pub rules: Map<String, Value>,
}

/// The layers as one section, for people: the sources say which file each rule came from.
pub(super) fn joined<S: serde::Serializer>(
    layers: &[PermissionLayer],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut section = Map::new();
    for (tool, value) in layers.iter().flat_map(|layer| &layer.rules) {
        match (section.get_mut(tool), value) {
            (Some(Value::Object(before)), Value::Object(patterns)) => before.extend(patterns.clone()),
            _ => drop(section.insert(tool.clone(), value.clone())),
        }
    }
    section.serialize(serializer)
}

pub(super) fn one_layer<'de, D: serde::Deserializer<'de>>(
    section: D,
) -> Result<Vec<PermissionLayer>, D::Error> {
    Ok(vec![PermissionLayer { narrows_only: false, rules: Map::deserialize(section)? }])
}

/// The schema of a `permission` section: a word, or patterns with a word each.
pub(super) fn rules(_: &mut SchemaGenerator) -> Schema {
    let word = json_schema!({"type": "string", "enum": ["allow", "ask", "deny"]});
    json_schema!({
        "type": "object",
        "additionalProperties": {"anyOf": [word, {"type": "object", "additionalProperties": word}]},
    })
}

/// What an ask becomes when nobody can be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HeadlessPermission {
    /// It is refused.
    #[default]
    Deny,
    /// It is allowed.
    Allow,
}
