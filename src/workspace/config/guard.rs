//! The sections `sandbox`, `environment` and `webfetch`: what tools can reach.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::format;

/// What holds commands that `bash` runs, where the system can hold them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SandboxConfig {
    /// Whether commands run inside it.
    pub enabled: bool,
    /// Whether commands inside it may use the network.
    pub network: bool,
    /// Places beside the workspace that commands may write to: absolute paths, `~/…` is the home folder.
    #[schemars(schema_with = "format::folders")]
    pub writable: Vec<String>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self { enabled: true, network: false, writable: Vec::new() }
    }
}

/// Which environment variables children get, beside the core ones and never a provider's key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvironmentConfig {
    /// Names of variables to hand on although their names speak of a secret.
    #[schemars(schema_with = "format::variables")]
    pub pass: Vec<String>,
    /// Names of variables to keep back.
    #[schemars(schema_with = "format::variables")]
    pub remove: Vec<String>,
}

/// What the tool `webfetch` may fetch, beside what `permission` says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WebfetchConfig {
    /// Hosts that may be fetched although their addresses are private, as `localhost` or `*.internal`.
    #[schemars(schema_with = "format::hosts")]
    pub allow: Vec<String>,
    /// Hosts that are never fetched, as `example.com` or `*.example.com`.
    #[schemars(schema_with = "format::hosts")]
    pub deny: Vec<String>,
    /// The most that is read of an answer, in bytes.
    #[schemars(range(min = 1, max = 104_857_600))]
    pub max_bytes: u64,
    /// The longest that a fetch takes, redirects included, in milliseconds.
    #[schemars(range(min = 1, max = 600_000))]
    pub timeout_ms: u64,
}

impl Default for WebfetchConfig {
    fn default() -> Self {
        Self { allow: Vec::new(), deny: Vec::new(), max_bytes: 5 * 1024 * 1024, timeout_ms: 30_000 }
    }
}
