//! The client's workspace folders, which may change while it is connected.
//!
//! A client that vouches for its workspace vouches for what joins it, and no longer for what leaves it: both counts from
//! the next question on (invariant 12).

use std::{path::PathBuf, sync::Arc};

use super::{Engine, blocking};
use crate::{store::StoredProject, transcript::Project, workspace::project};

impl Engine {
    /// The client's workspace has the folders `now`; `changed` are those that joined or left it. Tells of each project
    /// there that is known, whose trust may be another now.
    pub async fn set_folders(&self, now: Vec<PathBuf>, changed: Vec<PathBuf>) {
        self.inner.settings.set_folders(now);
        // Without a database no client knows a project.
        let Some(open) = self.inner.open.get() else { return };
        let (store, trusts) = (open.store.clone(), Arc::clone(&self.inner.settings.trusts));
        let known = move |folder: PathBuf| -> Option<StoredProject> {
            let root = project::find(&folder.canonicalize().ok()?).path;
            store.project_at(root.to_str()?).ok().flatten()
        };
        let shown = blocking(move || -> Vec<Project> {
            changed.into_iter().filter_map(known).map(|stored| trusts.show(stored)).collect()
        });
        match shown.await {
            Ok(projects) => projects.iter().for_each(|project| self.inner.events.project_changed(project)),
            Err(failure) => tracing::warn!(%failure, "the trust of folders changed, and nobody is told"),
        }
    }
}
