//! A temporary working directory, a gate that records what it is asked, and an editor, for tests of tools.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use futures::future::BoxFuture;
use serde_json::Value;

use super::{
    Output, Progress, Tool, ToolContext, ToolError,
    buffers::{Applied, Editor, OpenDocument},
    context_usage::{ContextUsage, Gauge},
    environment::Environment,
    new_session::{Handover, Sessions},
    sandbox::Sandbox,
};
use crate::{
    permission::{self, Ask, Gate, PermissionAnswer, PermissionQuestion, Person, Question, Refusal},
    store::{Lessee, Store},
    transcript::{SessionId, TodoItem},
    workspace::config::{SandboxConfig, WebfetchConfig},
};

/// The session that calls.
pub(super) const SESSION: &str = "ses_x";

/// Everything around a tool.
pub(super) struct Desk {
    pub(super) dir: tempfile::TempDir,
    /// Where the database is: not among the files that tools see.
    data: tempfile::TempDir,
    pub(super) asks: Arc<Mutex<Vec<Ask>>>,
    pub(super) refusal: Option<Refusal>,
    /// Written to `a` while the person thinks.
    pub(super) meanwhile: Option<&'static str>,
    pub(super) denied: Vec<String>,
    pub(super) documents: Arc<Documents>,
    pub(super) answers: permission::Answers,
    pub(super) usage: ContextUsage,
    pub(super) handovers: Arc<Mutex<Vec<Handover>>>,
    pub(super) web: WebfetchConfig,
    pub(super) environment: Environment,
    /// The configuration of the sandbox.
    pub(super) held: SandboxConfig,
    pub(super) cancel: tokio_util::sync::CancellationToken,
    pub(super) heard: Arc<Mutex<String>>,
}

/// Open documents and what becomes of edits.
pub(super) struct Documents {
    pub(super) open: Mutex<HashMap<PathBuf, OpenDocument>>,
    pub(super) answer: Mutex<Applied>,
}

impl Desk {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self {
            dir,
            data: tempfile::tempdir().unwrap(),
            asks: Arc::default(),
            refusal: None,
            meanwhile: None,
            denied: Vec::new(),
            documents: Arc::new(Documents { open: Mutex::default(), answer: Mutex::new(Applied::Yes) }),
            answers: Err(permission::Unanswered::Nobody),
            usage: ContextUsage::default(),
            handovers: Arc::default(),
            web: WebfetchConfig::default(),
            environment: Environment::default(),
            held: SandboxConfig::default(),
            cancel: tokio_util::sync::CancellationToken::new(),
            heard: Arc::default(),
        }
    }

    /// The database that tools see.
    pub(super) fn store(&self) -> Store {
        Store::open(self.data.path(), Lessee::this_process("test")).unwrap()
    }

    /// What holds its commands.
    pub(super) fn sandbox(&self) -> Sandbox {
        Sandbox::new(&self.held, &self.root(), &self.root(), &|name| std::env::var_os(name))
    }

    pub(super) fn root(&self) -> PathBuf {
        fs::canonicalize(self.dir.path()).unwrap()
    }

    pub(super) fn file(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    pub(super) fn open(&self, path: &str, text: &str, unsaved: bool) {
        let document = OpenDocument { text: text.into(), unsaved };
        self.documents.open.lock().unwrap().insert(self.root().join(path), document);
    }

    pub(super) async fn call(&self, tool: impl Tool, input: Value) -> Result<Output, ToolError> {
        let meanwhile = self.meanwhile.map(|text| (self.root().join("a"), text));
        let gate = Recorder {
            meanwhile,
            asks: self.asks.clone(),
            refusal: self.refusal.clone(),
            denied: self.denied.clone(),
        };
        let context = ToolContext {
            session: SESSION.into(),
            cwd: self.dir.path().to_owned(),
            cancel: self.cancel.clone(),
            gate: Arc::new(gate),
            editor: self.documents.clone(),
            person: Arc::new(Answers(self.answers.clone())),
            gauge: Arc::new(Measured(self.usage.clone())),
            sessions: Arc::new(Made(self.handovers.clone())),
            progress: Arc::new(Heard(self.heard.clone())),
            skills: Arc::default(),
            web: Arc::new(self.web.clone()),
            store: self.store(),
            environment: Arc::new(self.environment.clone()),
            sandbox: Arc::new(self.sandbox()),
        };
        tool.call(context, input).await
    }

    pub(super) async fn text(&self, tool: impl Tool, input: Value) -> String {
        self.call(tool, input).await.unwrap().text
    }

    pub(super) async fn error(&self, tool: impl Tool, input: Value) -> String {
        self.call(tool, input).await.unwrap_err().to_string()
    }

    pub(super) fn last_ask(&self) -> Ask {
        self.asks.lock().unwrap().last().unwrap().clone()
    }
}

struct Recorder {
    meanwhile: Option<(PathBuf, &'static str)>,
    asks: Arc<Mutex<Vec<Ask>>>,
    refusal: Option<Refusal>,
    denied: Vec<String>,
}

impl Gate for Recorder {
    fn permit(&self, ask: Ask) -> BoxFuture<'_, Result<(), Refusal>> {
        self.asks.lock().unwrap().push(ask);
        if let Some((path, text)) = &self.meanwhile {
            fs::write(path, text).unwrap();
        }
        let answer = self.refusal.clone().map_or(Ok(()), Err);
        Box::pin(std::future::ready(answer))
    }

    fn denies(&self, _tool: &str, subject: &str) -> bool {
        self.denied.iter().any(|denied| denied == subject)
    }
}

impl Editor for Documents {
    fn open(&self, path: &Path) -> Option<OpenDocument> {
        self.open.lock().unwrap().get(path).cloned()
    }

    fn unsaved(&self) -> Vec<(PathBuf, OpenDocument)> {
        let open = self.open.lock().unwrap();
        open.iter().filter(|(_, document)| document.unsaved).map(|(p, d)| (p.clone(), d.clone())).collect()
    }

    fn apply<'a>(&'a self, path: &'a Path, new_text: &'a str) -> BoxFuture<'a, Applied> {
        let answer = self.answer.lock().unwrap().clone();
        if answer == Applied::Yes {
            let document = OpenDocument { text: new_text.into(), unsaved: true };
            self.open.lock().unwrap().insert(path.to_owned(), document);
        }
        Box::pin(std::future::ready(answer))
    }
}

struct Answers(permission::Answers);

impl Person for Answers {
    fn permission(&self, _: PermissionQuestion) -> BoxFuture<'_, Option<PermissionAnswer>> {
        Box::pin(std::future::ready(None))
    }

    fn questions(&self, _: &SessionId, _: Vec<Question>) -> BoxFuture<'_, permission::Answers> {
        Box::pin(std::future::ready(self.0.clone()))
    }
}

struct Measured(ContextUsage);

impl Gauge for Measured {
    fn usage(&self) -> BoxFuture<'_, Result<ContextUsage, String>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

struct Made(Arc<Mutex<Vec<Handover>>>);

impl Sessions for Made {
    fn hand_over<'a>(
        &'a self,
        _parent: &'a SessionId,
        handover: Handover,
    ) -> BoxFuture<'a, Result<SessionId, String>> {
        self.0.lock().unwrap().push(handover);
        Box::pin(std::future::ready(Ok("ses_new".into())))
    }
}

struct Heard(Arc<Mutex<String>>);

impl Progress for Heard {
    fn output(&self, text: &str) {
        self.0.lock().unwrap().push_str(text);
    }

    fn title(&self, _title: &str) {}

    fn todo(&self, _items: Vec<TodoItem>) {}
}
