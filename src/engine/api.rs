//! What the engine is asked and what it answers: plain types, named as in the protocol.

use std::path::PathBuf;

use super::{First, Forecast, Framed, Piece};
use crate::{
    provider::Model,
    transcript::{
        Delivery, Failure, Message, MessageId, ModelRef, Part, PartKind, PromptPart, Seq, Session, SessionId,
        StopReason, Usage,
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
    /// Whether it vouches for its workspace.
    pub trust: Vouching,
    /// Configuration over that: what the command line said.
    pub command_line: Option<serde_json::Value>,
}

/// What a client says about trust in its workspace, as long as it is connected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Vouching {
    /// Nothing: the person is asked.
    #[default]
    Silent,
    /// These folders are trusted, and all below them.
    Trusted {
        /// Absolute paths.
        folders: Vec<PathBuf>,
    },
    /// Nothing is trusted, whatever was said before; nobody is asked.
    Untrusted,
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
    pub recovered: Option<String>,
}

impl MessagePage {
    /// Up to where whoever has read this page knows the messages as they will stay. `None` when the page does not
    /// reach the newest message.
    pub fn known(&self) -> Option<Seq> {
        if self.has_after {
            return None;
        }
        let open = |part: &Part| matches!(&part.kind, PartKind::Tool(tool) if !tool.state.is_settled());
        let unsettled = |message: &&Message| message.completed_at.is_none() || message.parts.iter().any(open);
        Some(match self.messages.iter().find(unsettled) {
            Some(first) => Seq(first.seq.0 - 1),
            None => self.messages.last().map_or(Seq(0), |last| last.seq),
        })
    }
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

/// An agent that can be chosen.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct ListedAgent {
    pub name: String,
    pub description: String,
    /// `builtIn`, or the file or layer of the configuration that spoke last.
    pub source: String,
    pub model: Option<ModelRef>,
    /// Whether it cannot change anything.
    pub read_only: bool,
    /// What is wrong with its definitions, a line for each.
    pub mistakes: Vec<String>,
}

/// A command that can be called.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct ListedCommand {
    pub name: String,
    pub description: String,
    pub argument_hint: Option<String>,
    pub agent: Option<String>,
    pub model: Option<ModelRef>,
    /// The file or layer of the configuration that it comes from.
    pub source: String,
    /// What is wrong with it, a line for each.
    pub mistakes: Vec<String>,
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
    /// Dotted key → file (or `client`, `commandLine`). What is not there is a default.
    pub sources: std::collections::BTreeMap<String, String>,
    /// Dotted key → line in that file, from 1.
    pub lines: std::collections::BTreeMap<String, u32>,
    /// What is wrong with the layers, a line for each mistake.
    pub mistakes: Vec<String>,
}

/// What the next request of a session will hold. Sizes in tokens.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct ContextReport {
    pub model: ModelRef,
    pub limit: u64,
    pub reserved: u64,
    pub usable: u64,
    pub used: u64,
    /// How much of `used` is estimated and not counted by the provider.
    pub estimated: u64,
    /// What the provider counted for the request that estimates are compared with …
    pub counted_tokens: u64,
    /// … and what the same was estimated at.
    pub counted_estimate: u64,
    /// The newest summary; 0 while there is none.
    pub boundary_seq: Seq,
    pub window_start_seq: Seq,
    pub items: Vec<Piece>,
    pub fragments: Vec<Framed>,
    pub threading: Threading,
}

/// How the next request will reach the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct Threading {
    pub mode: String,
    pub reason: String,
    pub anchor_seq: Option<Seq>,
}

/// A request before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct NextRequest {
    pub method: String,
    pub url: String,
    /// Those that say something; the transport adds its own. Credentials are named without their values.
    pub headers: std::collections::BTreeMap<String, String>,
    /// As it is sent, but for secrets.
    pub body: String,
    /// Size of the body as it is sent.
    pub bytes: u64,
    pub threading: Threading,
    pub forecast: Forecast,
    pub first: Option<First>,
    pub notes: Vec<String>,
}
