//! Sessions, messages and parts as the protocol shows them. Field names are a contract: one may be added,
//! none changed.

use schemars::JsonSchema;
use serde::Serialize;

use crate::transcript::{
    Counts, FinishReason, MessageId, ModelRef, Owner, PartId, ProjectId, Role, Seq, SessionId, Status,
    StopReason, Timestamp, Usage,
};

/// A session.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The project whose root it works in.
    pub project_id: ProjectId,
    /// The session that it was forked or started from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<SessionId>,
    /// What lists show.
    pub title: String,
    /// Absolute working directory.
    pub cwd: String,
    /// The agent that answers by default.
    pub agent: String,
    /// The model that answers by default.
    pub model: ModelRef,
    /// What it does now.
    pub status: Status,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its last activity.
    pub updated_at: Timestamp,
    /// When it was archived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// How much it holds.
    pub counts: Counts,
    /// What all its provider calls consumed.
    pub usage: Usage,
    /// How its newest turn ended; missing before its first one has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_turn: Option<LastTurn>,
    /// The process that runs it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// What an unclean end interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered: Option<Recovered>,
}

/// How a turn ended that answered a prompt.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastTurn {
    /// When.
    pub ended_at: Timestamp,
    /// Why, unless it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<MessageError>,
}

/// What an unclean end interrupted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Recovered {
    /// One line for a person.
    pub note: String,
}

/// A message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The session it belongs to.
    pub session_id: SessionId,
    /// Its place in the session: the only order.
    pub seq: Seq,
    /// Who speaks.
    pub role: Role,
    /// The user message that an assistant message answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<MessageId>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// The agent that answered or was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The model that answered or was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// `true` for the summary of a compaction, else missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<bool>,
    /// Why the provider call ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish: Option<FinishReason>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<MessageError>,
    /// What its provider call consumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What it is made of, by index.
    pub parts: Vec<Part>,
}

/// What went wrong, with the kind's data beside it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MessageError {
    /// A sentence for a person.
    pub message: String,
    /// `kind`, its data, `retryable` and `cure`, as in the `data` of an error answer.
    #[serde(flatten)]
    pub data: serde_json::Map<String, serde_json::Value>,
}

/// A text, or its beginning.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Body {
    /// The whole text, or its beginning when `truncated`: then `part/read` has the rest.
    pub text: String,
    /// Size of the whole text in bytes.
    pub bytes: u64,
    /// Whether `text` is only the beginning.
    pub truncated: bool,
}

/// A part of a message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Its id.
    pub id: PartId,
    /// The message it belongs to.
    pub message_id: MessageId,
    /// Its place in the message, from 0.
    pub index: u32,
    /// What it is.
    #[serde(flatten)]
    pub content: PartContent,
}

/// What a part is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PartContent {
    /// Text by a person or the model.
    Text {
        /// It.
        text: Body,
    },
    /// The model's reasoning, as far as the provider shows it.
    Reasoning {
        /// It.
        text: Body,
        /// When it began, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        started_at: Option<Timestamp>,
        /// When the model went on to something else.
        #[serde(skip_serializing_if = "Option::is_none")]
        ended_at: Option<Timestamp>,
    },
    /// What the model reads in place of the text before it, in which a person called a command.
    Command {
        /// The command's name, without the slash.
        name: String,
        /// What it became; empty until its shell snippets have run.
        text: Body,
    },
    /// A file or an image that came with a prompt.
    File {
        /// Media type.
        mime: String,
        /// File name.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Where it came from.
        #[serde(skip_serializing_if = "Option::is_none")]
        uri: Option<String>,
        /// Size of the content in bytes.
        bytes: u64,
    },
    /// A tool call.
    Tool(Box<ToolPart>),
    /// A provider call began.
    StepStart,
    /// A provider call ended.
    StepFinish {
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<FinishReason>,
        /// What it consumed.
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
    },
    /// Files that a turn changed.
    Patch {
        /// Their absolute paths.
        files: Vec<String>,
    },
    /// A compaction: the message summarises what came before it.
    #[serde(rename_all = "camelCase")]
    Compaction {
        /// Whether it was made without a person asking.
        auto: bool,
        /// The first of the messages before the summary that stay verbatim behind it.
        #[serde(skip_serializing_if = "Option::is_none")]
        tail_seq: Option<Seq>,
        /// Tokens of the request before.
        before: u64,
        /// Tokens of the request after.
        after: u64,
        /// The calls whose evidence stands behind the summary, oldest first.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<PartId>,
    },
    /// Work handed to a child session.
    Subtask {
        /// The child.
        session_id: SessionId,
        /// What it was asked to do.
        description: String,
    },
}

/// A tool call and what became of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ToolPart {
    /// The provider's id of the call.
    pub call_id: String,
    /// The tool's name.
    pub tool: String,
    /// One line for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where it stands.
    pub status: ToolStatus,
    /// The arguments: JSON text as the model wrote it.
    pub input: Body,
    /// What it printed or found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Body>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// When its output was replaced by evidence in what the model sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compacted_at: Option<Timestamp>,
    /// Files it produced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// Where a tool call stands. `completed` and `error` are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ToolStatus {
    /// The model is still writing it, or it has not been started.
    Pending,
    /// It runs.
    Running,
    /// It ended with an output.
    Completed,
    /// It failed, was refused or was interrupted.
    Error,
}

/// A file that a tool produced.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Attachment {
    /// Media type.
    pub mime: String,
    /// File name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Size in bytes.
    pub bytes: u64,
}
