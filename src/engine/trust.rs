//! Which workspaces are trusted: by the client's word, else by what the person said before, as long as what the
//! workspace brings is still what they saw.
//!
//! Invariant 12. Trust is bound to the real path of the project's root: a folder inside a trusted one that is a project
//! of its own is not trusted with it. A client vouches for its own folders, and those below, while it is connected. A
//! path that is no UTF-8 cannot be told from others like it in the database, and is not trusted through it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use futures::future::BoxFuture;

use super::{Engine, EngineError, Vouching, blocking, intake};
use crate::{
    permission::trust::{Grounds, Standing, Workspace},
    store::{self, ProjectChange, Store, StoreError, StoredProject},
    transcript::{
        Project, Timestamp,
        hidden::visible_line,
        project::{Brought, Footprint, Trust, Vcs},
    },
    turn::events::Events,
    workspace::project::{self, TooMuch},
};

/// What is known of trust in this process.
pub(super) struct Trusts {
    events: Arc<Events>,
    /// What the client says.
    word: RwLock<Vouching>,
    /// Where it is kept what the person said, once the database is open.
    store: OnceLock<Store>,
}

/// How a workspace stands by what its person said before; clients may vouch for it beside that.
#[derive(Clone, Debug)]
pub struct StoredTrust {
    /// Whether what it brings counts.
    pub trust: Trust,
    /// What it brings, compared with what was trusted.
    pub brings: Vec<Brought>,
    /// When what is stored of the project was last changed; `None` while nothing is.
    pub changed_at: Option<Timestamp>,
}

impl StoredTrust {
    /// Of the project at `root`. Looks at the database in `data_dir` from outside: makes and changes nothing. Blocks.
    pub fn look(data_dir: &Path, root: &Path) -> Result<Self, StoreError> {
        let stored = root.to_str().map(|root| store::stored_project(data_dir, root)).transpose()?.flatten();
        let changed_at = stored.as_ref().map(|project| project.updated_at);
        let look = Look::at(root, stored.and_then(|project| project.trusted));
        Ok(Self { brings: look.brings(), trust: look.trust, changed_at })
    }
}

/// A project, looked at.
struct Look {
    footprint: Result<Footprint, TooMuch>,
    /// What was trusted before.
    before: Option<Footprint>,
    trust: Trust,
}

impl Look {
    /// The project at `root`, of which `before` was trusted. Reads files.
    fn at(root: &Path, before: Option<Footprint>) -> Self {
        let footprint = project::footprint(root);
        let trust = match (&footprint, &before) {
            (Ok(now), Some(before)) if now == before => Trust::Trusted,
            (_, Some(_)) => Trust::Changed,
            (_, None) => Trust::Untrusted,
        };
        Self { footprint, before, trust }
    }

    /// What the project brings, compared with what was trusted.
    fn brings(&self) -> Vec<Brought> {
        match (&self.footprint, &self.before) {
            (Err(_), _) => Vec::new(),
            (Ok(now), None) => now.brought(),
            (Ok(now), Some(before)) => before.compare(now),
        }
    }
}

impl Trusts {
    pub(super) fn new(events: Arc<Events>) -> Self {
        Self { events, word: RwLock::default(), store: OnceLock::new() }
    }

    /// Takes over what the client says of its workspace.
    pub(super) fn set_word(&self, word: Vouching) {
        *self.word.write().unwrap_or_else(PoisonError::into_inner) = word;
    }

    /// From here on what the person said before counts.
    pub(super) fn set_store(&self, store: Store) {
        // The database is opened once; a second handle would be on the same one.
        self.store.get_or_init(|| store);
    }

    /// What the client's word alone makes of the project at `root`.
    fn vouched(&self, root: &Path) -> Option<Trust> {
        match &*self.word.read().unwrap_or_else(PoisonError::into_inner) {
            Vouching::Silent => None,
            Vouching::Untrusted => Some(Trust::Untrusted),
            Vouching::Trusted { folders } => {
                let real = |folder: &PathBuf| folder.canonicalize().is_ok_and(|real| root.starts_with(real));
                folders.iter().any(real).then_some(Trust::Trusted)
            }
        }
    }

    /// Whether what the project at `root` brings counts. Reads files and the database: call it where blocking is allowed.
    pub(super) fn holds(&self, root: &Path) -> bool {
        let trust = self.vouched(root).unwrap_or_else(|| self.look(root, self.stored(root)).trust);
        trust == Trust::Trusted
    }

    /// What the person said before of the project at `root`.
    fn stored(&self, root: &Path) -> Option<Footprint> {
        match self.store.get()?.project_at(root.to_str()?) {
            Ok(project) => project?.trusted,
            Err(error) => {
                tracing::warn!(%error, "whether the workspace is trusted cannot be read: it is not");
                None
            }
        }
    }

    /// Whether a session was begun at `root` before, or somebody said something of it.
    pub(super) fn knows(&self, root: &Path) -> bool {
        let stored = self.store.get().zip(root.to_str()).map(|(store, root)| store.project_at(root));
        matches!(stored, Some(Ok(Some(_))))
    }

    fn look(&self, root: &Path, before: Option<Footprint>) -> Look {
        let stored = Look::at(root, before);
        Look { trust: self.vouched(root).unwrap_or(stored.trust), ..stored }
    }

    fn standing(&self, root: &Path) -> Standing {
        match self.vouched(root) {
            Some(Trust::Trusted) => return Standing::Trusted,
            Some(_) => return Standing::Refused,
            None => {}
        }
        let look = self.look(root, self.stored(root));
        let brings = look.brings();
        let reason = match look.trust {
            Trust::Trusted => return Standing::Trusted,
            Trust::Changed => "what this workspace brings is not what you trusted",
            Trust::Untrusted => "nobody has trusted this workspace yet",
        };
        match look.footprint {
            Ok(footprint) => Standing::Unknown(Grounds { reason: reason.to_owned(), brings, footprint }),
            Err(_) => Standing::Refused,
        }
    }

    /// The project as clients get it. Reads files: call it where blocking is allowed.
    pub(super) fn show(&self, stored: StoredProject) -> Project {
        let root = Path::new(&stored.root);
        let look = self.look(root, stored.trusted);
        Project {
            would_run: look.brings(),
            trust: look.trust,
            vcs: project::git::keeps(root).then_some(Vcs::Git),
            sandboxes: project::git::worktrees(root),
            id: stored.id,
            name: stored.name,
            icon: stored.icon,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            opened_at: stored.opened_at,
            root: stored.root,
        }
    }

    /// Keeps that the person trusts the project at `root` on these grounds, and tells it.
    async fn keep(self: &Arc<Self>, root: &Path, footprint: Footprint) -> Result<(), StoreError> {
        let (Some(store), Some(path)) = (self.store.get(), root.to_str()) else { return Ok(()) };
        let project = store.make_project(path.to_owned(), project::name(root)).await?.into_inner();
        let change = ProjectChange { trusted: Some(Some(footprint)), ..ProjectChange::default() };
        let changed = store.change_project(&project.id, change).await?.into_inner();
        let trusts = Arc::clone(self);
        match blocking(move || trusts.show(changed)).await {
            Ok(project) => self.events.project_changed(&project),
            Err(failure) => tracing::warn!(%failure, "a project was trusted, and nobody is told"),
        }
        Ok(())
    }

    /// The workspace of a session whose project is at `root`.
    pub(super) fn workspace(self: &Arc<Self>, root: PathBuf) -> Arc<dyn Workspace> {
        Arc::new(Here { root, trusts: Arc::clone(self) })
    }
}

/// The workspace of a session.
struct Here {
    root: PathBuf,
    trusts: Arc<Trusts>,
}

impl Workspace for Here {
    fn root(&self) -> String {
        visible_line(&self.root.to_string_lossy())
    }

    fn standing(&self) -> BoxFuture<'_, Standing> {
        let (trusts, root) = (Arc::clone(&self.trusts), self.root.clone());
        Box::pin(async move {
            blocking(move || trusts.standing(&root)).await.unwrap_or_else(|failure| {
                tracing::warn!(%failure, "the workspace cannot be looked at");
                Standing::Refused
            })
        })
    }

    fn trust(&self, grounds: Grounds) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Err(error) = self.trusts.keep(&self.root, grounds.footprint).await {
                tracing::warn!(%error, "trust in a workspace cannot be kept; it held for this once");
            }
        })
    }
}

impl Engine {
    /// A directory that a list is asked for; what counts of what it brings is known from here on.
    pub(super) async fn place(&self, cwd: Option<String>) -> Result<Option<PathBuf>, EngineError> {
        let cwd = cwd.map(|cwd| intake::directory(&cwd)).transpose()?;
        if let Some(cwd) = &cwd {
            self.look_for_trust(cwd).await;
        }
        Ok(cwd)
    }

    /// Whether the project of the directory `cwd` is trusted: what it brings counts, and it may be changed.
    pub async fn is_trusted(&self, cwd: &str) -> Result<bool, EngineError> {
        let (trusts, cwd) = (Arc::clone(&self.inner.settings.trusts), PathBuf::from(cwd));
        Ok(blocking(move || trusts.holds(&project::find(&cwd).path)).await?)
    }

    /// Opens the database where something that `cwd` brings counts only if the person trusted it. Without a database
    /// nothing is trusted, and everything else works.
    pub(super) async fn look_for_trust(&self, cwd: &Path) {
        let root = project::find(cwd).path;
        let asks = self.inner.settings.trusts.vouched(&root).is_none() && project::brings_anything(&root);
        if asks && let Err(error) = self.open().await {
            tracing::warn!(%error, "whether the workspace is trusted cannot be read: it is not");
        }
    }
}
