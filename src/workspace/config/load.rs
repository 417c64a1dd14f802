//! Reading the layers and merging them: user, project, client, command line.
//!
//! Invariant 12: a project's file is read beyond `model` and `agent` only when the workspace is trusted,
//! and its permissions only narrow. Objects are merged key by key, everything else is replaced by the later
//! layer.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::Path,
};

use serde_json::{Map, Value};

use super::{
    Config, PermissionLayer,
    check::{Findings, check, schema},
    document::{self, KeyPath},
};
use crate::{transcript::ModelRef, workspace::regular};

/// Keys that an untrusted project may set.
const UNTRUSTED_KEYS: [&str; 2] = ["model", "agent"];

/// The largest file that is read, in bytes.
pub(in crate::workspace) const MAX_FILE: u64 = 1024 * 1024;

/// What is loaded from. `Debug` is left out: the client's value may hold secrets.
pub struct Inputs<'a> {
    /// The directory of the user's `config.jsonc`.
    pub config_dir: &'a Path,
    /// The project's root, with `.agentls/config.jsonc`.
    pub project: Option<&'a Path>,
    /// Whether the person trusts the project.
    pub trusted: bool,
    /// What the client said in `initialize`.
    pub client: Option<&'a Value>,
    /// What the command line said.
    pub command_line: Option<&'a Value>,
    /// Looks up an environment variable.
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

/// Something that is wrong with a layer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{source_name}{}: {}{message}", line.map(|line| format!(":{line}")).unwrap_or_default(), if key.is_empty() { String::new() } else { format!("`{key}` ") })]
pub struct Mistake {
    /// The file, `client` or `commandLine`.
    pub source_name: String,
    /// The line, from 1, in a file.
    pub line: Option<u32>,
    /// The dotted key; empty for the whole layer.
    pub key: String,
    /// What is wrong.
    pub message: String,
}

/// What the layers mean together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// The merged configuration.
    pub config: Config,
    /// Dotted key of each value → where it came from.
    pub sources: BTreeMap<String, String>,
    /// Keys that mean nothing or may not be set there.
    pub warnings: Vec<Mistake>,
    /// Values that were left out because they are wrong.
    pub errors: Vec<Mistake>,
}

/// Loads all layers. Whatever is wrong, there is a configuration.
pub fn load(inputs: &Inputs<'_>) -> Loaded {
    let mut merger = Merger { inputs, merged: Map::new(), loaded: Loaded::default() };
    merger.file(&inputs.config_dir.join("config.jsonc"), Authority::Person);
    if let Some(project) = inputs.project {
        let authority = if inputs.trusted { Authority::Project } else { Authority::Untrusted };
        merger.file(&project.join(".agentls").join("config.jsonc"), authority);
    }
    for (name, value) in [("client", inputs.client), ("commandLine", inputs.command_line)] {
        if let Some(value) = value {
            let layer = Layer { name: name.to_owned(), authority: Authority::Person, lines: HashMap::new() };
            merger.add(value.clone(), &layer);
        }
    }
    merger.finish()
}

/// Who speaks in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Authority {
    Person,
    Project,
    Untrusted,
}

struct Layer {
    name: String,
    authority: Authority,
    lines: HashMap<KeyPath, u32>,
}

impl Layer {
    fn mistake(&self, path: &[String], message: impl Into<String>) -> Mistake {
        // A value inside a text that was substituted has no line of its own: its parent's is the nearest.
        let line = (0..=path.len()).rev().find_map(|length| self.lines.get(path.get(..length)?));
        Mistake {
            source_name: self.name.clone(),
            line: line.copied(),
            key: path.join("."),
            message: message.into(),
        }
    }
}

struct Merger<'a> {
    inputs: &'a Inputs<'a>,
    merged: Map<String, Value>,
    loaded: Loaded,
}

impl Merger<'_> {
    fn file(&mut self, path: &Path, authority: Authority) {
        let name = path.to_string_lossy().into_owned();
        let mut layer = Layer { name, authority, lines: HashMap::new() };
        let text = match read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => {
                return self.loaded.errors.push(layer.mistake(&[], format!("cannot be read: {error}")));
            }
        };
        match document::parse(&text) {
            Ok(document) => {
                layer.lines = document.lines;
                self.add(document.value, &layer);
            }
            Err(error) => {
                layer.lines.insert(Vec::new(), error.line);
                self.loaded.errors.push(layer.mistake(&[], error.message));
            }
        }
    }

    fn add(&mut self, mut value: Value, layer: &Layer) {
        if value.is_null() {
            return;
        }
        if layer.authority == Authority::Untrusted {
            self.leave_out_untrusted(&mut value, layer);
        }
        let mut findings = Findings::default();
        substitute(&mut value, self.inputs.env, &mut Vec::new(), &mut findings);
        let section = value.as_object_mut().and_then(|object| object.remove("permission"));
        match section {
            Some(Value::Object(rules)) => self.permission(rules, layer, &mut findings),
            Some(_) => findings.wrong.push((vec!["permission".to_owned()], "must be an object".to_owned())),
            None => {}
        }
        let checked = check(value, schema(), &mut Vec::new(), &mut findings);
        if let Some(Value::Object(mut checked)) = checked {
            check_models(&mut checked, &mut findings);
            self.note_sources(&Value::Object(checked.clone()), &mut Vec::new(), layer);
            merge(&mut self.merged, checked);
        }
        let mistake = |(path, message): (KeyPath, String)| layer.mistake(&path, message);
        self.loaded.warnings.extend(findings.unknown.into_iter().map(mistake));
        self.loaded.errors.extend(findings.wrong.into_iter().map(mistake));
    }

    fn leave_out_untrusted(&mut self, value: &mut Value, layer: &Layer) {
        let Some(object) = value.as_object_mut() else { return };
        let keys: Vec<String> =
            object.keys().filter(|key| !UNTRUSTED_KEYS.contains(&key.as_str())).cloned().collect();
        for key in keys {
            object.remove(&key);
            self.loaded.warnings.push(layer.mistake(&[key], "is not read until the workspace is trusted"));
        }
    }

    /// A wrong word stays where it is, since rules take it for an ask, which a rule left out might not be.
    fn permission(&mut self, rules: Map<String, Value>, layer: &Layer, findings: &mut Findings) {
        let narrows_only = layer.authority != Authority::Person;
        for (tool, value) in &rules {
            let words: Vec<(Option<&String>, &Value)> = match value {
                Value::Object(patterns) => {
                    patterns.iter().map(|(pattern, word)| (Some(pattern), word)).collect()
                }
                word => vec![(None, word)],
            };
            for (pattern, word) in words {
                let path: KeyPath = ["permission", tool]
                    .into_iter()
                    .chain(pattern.map(String::as_str))
                    .map(ToOwned::to_owned)
                    .collect();
                match word.as_str() {
                    Some("allow") if narrows_only => {
                        findings.unknown.push((path, "is without effect: a project cannot allow".to_owned()));
                    }
                    Some("allow" | "ask" | "deny") => {}
                    _ => findings
                        .wrong
                        .push((path, "must be allow, ask or deny; it is taken for ask".to_owned())),
                }
            }
        }
        self.loaded.sources.insert("permission".to_owned(), layer.name.clone());
        self.loaded.config.permission.push(PermissionLayer { narrows_only, rules });
    }

    fn note_sources(&mut self, value: &Value, path: &mut KeyPath, layer: &Layer) {
        match value.as_object().filter(|object| !object.is_empty()) {
            Some(object) => {
                for (key, value) in object {
                    path.push(key.clone());
                    self.note_sources(value, path, layer);
                    path.pop();
                }
            }
            None if path.is_empty() => {}
            None => {
                self.loaded.sources.insert(path.join("."), layer.name.clone());
            }
        }
    }

    fn finish(mut self) -> Loaded {
        let permission = std::mem::take(&mut self.loaded.config.permission);
        match serde_json::from_value(Value::Object(self.merged)) {
            Ok(config) => self.loaded.config = config,
            Err(error) => self.loaded.errors.push(Mistake {
                source_name: "configuration".to_owned(),
                line: None,
                key: String::new(),
                message: error.to_string(),
            }),
        }
        self.loaded.config.permission = permission;
        self.loaded
    }
}

fn read(path: &Path) -> io::Result<String> {
    let (content, size) = regular::read(path, MAX_FILE)?;
    if size > MAX_FILE {
        return Err(io::Error::other(format!("it is larger than {MAX_FILE} bytes")));
    }
    String::from_utf8(content).map_err(|_| io::Error::other("it is not UTF-8"))
}

/// `later` over `merged`.
fn merge(merged: &mut Map<String, Value>, later: Map<String, Value>) {
    for (key, value) in later {
        match (merged.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => {
                merged.insert(key, value);
            }
        }
    }
}

/// Replaces `{env:NAME}` inside texts. A variable that is not set makes the value a mistake.
fn substitute(
    value: &mut Value,
    env: &dyn Fn(&str) -> Option<String>,
    path: &mut KeyPath,
    findings: &mut Findings,
) {
    match value {
        Value::String(text) => match with_env(text, env) {
            Ok(substituted) => *text = substituted,
            Err(name) => {
                findings
                    .wrong
                    .push((path.clone(), format!("needs the environment variable {name}, which is not set")));
                *value = Value::Null;
            }
        },
        Value::Array(list) => {
            for (at, element) in list.iter_mut().enumerate() {
                path.push(at.to_string());
                substitute(element, env, path, findings);
                path.pop();
            }
            list.retain(|element| !element.is_null());
        }
        Value::Object(object) => {
            let before: Vec<String> =
                object.iter().filter(|(_, value)| value.is_string()).map(|(key, _)| key.clone()).collect();
            for (key, value) in object.iter_mut() {
                path.push(key.clone());
                substitute(value, env, path, findings);
                path.pop();
            }
            object.retain(|key, value| !(value.is_null() && before.contains(key)));
        }
        _ => {}
    }
}

fn with_env(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{env:") {
        let Some((name, tail)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&env(name).ok_or(name)?);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

/// Models are named `provider/model`.
fn check_models(checked: &mut Map<String, Value>, findings: &mut Findings) {
    for key in ["model", "smallModel"] {
        let Some(name) = checked.get(key).and_then(Value::as_str) else { continue };
        if let Err(error) = name.parse::<ModelRef>() {
            findings.wrong.push((vec![key.to_owned()], format!("names no model: {error}")));
            checked.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
