//! What is secret in a configuration and beside it: which variables hold keys of providers, and which values may stand
//! in nothing that is stored, shown or handed to a child (invariant 13).

use std::collections::BTreeMap;

use crate::{
    provider::catalog, tool::environment::Environment, transcript::secret::Secrets, workspace::config::Config,
};

/// The environment of children under this configuration. `credentials` are keys that a client gave.
pub fn environment(config: &Config, credentials: &BTreeMap<String, String>) -> Environment {
    Environment::new(variables(config), known(config, credentials), config.environment.clone())
}

/// The values that are known to be secret: keys in variables and of the client, and configured headers that carry one.
pub(super) fn known(config: &Config, credentials: &BTreeMap<String, String>) -> Secrets {
    let keys = variables(config).into_iter().filter_map(|variable| std::env::var(variable).ok());
    let headers = config
        .providers
        .values()
        .flat_map(|provider| provider.headers.iter().filter(|(name, _)| provider.is_secret_header(name)));
    let headers = headers.map(|(_, value)| value.clone());
    let given = credentials.values().cloned();
    Secrets::new(keys.chain(headers).chain(given).map(|value| value.trim().to_owned()))
}

/// The variables that hold keys; no child process sees them.
fn variables(config: &Config) -> Vec<String> {
    let listed = catalog::presets().iter().filter_map(|preset| preset.key_variable.map(str::to_owned));
    let own = config.providers.values().filter_map(|provider| provider.api_key_env.clone());
    listed.chain(own).collect()
}
