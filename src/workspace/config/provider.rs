//! The section `providers`: who answers, where, and with which models.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::format;
use crate::transcript::secret::is_secret;

/// A provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProviderConfig {
    /// Its wire format; known for the catalogue's own providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<ApiConfig>,
    /// The URL that the format's path is appended to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "format::optional_url")]
    pub base_url: Option<String>,
    /// The environment variable that holds the key. Without it no key is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "format::optional_variable")]
    pub api_key_env: Option<String>,
    /// Headers to add to each request.
    #[schemars(schema_with = "format::headers")]
    pub headers: BTreeMap<String, String>,
    /// Headers whose values came from the environment.
    #[serde(skip)]
    #[schemars(skip)]
    pub from_environment: BTreeSet<String>,
    /// Whether the provider may keep responses, so that they can be continued.
    pub store: bool,
    /// Merged into each request body.
    pub options: Map<String, Value>,
    /// Models by id.
    pub models: BTreeMap<String, ModelConfig>,
}

impl ProviderConfig {
    /// Whether the value of a header is a secret (invariant 13): its name says so, or it was kept out of the file.
    pub fn is_secret_header(&self, name: &str) -> bool {
        is_secret(name) || self.from_environment.contains(name)
    }
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
    #[schemars(range(min = 1, max = 100_000_000))]
    pub context: Option<u64>,
    /// The most it writes in one answer, in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000_000))]
    pub max_output: Option<u64>,
    /// What it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Vec<InputKind>>,
    /// Prices in US dollars for a million tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostConfig>,
    /// Merged into each request body.
    pub options: Map<String, Value>,
}

/// What a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InputKind {
    /// Text.
    Text,
    /// Images.
    Image,
}

/// Prices in US dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CostConfig {
    /// Uncached input.
    #[schemars(range(min = 0))]
    pub input: f64,
    /// Output.
    #[schemars(range(min = 0))]
    pub output: f64,
    /// Input read from the cache.
    #[schemars(range(min = 0))]
    pub cache_read: f64,
    /// Input written to the cache.
    #[schemars(range(min = 0))]
    pub cache_write: f64,
}
