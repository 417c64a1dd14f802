//! Which models there are, and the limits of each: the catalogue's, with the configuration's over them.

use crate::{
    provider::{Cost, Model, catalog},
    transcript::{Failure, FailureKind, ModelRef},
    workspace::config::{self, Config, Loaded},
};

/// Room for an answer of a model that configuration says nothing else of, in tokens.
const DEFAULT_OUTPUT: u64 = 16_000;

/// The window of a model that configuration says nothing else of, in tokens.
pub(super) const DEFAULT_CONTEXT: u64 = 128_000;

/// What is wrong with such a name.
const UNKNOWN: &str = "names no model that is known";

/// Takes the models out of a configuration that nobody knows, and says so: what is left of it can be used.
pub(super) fn leave_out_unknown(loaded: &mut Loaded) {
    let offline = offline().to_string();
    if let Err(cure) = check(&loaded.config, &loaded.config.model) {
        let name = std::mem::replace(&mut loaded.config.model, offline.clone());
        loaded.leave_out(&["model"], UNKNOWN, &name, format!("{cure} Until then {offline} answers."));
    }
    if let Some(name) = loaded.config.small_model.clone()
        && let Err(cure) = check(&loaded.config, &name)
    {
        loaded.config.small_model = None;
        loaded.leave_out(&["smallModel"], UNKNOWN, &name, cure);
    }
}

/// What to do about a name that no model has.
fn check(config: &Config, name: &str) -> Result<(), String> {
    let failure = match name.parse::<ModelRef>() {
        Ok(reference) => match find_model(config, &reference) {
            Ok(_) => return Ok(()),
            Err(failure) => failure,
        },
        Err(_) => return Err("Write it as provider/model.".to_owned()),
    };
    Err(match failure.kind {
        FailureKind::ModelNotFound { suggestions } if !suggestions.is_empty() => {
            format!("Did you mean {}? Else describe it under `providers`.", suggestions.join(" or "))
        }
        _ => "Name one that `agentls doctor` lists, or describe it under `providers`.".to_owned(),
    })
}

/// The model that needs no key.
fn offline() -> ModelRef {
    ModelRef { provider: catalog::OFFLINE.to_owned(), id: catalog::EXPLORER.to_owned() }
}

/// The configured default model; the offline one when it makes no sense.
pub(super) fn default_model(config: &Config) -> ModelRef {
    let configured = config.model.parse().ok().filter(|model| find_model(config, model).is_ok());
    configured.unwrap_or_else(offline)
}

/// All models of the catalogue and the configuration, each once.
pub(super) fn known_models(config: &Config) -> Vec<ModelRef> {
    let listed = catalog::presets().iter().flat_map(|preset| {
        preset.models().map(|model| ModelRef { provider: preset.name.to_owned(), id: model.id })
    });
    let mut models: Vec<ModelRef> = listed.collect();
    for (provider, own) in &config.providers {
        for id in own.models.keys() {
            let model = ModelRef { provider: provider.clone(), id: id.clone() };
            if !models.contains(&model) {
                models.push(model);
            }
        }
    }
    models
}

/// The limits of a model: the catalogue's, with the configuration's over them.
pub(super) fn find_model(config: &Config, reference: &ModelRef) -> Result<Model, Failure> {
    let listed = catalog::model(&reference.provider, &reference.id);
    let own =
        config.providers.get(&reference.provider).and_then(|provider| provider.models.get(&reference.id));
    if listed.is_none() && own.is_none() {
        let known: Vec<String> = known_models(config).iter().map(ToString::to_string).collect();
        let suggestions = catalog::suggestions(&reference.to_string(), known.iter().map(String::as_str));
        return Err(Failure::new(
            FailureKind::ModelNotFound { suggestions },
            format!("the model {reference} is neither in the catalogue nor configured"),
        ));
    }
    let mut model = listed.unwrap_or_else(|| Model {
        id: reference.id.clone(),
        context: DEFAULT_CONTEXT,
        max_output: DEFAULT_OUTPUT,
        images: false,
        cost: Cost::default(),
        options: serde_json::Map::new(),
    });
    if let Some(own) = own {
        model.context = own.context.unwrap_or(model.context);
        model.max_output = own.max_output.unwrap_or(model.max_output);
        if let Some(input) = &own.input {
            model.images = input.contains(&config::InputKind::Image);
        }
        if let Some(cost) = own.cost {
            let config::CostConfig { input, output, cache_read, cache_write } = cost;
            model.cost = Cost { input, output, cache_read, cache_write };
        }
        model.options.clone_from(&own.options);
    }
    Ok(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(model: &str, small: Option<&str>) -> Loaded {
        let config =
            Config { model: model.to_owned(), small_model: small.map(str::to_owned), ..Config::default() };
        let mut loaded = Loaded { config, ..Loaded::default() };
        leave_out_unknown(&mut loaded);
        loaded
    }

    #[test]
    fn a_model_that_nobody_knows_is_left_out_and_told_with_the_one_that_is_meant() {
        let loaded = naming("anthropic/claude-opus-55", Some("nobody"));
        assert_eq!((loaded.config.model.as_str(), loaded.config.small_model), ("offline/explorer", None));
        let told: Vec<String> = loaded.errors.iter().map(ToString::to_string).collect();
        assert!(
            told[0].contains("`model` names no model that is known: \"anthropic/claude-opus-55\""),
            "{told:?}"
        );
        assert!(told[0].contains("Did you mean anthropic/claude-opus-5"), "{told:?}");
        assert!(told[0].ends_with("Until then offline/explorer answers."), "{told:?}");
        assert!(
            told[1].contains("`smallModel`") && told[1].ends_with("Write it as provider/model."),
            "{told:?}"
        );
    }

    #[test]
    fn models_that_are_known_are_no_mistake() {
        assert_eq!(naming("offline/explorer", Some("anthropic/claude-opus-5")).errors, []);
    }
}
