//! An agent in a Markdown file: front matter, and the prompt behind it. Without front matter it is all prompt.

use std::path::Path;

use serde_json::{Map, Value};

use super::Definition;
use crate::{
    transcript::{ModelRef, text},
    workspace::{front_matter, front_matter::Fields, names, reading},
};

/// Bytes of an agent's file; a longer one does not count, since half a prompt may say another thing.
pub const MOST_BYTES: u64 = 64 * 1024;

/// Fields of the front matter.
const FIELDS: &[&str] = &["description", "model", "permission", "tools", "maxSteps"];

/// Reads an agent's file. What is wrong with it stands in the definition.
pub(super) fn read(path: &Path) -> Definition {
    let (name, origin) = (names::of_file(path), path.to_string_lossy().into_owned());
    let mut mistakes = Vec::new();
    let broken = refuse_name(&name, &mut mistakes);
    let nothing = |mistakes, name: &String, origin: &String| Definition {
        name: name.clone(),
        origin: origin.clone(),
        mistakes,
        broken: true,
        ..Definition::default()
    };
    let document = match reading::read(path, MOST_BYTES) {
        Ok(document) if document.truncated => {
            mistakes.push(format!("it is longer than {MOST_BYTES} bytes"));
            return nothing(mistakes, &name, &origin);
        }
        Ok(document) => document,
        Err(error) => {
            mistakes.push(format!("it cannot be read: {error}"));
            return nothing(mistakes, &name, &origin);
        }
    };
    if document.hidden > 0 {
        mistakes.push(reading::hidden_note(document.hidden));
    }
    let (matter, body) = front_matter::split(&document.text).unwrap_or(("", &document.text));
    let mut fields = Fields::read(matter);
    let model = fields.text("model");
    let definition = Definition {
        description: fields.text("description").map(|text| names::description(&text)),
        prompt: Some(body.trim().to_owned()).filter(|prompt| !prompt.is_empty()),
        permission: fields.object("permission").unwrap_or_default(),
        tools: fields.list("tools"),
        max_steps: fields.number("maxSteps"),
        ..nothing(Vec::new(), &name, &origin)
    };
    fields.finish(FIELDS);
    note_permission(&definition.permission, &mut fields);
    mistakes.append(&mut fields.mistakes);
    let model = model.and_then(|model| self::model(&model, &mut mistakes));
    Definition { model, mistakes, broken: broken || fields.broken, ..definition }
}

/// A model, unless the text names none.
pub(super) fn model(written: &str, mistakes: &mut Vec<String>) -> Option<ModelRef> {
    written
        .parse()
        .inspect_err(|error| mistakes.push(format!("`model` names no model, it is left out: {error}")))
        .ok()
}

/// Whether a name is none that an agent may have.
pub(super) fn refuse_name(name: &str, mistakes: &mut Vec<String>) -> bool {
    if names::is_name(name) {
        return false;
    }
    mistakes.push(names::RULE.to_owned());
    true
}

/// What of a section that narrows is without effect, or taken for an ask.
fn note_permission(section: &Map<String, Value>, fields: &mut Fields) {
    let mut check =
        |what: &str, word: &Value| match word.as_str() {
            Some("ask" | "deny") => {}
            Some("allow") => fields
                .note("permission", &format!("allows {what}, which is without effect: it can only narrow")),
            _ => fields
                .note("permission", &format!("must say allow, ask or deny of {what}; it is taken for ask")),
        };
    for (tool, value) in section {
        let tool = text::ellipsis(tool, 60);
        match value {
            Value::Object(patterns) => patterns.iter().for_each(|(pattern, word)| {
                check(&format!("{tool} `{}`", text::ellipsis(pattern, 60)), word);
            }),
            word => check(&tool, word),
        }
    }
}
