//! The models that agentls knows without being told, and what to say about one it does not know.
//!
//! A small table, from the vendors' own model and price pages: configuration adds to it and overrides it. Prices
//! are list prices in US dollars for a million tokens.

use serde_json::Map;

use super::{Api, Cost, Model};

/// A provider that needs no configuration but a key.
#[derive(Debug)]
pub struct Preset {
    /// Its name in the configuration.
    pub name: &'static str,
    /// Its wire format.
    pub api: Api,
    /// The URL that the format's path is appended to.
    pub base_url: &'static str,
    /// The environment variable that holds its key; `None` when it needs none.
    pub key_variable: Option<&'static str>,
    models: &'static [Known],
}

/// One row of the table.
#[derive(Debug)]
struct Known {
    id: &'static str,
    context: u64,
    max_output: u64,
    images: bool,
    cost: Cost,
}

/// A row: id, window, longest answer, images, then prices of input, output, cache reads and cache writes.
const fn known(id: &'static str, context: u64, max_output: u64, images: bool, cost: [f64; 4]) -> Known {
    let [input, output, cache_read, cache_write] = cost;
    Known { id, context, max_output, images, cost: Cost { input, output, cache_read, cache_write } }
}

/// The built-in provider's name.
pub const OFFLINE: &str = "offline";

/// The built-in provider's only model.
pub const EXPLORER: &str = "explorer";

/// OpenAI charges nothing for a cache write up to GPT-5.5: it is then input as any other.
/// <https://platform.openai.com/docs/pricing>, <https://docs.claude.com/en/docs/about-claude/models/overview>,
/// <https://api-docs.deepseek.com/quick_start/pricing>
static PRESETS: &[Preset] = &[
    Preset {
        name: "openai",
        api: Api::Responses,
        base_url: "https://api.openai.com/v1",
        key_variable: Some("OPENAI_API_KEY"),
        models: &[
            known("gpt-6-astra", 1_050_000, 128_000, true, [10.0, 50.0, 1.0, 12.5]),
            known("gpt-5.6-sol", 1_050_000, 128_000, true, [2.0, 10.0, 0.2, 2.5]),
            known("gpt-5.5", 1_050_000, 128_000, true, [5.0, 30.0, 0.5, 5.0]),
            known("gpt-5.4", 1_050_000, 128_000, true, [2.5, 15.0, 0.25, 2.5]),
            known("gpt-5", 400_000, 128_000, true, [1.25, 10.0, 0.125, 1.25]),
            known("gpt-5-mini", 400_000, 128_000, true, [0.25, 2.0, 0.025, 0.25]),
        ],
    },
    Preset {
        name: "anthropic",
        api: Api::Anthropic,
        base_url: "https://api.anthropic.com",
        key_variable: Some("ANTHROPIC_API_KEY"),
        models: &[
            known("claude-opus-5", 1_000_000, 128_000, true, [5.0, 25.0, 0.5, 6.25]),
            known("claude-sonnet-5", 1_000_000, 128_000, true, [2.0, 10.0, 0.2, 2.5]),
            known("claude-opus-4-6", 1_000_000, 128_000, true, [5.0, 25.0, 0.5, 6.25]),
            known("claude-haiku-4-5", 200_000, 64_000, true, [1.0, 5.0, 0.1, 1.25]),
        ],
    },
    Preset {
        name: "deepseek",
        api: Api::Chat,
        base_url: "https://api.deepseek.com",
        key_variable: Some("DEEPSEEK_API_KEY"),
        models: &[known("deepseek-v4-pro", 1_000_000, 384_000, false, [1.32, 3.96, 0.044, 1.32])],
    },
    Preset {
        name: OFFLINE,
        api: Api::Chat,
        base_url: "",
        key_variable: None,
        models: &[known(EXPLORER, 200_000, 8_000, false, [0.0; 4])],
    },
];

impl Preset {
    /// Its models, the strongest first.
    pub fn models(&self) -> impl Iterator<Item = Model> + use<> {
        self.models.iter().map(Known::model)
    }
}

impl Known {
    fn model(&self) -> Model {
        Model {
            id: self.id.to_owned(),
            context: self.context,
            max_output: self.max_output,
            images: self.images,
            cost: self.cost,
            options: Map::new(),
        }
    }
}

/// All providers of the table.
pub fn presets() -> &'static [Preset] {
    PRESETS
}

/// The provider of that name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

/// A provider's model.
pub fn model(provider: &str, id: &str) -> Option<Model> {
    preset(provider)?.models().find(|model| model.id == id)
}

/// Up to three of `known` (names as `provider/model`) that `wanted` may have meant, the closest first.
pub fn suggestions<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    const CLOSE_ENOUGH: f32 = 0.6;
    let known: Vec<&str> = known.into_iter().collect();
    similar::get_close_matches(wanted, &known, 3, CLOSE_ENOUGH).into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        let of =
            |preset: &'static Preset| preset.models().map(|model| format!("{}/{}", preset.name, model.id));
        presets().iter().flat_map(of).collect()
    }

    #[test]
    fn a_misspelt_model_finds_its_neighbours() {
        let names = names();
        let suggest = |wanted| suggestions(wanted, names.iter().map(String::as_str));
        assert_eq!(suggest("openai/gtp-5").first().map(String::as_str), Some("openai/gpt-5"));
        assert_eq!(
            suggest("anthropic/claude-haiku").first().map(String::as_str),
            Some("anthropic/claude-haiku-4-5")
        );
        assert!(suggest("zzz").is_empty());
    }

    #[test]
    fn every_model_is_found_by_its_name_and_answers_within_its_window() {
        for name in names() {
            let (provider, id) = name.split_once('/').unwrap();
            let model = model(provider, id).unwrap();
            assert!(model.max_output < model.context, "{name}");
            assert!(model.cost.cache_read <= model.cost.input, "{name}");
        }
    }
}
