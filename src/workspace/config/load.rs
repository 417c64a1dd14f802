//! Reading the layers and merging them: user, project, client, command line.
//!
//! Invariant 12: a project's file is read beyond `model` and `agent` only when the workspace is trusted, and only
//! narrows. Objects are merged key by key, everything else is replaced by the later layer.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Map, Value, json};

use super::{
    Config, Mistake, PermissionLayer, Watch,
    check::check,
    document::{self, Document, Places},
    environment, file,
    mistake::{Finding, Findings, KeyPath, Weight, shown_key},
    names, narrow, permission,
    schema::schema,
};

/// What is loaded from. `Debug` is left out: the client's value may hold secrets.
#[derive(Clone, Copy)]
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
    /// What was seen of the files before, where they are loaded again and again.
    pub watch: Option<&'a Watch>,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, `client` or `commandLine`.
    pub source_name: String,
    /// The line, from 1, in a file.
    pub line: Option<u32>,
}

/// What the layers mean together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// The merged configuration.
    pub config: Config,
    /// Dotted key of each value → where it came from. What is not here is a default.
    pub sources: BTreeMap<String, Origin>,
    /// The layers that there are, in order.
    pub layers: Vec<String>,
    /// Keys that mean nothing or may not be set there.
    pub warnings: Vec<Mistake>,
    /// Values that were left out because they are wrong.
    pub errors: Vec<Mistake>,
}

impl Loaded {
    /// Says that the value `shown` at the keys `path` was left out of [`config`](Self::config), for a reason that only
    /// shows beside other things. The caller has left it out.
    pub fn leave_out(&mut self, path: &[&str], problem: &str, shown: &str, cure: String) {
        let origin = self.sources.remove(&path.join("."));
        let at = origin.as_ref().and_then(|origin| origin.line);
        self.errors.push(Mistake {
            source_name: origin.map_or_else(|| "configuration".to_owned(), |origin| origin.source_name),
            at: at.map(|line| super::Position { line, column: 1 }),
            key: shown_key(&path.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>()),
            message: format!("{problem}: \"{}\"", super::mistake::shown_value(shown)),
            cure,
        });
    }
}

/// Loads all layers. Whatever is wrong, there is a configuration.
pub fn load(inputs: &Inputs<'_>) -> Loaded {
    let mut merger =
        Merger { inputs, merged: Map::new(), from_environment: Vec::new(), loaded: Loaded::default() };
    merger.file(&inputs.config_dir.join("config.jsonc"), Authority::Person);
    if let Some(project) = inputs.project {
        let authority = if inputs.trusted { Authority::Project } else { Authority::Untrusted };
        merger.file(&project.join(".agentls").join("config.jsonc"), authority);
    }
    for (name, value) in [("client", inputs.client), ("commandLine", inputs.command_line)] {
        if let Some(value) = value {
            let layer =
                Layer { name: name.to_owned(), authority: Authority::Person, places: Places::default() };
            merger.add(value.clone(), &layer, Findings::default());
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
    places: Places,
}

impl Layer {
    fn mistake(&self, finding: Finding) -> Mistake {
        Mistake {
            source_name: self.name.clone(),
            at: self.places.of(&finding.path),
            key: shown_key(&finding.path),
            message: finding.problem,
            cure: finding.cure,
        }
    }
}

struct Merger<'a> {
    inputs: &'a Inputs<'a>,
    merged: Map<String, Value>,
    /// The values that came from variables.
    from_environment: Vec<KeyPath>,
    loaded: Loaded,
}

impl Merger<'_> {
    fn file(&mut self, path: &Path, authority: Authority) {
        let name = path.to_string_lossy().into_owned();
        let mut layer = Layer { name, authority, places: Places::default() };
        let problem = match file::read(path) {
            Ok(None) => {
                if let Some(watch) = self.inputs.watch {
                    watch.usable(&layer.name, None);
                }
                return;
            }
            Ok(Some(text)) => match document::parse(&text) {
                Ok(document) => {
                    if let Some(watch) = self.inputs.watch {
                        watch.usable(&layer.name, Some(&text));
                    }
                    return self.document(document, layer);
                }
                Err(error) => Mistake {
                    source_name: layer.name.clone(),
                    at: Some(error.at),
                    key: String::new(),
                    message: error.problem,
                    cure: error.cure.to_owned(),
                },
            },
            Err(error) => Mistake {
                source_name: layer.name.clone(),
                at: None,
                key: String::new(),
                message: error.to_string(),
                cure: error.cure().to_owned(),
            },
        };
        layer.places = Places::default();
        self.unusable(problem, layer);
    }

    /// A file that cannot be used means what it meant before. Where that is not known, neither is what it denied:
    /// everything is asked.
    fn unusable(&mut self, mut problem: Mistake, layer: Layer) {
        let before = self.inputs.watch.and_then(|watch| watch.before(&layer.name));
        if let Some(document) = before.and_then(|text| document::parse(&text).ok()) {
            problem.message.push_str("; what it said before holds");
            self.loaded.errors.push(problem);
            return self.document(document, layer);
        }
        if layer.authority != Authority::Untrusted {
            problem.message.push_str("; until then every permission is asked");
            let rules = Map::from_iter([("*".to_owned(), json!("ask"))]);
            self.loaded.config.permission.push(PermissionLayer { narrows_only: true, rules });
        }
        self.loaded.errors.push(problem);
        self.loaded.layers.push(layer.name);
    }

    fn document(&mut self, document: Document, mut layer: Layer) {
        let mut findings = Findings::default();
        for path in document.twice {
            findings.error(&path, "is there twice; the last one counts", "Take one of them out.");
        }
        layer.places = document.places;
        self.add(document.value, &layer, findings);
    }

    fn add(&mut self, mut value: Value, layer: &Layer, mut findings: Findings) {
        self.loaded.layers.push(layer.name.clone());
        if value.is_null() {
            return;
        }
        if let Value::Object(object) = &mut value {
            match layer.authority {
                Authority::Person => {}
                Authority::Project => narrow::trusted(object, &mut findings),
                Authority::Untrusted => narrow::untrusted(object, &mut findings),
            }
        }
        if layer.authority == Authority::Person {
            self.from_environment.extend(environment::substitute(&mut value, self.inputs.env, &mut findings));
        } else {
            environment::refuse(&mut value, &mut findings);
        }
        check_rules(&mut value, layer.authority != Authority::Person, &mut findings);
        if let Some(Value::Object(mut checked)) = check(value, schema(), &mut Vec::new(), &mut findings) {
            checked.shift_remove("$schema");
            self.note_sources(&Value::Object(checked.clone()), &mut Vec::new(), layer);
            if let Some(Value::Object(rules)) = checked.shift_remove("permission") {
                let narrows_only = layer.authority != Authority::Person;
                self.loaded.config.permission.push(PermissionLayer { narrows_only, rules });
            }
            merge(&mut self.merged, checked);
        }
        self.tell(findings, layer);
    }

    /// Turns what was found into mistakes, in the order of the file.
    fn tell(&mut self, findings: Findings, layer: &Layer) {
        let untold = [Weight::Error, Weight::Warning].map(|weight| findings.untold(weight));
        let (errors, warnings): (Vec<Finding>, Vec<Finding>) =
            findings.told.into_iter().partition(|finding| finding.weight == Weight::Error);
        let lists = [(errors, &mut self.loaded.errors), (warnings, &mut self.loaded.warnings)];
        for ((found, told), more) in lists.into_iter().zip(untold) {
            let mut mistakes: Vec<Mistake> =
                found.into_iter().map(|finding| layer.mistake(finding)).collect();
            mistakes.sort_by_key(|mistake| mistake.at);
            told.append(&mut mistakes);
            if more > 0 {
                told.push(Mistake {
                    source_name: layer.name.clone(),
                    at: None,
                    key: String::new(),
                    message: format!("has {more} more mistakes"),
                    cure: "Correct the others first.".to_owned(),
                });
            }
        }
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
                let origin = Origin { source_name: layer.name.clone(), line: layer.places.line(path) };
                self.loaded.sources.insert(path.join("."), origin);
            }
        }
    }

    fn finish(mut self) -> Loaded {
        let permission = std::mem::take(&mut self.loaded.config.permission);
        match serde_json::from_value(Value::Object(self.merged)) {
            Ok(config) => self.loaded.config = config,
            Err(error) => self.loaded.errors.push(Mistake {
                source_name: "configuration".to_owned(),
                at: None,
                key: String::new(),
                message: error.to_string(),
                cure: "Correct it, or take it out.".to_owned(),
            }),
        }
        self.loaded.config.permission = permission;
        for path in self.from_environment {
            if let [section, provider, headers, name] = path.as_slice()
                && (section.as_str(), headers.as_str()) == ("providers", "headers")
                && let Some(provider) = self.loaded.config.providers.get_mut(provider)
            {
                provider.from_environment.insert(name.clone());
            }
        }
        let missing = names::missing_agents(&mut self.loaded.config, self.inputs);
        for names::Missing { path, name, cure } in missing {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            self.loaded.leave_out(&path, "names no agent", &name, cure);
        }
        self.loaded
    }
}

/// The rules of a layer and of its agents.
fn check_rules(layer: &mut Value, narrows_only: bool, findings: &mut Findings) {
    let Value::Object(layer) = layer else { return };
    if let Some(section) = layer.get_mut("permission") {
        permission::check(section, narrows_only, &vec!["permission".to_owned()], findings);
    }
    let agents = layer.get_mut("agents").and_then(Value::as_object_mut);
    for (name, agent) in agents.into_iter().flatten() {
        if let Some(section) = agent.get_mut("permission") {
            let path = ["agents", name, "permission"].map(str::to_owned).to_vec();
            permission::check(section, false, &path, findings);
        }
    }
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

#[cfg(test)]
mod tests;
