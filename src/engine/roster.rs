//! Who may answer and what may be called by name: the agents, commands and skills that are there for a working
//! directory, checked against the models and tools that there are.
//!
//! Looked at anew for each turn and each question. A project brings some only when it is trusted (invariant 12).

use std::{path::Path, sync::Arc};

use super::{
    Change, Engine, EngineError, ListedAgent, ListedCommand, Open, models, settings::Settings, site::Site,
    sources::PromptSources,
};
use crate::{
    permission::ceiling::Ceiling,
    provider::{ToolSpec, catalog},
    transcript::{Failure, ModelRef, Session},
    workspace::{
        agents::{self, Agent, Places, builtin::BUILD},
        commands::{self, Command},
        config::{self, Config},
        instructions,
        skills::{Place, Skill, Skills},
    },
};

/// Where a project keeps its skills.
const SKILL_FOLDERS: [&str; 2] = [".agentls/skills", ".claude/skills"];

/// The most that an agent may do.
pub(super) fn ceiling(agent: &Agent) -> Ceiling {
    if agent.looks_only { Ceiling::LooksOnly } else { Ceiling::Everything }
}

impl Settings {
    /// Does something with the places where agents and commands are defined.
    fn within_places<T>(&self, site: &Site, look: impl FnOnce(&Places<'_>) -> T) -> T {
        let source = |key: &str| {
            let below = format!("{key}.");
            let named = |(known, _): &(&String, &config::Origin)| *known == key || known.starts_with(&below);
            site.loaded.sources.iter().find(named).map(|(_, origin)| origin.source_name.clone())
        };
        look(&Places {
            config_dir: &self.config_dir,
            config: site.config(),
            source: &source,
            project: site.trusted_root(),
        })
    }

    /// The agents, each with all that is wrong with it.
    fn agents(&self, site: &Site) -> Vec<Agent> {
        let mut agents = self.within_places(site, agents::list);
        let specs = self.tools.specs();
        let tools: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        for agent in &mut agents {
            let unknown = agent.tools.iter().flatten().filter(|tool| !tools.contains(&tool.as_str()));
            let mistakes: Vec<String> = unknown
                .map(|tool| {
                    let near = catalog::suggestions(tool, tools.iter().copied());
                    format!("`tools`: there is no tool `{tool}`{}", perhaps(&near))
                })
                .collect();
            agent.mistakes.extend(mistakes);
            agent.mistakes.extend(check_model(site.config(), agent.model.as_ref()));
        }
        agents
    }

    /// The agent that `name` asks for, or why it cannot answer.
    pub(super) fn agent(&self, site: &Site, name: &str) -> Result<Agent, EngineError> {
        let agents = self.agents(site);
        if let Some(agent) = agents.iter().find(|agent| agent.name == name) {
            return usable(agent);
        }
        let names: Vec<&str> = agents.iter().map(|agent| agent.name.as_str()).collect();
        let near = catalog::suggestions(name, names.iter().copied());
        Err(EngineError::InvalidParams(format!(
            "agent: there is no agent `{name}`{}; there is {}",
            perhaps(&near),
            names.join(", ")
        )))
    }

    /// [`Self::agent`] with the configuration as it is now.
    pub(super) fn chosen_agent(&self, cwd: &Path, name: &str) -> Result<Agent, EngineError> {
        self.agent(&self.look(Some(cwd)), name)
    }

    /// The configured agent; `build` when there is none of that name.
    pub(super) fn default_agent(&self, site: &Site) -> Agent {
        let agents = self.agents(site);
        let find = |name: &str| agents.iter().find(|agent| agent.name == name && agent.usable).cloned();
        find(&site.config().agent).or_else(|| find(BUILD)).unwrap_or_else(agents::builtin::build)
    }

    /// The agent that answers a session's prompt, and what a person should know about the choice.
    pub(super) fn answering(&self, site: &Site, name: &str) -> (Agent, Vec<String>) {
        match self.agent(site, name) {
            Ok(agent) => (agent, Vec::new()),
            Err(why) => {
                let instead = self.default_agent(site);
                let notice = format!("{why}; {} answers", instead.name);
                (instead, vec![notice])
            }
        }
    }

    /// The tools that an agent is offered, in the order of all.
    pub(super) fn offered(&self, agent: &Agent) -> Arc<[ToolSpec]> {
        let (specs, ceiling) = (self.tools.specs(), ceiling(agent));
        let offered = |spec: &&ToolSpec| agent.has_tool(&spec.name) && ceiling.admits_tool(&spec.name);
        if specs.iter().all(|spec| offered(&spec)) {
            return specs;
        }
        specs.iter().filter(offered).cloned().collect()
    }

    /// Where the system prompt of a session comes from.
    pub(super) fn sources(&self, cwd: &Path, site: &Site, agent: Agent) -> PromptSources {
        let root = site.root(cwd);
        let anywhere = !named_by_project(site, "instructions", root);
        let places = instructions::Places::new(
            cwd.to_owned(),
            root.to_owned(),
            Some(self.config_dir.join("AGENTS.md")),
            site.config().instructions.clone(),
            anywhere,
        );
        PromptSources::new(agent, cwd.to_owned(), places, self.skills(site))
    }

    /// The skills of the configuration, the user's own, and those of a project that is trusted.
    fn skills(&self, site: &Site) -> Skills {
        let mut places = Vec::new();
        if let Some(cwd) = &site.cwd {
            let root = site.root(cwd);
            let within = named_by_project(site, "skills", root).then(|| root.to_owned());
            let paths = site.config().skills.paths.iter();
            places.extend(paths.map(|path| Place { folder: root.join(path), within: within.clone() }));
        }
        places.push(Place { folder: self.config_dir.join("skills"), within: None });
        if let (Some(cwd), Some(root)) = (site.cwd.as_deref(), site.trusted_root()) {
            let folders: &[&Path] = if cwd == root { &[cwd] } else { &[cwd, root] };
            places.extend(folders.iter().flat_map(|folder| {
                SKILL_FOLDERS.map(|name| Place { folder: folder.join(name), within: Some(root.to_owned()) })
            }));
        }
        Skills::look(&places)
    }

    pub(super) fn listed_skills(&self, cwd: Option<&Path>) -> Vec<Skill> {
        self.skills(&self.look(cwd)).all().cloned().collect()
    }

    pub(super) fn listed_agents(&self, cwd: Option<&Path>) -> Vec<ListedAgent> {
        let listed = |agent: Agent| ListedAgent {
            read_only: self.offered(&agent).iter().all(|spec| looks(&agent, &spec.name)),
            name: agent.name,
            description: agent.description,
            source: agent.origin.name().to_owned(),
            model: agent.model,
            mistakes: agent.mistakes,
        };
        self.agents(&self.look(cwd)).into_iter().map(listed).collect()
    }

    /// The commands, each with all that is wrong with it.
    pub(super) fn commands(&self, site: &Site) -> Vec<Command> {
        let mut commands = self.within_places(site, commands::list);
        let agents = self.agents(site);
        for command in &mut commands {
            command.mistakes.extend(check_model(site.config(), command.model.as_ref()));
            let unknown = command.agent.iter().filter(|name| agents.iter().all(|agent| agent.name != **name));
            let mistake: Vec<String> =
                unknown.map(|name| format!("`agent`: there is no agent `{name}`")).collect();
            command.mistakes.extend(mistake);
        }
        commands
    }

    pub(super) fn listed_commands(&self, cwd: Option<&Path>) -> Vec<ListedCommand> {
        let listed = |command: Command| ListedCommand {
            source: command.origin.name().to_owned(),
            name: command.name,
            description: command.description,
            argument_hint: command.argument_hint,
            agent: command.agent,
            model: command.model,
            mistakes: command.mistakes,
        };
        self.commands(&self.look(cwd)).into_iter().map(listed).collect()
    }
}

/// Whether a project's own file says what stands in this section: what it names has to lie in the project, while the
/// person may name any place.
fn named_by_project(site: &Site, section: &str, root: &Path) -> bool {
    let below = format!("{section}.");
    let mut sources =
        site.loaded.sources.iter().filter(|(key, _)| *key == section || key.starts_with(&below));
    sources.any(|(_, origin)| Path::new(&origin.source_name).starts_with(root))
}

/// Whether a tool in this agent's hands changes nothing.
fn looks(agent: &Agent, tool: &str) -> bool {
    agent.looks_only || (tool != "bash" && Ceiling::LooksOnly.admits_tool(tool))
}

/// The agent, if it can answer.
fn usable(agent: &Agent) -> Result<Agent, EngineError> {
    if agent.usable {
        return Ok(agent.clone());
    }
    let why = agent.mistakes.join("; ");
    Err(EngineError::InvalidParams(format!("agent: `{}` cannot be used: {why}", agent.name)))
}

fn perhaps(near: &[String]) -> String {
    near.first().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// What is wrong with the choice of a model.
fn check_model(config: &Config, model: Option<&ModelRef>) -> Option<String> {
    let failure = models::find_model(config, model?).err()?;
    Some(format!("`model`: {}", failure.message))
}

impl Engine {
    /// What a person has chosen for a prompt answers the later ones, too.
    pub(super) async fn keep_choice(
        &self,
        open: &Open,
        session: &Session,
        (agent, model): (Option<String>, Option<ModelRef>),
    ) -> Result<(), EngineError> {
        let agent = agent.unwrap_or_else(|| session.agent.clone());
        let model = model.unwrap_or_else(|| session.model.clone());
        if agent != session.agent || model != session.model {
            open.store.set_defaults(&session.id, agent, model).await.map_err(Failure::from)?;
            self.inner.events.changed(&session.id, Change::Updated);
        }
        Ok(())
    }
}
