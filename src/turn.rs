//! The agent loop: prompts in, steps until the model has said all, everything kept on the way.
//!
//! One actor for each running session ([`desk`]); what a turn may use is frozen into a [`TurnContext`] when it
//! begins, so that a changed setting cannot race it. A turn that started has exactly one end (invariant 7).

pub mod bounds;
mod cache;
mod changes;
mod commands;
pub mod desk;
pub mod events;
pub mod follow;
pub mod gate;
mod gauge;
pub mod inbox;
mod instructions;
mod request;
mod retry;
mod room;
mod run;
mod settle;
mod step;
mod stream;
mod summarise;
mod thread;
mod title;
mod tools;
mod waiting;

pub use instructions::Sources;
pub use room::Compacted;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{
    context::{budget::Budget, fragments::Fragment, history::Overflow, item::Asked, window::WindowError},
    permission::{Person, ceiling::Ceiling, rules::Rules, trust::Workspace},
    provider::{Deadlines, Model, Provider, ProviderError, ToolSpec},
    store::{Store, StoreError, StoredProject},
    tool::{Registry, buffers::Editor, environment::Environment, new_session::Sessions, sandbox::Sandbox},
    transcript::{Failure, FailureKind, ModelRef, Project, Session, SessionId, Timestamp, secret::Secrets},
    workspace::{
        config::{CompactionConfig, HeadlessPermission, WebfetchConfig},
        skills::Skills,
    },
};

/// What all turns of a process share.
#[derive(Clone)]
pub struct Shared {
    /// The database.
    pub store: Store,
    /// Where events go.
    pub events: Arc<events::Events>,
    /// The person behind the client.
    pub person: Arc<dyn Person>,
    /// The client's open documents.
    pub editor: Arc<dyn Editor>,
    /// Makes the sessions that tools ask for.
    pub sessions: Arc<dyn Sessions>,
    /// The tools.
    pub tools: Registry,
    /// Makes the context of a turn from the configuration as it is now.
    pub prepare: Arc<dyn Prepare>,
    /// Tells our client what other processes do.
    pub follower: Arc<follow::Follower>,
    /// Held while clients are told which prompts wait.
    pub queue_telling: Arc<tokio::sync::Mutex<()>>,
}

/// Makes the context of a turn. Implemented above, where configuration is known.
pub trait Prepare: Send + Sync {
    /// For a session whose next turn is to be answered by `agent` and `model`.
    fn prepare(&self, session: &Session, agent: &str, model: &ModelRef) -> Result<TurnContext, Failure>;

    /// Size of a model's window in tokens, as far as it is known in `cwd`.
    fn context_limit(&self, cwd: &Path, model: &ModelRef) -> u64;

    /// A project as clients get it. Reads files: call it where blocking is allowed.
    fn project(&self, stored: StoredProject) -> Project;
}

/// What one turn may use, frozen when it begins.
#[derive(Clone)]
pub struct TurnContext {
    /// The agent that answers.
    pub agent: String,
    /// The model that answers.
    pub model: ModelRef,
    /// What the person should know about the choice of the model.
    pub notice: Option<String>,
    /// Its limits and prices.
    pub limits: Model,
    /// Its provider.
    pub provider: Arc<dyn Provider>,
    /// A cheaper model for titles, where one is configured.
    pub titles: Option<(ModelRef, Model, Arc<dyn Provider>)>,
    /// The system prompt.
    pub instructions: Arc<str>,
    /// What it is made of.
    pub fragments: Arc<[Fragment]>,
    /// The skills that can be loaded.
    pub skills: Arc<Skills>,
    /// Where that comes from.
    pub sources: Arc<dyn Sources>,
    /// The tools on offer.
    pub specs: Arc<[ToolSpec]>,
    /// What may be fetched from the web.
    pub web: Arc<WebfetchConfig>,
    /// The session's working directory.
    pub cwd: PathBuf,
    /// Whether anybody vouches for where it lies.
    pub workspace: Arc<dyn Workspace>,
    /// What is allowed, asked and denied.
    pub rules: Arc<Rules>,
    /// The most that its agent may do.
    pub ceiling: Ceiling,
    /// What an ask becomes when nobody can be asked.
    pub headless: HeadlessPermission,
    /// When and how the history is compacted.
    pub compaction: CompactionConfig,
    /// Deadlines of a provider call.
    pub deadlines: Deadlines,
    /// Deadline of the turn.
    pub longest_turn: Duration,
    /// What all waiting between the attempts for one answer may add up to.
    pub longest_wait: Duration,
    /// Provider calls in one turn.
    pub max_steps: u32,
    /// Which variables child processes get.
    pub environment: Arc<Environment>,
    /// Values that are stored nowhere.
    pub secrets: Secrets,
    /// What holds the commands of the turn.
    pub sandbox: Arc<Sandbox>,
}

impl TurnContext {
    /// For whom the window of this turn is made.
    pub fn asked(&self) -> Asked {
        Asked {
            provider: Arc::clone(&self.provider),
            model: self.limits.clone(),
            budget: Budget::of(&self.limits, self.compaction.reserved),
            frame_bytes: self.instructions.len() as u64 + self.tool_bytes(),
        }
    }

    /// Size of the tools on offer, which stand in each request.
    pub fn tool_bytes(&self) -> u64 {
        let size = |spec: &ToolSpec| spec.description.len() + spec.parameters.to_string().len();
        self.specs.iter().map(size).sum::<usize>() as u64
    }

    /// What is done with a history that does not fit.
    pub fn overflow(&self) -> Overflow {
        if self.compaction.auto { Overflow::Compact } else { Overflow::Window }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        let kind = match error {
            StoreError::SessionNotFound(_) => FailureKind::SessionNotFound,
            StoreError::ProjectNotFound(_) => FailureKind::ProjectNotFound,
            StoreError::MessageNotFound(_) => FailureKind::MessageNotFound,
            StoreError::PartNotFound(_) => FailureKind::PartNotFound,
            StoreError::StaleCursor(_) => FailureKind::StaleCursor,
            StoreError::Leased(owner) | StoreError::LeaseLost(Some(owner)) => {
                FailureKind::SessionBusy { owner }
            }
            StoreError::LeaseLost(None) => FailureKind::Interrupted,
            StoreError::ClientIdConflict(_) => FailureKind::ClientIdConflict,
            StoreError::Full(_) => FailureKind::StorageFull,
            StoreError::Readonly(_) => FailureKind::StorageReadonly,
            StoreError::Newer(version) => FailureKind::StorageNewer { version },
            StoreError::Damaged(_) => FailureKind::StorageDamaged,
            StoreError::Busy(_) => FailureKind::StorageBusy,
            StoreError::Failed(_) => FailureKind::StorageFailed,
            StoreError::Closed | StoreError::Sqlite(_) => FailureKind::Internal { report: message.clone() },
        };
        Self { kind, message }
    }
}

impl From<WindowError> for Failure {
    fn from(error: WindowError) -> Self {
        let message = error.to_string();
        match error {
            WindowError::TooLarge { need, have } => {
                Self::new(FailureKind::ContextFloor { need, have }, message)
            }
            WindowError::Invalid(_) => Self::internal(message),
            WindowError::Store(error) => error.into(),
        }
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        let message = error.to_string();
        let kind = match &error {
            ProviderError::Auth(_) => FailureKind::ProviderAuth,
            ProviderError::RateLimited { retry_after, .. } => FailureKind::ProviderRateLimited {
                retry_at: retry_after.map(|wait| later(Timestamp::now(), wait)),
            },
            ProviderError::Unavailable { .. } => FailureKind::ProviderUnavailable,
            ProviderError::Stalled { phase, .. } => {
                FailureKind::ProviderStalled { phase: phase.name().to_owned() }
            }
            ProviderError::Overflow(_) | ProviderError::Rejected { .. } => {
                FailureKind::ProviderRejected { item: None }
            }
        };
        Self { kind, message }
    }
}

/// `wait` after `now`.
fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.after(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
}

/// Names the session in logs without its content.
fn span(session: &SessionId) -> tracing::Span {
    tracing::info_span!("turn", session = session.as_str())
}
