//! A session: one conversation with an agent about one working directory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Failure, ProjectId, SessionId, StopReason, Timestamp, Usage};

/// A model at a provider, written `provider/id` in configuration and prompts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ModelRef {
    /// The provider's name in the configuration.
    pub provider: String,
    /// The model's id at that provider. May contain slashes.
    pub id: String,
}

impl std::fmt::Display for ModelRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.provider, self.id)
    }
}

/// The text was not of the form `provider/model`.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not of the form provider/model")]
pub struct NotAModelRef(pub String);

impl std::str::FromStr for ModelRef {
    type Err = NotAModelRef;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((provider, id)) if !provider.is_empty() && !id.is_empty() => {
                Ok(Self { provider: provider.to_owned(), id: id.to_owned() })
            }
            _ => Err(NotAModelRef(text.to_owned())),
        }
    }
}

/// What a session is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Nothing runs.
    Idle,
    /// A turn runs.
    Running,
    /// A turn waits for a person.
    Waiting,
    /// A turn waits before it calls the provider again.
    Retrying,
    /// The history is being compacted.
    Compacting,
}

/// How much a session holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Messages.
    pub messages: u64,
    /// Parts of all messages.
    pub parts: u64,
    /// Bytes of all bodies.
    pub bytes: u64,
}

/// The process that runs a session now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// Its process id.
    pub pid: u32,
    /// The client it serves, as named in `initialize`.
    pub client: String,
}

/// How a turn ended that answered a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastTurn {
    /// When.
    pub ended_at: Timestamp,
    /// Why, unless it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// One conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The project whose root it works in.
    pub project_id: ProjectId,
    /// The session that it was forked or started from.
    pub parent_id: Option<SessionId>,
    /// What lists show.
    pub title: String,
    /// Absolute working directory.
    pub cwd: String,
    /// The agent that answers by default.
    pub agent: String,
    /// The model that answers by default.
    pub model: ModelRef,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its last activity.
    pub updated_at: Timestamp,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
    /// What it does now; in another process, [`Status::Running`] while that process owns it.
    pub status: Status,
    /// How much it holds.
    pub counts: Counts,
    /// What all its provider calls consumed.
    pub usage: Usage,
    /// How its newest turn ended.
    pub last_turn: Option<LastTurn>,
    /// The process that runs it now, if any does.
    pub owner: Option<Owner>,
    /// What an unclean end interrupted, in one line for a person.
    pub recovered: Option<String>,
}
