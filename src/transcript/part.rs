//! Parts: what a message is made of.

use serde::{Deserialize, Serialize};

use super::{MessageId, PartId, Seq, SessionId, Timestamp, Usage, image::Shown};

/// A stored text, or its beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The whole text, or its beginning when `bytes` says more.
    pub text: String,
    /// Size of the whole text in bytes.
    pub bytes: u64,
}

impl Body {
    /// A text that is here whole.
    pub fn whole(text: impl Into<String>) -> Self {
        let text = text.into();
        let bytes = text.len() as u64;
        Self { text, bytes }
    }

    /// Whether `text` is only the beginning.
    pub fn truncated(&self) -> bool {
        (self.text.len() as u64) < self.bytes
    }
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its id; `recall` and `part/read` take it.
    pub id: PartId,
    /// The message it belongs to.
    pub message_id: MessageId,
    /// Its place in the message, from 0.
    pub index: u32,
    /// What it is.
    pub kind: PartKind,
}

impl Part {
    /// Bytes of the texts that are here of it.
    pub fn text_bytes(&self) -> usize {
        match &self.kind {
            PartKind::Text(body) => body.text.len(),
            PartKind::Reasoning(reasoning) => reasoning.text.text.len(),
            PartKind::Command(command) => command.text.text.len(),
            PartKind::Tool(tool) => {
                let said = match &tool.state {
                    ToolState::Completed { output, .. } => output.text.len(),
                    ToolState::Error { message, .. } => message.len(),
                    ToolState::Pending | ToolState::Running { .. } => 0,
                };
                tool.input.text.len() + said
            }
            _ => 0,
        }
    }
}

/// What a part is.
#[derive(Clone, Debug, PartialEq)]
pub enum PartKind {
    /// Text by a person or the model.
    Text(Body),
    /// The model's reasoning, as far as the provider shows it.
    Reasoning(Reasoning),
    /// What the model reads in place of the text before it, in which a person called a command.
    Command(CommandPart),
    /// A file or an image that came with a prompt.
    File(FilePart),
    /// A tool call with its state.
    Tool(ToolPart),
    /// A provider call began.
    StepStart,
    /// A provider call ended.
    StepFinish {
        /// Why it ended, in the provider-neutral words of [`super::FinishReason`].
        reason: Option<super::FinishReason>,
        /// What it consumed.
        usage: Option<Usage>,
    },
    /// Files that a turn changed.
    Patch {
        /// Their absolute paths.
        files: Vec<String>,
    },
    /// A compaction: the message summarises what came before it.
    Compaction(Compaction),
    /// Work handed to a child session.
    Subtask {
        /// The child.
        session_id: SessionId,
        /// What it was asked to do.
        description: String,
    },
}

impl PartKind {
    /// Its name in the protocol and in the database.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Reasoning(_) => "reasoning",
            Self::Command(_) => "command",
            Self::File(_) => "file",
            Self::Tool(_) => "tool",
            Self::StepStart => "stepStart",
            Self::StepFinish { .. } => "stepFinish",
            Self::Patch { .. } => "patch",
            Self::Compaction(_) => "compaction",
            Self::Subtask { .. } => "subtask",
        }
    }
}

/// The model's reasoning, and how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasoning {
    /// It, as far as the provider shows it.
    pub text: Body,
    /// When it began; unknown where an earlier version stored it.
    pub started_at: Option<Timestamp>,
    /// When the model went on to something else. Reasoning that broke off has no end.
    pub ended_at: Option<Timestamp>,
}

impl From<Body> for Reasoning {
    fn from(text: Body) -> Self {
        Self { text, started_at: None, ended_at: None }
    }
}

/// What a compaction kept, and what it won. In a summary message it says where the live history begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Compaction {
    /// Whether it was made without a person asking.
    pub auto: bool,
    /// The first of the messages before the summary that stay verbatim behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tail: Option<Seq>,
    /// Tokens of the request before.
    pub before: u64,
    /// Tokens of the request after.
    pub after: u64,
    /// The calls whose evidence stands behind the summary, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<PartId>,
}

/// A command that a prompt called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandPart {
    /// Its name, without the slash.
    pub name: String,
    /// What it became. Empty as long as something of it still has to be run: the model then reads what was typed.
    pub text: Body,
}

/// A file that came with a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePart {
    /// Media type.
    pub mime: String,
    /// File name.
    pub name: Option<String>,
    /// Where it came from.
    pub uri: Option<String>,
    /// Size of the content in bytes.
    pub bytes: u64,
    /// Of an image that was looked at: what models are sent in its place.
    pub shown: Option<Shown>,
}

/// A tool call and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolPart {
    /// The provider's id of the call.
    pub call_id: String,
    /// The tool's name as the model gave it.
    pub tool: String,
    /// One line for a person, once the tool knows it.
    pub title: Option<String>,
    /// The arguments as the model wrote them: JSON text, kept byte for byte (invariant 4).
    pub input: Body,
    /// Where it stands.
    pub state: ToolState,
    /// When its output was replaced by evidence in what the model sees.
    pub compacted_at: Option<Timestamp>,
    /// Files it produced (images, say).
    pub attachments: Vec<Attachment>,
}

/// Where a tool call stands. `Completed` and `Error` are final.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolState {
    /// The model is still writing it, or it has not been started.
    Pending,
    /// It runs.
    Running {
        /// Since when.
        started_at: Timestamp,
    },
    /// It ended with an output.
    Completed {
        /// When it began.
        started_at: Timestamp,
        /// When it ended.
        ended_at: Timestamp,
        /// All that it printed or found.
        output: Body,
    },
    /// It failed, was refused or was interrupted.
    Error {
        /// When it began, if it did.
        started_at: Option<Timestamp>,
        /// When it ended.
        ended_at: Timestamp,
        /// What the model is told.
        message: String,
    },
}

impl ToolState {
    /// Whether the call has its result.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Completed { .. } | Self::Error { .. })
    }
}

/// Something a tool produced beside its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Media type.
    pub mime: String,
    /// File name.
    pub name: Option<String>,
    /// Size in bytes.
    pub bytes: u64,
    /// Of an image that was looked at: what models are sent in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
}

impl FilePart {
    /// Whether it says of itself that it is an image.
    pub fn is_image(&self) -> bool {
        self.mime.starts_with("image/")
    }
}

impl Attachment {
    /// Whether it says of itself that it is an image.
    pub fn is_image(&self) -> bool {
        self.mime.starts_with("image/")
    }
}
