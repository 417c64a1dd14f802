//! May this happen? Rules, and the question to a person where rules do not decide.
//!
//! Knows `transcript` only. Invariant 12: nothing is changed or run where nobody vouches for the workspace ([`trust`]),
//! an explicit deny wins, and a permission never waits for nobody.

pub mod bounds;
pub mod ceiling;
pub mod gate;
pub mod path;
pub mod reach;
pub mod rules;
pub mod shell;
pub mod trust;

use std::path::PathBuf;

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::transcript::{FailureKind, PermissionId, SessionId};

/// What a tool wants to do, before it does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The tool.
    pub tool: String,
    /// One line for a person: what will happen.
    pub title: String,
    /// Why it is asked (the rule that says so, or what is unusual about it).
    pub reason: String,
    /// The parts of it that rules speak about (each simple command of a command line, say). Never empty.
    pub items: Vec<Item>,
    /// The path as it was written and where it leads, when they differ or it lies outside the roots.
    pub path: Option<PathQuestion>,
    /// What would change, as a unified diff.
    pub diff: Option<String>,
    /// Whether rules may not allow it: a person has to see it (a command that could not be parsed, say).
    pub must_ask: bool,
}

/// A part of what is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// What a person reads.
    pub label: String,
    /// The pattern that is stored when the person allows it for longer: matched like a configured rule. Empty
    /// when it can only be allowed once.
    pub rule: String,
    /// Other names of the same thing (an absolute path, a command without its folder). A rule that denies any
    /// of them denies it; a rule that allows has to match the label.
    #[serde(skip)]
    pub aliases: Vec<String>,
    /// Whether it is known to look only, and to change nothing.
    #[serde(skip)]
    pub looks: bool,
}

impl Item {
    /// An item without other names.
    pub fn new(label: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { label: label.into(), rule: rule.into(), aliases: Vec::new(), looks: false }
    }
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathQuestion {
    /// As written, made absolute.
    pub link: PathBuf,
    /// With every link followed.
    pub target: PathBuf,
}

/// Why something may not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A configured rule denies it. The model is told and goes on.
    #[error("denied by the rule `{rule}`")]
    Rule {
        /// The rule, as `tool: pattern`.
        rule: String,
    },
    /// The session's agent may only look, whatever rules and people say. The model is told and goes on.
    #[error("the agent of this session may only look and change nothing: `{tool}` was refused")]
    Ceiling {
        /// The tool.
        tool: String,
    },
    /// A person refused and said what to do instead. The model is told and goes on.
    #[error("refused: {feedback}")]
    Advised {
        /// What the person said.
        feedback: String,
    },
    /// A person refused. The turn ends.
    #[error("refused")]
    Person,
    /// Nobody could be asked. The turn ends.
    #[error("nobody was there to allow it (headlessPermission is deny)")]
    Nobody,
    /// Nobody vouches for the workspace, and nobody could be asked to. The turn ends.
    #[error("untrustedWorkspace: {root} is not trusted, so nothing is changed or run in it. {}", FailureKind::UntrustedWorkspace.cure())]
    Untrusted {
        /// The workspace's root, as a person may see it.
        root: String,
    },
    /// The turn was stopped while the question was open.
    #[error("cancelled while waiting for permission")]
    Cancelled,
}

impl Refusal {
    /// Whether nothing more may be tried in this turn.
    pub fn ends_turn(&self) -> bool {
        matches!(self, Self::Person | Self::Nobody | Self::Untrusted { .. })
    }
}

/// Decides what tools ask for: by rules, else by a person.
pub trait Gate: Send + Sync {
    /// Resolves when the thing may happen or when it is known that it may not.
    fn permit(&self, ask: Ask) -> BoxFuture<'_, Result<(), Refusal>>;

    /// Whether a configured rule denies `tool` this subject: what a search leaves out without asking.
    fn denies(&self, tool: &str, subject: &str) -> bool;
}

/// How long a permission holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// For this one time.
    Once,
    /// As long as the session exists.
    Session,
    /// For all sessions of the project.
    Project,
    /// Not at all.
    Never,
}

/// One answer that a person may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PermissionOption {
    /// What the answer names.
    pub id: String,
    /// What a person reads.
    pub label: String,
    /// What choosing it means.
    pub scope: Scope,
}

/// A question for permission as a client gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PermissionQuestion {
    /// The session that asks.
    pub session_id: SessionId,
    /// Names this question.
    pub permission_id: PermissionId,
    /// The tool that asks.
    pub tool: String,
    /// What will happen.
    pub title: String,
    /// Why it is asked.
    pub reason: String,
    /// Its parts.
    pub items: Vec<Item>,
    /// Where the path leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathQuestion>,
    /// What would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// What holds the command while it runs, or that nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// The answers to choose from.
    pub options: Vec<PermissionOption>,
}

/// A person's answer to a question for permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PermissionAnswer {
    /// The option chosen.
    pub option_id: String,
    /// The rules of the items it holds for; all of them when missing.
    #[serde(default)]
    pub items: Option<Vec<String>>,
    /// What to do instead.
    #[serde(default)]
    pub feedback: Option<String>,
}

impl PermissionAnswer {
    /// What a client that answered nonsense has said.
    pub fn refused() -> Self {
        Self { option_id: String::new(), items: None, feedback: None }
    }
}

/// A question of the model to the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// What is asked.
    pub question: String,
    /// Answers to choose from; free text is always possible.
    #[serde(default)]
    pub options: Vec<String>,
}

/// The answers to questions, in their order.
pub type Answers = Result<Vec<String>, Unanswered>;

/// Why questions have no answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// Nobody can be asked, or the client went away.
    #[error("nobody is there to answer")]
    Nobody,
    /// What came back is not one answer for each question.
    #[error("the answer could not be read")]
    Unreadable,
}

/// The person behind the client. Dropping a future withdraws its question.
pub trait Person: Send + Sync {
    /// Asks for permission. `None` when nobody can be asked or the client went away.
    fn permission(&self, question: PermissionQuestion) -> BoxFuture<'_, Option<PermissionAnswer>>;

    /// Asks questions; one answer for each.
    fn questions(&self, session: &SessionId, questions: Vec<Question>) -> BoxFuture<'_, Answers>;
}
