//! The product's API: open, create, list, fork, delete, prompt, stop a session.
//!
//! Faces translate to and from this and hold no logic of their own. Knows everything below, no face.

use std::{path::PathBuf, sync::Arc};

use crate::{
    permission::Person,
    provider::Model,
    tool::buffers::Editor,
    transcript::{
        Delivery, Failure, Message, MessageId, ModelRef, PartId, PromptPart, QueuedPrompt, Session, SessionEvent,
        SessionId, StopReason, Usage,
    },
    workspace::config::Config,
};

/// Where things are and who is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database's directory; made with mode 0700 on first use.
    pub data_dir: PathBuf,
    /// The user's configuration directory.
    pub config_dir: PathBuf,
}

/// What the client said of itself in `initialize`.
#[derive(Clone, Debug, Default)]
pub struct ClientInfo {
    /// Its name, for owners of sessions.
    pub name: String,
    /// Keys by provider; live in memory only.
    pub credentials: std::collections::BTreeMap<String, String>,
    /// Configuration over all files.
    pub config: Option<serde_json::Value>,
}

/// Hears what happens. Called in order; must not block.
pub trait Listener: Send + Sync {
    /// Something happened in a session.
    fn session_event(&self, event: SessionEvent);
    /// A session list changed.
    fn session_changed(&self, session: &SessionId, change: Change);
}

/// How a session list changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Change {
    Created,
    Updated,
    Deleted,
    Archived,
}

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The parameters make no sense; the text names the one.
    #[error("{0}")]
    InvalidParams(String),
    /// It failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A session to be made.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct NewSession {
    pub cwd: String,
    pub title: Option<String>,
    pub agent: Option<String>,
    pub model: Option<ModelRef>,
    pub parent_id: Option<SessionId>,
}

/// Which sessions to list.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct ListQuery {
    pub cwd: Option<String>,
    pub search: Option<String>,
    pub archived: bool,
    /// 1 to 500.
    pub limit: u32,
    pub cursor: Option<String>,
}

/// A page of sessions, newest activity first.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct SessionPage {
    pub sessions: Vec<Session>,
    pub next_cursor: Option<String>,
}

/// Which messages to read. Cursors are message ids.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct MessageQuery {
    pub session_id: SessionId,
    pub before: Option<String>,
    pub after: Option<String>,
    /// 1 to 500.
    pub limit: u32,
    /// Whole bodies instead of their first 2 KiB.
    pub full: bool,
}

/// A page of messages, ascending.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct MessagePage {
    pub messages: Vec<Message>,
    pub has_before: bool,
    pub has_after: bool,
}

/// A range of a part's field.
#[derive(Clone, Debug)]
pub struct PartRange {
    /// The bytes; text unless the field is an attachment or an image.
    pub content: RangeContent,
    /// Where they begin (moved to a character boundary).
    pub offset: u64,
    /// Size of the whole field.
    pub bytes: u64,
    /// Whether the field ends here.
    pub eof: bool,
}

/// What a range holds.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the words say it")]
pub enum RangeContent {
    Text(String),
    Binary(Vec<u8>),
}

/// A prompt.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct PromptRequest {
    pub session_id: SessionId,
    pub parts: Vec<PromptPart>,
    pub client_id: Option<String>,
    pub delivery: Delivery,
    pub agent: Option<String>,
    pub model: Option<ModelRef>,
}

/// How a prompt's turn ended.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct PromptOutcome {
    pub message_id: MessageId,
    pub stop_reason: StopReason,
    pub steps: u32,
    pub usage: Usage,
}

/// One provider call of the ledger.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct StepRecord {
    pub seq: u64,
    pub message_id: MessageId,
    pub started_at: crate::transcript::Timestamp,
    pub model: ModelRef,
    pub request_bytes: u64,
    pub input_items: u64,
    pub threading: String,
    pub threading_reason: String,
    pub usage: Usage,
    pub first_event_ms: Option<u64>,
    pub duration_ms: u64,
    pub retries: u32,
    pub overhead_ms: f64,
    pub finish: String,
}

/// Format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum ExportFormat {
    Json,
    Markdown,
}

/// A model that can be chosen.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the words say it")]
pub struct ListedModel {
    pub model: ModelRef,
    pub limits: Model,
    /// Whether its provider can be called: a key is at hand or none is needed.
    pub ready: bool,
}

/// What the server knows of itself.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct StoreStatus {
    pub sqlite_version: String,
    pub path: PathBuf,
    pub bytes: u64,
    pub wal_bytes: u64,
    pub sessions_total: u64,
    pub sessions_running: u64,
}

/// The merged configuration and where each value came from.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct ConfigReport {
    pub config: Config,
    /// Dotted key → file (or `default`, `client`).
    pub sources: std::collections::BTreeMap<String, String>,
}

/// The product.
#[derive(Clone)]
pub struct Engine {
    _inner: Arc<()>,
}

#[expect(missing_docs, clippy::unused_async, clippy::todo, unused_variables, reason = "signatures first")]
impl Engine {
    /// Opens nothing and reads nothing yet: that happens on first use.
    pub fn new(options: Options, listener: Arc<dyn Listener>, person: Arc<dyn Person>, editor: Arc<dyn Editor>) -> Self { todo!() }
    /// Takes over what `initialize` said. Before any session is used.
    pub fn set_client(&self, client: ClientInfo) { todo!() }
    pub async fn new_session(&self, new: NewSession) -> Result<Session, EngineError> { todo!() }
    pub async fn list_sessions(&self, query: ListQuery) -> Result<SessionPage, EngineError> { todo!() }
    pub async fn session(&self, id: &SessionId) -> Result<Session, EngineError> { todo!() }
    pub async fn messages(&self, query: MessageQuery) -> Result<MessagePage, EngineError> { todo!() }
    /// `field`: `text`, `input`, `output`, or `attachment:N`.
    pub async fn read_part(&self, part: &PartId, field: &str, offset: u64, limit: u64) -> Result<PartRange, EngineError> { todo!() }
    /// Resolves when the prompt's turn has ended. Dropping it before withdraws the prompt or stops its turn.
    /// `Err(Failed)` of kind `Interrupted` when the process is shutting down.
    pub async fn prompt(&self, prompt: PromptRequest) -> Result<PromptOutcome, EngineError> { todo!() }
    /// Whether something was running.
    pub async fn cancel(&self, id: &SessionId) -> Result<bool, EngineError> { todo!() }
    pub async fn queue(&self, id: &SessionId) -> Result<Vec<QueuedPrompt>, EngineError> { todo!() }
    pub async fn unqueue(&self, id: &SessionId, message: &MessageId) -> Result<bool, EngineError> { todo!() }
    pub async fn steps(&self, id: &SessionId, limit: u32) -> Result<Vec<StepRecord>, EngineError> { todo!() }
    pub async fn rename(&self, id: &SessionId, title: String) -> Result<Session, EngineError> { todo!() }
    pub async fn archive(&self, id: &SessionId, archived: bool) -> Result<Session, EngineError> { todo!() }
    pub async fn delete(&self, id: &SessionId) -> Result<bool, EngineError> { todo!() }
    /// A new session with the history up to and including `message` (all of it when missing).
    pub async fn fork(&self, id: &SessionId, message: Option<MessageId>) -> Result<Session, EngineError> { todo!() }
    pub async fn export(&self, id: &SessionId, format: ExportFormat) -> Result<String, EngineError> { todo!() }
    pub async fn models(&self, cwd: Option<String>) -> Result<Vec<ListedModel>, EngineError> { todo!() }
    pub async fn tools(&self) -> Vec<crate::provider::ToolSpec> { todo!() }
    /// Secrets are redacted.
    pub async fn config(&self, cwd: String) -> Result<ConfigReport, EngineError> { todo!() }
    pub async fn store_status(&self) -> Result<StoreStatus, EngineError> { todo!() }
    /// Stops every turn, stores what is there, ends children. Bounded by 2 s by whoever calls it.
    pub async fn shut_down(&self) { todo!() }
}
