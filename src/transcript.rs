//! The words of the domain: sessions, messages, parts, usage, ids.
//!
//! Plain types and pure functions, no I/O. Every other module may know this one; it knows nobody.
//! Invariant 1: order is [`Seq`], never an id and never a clock.

pub mod bounds;
pub mod change;
pub mod evidence;
pub mod excerpt;
pub mod failure;
pub mod hidden;
pub mod id;
pub mod image;
pub mod json;
pub mod message;
pub mod part;
pub mod project;
pub mod prompt;
pub mod secret;
pub mod session;
pub mod text;
pub mod time;
pub mod update;
pub mod usage;

pub use change::{FileChange, FileStatus, ListedChange, Verdict, Verdicts};
pub use failure::{Failure, FailureKind};
pub use id::{ApprovalId, MessageId, PartId, PermissionId, ProjectId, Seq, SessionId, TurnId};
pub use message::{FinishReason, Message, Role};
pub use part::{
    Attachment, Body, CommandPart, Compaction, FilePart, Part, PartKind, Reasoning, ToolPart, ToolState,
};
pub use project::Project;
pub use prompt::{Delivery, PromptPart, QueuedPrompt, StopReason};
pub use session::{Counts, LastTurn, ModelRef, Owner, Session, Status};
pub use time::Timestamp;
pub use update::{Change, DeltaField, SessionEvent, TodoItem, TodoStatus, Update};
pub use usage::{CacheMiss, Usage};
