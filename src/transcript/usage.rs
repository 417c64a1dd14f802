//! What provider calls consumed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tokens and money of one provider call, or the sum over several.
///
/// The token counts are disjoint: `input` is the uncached input only, `cache_read` and `cache_write` come
/// on top of it; `reasoning` is part of what was generated and not contained in `output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    /// Input tokens that were neither read from nor written to a cache.
    pub input: u64,
    /// Visible output tokens.
    pub output: u64,
    /// Reasoning tokens.
    pub reasoning: u64,
    /// Input tokens read from the provider's cache.
    pub cache_read: u64,
    /// Input tokens written to the provider's cache (Anthropic bills them apart).
    pub cache_write: u64,
    /// Cost in US dollars by the catalogue's prices; 0 where no price is known.
    pub cost_usd: f64,
}

impl Usage {
    /// The most tokens that are believed of one call, so that sums of them fit everywhere.
    pub const MOST: u64 = 1 << 40;

    /// Without figures that nobody can consume: another program or a provider may say anything.
    #[must_use]
    pub fn believable(self) -> Self {
        Self {
            input: self.input.min(Self::MOST),
            output: self.output.min(Self::MOST),
            reasoning: self.reasoning.min(Self::MOST),
            cache_read: self.cache_read.min(Self::MOST),
            cache_write: self.cache_write.min(Self::MOST),
            ..self
        }
    }

    /// All input tokens, cached or not: what the model's window held.
    pub fn total_input(&self) -> u64 {
        self.input.saturating_add(self.cache_read).saturating_add(self.cache_write)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_write = self.cache_write.saturating_add(other.cache_write);
        self.cost_usd += other.cost_usd;
    }
}

/// Why a provider did not read from its cache what it was expected to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CacheMiss {
    /// Nothing was sent before in this session.
    First,
    /// The history was summarised.
    Compaction,
    /// Old outputs became evidence.
    Prune,
    /// The window begins elsewhere than before.
    Window,
    /// Old images made room for new ones.
    Images,
    /// Another model was called.
    Model,
    /// Another agent answers.
    Agent,
    /// Other tools are on offer.
    Tools,
    /// The instructions are others.
    Instructions,
    /// The provider is asked with other settings.
    Settings,
    /// A call before it failed.
    Retry,
    /// More time has passed than caches are kept.
    Expired,
    /// None of these: a fault of ours, or of the provider.
    Unknown,
}
