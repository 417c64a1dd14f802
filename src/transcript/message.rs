//! Messages: what the person said, what the model answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Failure, MessageId, ModelRef, Part, PartKind, Seq, SessionId, Timestamp, Usage};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person (or the program that speaks for one).
    User,
    /// The model.
    Assistant,
}

/// Why a provider call ended, in provider-neutral words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FinishReason {
    /// The model had said all.
    EndTurn,
    /// It wants its tool calls answered.
    ToolCalls,
    /// The output limit was reached.
    MaxTokens,
    /// The model or the provider's filter refused.
    Refusal,
}

impl FinishReason {
    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::EndTurn => "endTurn",
            Self::ToolCalls => "toolCalls",
            Self::MaxTokens => "maxTokens",
            Self::Refusal => "refusal",
        }
    }
}

/// One message with its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The session it belongs to.
    pub session_id: SessionId,
    /// Its place in the session.
    pub seq: Seq,
    /// Who speaks.
    pub role: Role,
    /// The user message that an assistant message answers.
    pub parent_id: Option<MessageId>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was complete; an assistant message that still streams has none.
    pub completed_at: Option<Timestamp>,
    /// The agent that answered or was asked.
    pub agent: Option<String>,
    /// The model that answered or was asked.
    pub model: Option<ModelRef>,
    /// Whether it is the summary of a compaction.
    pub summary: bool,
    /// Why the provider call ended.
    pub finish: Option<FinishReason>,
    /// What went wrong.
    pub error: Option<Failure>,
    /// What its provider call consumed.
    pub usage: Option<Usage>,
    /// What it is made of, by index.
    pub parts: Vec<Part>,
}

impl Message {
    /// A message as it stands before it is stored: nothing has come of it yet.
    pub fn draft(id: MessageId, session_id: SessionId, seq: Seq, role: Role, parts: Vec<Part>) -> Self {
        Self {
            id,
            session_id,
            seq,
            role,
            parent_id: None,
            created_at: Timestamp::now(),
            completed_at: None,
            agent: None,
            model: None,
            summary: false,
            finish: None,
            error: None,
            usage: None,
            parts,
        }
    }

    /// Its texts as a person wrote them, a line end between two.
    pub fn words(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match &part.kind {
            PartKind::Text(body) => Some(body.text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Its texts as the model reads them: for each command that was called what it became, a line end between two.
    pub fn request(&self) -> String {
        let texts = self.parts.iter().enumerate().filter_map(|(index, part)| match &part.kind {
            PartKind::Text(body) if !self.is_replaced(index) => Some(body.text.as_str()),
            PartKind::Command(command) => Some(command.text.text.as_str()),
            _ => None,
        });
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// Whether the part at this place is a text in which a command was called, and the model reads what that became.
    pub fn is_replaced(&self, index: usize) -> bool {
        let text = self.parts.get(index).is_some_and(|part| matches!(part.kind, PartKind::Text(_)));
        let next = self.parts.get(index + 1).map(|part| &part.kind);
        text && matches!(next, Some(PartKind::Command(command)) if !command.text.text.trim().is_empty())
    }
}
