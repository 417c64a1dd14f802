//! The sections `agents`, `commands` and `skills`: what the user adds to the conversation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{format, permission};

/// An agent of the user's own, or changes to a built-in one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AgentConfig {
    /// What it is for, in a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The model that answers, as `provider/model`; the session's when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "format::optional_model")]
    pub model: Option<String>,
    /// Its instructions, in place of the built-in ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Rules that hold beside the ordinary ones. They can only narrow them.
    #[schemars(schema_with = "permission::rules")]
    pub permission: Map<String, Value>,
    /// The tools that it has, by name; all of them when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// Provider calls in one turn, at least 1; `limits.maxSteps` when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub max_steps: Option<u32>,
}

/// A command of the user's own: typed as `/name`, it stands for a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CommandConfig {
    /// The prompt. `$1` to `$9` and `$ARGUMENTS` stand for what is typed behind the name.
    pub template: String,
    /// What it is for, in a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The agent that answers it; the session's when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The model that answers it, as `provider/model`; the agent's when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "format::optional_model")]
    pub model: Option<String>,
}

/// Where skills are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SkillsConfig {
    /// Folders, beside `skills/` in the configuration directory and, in a trusted project, `.agentls/skills` and
    /// `.claude/skills`. Relative ones lie in the project.
    pub paths: Vec<String>,
}
