//! Prompts: what a client asks of a session, and how the answer ended.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MessageId, Timestamp};

/// When a prompt that arrives during a turn is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Delivery {
    /// After the turn.
    #[default]
    Queue,
    /// Within the turn, at the next point where every tool call has its result.
    Steer,
    /// At once: the turn is stopped first.
    Interrupt,
}

/// A part of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum PromptPart {
    /// What the person wrote.
    Text {
        /// The text.
        text: String,
    },
    /// A file, or a range of one. An image is shown as one.
    File {
        /// `file:` URI.
        uri: String,
        /// Lines to show, from 0, the end excluded; the whole file when missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<LineRange>,
        /// The content as the client sees it; read from the buffer or the disk when missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// An image.
    Image {
        /// Media type: `image/png`, `image/jpeg`, `image/gif` or `image/webp`.
        mime: String,
        /// The content.
        base64: String,
    },
}

/// A range of an LSP document; only its lines count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineRange {
    /// First position.
    pub start: LinePosition,
    /// Position after the last one.
    pub end: LinePosition,
}

/// A position in an LSP document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinePosition {
    /// Line, from 0.
    pub line: u32,
    /// Character in UTF-16 units, from 0; 0 when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character: Option<u32>,
}

/// A prompt that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueuedPrompt {
    /// The id its user message will have.
    pub message_id: MessageId,
    /// Its text parts, joined.
    pub text: String,
    /// When it wants to be answered.
    pub delivery: Delivery,
    /// When it was accepted.
    pub created_at: Timestamp,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StopReason {
    /// The model had said all.
    EndTurn,
    /// The model's output limit was reached.
    MaxTokens,
    /// The limit of steps was reached.
    MaxSteps,
    /// The model or the provider's filter refused.
    Refusal,
    /// Somebody stopped it.
    Cancelled,
    /// A permission was refused without advice on how to go on.
    PermissionRejected,
}
