//! The sections `permission` and `headlessPermission`: what may happen without asking.
//!
//! Invariant 12: a mistake never allows. What makes no sense stays in force as an ask, since leaving a rule out could
//! widen what is left.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::mistake::{Findings, KeyPath, Weight, nearest, shown_value};

/// What a rule says.
const WORDS: [&str; 3] = ["allow", "ask", "deny"];

/// The tools that rules can be about, for whoever misspells one.
pub const TOOLS: [&str; 15] = [
    "read",
    "write",
    "edit",
    "patch",
    "bash",
    "grep",
    "glob",
    "list",
    "todo",
    "question",
    "recall",
    "contextUsage",
    "newSession",
    "skill",
    "webfetch",
];

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

/// Reports what makes no sense in a section of rules, and makes it an ask. With `narrows_only`, what allows is reported
/// as well: it stays, without effect.
pub(super) fn check(section: &mut Value, narrows_only: bool, path: &KeyPath, findings: &mut Findings) {
    let Value::Object(rules) = section else {
        findings.error(
            path,
            "must be an object; until then everything is asked",
            "Write rules by tool, as {\"bash\": {\"git status*\": \"allow\"}}.",
        );
        *section = json!({"*": "ask"});
        return;
    };
    for (tool, rule) in rules {
        let mut path = path.clone();
        path.push(tool.clone());
        if !tool.contains('*') && !TOOLS.contains(&tool.as_str()) {
            findings.add(Weight::Warning, &path, || {
                let cure = nearest(tool, &TOOLS).map(|meant| format!("Did you mean `{meant}`?"));
                let all = || format!("Tools are {}; * stands for any.", TOOLS.join(", "));
                ("names no tool".to_owned(), cure.unwrap_or_else(all))
            });
        }
        let Value::Object(patterns) = rule else {
            check_word(rule, narrows_only, &path, findings);
            continue;
        };
        for (pattern, word) in patterns {
            path.push(pattern.clone());
            if pattern.trim().is_empty() {
                findings.warning(
                    &path,
                    "has an empty pattern, which matches nothing",
                    "Write * for anything.",
                );
            }
            check_word(word, narrows_only, &path, findings);
            path.pop();
        }
    }
}

fn check_word(word: &mut Value, narrows_only: bool, path: &KeyPath, findings: &mut Findings) {
    match word.as_str() {
        Some("allow") if narrows_only => {
            let cure = "Put it into your own configuration.";
            findings.warning(path, "is without effect: a project cannot allow", cure);
        }
        Some(known) if WORDS.contains(&known) => {}
        other => {
            let not = other.map_or_else(String::new, |text| format!(", not \"{}\"", shown_value(text)));
            let meant = other.and_then(|text| nearest(text, &WORDS));
            let cure = meant.map_or_else(
                || "Write \"allow\", \"ask\" or \"deny\".".to_owned(),
                |meant| format!("Did you mean `{meant}`?"),
            );
            findings.error(path, format!("must be allow, ask or deny{not}; it is taken for ask"), cure);
            *word = json!("ask");
        }
    }
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
