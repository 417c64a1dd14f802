//! An engine in this process, for commands that need no server.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use futures::future::BoxFuture;
use tokio::runtime::{Builder, Runtime};

use agentls::{
    engine::{Change, ClientInfo, Engine, EngineError, ListQuery, Listener, Vouching},
    permission::{Answers, PermissionAnswer, PermissionQuestion, Person, Question, Unanswered},
    tool::buffers::NoEditor,
    transcript::{Failure, FailureKind, Session, SessionEvent, SessionId},
    workspace::paths::Directories,
};

use super::options;

/// Threads of the runtime: one may wait for a reader of what is printed while another takes the interrupt.
const THREADS: usize = 2;

/// Hears nothing.
pub(super) struct Silence;

impl Listener for Silence {
    fn session_event(&self, _: SessionEvent) {}

    fn session_changed(&self, _: &SessionId, _: Change) {}
}

/// Nobody to ask.
pub(super) struct Nobody;

impl Person for Nobody {
    fn permission(&self, _: PermissionQuestion) -> BoxFuture<'_, Option<PermissionAnswer>> {
        Box::pin(std::future::ready(None))
    }

    fn questions(&self, _: &SessionId, _: Vec<Question>) -> BoxFuture<'_, Answers> {
        Box::pin(std::future::ready(Err(Unanswered::Nobody)))
    }
}

/// An engine without an editor.
pub(super) fn engine(
    directories: Directories,
    listener: Arc<dyn Listener>,
    person: Arc<dyn Person>,
    client: ClientInfo,
) -> Engine {
    let engine = Engine::new(options(directories), listener, person, Arc::new(NoEditor));
    engine.set_client(client);
    engine
}

/// An engine that only answers questions about what is stored.
pub(super) fn reading_engine(directories: Directories) -> Engine {
    let client = ClientInfo { name: "agentls".to_owned(), ..ClientInfo::default() };
    engine(directories, Arc::new(Silence), Arc::new(Nobody), client)
}

/// An engine that only answers questions about what is here, for whom `trust` is settled: it opens no database.
pub(super) fn looking_engine(directories: Directories, trust: Vouching) -> Engine {
    let client = ClientInfo { name: "agentls".to_owned(), trust, ..ClientInfo::default() };
    engine(directories, Arc::new(Silence), Arc::new(Nobody), client)
}

/// The runtime that an engine needs.
pub(super) fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .context("the process cannot start its threads")
}

/// What a person writes for the newest session of a directory.
const LAST: &str = "last";

/// The session of that id, or the newest of the directory `here` where the name is `last`.
pub(super) async fn session(engine: &Engine, name: &str, here: &Path) -> Result<Session, EngineError> {
    if name != LAST {
        return engine.session(&SessionId::from(name)).await;
    }
    let cwd = Some(here.to_string_lossy().into_owned());
    let page = engine.list_sessions(ListQuery { cwd, limit: 1, ..ListQuery::default() }).await?;
    let none = || Failure::new(FailureKind::SessionNotFound, "there is no session in this directory");
    page.sessions.into_iter().next().ok_or_else(|| none().into())
}

/// Where the command was called.
pub(super) fn working_directory() -> anyhow::Result<PathBuf> {
    std::env::current_dir().context("the current directory cannot be found")
}
