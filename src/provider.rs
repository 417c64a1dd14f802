//! Model providers: one trait, one file for each wire format, and what all formats share written once.
//!
//! A provider turns neutral [`Entry`] values into bytes of its own format, one at a time, so that the bytes of
//! what was sent once can be kept and sent again (invariant 4); joins them into a request; and turns the
//! answering stream into neutral [`Event`]s. It knows no session, no store and no face. Retrying is the
//! turn's business: an error says whether it may help and when.

mod anthropic;
mod body;
pub mod bounds;
pub mod catalog;
mod chat;
mod entries;
mod failure;
mod http;
mod image_tokens;
mod incoming;
mod offline;
mod probe;
mod redact;
mod remote;
mod responses;
mod seal;
mod sse;

pub(crate) use http::prepare_tls;
#[doc(hidden)]
pub use incoming::replay;
pub use offline::Explorer;
pub use probe::{KeyVerdict, Probe, probe};
pub use remote::connect;
pub use seal::Seal;

use std::{fmt::Debug, time::Duration};

use bytes::Bytes;
use futures::{future::BoxFuture, stream::Stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::transcript::{FinishReason, Usage};

/// One unit of the conversation as the model is to see it.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// What the person (or agentls in the user's role) says. Never empty.
    User(Vec<Content>),
    /// What the model said, in order. Never empty.
    Assistant(Vec<Said>),
    /// The results of all calls of the preceding assistant entry, in the order of the calls.
    Results(Vec<CallResult>),
}

/// A piece of what the user says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text, not empty.
    Text(String),
    /// An image.
    Image(Image),
}

/// An image for the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Media type.
    pub mime: String,
    /// Its bytes in standard base64.
    pub base64: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// A piece of what the model said.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// Text, not empty.
    Text(String),
    /// Reasoning. Only a sealed piece by the same provider and model can be sent again; the rest is left out.
    Reasoning {
        /// As far as the provider showed it.
        text: String,
        /// What the wire needs to see again.
        seal: Option<Seal>,
    },
    /// A tool call.
    Call {
        /// The provider's id of the call.
        call_id: String,
        /// The tool's name.
        tool: String,
        /// The arguments, JSON text exactly as the model wrote them. Repaired to `{}` when not an object.
        arguments: String,
    },
}

/// The result of a tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallResult {
    /// The call's id.
    pub call_id: String,
    /// What the model is told. May be empty.
    pub text: String,
    /// Images that belong to it.
    pub images: Vec<Image>,
    /// Whether the tool failed.
    pub failed: bool,
}

/// A tool as it is offered to the model.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// JSON Schema of its parameters: an object.
    pub parameters: Value,
}

/// Whether the model may call tools now. The tools stay in the request either way, for the prefix's sake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes.
    Auto,
    /// It must answer in words.
    None,
}

/// All of a request that is not conversation.
#[derive(Clone, Debug)]
pub struct Envelope<'a> {
    /// The model and its limits.
    pub model: &'a Model,
    /// The system prompt.
    pub instructions: &'a str,
    /// The tools on offer, in a fixed order.
    pub tools: &'a [ToolSpec],
    /// Whether they may be called now.
    pub tool_choice: ToolChoice,
    /// The same for all requests of a session, for the provider's prompt cache.
    pub cache_key: &'a str,
    /// The response that this request continues, where the provider keeps responses.
    pub previous_response_id: Option<&'a str>,
}

/// What a provider can be asked for: limits, abilities and prices of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Its id at the provider.
    pub id: String,
    /// Size of its window in tokens, output included.
    pub context: u64,
    /// The most it writes in one answer, in tokens.
    pub max_output: u64,
    /// Whether it takes images.
    pub images: bool,
    /// Its prices.
    pub cost: Cost,
    /// Merged into each request body.
    pub options: serde_json::Map<String, Value>,
}

/// Prices in US dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cost {
    /// Uncached input.
    pub input: f64,
    /// Output and reasoning.
    pub output: f64,
    /// Input read from the cache.
    pub cache_read: f64,
    /// Input written to the cache.
    pub cache_write: f64,
}

impl Cost {
    /// What `usage` costs, in US dollars.
    #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
    pub fn of(&self, usage: &Usage) -> f64 {
        (usage.input as f64 * self.input
            + (usage.output + usage.reasoning) as f64 * self.output
            + usage.cache_read as f64 * self.cache_read
            + usage.cache_write as f64 * self.cache_write)
            / 1_000_000.0
    }
}

/// A request, complete but for its secrets, which are added when it is sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The model that is asked; seals in the answer are bound to it.
    pub model: String,
    /// Where it goes.
    pub url: String,
    /// Headers without credentials.
    pub headers: Vec<(String, String)>,
    /// The JSON body.
    pub body: Bytes,
}

/// The four waits of a provider call that have an end. The whole turn's deadline is the turn's business.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Until the connection stands and the request is sent.
    pub connect: Duration,
    /// From then until the first event.
    pub first_event: Duration,
    /// Between two events.
    pub idle: Duration,
}

/// A piece of the answer's stream. Blocks are numbered in the order in which they open, from 0, and may
/// interleave.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A block begins.
    Open {
        /// Its number.
        block: u32,
        /// What it is.
        kind: BlockKind,
    },
    /// A block grows: text, reasoning, or a call's arguments.
    Delta {
        /// Its number.
        block: u32,
        /// What is added.
        text: String,
    },
    /// A block is complete.
    Close {
        /// Its number.
        block: u32,
        /// For reasoning: what the wire needs to see again.
        seal: Option<Seal>,
    },
    /// The answer is complete; nothing follows.
    Finish {
        /// Why it ended.
        reason: FinishReason,
        /// What it consumed; the cost is not filled in.
        usage: Usage,
        /// Whether the provider says what its cache held.
        cache_told: bool,
        /// The provider's id of the response, where it can be continued from.
        response_id: Option<String>,
    },
}

/// What a block of the answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// Visible text.
    Text,
    /// Reasoning.
    Reasoning,
    /// A tool call.
    Call {
        /// The provider's id of the call.
        call_id: String,
        /// The tool's name.
        tool: String,
    },
}

/// The events of one answer. Ends after [`Event::Finish`] or after an error.
pub type EventStream = std::pin::Pin<Box<dyn Stream<Item = Result<Event, ProviderError>> + Send>>;

/// A provider.
pub trait Provider: Send + Sync + Debug {
    /// Its name in the configuration.
    fn name(&self) -> &str;

    /// One entry in this provider's format: zero or more JSON array elements joined by commas. Empty when
    /// nothing of the entry can be sent to `model`. The same entry and model give the same bytes for ever.
    fn encode(&self, model: &Model, entry: &Entry) -> Bytes;

    /// Whether it keeps its responses to `model`, so that a later request can continue one.
    fn keeps_responses(&self, model: &Model) -> bool;

    /// From how many tokens on its cache keeps a prompt for `model`.
    fn cache_floor(&self, model: &Model) -> u64;

    /// How many tokens it counts for an image of this size in pixels, by its published formula.
    fn image_tokens(&self, model: &Model, width: u32, height: u32) -> u64;

    /// How many images it takes in one request.
    fn most_images(&self) -> usize;

    /// Joins encoded entries into a request. Pure. `cache`: behind which of them, by index and the most valuable
    /// first, the provider's cache is worth keeping, where it wants to be told.
    fn request(&self, envelope: &Envelope<'_>, encoded: &[Bytes], cache: &[usize]) -> Outgoing;

    /// A request for `model` as it may be shown: without secrets, credentials named, every other byte as it is sent.
    /// Pure.
    fn shown(&self, _model: &Model, outgoing: &Outgoing) -> Outgoing {
        outgoing.clone()
    }

    /// Sends a request. Resolves when the answer's head has arrived and was good.
    fn open(
        &self,
        outgoing: Outgoing,
        deadlines: Deadlines,
    ) -> BoxFuture<'_, Result<EventStream, ProviderError>>;
}

/// What a provider call was waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The connection.
    Connect,
    /// The first event.
    FirstEvent,
    /// The next event.
    Idle,
}

impl Phase {
    /// Its name in the protocol's `providerStalled{phase}`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::FirstEvent => "firstEvent",
            Self::Idle => "betweenEvents",
        }
    }

    /// The same in words.
    fn words(self) -> &'static str {
        match self {
            Self::Connect => "a connection",
            Self::FirstEvent => "the beginning of the answer",
            Self::Idle => "more of the answer",
        }
    }
}

/// Why a provider call failed. Texts are the provider's own words, bounded, secrets removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No key at hand, or 401/403.
    #[error("{0}")]
    Auth(String),
    /// 401/403 to a request without a key: none is configured.
    #[error("{0}")]
    KeyWanted(String),
    /// 429 (or Anthropic's overloaded 529 with a time).
    #[error("rate limited: {message}")]
    RateLimited {
        /// The provider's words.
        message: String,
        /// How long it wants us to wait.
        retry_after: Option<Duration>,
    },
    /// 5xx, or the connection failed or broke.
    #[error("{message}")]
    Unavailable {
        /// What happened.
        message: String,
        /// How long it wants us to wait.
        retry_after: Option<Duration>,
    },
    /// A deadline passed.
    #[error("the provider sent nothing for {waited:?} while {} was waited for", phase.words())]
    Stalled {
        /// What it waited for.
        phase: Phase,
        /// How long.
        waited: Duration,
    },
    /// The request is larger than the model's window, as the provider sees it.
    #[error("{0}")]
    Overflow(String),
    /// Any other 4xx, or an answer that makes no sense.
    #[error("{message}")]
    Rejected {
        /// The HTTP status; 200 for a stream that makes no sense.
        status: u16,
        /// The provider's words.
        message: String,
    },
}

impl ProviderError {
    /// Whether the same request may succeed later.
    pub fn retryable(&self) -> bool {
        !matches!(self, Self::Auth(_) | Self::KeyWanted(_) | Self::Overflow(_) | Self::Rejected { .. })
    }

    /// How long the provider wants us to wait, if it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Which wire format a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// OpenAI Responses.
    Responses,
    /// OpenAI-compatible Chat Completions.
    Chat,
    /// Anthropic Messages.
    Anthropic,
}

/// How to reach a provider.
#[derive(Clone)]
pub struct Settings {
    /// Its name in the configuration.
    pub name: String,
    /// Its wire format.
    pub api: Api,
    /// The URL that the format's path is appended to, without a slash at the end.
    pub base_url: String,
    /// The key to send.
    pub key: Key,
    /// Headers to add to each request.
    pub headers: Vec<(String, String)>,
    /// Further ones, whose values are secrets.
    pub secret_headers: Vec<(String, String)>,
    /// Whether responses may be kept by the provider and continued (`store: true`).
    pub store: bool,
    /// Merged into each request body, under the model's own options.
    pub options: serde_json::Map<String, Value>,
}

/// A provider's key.
#[derive(Clone)]
pub enum Key {
    /// The provider needs none (a local server).
    NotNeeded,
    /// It needs one, and there is none; the text says where one was looked for.
    Missing(String),
    /// Here it is. Lives in memory only (invariant 13).
    Secret(String),
}

impl Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotNeeded => "NotNeeded",
            Self::Missing(_) => "Missing",
            Self::Secret(_) => "Secret(…)",
        })
    }
}
