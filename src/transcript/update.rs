//! What happens in a session, as clients are told.

use serde::{Deserialize, Serialize};

use super::{
    Failure, ListedChange, Message, MessageId, Part, PartId, QueuedPrompt, Seq, SessionId, Status, Timestamp,
    TurnId, Usage,
};

/// Something happened in a session.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionEvent {
    /// Where.
    pub session_id: SessionId,
    /// The turn it belongs to.
    pub turn_id: Option<TurnId>,
    /// What.
    pub update: Update,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// The session does something else now.
    Status {
        /// What it does.
        status: Status,
        /// What it waits for, in words.
        detail: Option<String>,
        /// When the provider is called again.
        retry_at: Option<Timestamp>,
    },
    /// A message was made or changed; it is committed.
    Message(Message),
    /// A part was made or changed; a final state is committed.
    Part(Part),
    /// A part grew.
    PartDelta {
        /// The message.
        message_id: MessageId,
        /// The part.
        part_id: PartId,
        /// Which text of the part.
        field: DeltaField,
        /// What was added.
        text: String,
    },
    /// Tokens were consumed.
    Usage {
        /// The session's sums.
        usage: Usage,
        /// Tokens in the model's window.
        used: u64,
        /// Size of the model's window in tokens.
        limit: u64,
    },
    /// The model sees less of the history than before. Sizes in tokens.
    Compacted {
        /// The request before.
        before: u64,
        /// The request after.
        after: u64,
        /// Calls whose evidence is sent in place of their results.
        evidence: u64,
        /// The newest summary, where there is one.
        boundary: Option<Seq>,
    },
    /// The session has another title.
    Title(String),
    /// The turn has changed files: all of them.
    Changes {
        /// The first user message that the turn answers.
        message_id: MessageId,
        /// They.
        files: Vec<ListedChange>,
    },
    /// The todo list changed.
    Todo(Vec<TodoItem>),
    /// The prompts that wait changed.
    Queue(Vec<QueuedPrompt>),
    /// What an unclean end had interrupted, in one line.
    Recovered(String),
    /// The turn failed.
    Error(Failure),
}

/// How a session list changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Change {
    Created,
    Updated,
    Deleted,
    Archived,
}

/// The text of a part that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DeltaField {
    /// Text or reasoning.
    Text,
    /// A tool call's arguments.
    Input,
    /// A running tool's output. Not stored: the final part holds the whole.
    Output,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TodoItem {
    /// What.
    pub text: String,
    /// Where it stands.
    pub status: TodoStatus,
}

/// Where a thing to do stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TodoStatus {
    /// Not begun.
    Pending,
    /// Being done.
    Active,
    /// Done.
    Done,
    /// Given up.
    Dropped,
}
