//! Names that are only right beside others: an agent must be there.

use super::{Config, Inputs, mistake::nearest};
use crate::workspace::agents::{self, Places};

/// A name that leads nowhere.
pub(super) struct Missing {
    /// The keys that lead to it.
    pub(super) path: Vec<String>,
    /// What it says.
    pub(super) name: String,
    /// What to do about it.
    pub(super) cure: String,
}

/// The agents that `config` names and that are not there. They are taken out of it.
pub(super) fn missing_agents(config: &mut Config, inputs: &Inputs<'_>) -> Vec<Missing> {
    let ordinary = Config::default().agent;
    let of_commands = config.commands.values().filter_map(|command| command.agent.as_ref());
    if of_commands.chain([&config.agent]).all(|name| *name == ordinary) {
        return Vec::new();
    }
    let project = inputs.project.filter(|_| inputs.trusted);
    let places = Places { config_dir: inputs.config_dir, config, source: &|_| None, project };
    let known: Vec<String> = agents::list(&places).into_iter().map(|agent| agent.name).collect();
    let is_there = |name: &String| known.contains(name);
    let mut missing = Vec::new();
    if !is_there(&config.agent) {
        let name = std::mem::replace(&mut config.agent, ordinary);
        missing.push((vec!["agent".to_owned()], name));
    }
    for (command, entry) in &mut config.commands {
        let path = ["commands", command, "agent"].map(str::to_owned);
        missing.extend(entry.agent.take_if(|name| !is_there(name)).map(|name| (path.to_vec(), name)));
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let told = missing.into_iter().map(|(path, name)| {
        let cure = match nearest(&name, &known) {
            Some(meant) => format!("Did you mean `{meant}`?"),
            None => format!("Name one of {}, or describe it under `agents`.", known.join(", ")),
        };
        Missing { path, name, cure }
    });
    told.collect()
}
