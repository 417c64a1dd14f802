//! Tools: what the model can do to the user's files and machine.
//!
//! One trait, one file for each tool. A tool checks its parameters, asks the [`Gate`] before it acts, and
//! returns the whole of what it found; what the model is shown of it is decided elsewhere. A wrong
//! parameter, a missing file, a failed command are [`ToolError`]s that the model reads, never the end of a
//! turn.

pub mod bash;
pub(crate) mod beneath;
pub mod bounds;
pub mod buffers;
pub mod context_usage;
pub mod descendants;
pub mod edit;
pub mod environment;
#[cfg(test)]
mod fixture;
pub mod glob;
pub mod grep;
#[cfg(target_os = "linux")]
pub mod guardian;
mod holds;
pub mod list;
pub mod new_session;
pub mod params;
pub mod patch;
mod place;
mod process;
pub mod question;
pub mod read;
pub mod recall;
pub mod sandbox;
pub mod skill;
mod terminal;
pub(crate) mod textfile;
pub mod todo;
mod walk;
pub mod webfetch;
pub mod write;

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    permission::{Gate, Person, Refusal},
    picture::Picture,
    provider::ToolSpec,
    store::Store,
    transcript::{FileChange, SessionId, TodoItem},
    workspace::{config::WebfetchConfig, skills::Skills},
};

/// What a tool call may use. Made for one call.
#[derive(Clone)]
pub struct ToolContext {
    /// The session that calls.
    pub session: SessionId,
    /// Absolute working directory; relative paths start here.
    pub cwd: PathBuf,
    /// Stops the tool. After it nothing may start, and what runs has to end within 2 s.
    pub cancel: CancellationToken,
    /// Asked before anything is done.
    pub gate: Arc<dyn Gate>,
    /// The client's open documents.
    pub editor: Arc<dyn buffers::Editor>,
    /// The person, for questions.
    pub person: Arc<dyn Person>,
    /// What fills the model's window.
    pub gauge: Arc<dyn context_usage::Gauge>,
    /// Makes other sessions.
    pub sessions: Arc<dyn new_session::Sessions>,
    /// Told about what happens while the tool runs.
    pub progress: Arc<dyn Progress>,
    /// What the session's skills say.
    pub skills: Arc<Skills>,
    /// What may be fetched from the web, and how much of it.
    pub web: Arc<WebfetchConfig>,
    /// Earlier results and the todo list.
    pub store: Store,
    /// Which variables child processes get.
    pub environment: Arc<environment::Environment>,
    /// What holds commands.
    pub sandbox: Arc<sandbox::Sandbox>,
}

/// Hears what a running tool has to say.
pub trait Progress: Send + Sync {
    /// More output for a person to watch. Not what the model gets.
    fn output(&self, text: &str);
    /// One line that says what the tool is doing.
    fn title(&self, title: &str);
    /// The todo list is another.
    fn todo(&self, items: Vec<TodoItem>);
}

/// What a tool found or did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// One line for a person.
    pub title: String,
    /// The whole text; capping is done by whoever shows it.
    pub text: String,
    /// Images for the model to look at.
    pub images: Vec<OutputImage>,
    /// Files that were changed.
    pub changed: Vec<FileChange>,
    /// Places that were read: instructions that hold there join.
    pub looked_at: Vec<PathBuf>,
}

/// An image that a tool returns: one that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputImage {
    /// What it is.
    pub picture: Picture,
    /// File name.
    pub name: String,
    /// Content.
    pub data: Bytes,
}

/// Why a tool call has no output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    /// A parameter is missing, unknown or wrong; the text names it.
    #[error("{0}")]
    Parameter(String),
    /// The tool could not do it; the text says why and, if it is known, what would work.
    #[error("{0}")]
    Failed(String),
    /// It may not happen.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// It was stopped. Holds what it had found until then.
    #[error("interrupted")]
    Cancelled {
        /// Output until then.
        partial: String,
    },
}

/// A tool.
pub trait Tool: Send + Sync {
    /// Its name, description and parameters.
    fn spec(&self) -> ToolSpec;

    /// Does it. `input` is an object.
    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>>;
}

/// The tools that a session has, in the fixed order in which they are offered.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Tools>,
}

struct Tools {
    tools: Vec<Arc<dyn Tool>>,
    /// What each says of itself, in the same order: made when first asked for, since schemas take time to make.
    specs: OnceLock<Arc<[ToolSpec]>>,
}

impl Registry {
    /// All tools.
    pub fn standard() -> Self {
        let tools: Vec<Arc<dyn Tool>> = vec![
            Arc::new(read::Read),
            Arc::new(list::List),
            Arc::new(glob::Glob),
            Arc::new(grep::Grep),
            Arc::new(edit::Edit),
            Arc::new(write::Write),
            Arc::new(patch::Patch),
            Arc::new(bash::Bash),
            Arc::new(todo::Todo),
            Arc::new(question::AskPerson),
            Arc::new(recall::Recall),
            Arc::new(skill::LoadSkill),
            Arc::new(webfetch::WebFetch::default()),
            Arc::new(context_usage::AskUsage),
            Arc::new(new_session::ProposeSession),
        ];
        Self { shared: Arc::new(Tools { tools, specs: OnceLock::new() }) }
    }

    /// What the model is offered.
    pub fn specs(&self) -> Arc<[ToolSpec]> {
        let make = || self.shared.tools.iter().map(|tool| tool.spec()).collect();
        Arc::clone(self.shared.specs.get_or_init(make))
    }

    /// The tool of that name.
    pub fn find(&self, name: &str) -> Option<Arc<dyn Tool>> {
        let at = self.specs().iter().position(|spec| spec.name == name)?;
        self.shared.tools.get(at).cloned()
    }
}
