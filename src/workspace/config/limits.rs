//! The sections `compaction`, `limits`, `timeouts` and `log`: how much, how long, how loud.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When and how history is compacted. Sizes are in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CompactionConfig {
    /// Whether it happens by itself.
    pub auto: bool,
    /// Whether old tool outputs become evidence.
    pub prune: bool,
    /// Kept free beside the model's output.
    #[schemars(range(max = 100_000_000))]
    pub reserved: u64,
    /// How much of the newest turns stays verbatim.
    #[schemars(range(max = 100_000_000))]
    pub keep_tokens: u64,
    /// How much of the newest tool outputs is never pruned.
    #[schemars(range(max = 100_000_000))]
    pub protect_tokens: u64,
}

impl Default for CompactionConfig {
    fn default() -> Self {
        Self { auto: true, prune: true, reserved: 20_000, keep_tokens: 15_000, protect_tokens: 40_000 }
    }
}

/// Limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitsConfig {
    /// Provider calls in one turn.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_steps: u32,
    /// Size of an incoming frame in bytes: it must hold a prompt, and fit into memory.
    #[schemars(range(min = 65_536, max = 1_073_741_824))]
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
    #[schemars(range(min = 1, max = 86_400_000))]
    pub connect_ms: u64,
    /// Until the first event of an answer.
    #[schemars(range(min = 1, max = 86_400_000))]
    pub first_event_ms: u64,
    /// Between two events of an answer.
    #[schemars(range(min = 1, max = 86_400_000))]
    pub idle_ms: u64,
    /// A whole turn.
    #[schemars(range(min = 1, max = 86_400_000))]
    pub turn_ms: u64,
    /// All waiting between the attempts for one answer; more than 900,000 counts as that.
    #[schemars(range(max = 86_400_000))]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LogConfig {
    /// The least that is logged.
    pub level: LogLevel,
}

/// How much is logged: each level with all above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What failed.
    Error,
    /// What is doubtful.
    Warn,
    /// What happens.
    #[default]
    Info,
    /// How it happens.
    Debug,
    /// Everything.
    Trace,
}
