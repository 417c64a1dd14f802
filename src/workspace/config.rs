//! Configuration: JSONC in layers, each value with the place it came from.
//!
//! [`Config`] is what the layers mean together, every default filled in. `load` reads and merges them; a
//! mistake costs the value it is in, never the start.

mod check;
mod document;
pub(in crate::workspace) mod load;
mod redact;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use load::{Inputs, Loaded, Mistake, load};
pub use redact::redacted;

/// The merged configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Config {
    /// The model that answers, as `provider/model`.
    pub model: String,
    /// A cheaper model for titles; the ordinary one when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub small_model: Option<String>,
    /// The agent that answers.
    pub agent: String,
    /// Providers by name.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// Rules by tool name or `*`: a word, or patterns with a word each. Later wins among allow and ask; a
    /// deny always wins. The sections stay apart, in the order of their layers, since merging them could
    /// widen what a later one narrows.
    #[serde(deserialize_with = "one_layer", serialize_with = "joined")]
    #[schemars(with = "Map<String, Value>")]
    pub permission: Vec<PermissionLayer>,
    /// What an ask becomes when nobody can be asked.
    pub headless_permission: HeadlessPermission,
    /// When and how history is compacted.
    pub compaction: CompactionConfig,
    /// Instruction files beside AGENTS.md.
    pub instructions: Vec<String>,
    /// Agents of the user's own, by name.
    pub agents: Map<String, Value>,
    /// Commands of the user's own, by name.
    pub commands: Map<String, Value>,
    /// Where skills are looked for.
    pub skills: SkillsConfig,
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
            agents: Map::new(),
            commands: Map::new(),
            skills: SkillsConfig::default(),
            limits: LimitsConfig::default(),
            timeouts: TimeoutsConfig::default(),
            log: LogConfig::default(),
        }
    }
}

/// The `permission` section of one layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PermissionLayer {
    /// Whether it can only narrow what the others allow: a project's own file.
    pub narrows_only: bool,
    /// Its rules as they are written.
    pub rules: Map<String, Value>,
}

/// The layers as one section, for people: the sources say which file each rule came from.
fn joined<S: serde::Serializer>(layers: &[PermissionLayer], serializer: S) -> Result<S::Ok, S::Error> {
    let mut section = Map::new();
    for (tool, value) in layers.iter().flat_map(|layer| &layer.rules) {
        match (section.get_mut(tool), value) {
            (Some(Value::Object(before)), Value::Object(patterns)) => before.extend(patterns.clone()),
            _ => drop(section.insert(tool.clone(), value.clone())),
        }
    }
    section.serialize(serializer)
}

fn one_layer<'de, D: serde::Deserializer<'de>>(section: D) -> Result<Vec<PermissionLayer>, D::Error> {
    Ok(vec![PermissionLayer { narrows_only: false, rules: Map::deserialize(section)? }])
}

/// A provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProviderConfig {
    /// Its wire format; known for the catalogue's own providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<ApiConfig>,
    /// The URL that the format's path is appended to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The environment variable that holds the key. Without it no key is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_env: Option<String>,
    /// Headers to add to each request.
    pub headers: BTreeMap<String, String>,
    /// Whether the provider may keep responses, so that they can be continued.
    pub store: bool,
    /// Merged into each request body.
    pub options: Map<String, Value>,
    /// Models by id.
    pub models: BTreeMap<String, ModelConfig>,
}

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApiConfig {
    /// OpenAI Responses.
    Responses,
    /// OpenAI-compatible Chat Completions.
    Chat,
    /// Anthropic Messages.
    Anthropic,
}

/// A model; what is missing comes from the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ModelConfig {
    /// Size of the window in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// The most it writes in one answer, in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output: Option<u64>,
    /// What it takes: `text`, `image`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Vec<String>>,
    /// Prices in US dollars for a million tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostConfig>,
    /// Merged into each request body.
    pub options: Map<String, Value>,
}

/// Prices in US dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CostConfig {
    /// Uncached input.
    pub input: f64,
    /// Output.
    pub output: f64,
    /// Input read from the cache.
    pub cache_read: f64,
    /// Input written to the cache.
    pub cache_write: f64,
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

/// When and how history is compacted. Sizes are in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CompactionConfig {
    /// Whether it happens by itself.
    pub auto: bool,
    /// Whether old tool outputs become evidence.
    pub prune: bool,
    /// Kept free beside the model's output.
    pub reserved: u64,
    /// How much of the newest turns stays verbatim.
    pub keep_tokens: u64,
    /// How much of the newest tool outputs is never pruned.
    pub protect_tokens: u64,
}

impl Default for CompactionConfig {
    fn default() -> Self {
        Self { auto: true, prune: true, reserved: 20_000, keep_tokens: 15_000, protect_tokens: 40_000 }
    }
}

/// Where skills are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SkillsConfig {
    /// Folders.
    pub paths: Vec<String>,
}

/// Limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitsConfig {
    /// Provider calls in one turn.
    pub max_steps: u32,
    /// Size of an incoming frame in bytes.
    pub frame_bytes: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { max_steps: 200, frame_bytes: 64 * 1024 * 1024 }
    }
}

/// Deadlines in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TimeoutsConfig {
    /// Until a connection stands.
    pub connect_ms: u64,
    /// Until the first event of an answer.
    pub first_event_ms: u64,
    /// Between two events of an answer.
    pub idle_ms: u64,
    /// A whole turn.
    pub turn_ms: u64,
    /// All waiting between the attempts for one answer; more than 900,000 counts as that.
    pub retry_ms: u64,
}

impl Default for TimeoutsConfig {
    fn default() -> Self {
        Self {
            connect_ms: 15_000,
            first_event_ms: 120_000,
            idle_ms: 120_000,
            turn_ms: 3_600_000,
            retry_ms: 300_000,
        }
    }
}

/// Logging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: "info".to_owned() }
    }
}
