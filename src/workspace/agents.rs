//! Agents: who answers, with which prompt, tools and limits.
//!
//! Three are always there ([`builtin`]); others come from Markdown files with front matter and from the
//! configuration. A later layer changes what it names and narrows what may be done: permissions only add up, tools only
//! become fewer, and an agent that only looks stays one (invariant 12). Reads files, runs nothing.

pub mod builtin;
mod markdown;

use std::path::Path;

use serde_json::{Map, Value};

use super::{
    config::{AgentConfig, Config},
    reading,
};
use crate::transcript::ModelRef;

pub use markdown::MOST_BYTES;

/// Where something was defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Here.
    BuiltIn,
    /// In this file, or layer of the configuration.
    Place(String),
}

impl Origin {
    /// For people: `builtIn`, or the place.
    pub fn name(&self) -> &str {
        match self {
            Self::BuiltIn => "builtIn",
            Self::Place(place) => place,
        }
    }
}

/// An agent as all layers together define it.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// What it is called.
    pub name: String,
    /// When to choose it.
    pub description: String,
    /// The newest layer that speaks of it.
    pub origin: Origin,
    /// The model that answers for it.
    pub model: Option<ModelRef>,
    /// What it is asked; that of `build` when missing.
    pub prompt: Option<String>,
    /// Whether it may only look, whatever rules and people say.
    pub looks_only: bool,
    /// The only tools that it has, by name.
    pub tools: Option<Vec<String>>,
    /// `permission` sections that narrow the session's rules.
    pub permission: Vec<Map<String, Value>>,
    /// Its most provider calls in one turn.
    pub max_steps: Option<u32>,
    /// What is wrong with its definitions, a line for each.
    pub mistakes: Vec<String>,
    /// Whether it can answer: one whose only definition cannot be read cannot.
    pub usable: bool,
}

impl Agent {
    fn new(name: &str, origin: Origin) -> Self {
        Self {
            name: name.to_owned(),
            description: String::new(),
            origin,
            model: None,
            prompt: None,
            looks_only: false,
            tools: None,
            permission: Vec::new(),
            max_steps: None,
            mistakes: Vec::new(),
            usable: true,
        }
    }

    /// Whether it has this tool.
    pub fn has_tool(&self, tool: &str) -> bool {
        self.tools.as_ref().is_none_or(|tools| tools.iter().any(|own| own == tool))
    }
}

/// What one layer says of an agent.
#[derive(Debug, Default)]
struct Definition {
    name: String,
    origin: String,
    description: Option<String>,
    model: Option<ModelRef>,
    prompt: Option<String>,
    permission: Map<String, Value>,
    tools: Option<Vec<String>>,
    max_steps: Option<u32>,
    mistakes: Vec<String>,
    /// It cannot be read: nothing of it counts.
    broken: bool,
}

/// Where agents are defined.
pub struct Places<'a> {
    /// The user's configuration directory, with `agents/*.md`.
    pub config_dir: &'a Path,
    /// The merged configuration …
    pub config: &'a Config,
    /// … and where its value with this dotted key came from.
    pub source: &'a dyn Fn(&str) -> Option<String>,
    /// The root of a project that may bring agents, with `.agentls/agents/*.md`: a trusted one.
    pub project: Option<&'a Path>,
}

/// All agents: the built-in ones, then the others by name.
pub fn list(places: &Places<'_>) -> Vec<Agent> {
    let mut agents = builtin::agents();
    let fixed = agents.len();
    for path in reading::markdown(&places.config_dir.join("agents")) {
        add(&mut agents, markdown::read(&path));
    }
    for (name, own) in &places.config.agents {
        let origin = (places.source)(&format!("agents.{name}"));
        add(&mut agents, configured(name, own, origin.unwrap_or_else(|| "configuration".to_owned())));
    }
    if let Some(root) = places.project {
        let files = reading::markdown(&root.join(".agentls").join("agents"));
        for path in files.iter().filter(|path| reading::lies_in(path, root)) {
            add(&mut agents, markdown::read(path));
        }
    }
    if let Some(own) = agents.get_mut(fixed..) {
        own.sort_by(|one, other| one.name.cmp(&other.name));
    }
    agents
}

/// What the configuration says of an agent. Its types were checked when it was loaded.
fn configured(name: &str, own: &AgentConfig, origin: String) -> Definition {
    let mut mistakes = Vec::new();
    let model = own.model.as_deref().and_then(|model| markdown::model(model, &mut mistakes));
    Definition {
        name: name.to_owned(),
        origin,
        description: own.description.clone(),
        model,
        prompt: own.prompt.clone(),
        permission: own.permission.clone(),
        tools: own.tools.clone(),
        max_steps: own.max_steps,
        broken: markdown::refuse_name(name, &mut mistakes),
        mistakes,
    }
}

/// Lets a layer count, over what is there.
fn add(agents: &mut Vec<Agent>, new: Definition) {
    let named = agents.iter().position(|agent| agent.name == new.name);
    let agent = match named.and_then(|at| agents.get_mut(at)) {
        Some(agent) => agent,
        None => {
            let agent = Agent { usable: false, ..Agent::new(&new.name, Origin::Place(new.origin.clone())) };
            agents.push(agent);
            let Some(agent) = agents.last_mut() else { return };
            agent
        }
    };
    agent.mistakes.extend(new.mistakes.into_iter().map(|mistake| format!("{}: {mistake}", new.origin)));
    if new.broken {
        return;
    }
    agent.usable = true;
    agent.origin = Origin::Place(new.origin);
    if let Some(description) = new.description {
        agent.description = description;
    }
    agent.model = new.model.or(agent.model.take());
    agent.prompt = new.prompt.or(agent.prompt.take());
    agent.max_steps = new.max_steps.or(agent.max_steps);
    agent.tools = match (agent.tools.take(), new.tools) {
        (Some(before), Some(now)) => Some(before.into_iter().filter(|tool| now.contains(tool)).collect()),
        (before, now) => now.or(before),
    };
    if !new.permission.is_empty() {
        agent.permission.push(new.permission);
    }
}

#[cfg(test)]
mod tests;
