//! The product's API: open, create, list, fork, delete, prompt, stop a session.
//!
//! Faces translate to and from this and hold no logic of their own. Knows everything below, no face. Nothing is
//! read or opened before it is needed: the database opens with the first request that uses it.

mod api;
mod arrivals;
pub mod bounds;
mod calls;
mod export;
mod folders;
mod handover;
mod history;
mod import;
mod intake;
mod models;
mod permissions;
mod projects;
mod reading;
mod review;
mod roster;
pub mod secrets;
mod settings;
mod site;
mod sources;
mod trust;

use std::sync::Arc;

use tokio::sync::OnceCell;

pub use crate::{
    context::report::{Fate, Framed, Piece},
    provider::{KeyVerdict, Probe},
    store::{Evidence, Step, StoredApproval},
    tool::sandbox::Status as SandboxStatus,
    turn::{
        Compacted,
        desk::{First, Forecast},
        events::{Change, Listener},
    },
};
use crate::{
    permission::Person,
    provider::{self, ToolSpec},
    store::{Lessee, NewSessionRow, SessionFilter, Store, StoreError, TitleBy},
    tool::{Registry, buffers::Editor, descendants},
    transcript::{
        Failure, FailureKind, MessageId, ModelRef, QueuedPrompt, Seq, Session, SessionId, TodoItem, Update,
    },
    turn::{Prepare, Shared, desk::Desk, events::Events, follow::Follower},
    workspace::{
        agents::Agent,
        paths::{self, Privacy},
        project,
        skills::Skill,
    },
};
pub use api::*;
pub use import::{
    Fate as ImportFate, ImportEvent, ImportSummary, Outcome as ImportOutcome, Source as ImportSource,
};
pub use intake::LARGEST_PROMPT;
pub use projects::Which;
pub use review::{Judgement, Review, ReviewedFile, ReviewedHunk, Side};
use settings::Settings;
pub use trust::StoredTrust;
use trust::Trusts;

/// The product.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
    settings: Arc<Settings>,
    events: Arc<Events>,
    person: Arc<dyn Person>,
    editor: Arc<dyn Editor>,
    tools: Registry,
    open: OnceCell<Open>,
    arrivals: arrivals::Arrivals,
    closing: std::sync::atomic::AtomicBool,
    /// Held while hunks are judged: what one rejection leaves is what the next one starts from.
    reviewing: tokio::sync::Mutex<()>,
}

/// The parts that need the database.
struct Open {
    store: Store,
    desk: Arc<Desk>,
    follower: Arc<Follower>,
}

impl Engine {
    /// Opens nothing and reads nothing yet.
    pub fn new(
        options: Options,
        listener: Arc<dyn Listener>,
        person: Arc<dyn Person>,
        editor: Arc<dyn Editor>,
    ) -> Self {
        let tools = Registry::standard();
        let events = Arc::new(Events::new(listener));
        let trusts = Arc::new(Trusts::new(Arc::clone(&events)));
        let config_dir = options.config_dir.clone();
        let settings = Settings::new(config_dir, tools.clone(), trusts, Arc::clone(&events));
        Self {
            inner: Arc::new(Inner {
                options,
                settings: Arc::new(settings),
                events,
                person,
                editor,
                tools,
                open: OnceCell::new(),
                arrivals: arrivals::Arrivals::default(),
                closing: std::sync::atomic::AtomicBool::new(false),
                reviewing: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// Takes over what `initialize` said. Before any session is used.
    pub fn set_client(&self, client: ClientInfo) {
        self.inner.settings.set_client(client);
    }

    /// Replaces what `initialize` said of the configuration. It counts for the next turn.
    pub fn set_client_config(&self, config: Option<serde_json::Value>) {
        self.inner.settings.set_client_config(config);
    }

    /// The database, opened on first use. A failure is tried again with the next request.
    async fn open(&self) -> Result<&Open, EngineError> {
        let inner = &self.inner;
        if inner.closing.load(std::sync::atomic::Ordering::SeqCst) && inner.open.get().is_none() {
            return Err(Failure::new(FailureKind::Interrupted, "the server is ending").into());
        }
        inner
            .open
            .get_or_try_init(|| async {
                let (directory, client) = (inner.options.data_dir.clone(), inner.settings.client_name());
                let store = tokio::task::spawn_blocking(move || {
                    let made = paths::create_private(&directory)
                        .map_err(|error| StoreError::Readonly(format!("{}: {error}", directory.display())))?;
                    if let Privacy::Shared(error) = made {
                        tracing::warn!(directory = %directory.display(), %error, "others may look into the data directory");
                    }
                    Store::open(&directory, Lessee::this_process(&client))
                })
                .await
                .map_err(|error| Failure::internal(error.to_string()))?
                .map_err(Failure::from)?;
                inner.settings.trusts.set_store(store.clone());
                let prepare = Arc::clone(&inner.settings) as Arc<dyn Prepare>;
                let follower = Follower::new(store.clone(), Arc::clone(&inner.events), Arc::clone(&prepare));
                tokio::spawn(Arc::clone(&follower).run());
                let desk = Desk::new(Shared {
                    store: store.clone(),
                    follower: Arc::clone(&follower),
                    events: Arc::clone(&inner.events),
                    person: Arc::clone(&inner.person),
                    editor: Arc::clone(&inner.editor),
                    sessions: Arc::new(handover::Successors(Arc::downgrade(inner))),
                    tools: inner.tools.clone(),
                    prepare,
                    queue_telling: Arc::default(),
                });
                for (session, note) in store.recovered() {
                    inner.events.emit(session, None, Update::Recovered(note.clone()));
                    inner.events.changed(session, Change::Updated);
                }
                let leftovers = store.clone();
                tokio::spawn(async move {
                    if let Err(error) = leftovers.remove_leftovers().await {
                        tracing::warn!(%error, "leftovers of deleted sessions stay");
                    }
                });
                Ok(Open { store, desk, follower })
            })
            .await
    }

    async fn store(&self) -> Result<&Store, EngineError> {
        Ok(&self.open().await?.store)
    }

    /// Makes a session.
    pub async fn new_session(&self, new: NewSession) -> Result<Session, EngineError> {
        let cwd = intake::directory(&new.cwd)?;
        let title = new.title.as_deref().map(intake::title).transpose()?.flatten();
        let open = self.open().await?;
        let agent = self.check_choice(&cwd, new.agent.as_deref(), new.model.as_ref()).await?;
        let own_model = agent.and_then(|agent| agent.model);
        let (settings, place) = (Arc::clone(&self.inner.settings), cwd.clone());
        let (defaults, root, known, title) = blocking(move || {
            let root = project::find(&place);
            let known = settings.trusts.knows(&root.path);
            let title = title.map(|title| settings.secrets(&place).hide(&title));
            (settings.defaults(&place), root, known, title)
        })
        .await?;
        let session = open
            .store
            .create_session(NewSessionRow {
                id: SessionId::random(),
                root: root.path.to_string_lossy().into_owned(),
                project_name: root.name,
                parent_id: new.parent_id,
                title,
                cwd: cwd.to_string_lossy().into_owned(),
                agent: new.agent.unwrap_or(defaults.agent),
                model: new.model.or(own_model).unwrap_or(defaults.model),
            })
            .await
            .map_err(Failure::from)?
            .into_inner();
        self.inner.events.changed(&session.id, Change::Created);
        if !known {
            self.tell_of(&session.project_id).await;
        }
        Ok(session)
    }

    /// Refuses an agent or a model that somebody chose and that is not there. The agent.
    async fn check_choice(
        &self,
        cwd: &std::path::Path,
        agent: Option<&str>,
        model: Option<&ModelRef>,
    ) -> Result<Option<Agent>, EngineError> {
        let settings = Arc::clone(&self.inner.settings);
        let (cwd, agent, model) = (cwd.to_owned(), agent.map(str::to_owned), model.cloned());
        let checked = blocking(move || {
            let agent = agent.map(|name| settings.chosen_agent(&cwd, &name)).transpose()?;
            model.map_or(Ok(()), |model| settings.check_model(&cwd, &model))?;
            Ok(agent)
        });
        checked.await?
    }

    /// A page of sessions, newest activity first.
    pub async fn list_sessions(&self, query: ListQuery) -> Result<SessionPage, EngineError> {
        let cursor = query.cursor.map(|cursor| {
            cursor
                .parse::<i64>()
                .map_err(|_| Failure::new(FailureKind::StaleCursor, format!("cursor {cursor}")))
        });
        let cwd = blocking(move || query.cwd.map(intake::stored_directory)).await?;
        let filter = SessionFilter {
            cwd,
            search: query.search.filter(|search| !search.is_empty()),
            archived: query.archived,
            limit: query.limit,
            cursor: cursor.transpose()?,
        };
        let open = self.open().await?;
        open.follower.open_list().await;
        let page = open.store.sessions(filter).await.map_err(Failure::from)?;
        Ok(SessionPage {
            sessions: page.sessions.into_iter().map(|session| open.desk.with_status(session)).collect(),
            next_cursor: page.next.map(|next| next.to_string()),
        })
    }

    /// One session.
    pub async fn session(&self, id: &SessionId) -> Result<Session, EngineError> {
        let open = self.open().await?;
        Ok(open.desk.with_status(open.store.session(id).await.map_err(Failure::from)?))
    }

    /// A session's todo list.
    pub async fn todo(&self, id: &SessionId) -> Result<Vec<TodoItem>, EngineError> {
        Ok(self.open().await?.store.todo(id).await.map_err(Failure::from)?)
    }

    /// The client has opened a session: it is told what other processes do there from here on. `known` is how far it
    /// knows the messages as they will stay.
    pub fn follow(&self, id: &SessionId, known: Option<Seq>) {
        if let Some(open) = self.inner.open.get() {
            open.follower.open(id.clone(), known);
        }
    }

    /// Resolves when the prompt's turn has ended. Dropping it before withdraws the prompt or stops its turn.
    pub async fn prompt(&self, prompt: PromptRequest) -> Result<PromptOutcome, EngineError> {
        let entering = self.inner.arrivals.enter(&prompt.session_id).await;
        let open = self.open().await?;
        let session = open.store.session(&prompt.session_id).await.map_err(Failure::from)?;
        self.check_choice(session.cwd.as_ref(), prompt.agent.as_deref(), prompt.model.as_ref()).await?;
        let chosen = (prompt.agent.clone(), prompt.model.clone());
        let (editor, settings) = (Arc::clone(&self.inner.editor), Arc::clone(&self.inner.settings));
        let accepted = intake::accept(prompt, &session, editor, Some(settings)).await?;
        let ticket = open.desk.submit(&session.id, accepted).await?;
        self.keep_choice(open, &session, chosen).await?;
        drop(entering);
        let message_id = ticket.message.clone();
        let end = ticket.answer().await?;
        let stop_reason =
            end.stop_reason.ok_or_else(|| Failure::internal("a turn ended without a reason"))?;
        Ok(PromptOutcome { message_id, stop_reason, steps: end.steps, usage: end.usage })
    }

    /// Stops the turn that runs, in whatever process. False when none does.
    pub async fn cancel(&self, id: &SessionId) -> Result<bool, EngineError> {
        let open = self.open().await?;
        open.store.session(id).await.map_err(Failure::from)?;
        Ok(open.desk.cancel(id) || open.desk.stop_elsewhere(id).await?)
    }

    /// The prompts that wait, in the order in which they will be answered.
    pub async fn queue(&self, id: &SessionId) -> Result<Vec<QueuedPrompt>, EngineError> {
        Ok(self.store().await?.waiting_prompts(id).await.map_err(Failure::from)?)
    }

    /// Takes a waiting prompt out of the queue. False when it does not wait (any more).
    pub async fn unqueue(&self, id: &SessionId, message: &MessageId) -> Result<bool, EngineError> {
        Ok(self.open().await?.desk.withdraw(id, message).await?)
    }

    /// The newest `limit` provider calls, ascending.
    pub async fn steps(&self, id: &SessionId, limit: u32) -> Result<Vec<Step>, EngineError> {
        Ok(self.store().await?.steps(id, limit).await.map_err(Failure::from)?)
    }

    /// Names a session.
    pub async fn rename(&self, id: &SessionId, title: String) -> Result<Session, EngineError> {
        let title = intake::title(&title)?
            .ok_or_else(|| EngineError::InvalidParams("title: must not be empty".to_owned()))?;
        let store = self.store().await?;
        let cwd = store.session(id).await.map_err(Failure::from)?.cwd;
        let settings = Arc::clone(&self.inner.settings);
        let title = blocking(move || settings.secrets(cwd.as_ref()).hide(&title)).await?;
        store.set_title(id, title.clone(), TitleBy::Person).await.map_err(Failure::from)?;
        self.open().await?.follower.knows_title(id, &title).await;
        self.inner.events.emit(id, None, Update::Title(title));
        self.inner.events.changed(id, Change::Updated);
        self.session(id).await
    }

    /// Archives a session, or brings it back.
    pub async fn archive(&self, id: &SessionId, archived: bool) -> Result<Session, EngineError> {
        let session =
            self.store().await?.set_archived(id, archived).await.map_err(Failure::from)?.into_inner();
        self.inner.events.changed(id, if archived { Change::Archived } else { Change::Updated });
        Ok(self.open().await?.desk.with_status(session))
    }

    /// Deletes a session. A turn of this process is stopped first; one of another process refuses.
    pub async fn delete(&self, id: &SessionId) -> Result<bool, EngineError> {
        let open = self.open().await?;
        open.desk.stop(id).await;
        open.store.delete_session(id).await.map_err(Failure::from)?;
        self.inner.events.changed(id, Change::Deleted);
        Ok(true)
    }

    /// A new session with the history up to and including `message` (all of it when missing).
    pub async fn fork(&self, id: &SessionId, message: Option<MessageId>) -> Result<Session, EngineError> {
        let store = self.store().await?;
        let source = store.session(id).await.map_err(Failure::from)?;
        let title = format!("{} (fork)", source.title);
        let new = handover::child_of(source, title);
        let session = store.fork(id, message, new).await.map_err(Failure::from)?.into_inner();
        self.inner.events.changed(&session.id, Change::Created);
        Ok(session)
    }

    /// The whole session as text.
    pub async fn export(&self, id: &SessionId, format: ExportFormat) -> Result<String, EngineError> {
        Ok(export::session(self.store().await?, id, format).await?)
    }

    /// The models that can be chosen from `cwd`.
    pub async fn models(&self, cwd: Option<String>) -> Result<Vec<ListedModel>, EngineError> {
        let cwd = self.place(cwd).await?;
        let settings = Arc::clone(&self.inner.settings);
        Ok(blocking(move || settings.models(cwd.as_deref())).await?)
    }

    /// Whether the providers that are ready or configured in `cwd` can be reached and take their keys. Spends no tokens.
    pub async fn probe(&self, cwd: String) -> Result<Vec<(String, Probe)>, EngineError> {
        let (settings, cwd) = (Arc::clone(&self.inner.settings), intake::directory(&cwd)?);
        self.look_for_trust(&cwd).await;
        let connections = blocking(move || settings.connections(&cwd)).await?;
        let probes = connections.into_iter().map(|(name, settings)| async move {
            let probed = provider::probe(&settings).await;
            (name, probed)
        });
        Ok(futures::future::join_all(probes).await)
    }

    /// The tools that models are offered.
    pub fn tools(&self) -> Arc<[ToolSpec]> {
        self.inner.tools.specs()
    }

    /// The agents that can answer in `cwd`; without one, those outside of any project.
    pub async fn agents(&self, cwd: Option<String>) -> Result<Vec<ListedAgent>, EngineError> {
        let cwd = self.place(cwd).await?;
        let settings = Arc::clone(&self.inner.settings);
        Ok(blocking(move || settings.listed_agents(cwd.as_deref())).await?)
    }

    /// The commands that can be called in `cwd`; without one, those outside of any project.
    pub async fn commands(&self, cwd: Option<String>) -> Result<Vec<ListedCommand>, EngineError> {
        let cwd = self.place(cwd).await?;
        let settings = Arc::clone(&self.inner.settings);
        Ok(blocking(move || settings.listed_commands(cwd.as_deref())).await?)
    }

    /// The skills that the model can load in `cwd`; without one, the user's own.
    pub async fn skills(&self, cwd: Option<String>) -> Result<Vec<Skill>, EngineError> {
        let cwd = self.place(cwd).await?;
        let settings = Arc::clone(&self.inner.settings);
        Ok(blocking(move || settings.listed_skills(cwd.as_deref())).await?)
    }

    /// The configuration as it holds in `cwd`. Secrets are redacted.
    pub async fn config(&self, cwd: String) -> Result<ConfigReport, EngineError> {
        let (settings, cwd) = (Arc::clone(&self.inner.settings), intake::directory(&cwd)?);
        self.look_for_trust(&cwd).await;
        Ok(blocking(move || settings.report(Some(&cwd))).await?)
    }

    /// The configuration outside of any project. Secrets are redacted.
    pub async fn user_config(&self) -> Result<ConfigReport, EngineError> {
        let settings = Arc::clone(&self.inner.settings);
        Ok(blocking(move || settings.report(None)).await?)
    }

    /// What holds commands, unless a project's configuration says otherwise.
    pub async fn sandbox(&self) -> Result<SandboxStatus, EngineError> {
        let settings = Arc::clone(&self.inner.settings);
        Ok(blocking(move || settings.sandbox()).await?)
    }

    /// What the store knows of itself.
    pub async fn store_status(&self) -> Result<StoreStatus, EngineError> {
        let open = self.open().await?;
        let (bytes, wal_bytes) = open.store.sizes();
        Ok(StoreStatus {
            sqlite_version: Store::sqlite_version().to_owned(),
            path: open.store.path().to_path_buf(),
            bytes,
            wal_bytes,
            sessions_total: open.store.count_sessions().await.map_err(Failure::from)?,
            sessions_running: open.desk.running() as u64,
        })
    }

    /// Stops every turn, stores what is there, ends children, closes the database. May be called again. Bounded by
    /// whoever calls it.
    pub async fn shut_down(&self) {
        self.inner.closing.store(true, std::sync::atomic::Ordering::SeqCst);
        if let Some(open) = self.inner.open.get() {
            open.desk.close().await;
            if let Err(failure) = blocking(Self::end_children).await {
                tracing::warn!(%failure, "what tools have started may go on");
            }
            open.store.close().await;
        }
    }

    /// Kills every process that a tool has started and that still runs. Blocks, but not long; needs no runtime.
    pub fn end_children() {
        descendants::end_all();
    }
}

/// Runs what reads files on a thread where blocking is allowed.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::internal(error.to_string()))
}
