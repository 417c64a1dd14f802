//! From configuration to what a turn uses: models, providers, rules, instructions.
//!
//! Configuration is read anew for each turn and each question, so that a change counts at once and never races a
//! running turn. Keys live here, in memory, and go into requests only (invariant 13).

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use super::{
    ClientInfo, ConfigReport, ListedModel, Vouching,
    models::{DEFAULT_CONTEXT, default_model, find_model, known_models},
    roster, secrets,
    trust::Trusts,
};
use crate::{
    context::fragments,
    permission::rules::Rules,
    provider::{self, Api, Deadlines, Key, Model, Provider, catalog},
    store::StoredProject,
    tool::{
        Registry,
        sandbox::{self, Sandbox},
    },
    transcript::{Failure, FailureKind, ModelRef, Project, Session, secret::Secrets},
    turn::{Prepare, Sources, TurnContext, events::Events},
    workspace::{
        agents::Agent,
        config::{self, ApiConfig, Config, ProviderConfig},
    },
};

/// Where settings come from.
pub(super) struct Settings {
    pub(super) config_dir: PathBuf,
    pub(super) tools: Registry,
    client: RwLock<ClientInfo>,
    /// What was seen of configuration files before.
    pub(super) watch: config::Watch,
    pub(super) events: Arc<Events>,
    pub(super) trusts: Arc<Trusts>,
}

/// What a session without choices of its own uses.
pub(super) struct Defaults {
    pub(super) agent: String,
    pub(super) model: ModelRef,
}

/// A model with the provider that answers for it.
struct Resolved {
    model: Model,
    provider: Arc<dyn Provider>,
}

impl Settings {
    pub(super) fn new(
        config_dir: PathBuf,
        tools: Registry,
        trusts: Arc<Trusts>,
        events: Arc<Events>,
    ) -> Self {
        let watch = config::Watch::default();
        Self { config_dir, tools, client: RwLock::default(), watch, events, trusts }
    }

    pub(super) fn set_client(&self, client: ClientInfo) {
        self.trusts.set_word(client.trust.clone());
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = client;
    }

    /// The client has other folders now: it vouches for these, if it vouches for any.
    pub(super) fn set_folders(&self, now: Vec<PathBuf>) {
        let mut client = self.client.write().unwrap_or_else(PoisonError::into_inner);
        if let Vouching::Trusted { folders } = &mut client.trust {
            *folders = now;
        }
        self.trusts.set_word(client.trust.clone());
    }

    /// Replaces the client's layer of the configuration.
    pub(super) fn set_client_config(&self, config: Option<serde_json::Value>) {
        self.client.write().unwrap_or_else(PoisonError::into_inner).config = config;
    }

    pub(super) fn client(&self) -> ClientInfo {
        self.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn client_name(&self) -> String {
        self.client().name
    }

    pub(super) fn report(&self, cwd: Option<&Path>) -> ConfigReport {
        let loaded = self.look(cwd).loaded;
        let mistakes = loaded.errors.iter().chain(&loaded.warnings).map(ToString::to_string);
        let lines = loaded.sources.iter().filter_map(|(key, origin)| Some((key.clone(), origin.line?)));
        ConfigReport {
            config: config::redacted(&loaded.config),
            mistakes: mistakes.collect(),
            lines: lines.collect(),
            sources: loaded.sources.into_iter().map(|(key, origin)| (key, origin.source_name)).collect(),
        }
    }

    /// What may stand in nothing that is stored of a session in `cwd`.
    pub(super) fn secrets(&self, cwd: &Path) -> Secrets {
        secrets::known(self.look(Some(cwd)).config(), &self.client().credentials)
    }

    /// What holds commands outside of any project.
    pub(super) fn sandbox(&self) -> sandbox::Status {
        sandbox::Status::of(&self.look(None).config().sandbox)
    }

    pub(super) fn defaults(&self, cwd: &Path) -> Defaults {
        let site = self.look(Some(cwd));
        let agent = self.default_agent(&site);
        let model = agent.model.filter(|model| find_model(site.config(), model).is_ok());
        Defaults { model: model.unwrap_or_else(|| default_model(site.config())), agent: agent.name }
    }

    /// Fails with suggestions when `model` is not configured.
    pub(super) fn check_model(&self, cwd: &Path, model: &ModelRef) -> Result<(), Failure> {
        find_model(self.look(Some(cwd)).config(), model).map(drop)
    }

    pub(super) fn models(&self, cwd: Option<&Path>) -> Vec<ListedModel> {
        let config = self.look(cwd).loaded.config;
        let client = self.client();
        let listed = known_models(&config).into_iter().filter_map(|model| {
            let limits = find_model(&config, &model).ok()?;
            let key = key(&model.provider, config.providers.get(&model.provider), &client);
            Some(ListedModel { model, limits, ready: !matches!(key, Key::Missing(_)) })
        });
        listed.collect()
    }

    /// How to reach each provider that is ready or configured, by name.
    pub(super) fn connections(&self, cwd: &Path) -> Vec<(String, provider::Settings)> {
        let (config, client) = (self.look(Some(cwd)).loaded.config, self.client());
        let mut names: Vec<String> = known_models(&config).into_iter().map(|model| model.provider).collect();
        names.dedup();
        let reach = |name: String| {
            let own = config.providers.get(&name);
            let settings = connection(&name, own, &client).ok()?;
            let wanted = own.is_some() || matches!(settings.key, Key::Secret(_));
            (wanted && name != catalog::OFFLINE).then_some((name, settings))
        };
        names.into_iter().filter_map(reach).collect()
    }

    fn resolve(&self, config: &Config, reference: &ModelRef) -> Result<Resolved, Failure> {
        let model = find_model(config, reference)?;
        if reference.provider == catalog::OFFLINE {
            let keeps = config.providers.get(catalog::OFFLINE).is_some_and(|own| own.store);
            return Ok(Resolved { model, provider: Arc::new(provider::Explorer { keeps }) });
        }
        let own = config.providers.get(&reference.provider);
        let settings = connection(&reference.provider, own, &self.client())?;
        Ok(Resolved { model, provider: provider::connect(settings) })
    }
}

impl Prepare for Settings {
    fn project(&self, stored: StoredProject) -> Project {
        self.trusts.show(stored)
    }

    fn context_limit(&self, cwd: &Path, model: &ModelRef) -> u64 {
        find_model(self.look(Some(cwd)).config(), model).map_or(DEFAULT_CONTEXT, |model| model.context)
    }

    fn prepare(&self, session: &Session, agent: &str, model: &ModelRef) -> Result<TurnContext, Failure> {
        let cwd = PathBuf::from(&session.cwd);
        let site = self.look(Some(&cwd));
        let (agent, mut notices) = self.answering(&site, agent);
        let sources = Arc::new(self.sources(&cwd, &site, agent.clone()));
        let root = site.root(&cwd).to_owned();
        let config = site.loaded.config;
        let reference = if find_model(&config, model).is_ok() {
            model.clone()
        } else {
            let instead = default_model(&config);
            notices.push(format!("{model} is not configured; {instead} answers"));
            instead
        };
        let Resolved { model: limits, provider } = self.resolve(&config, &reference)?;
        let titles = config.small_model.as_deref().and_then(|small| {
            let small: ModelRef = small.parse().ok()?;
            let Resolved { model, provider } = self.resolve(&config, &small).ok()?;
            Some((small, model, provider))
        });
        let fragments = sources.look();
        let credentials = self.client().credentials;
        let sandbox = Sandbox::new(&config.sandbox, &cwd, &root, &|name| std::env::var_os(name));
        Ok(TurnContext {
            specs: self.offered(&agent),
            rules: Arc::new(rules(&config, &agent)),
            ceiling: roster::ceiling(&agent),
            max_steps: agent.max_steps.unwrap_or(u32::MAX).min(config.limits.max_steps).max(1),
            agent: agent.name,
            model: reference,
            notice: (!notices.is_empty()).then(|| notices.join("; ")),
            limits,
            provider,
            titles,
            instructions: fragments::instructions(&fragments).into(),
            fragments: fragments.into(),
            skills: sources.skills(),
            sources,
            web: Arc::new(config.webfetch.clone()),
            cwd: cwd.clone(),
            workspace: self.trusts.workspace(root),
            headless: config.headless_permission,
            compaction: config.compaction,
            deadlines: Deadlines {
                connect: Duration::from_millis(config.timeouts.connect_ms),
                first_event: Duration::from_millis(config.timeouts.first_event_ms),
                idle: Duration::from_millis(config.timeouts.idle_ms),
            },
            longest_turn: Duration::from_millis(config.timeouts.turn_ms),
            longest_wait: Duration::from_millis(config.timeouts.retry_ms),
            environment: Arc::new(secrets::environment(&config, &credentials)),
            secrets: secrets::known(&config, &credentials),
            sandbox: Arc::new(sandbox),
        })
    }
}

/// The configured rules, and what the agent narrows of them.
pub(super) fn rules(config: &Config, agent: &Agent) -> Rules {
    let mut rules = Rules::new();
    for layer in &config.permission {
        if layer.narrows_only {
            rules.add_narrowing(&layer.rules);
        } else {
            rules.add(&layer.rules);
        }
    }
    agent.permission.iter().for_each(|section| rules.add_narrowing(section));
    rules
}

/// How to reach a provider: the catalogue's way, with the configuration's over it.
fn connection(
    name: &str,
    own: Option<&ProviderConfig>,
    client: &ClientInfo,
) -> Result<provider::Settings, Failure> {
    let preset = catalog::preset(name);
    let configured = own.and_then(|own| own.api).map(|api| match api {
        ApiConfig::Responses => Api::Responses,
        ApiConfig::Chat => Api::Chat,
        ApiConfig::Anthropic => Api::Anthropic,
    });
    let base_url = own.and_then(|own| own.base_url.as_deref()).or(preset.map(|preset| preset.base_url));
    let (Some(api), Some(base_url)) = (configured.or(preset.map(|preset| preset.api)), base_url) else {
        return Err(Failure::new(
            FailureKind::ProviderRejected { item: None },
            format!("the provider {name} needs `api` and `baseUrl` in the configuration"),
        ));
    };
    let headers = own.map(|own| own.headers.clone()).unwrap_or_default().into_iter();
    let secret = |name: &str| own.is_some_and(|own| own.is_secret_header(name));
    let (secret_headers, headers) = headers.partition(|(name, _)| secret(name));
    Ok(provider::Settings {
        name: name.to_owned(),
        api,
        base_url: base_url.trim_end_matches('/').to_owned(),
        key: key(name, own, client),
        headers,
        secret_headers,
        store: own.is_some_and(|own| own.store),
        options: own.map(|own| own.options.clone()).unwrap_or_default(),
    })
}

/// The key to send: the client's, else the named variable's. A configured URL without `apiKeyEnv` gets none, so
/// that a key never goes to a server that it was not meant for.
fn key(name: &str, own: Option<&ProviderConfig>, client: &ClientInfo) -> Key {
    if let Some(key) = client.credentials.get(name) {
        return Key::Secret(key.clone());
    }
    let Some(variable) = key_variable(name, own) else { return Key::NotNeeded };
    match std::env::var(&variable) {
        Ok(key) if !key.trim().is_empty() => Key::Secret(key.trim().to_owned()),
        _ => Key::Missing(format!("the environment variable {variable} holds no key for {name}")),
    }
}

fn key_variable(name: &str, own: Option<&ProviderConfig>) -> Option<String> {
    match own {
        Some(ProviderConfig { api_key_env: Some(variable), .. }) => Some(variable.clone()),
        Some(ProviderConfig { base_url: Some(_), .. }) => None,
        _ => catalog::preset(name)?.key_variable.map(str::to_owned),
    }
}
