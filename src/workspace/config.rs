//! Configuration: JSONC in layers, each value with the place it came from.
//!
//! [`Config`] is what the layers mean together, every default filled in. `load` reads and merges them; a
//! mistake costs the value it is in, never the start.

mod agent;
mod check;
mod document;
mod environment;
pub(in crate::workspace) mod file;
mod format;
mod guard;
mod limits;
mod load;
pub(in crate::workspace) mod mistake;
mod names;
mod narrow;
mod permission;
mod provider;
mod redact;
mod reference;
mod schema;
pub(in crate::workspace) mod watch;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use agent::{AgentConfig, CommandConfig, SkillsConfig};
pub use guard::{EnvironmentConfig, SandboxConfig, WebfetchConfig};
pub use limits::{CompactionConfig, LimitsConfig, LogConfig, LogLevel, TimeoutsConfig};
pub use load::{Inputs, Loaded, Origin, load};
pub use mistake::{Mistake, Position};
pub use permission::{HeadlessPermission, PermissionLayer, TOOLS};
pub use provider::{ApiConfig, CostConfig, InputKind, ModelConfig, ProviderConfig};
pub use redact::redacted;
pub use reference::markdown;
pub use schema::schema;
pub use watch::Watch;

/// The merged configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Config {
    /// The model that answers, as `provider/model`.
    #[schemars(schema_with = "format::model")]
    pub model: String,
    /// A cheaper model for titles; the ordinary one when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "format::optional_model")]
    pub small_model: Option<String>,
    /// The agent that answers.
    pub agent: String,
    /// Providers by name.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// Rules by tool name or `*`: a word, or patterns with a word each. Later wins among allow and ask; a
    /// deny always wins.
    // The sections stay apart, in the order of their layers: merging them could widen what a later one narrows.
    #[serde(deserialize_with = "permission::one_layer", serialize_with = "permission::joined")]
    #[schemars(schema_with = "permission::rules")]
    pub permission: Vec<PermissionLayer>,
    /// What an ask becomes when nobody can be asked.
    pub headless_permission: HeadlessPermission,
    /// When and how history is compacted.
    pub compaction: CompactionConfig,
    /// Instruction files beside AGENTS.md: paths and globs, from the project's root.
    #[schemars(schema_with = "format::globs")]
    pub instructions: Vec<String>,
    /// Agents of the user's own, by name.
    pub agents: BTreeMap<String, AgentConfig>,
    /// Commands of the user's own, by name.
    pub commands: BTreeMap<String, CommandConfig>,
    /// Where skills are looked for.
    pub skills: SkillsConfig,
    /// What holds commands that `bash` runs.
    pub sandbox: SandboxConfig,
    /// Which environment variables children get.
    pub environment: EnvironmentConfig,
    /// What `webfetch` may fetch.
    pub webfetch: WebfetchConfig,
    /// Limits.
    pub limits: LimitsConfig,
    /// Deadlines.
    pub timeouts: TimeoutsConfig,
    /// Logging.
    pub log: LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            model: "offline/explorer".to_owned(),
            small_model: None,
            agent: "build".to_owned(),
            providers: BTreeMap::new(),
            permission: Vec::new(),
            headless_permission: HeadlessPermission::Deny,
            compaction: CompactionConfig::default(),
            instructions: Vec::new(),
            agents: BTreeMap::new(),
            commands: BTreeMap::new(),
            skills: SkillsConfig::default(),
            sandbox: SandboxConfig::default(),
            environment: EnvironmentConfig::default(),
            webfetch: WebfetchConfig::default(),
            limits: LimitsConfig::default(),
            timeouts: TimeoutsConfig::default(),
            log: LogConfig::default(),
        }
    }
}
