//! Who can answer and what a prompt can call: results and handlers of `agent/list` and `command/list`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{params::InWorkspace, server::Server};
use crate::{
    engine::{self, EngineError},
    transcript::ModelRef,
};

/// The agents that can answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AgentList {
    /// They: the built-in ones first.
    pub agents: Vec<ListedAgent>,
}

/// An agent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedAgent {
    /// What `agent` parameters call it.
    pub name: String,
    /// When to choose it.
    pub description: String,
    /// `builtIn`, or the file or layer of the configuration that spoke of it last.
    pub source: String,
    /// The model that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// Whether it cannot change anything.
    pub read_only: bool,
    /// What is wrong with its definitions, a line for each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<String>,
}

/// The commands that a prompt can call.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CommandList {
    /// They, by name.
    pub commands: Vec<ListedCommand>,
}

/// A command.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedCommand {
    /// What is typed behind the slash.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What may be typed behind the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argument_hint: Option<String>,
    /// Who answers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The model that answers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// The file or layer of the configuration that it comes from.
    pub source: String,
    /// What is wrong with it, a line for each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<String>,
}

impl From<engine::ListedAgent> for ListedAgent {
    fn from(agent: engine::ListedAgent) -> Self {
        let engine::ListedAgent { name, description, source, model, read_only, mistakes } = agent;
        Self { name, description, source, model, read_only, mistakes }
    }
}

impl From<engine::ListedCommand> for ListedCommand {
    fn from(command: engine::ListedCommand) -> Self {
        let engine::ListedCommand { name, description, argument_hint, agent, model, source, mistakes } =
            command;
        Self { name, description, argument_hint, agent, model, source, mistakes }
    }
}

#[expect(missing_docs, reason = "the table of methods says what each does")]
impl Server {
    pub async fn agent_list(&self, params: InWorkspace) -> Result<AgentList, EngineError> {
        let agents = self.engine.agents(params.cwd).await?;
        Ok(AgentList { agents: agents.into_iter().map(Into::into).collect() })
    }

    pub async fn command_list(&self, params: InWorkspace) -> Result<CommandList, EngineError> {
        let commands = self.engine.commands(params.cwd).await?;
        Ok(CommandList { commands: commands.into_iter().map(Into::into).collect() })
    }
}
