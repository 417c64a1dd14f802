//! What the server tells without being asked: the parameters of its notifications and of its questions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    review::ListedFile,
    types::{Message, MessageError, Part},
};
use crate::{
    engine::Change,
    permission::Question,
    transcript::{
        DeltaField, MessageId, PartId, Project, QueuedPrompt, Seq, SessionId, Status, Timestamp, TodoItem,
        TurnId, Usage,
    },
};

/// `session/update`: something happened in a session.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionUpdate {
    /// Where.
    pub session_id: SessionId,
    /// Rises by one for each update of a session on this connection: a gap means that some were lost.
    pub event_seq: u64,
    /// The turn it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// What.
    pub update: Update,
}

/// What happened.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Update {
    /// The session does something else now.
    Status {
        /// What it does.
        status: Status,
        /// What it waits for, in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// When the provider is called again.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_at: Option<Timestamp>,
    },
    /// A message was made or changed, and is stored.
    Message {
        /// It.
        message: Box<Message>,
    },
    /// A part was made or changed. Replaces all that was said of it before.
    Part {
        /// It.
        part: Box<Part>,
    },
    /// A part grew. Its final state always follows.
    PartDelta {
        /// The message.
        message_id: MessageId,
        /// The part.
        part_id: PartId,
        /// Which text of the part.
        field: DeltaField,
        /// What was added. The last member: the outbox writes it when it is due.
        text: String,
    },
    /// Tokens were consumed.
    Usage {
        /// The session's sums.
        usage: Usage,
        /// How full the model's window is.
        context: ContextUse,
    },
    /// The model sees less of the history than before. Sizes in tokens of its next request.
    Compacted {
        /// Before.
        before: u64,
        /// After.
        after: u64,
        /// Calls whose evidence is sent in place of their results.
        evidence: u64,
        /// The newest summary's `seq`; 0 while there is none.
        boundary_seq: Seq,
    },
    /// The session has another title.
    Title {
        /// It.
        title: String,
    },
    /// The turn has changed files, or a person has judged changes: all files of the turn.
    Changes {
        /// The first user message that the turn answers.
        message_id: MessageId,
        /// They.
        files: Vec<ListedFile>,
    },
    /// The todo list is another.
    Todo {
        /// It.
        items: Vec<TodoItem>,
    },
    /// The prompts that wait are others.
    Queue {
        /// They.
        prompts: Vec<QueuedPrompt>,
    },
    /// An unclean end had interrupted something here; nothing was run again.
    Recovered {
        /// What, in one line.
        note: String,
    },
    /// The turn failed.
    Error {
        /// Why.
        error: MessageError,
    },
}

/// How full the model's window is, in tokens.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct ContextUse {
    /// In it.
    pub used: u64,
    /// Its size.
    pub limit: u64,
}

/// `project/didChange`: a project is another than before.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProjectDidChange {
    /// All of it, as `project/get` answers it.
    pub project: Project,
}

/// `session/didChange`: a session list changed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionDidChange {
    /// The session.
    pub session_id: SessionId,
    /// How.
    pub change: Change,
}

/// `session/askQuestion`: the model asks the person.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AskQuestion {
    /// The session that asks.
    pub session_id: SessionId,
    /// What is asked.
    pub questions: Vec<Question>,
}

/// The answer to `session/askQuestion`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct QuestionAnswers {
    /// One for each question.
    pub answers: Vec<String>,
}
