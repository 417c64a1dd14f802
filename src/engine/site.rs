//! A working directory with what counts there, looked at once: all of a turn, or of an answer, rests on the same look.
//!
//! Configuration and trust are files that may change at any moment, and two looks could disagree (invariant 12).

use std::path::{Path, PathBuf};

use super::{models, settings::Settings};
use crate::workspace::{
    config::{self, Config, Loaded},
    project,
};

/// A working directory, or none: what counts outside of any project.
pub(super) struct Site {
    pub(super) cwd: Option<PathBuf>,
    /// The root of the project that it lies in.
    root: Option<PathBuf>,
    /// Whether what that project brings counts.
    trusted: bool,
    pub(super) loaded: Loaded,
}

impl Site {
    pub(super) fn config(&self) -> &Config {
        &self.loaded.config
    }

    /// The root of the project; `cwd` itself outside of any.
    pub(super) fn root<'a>(&'a self, cwd: &'a Path) -> &'a Path {
        self.root.as_deref().unwrap_or(cwd)
    }

    /// The root of the project, if it may bring anything.
    pub(super) fn trusted_root(&self) -> Option<&Path> {
        self.root.as_deref().filter(|_| self.trusted)
    }
}

impl Settings {
    /// What counts in `cwd`, or outside of any project, as it is now. Reads files and the database: call it where
    /// blocking is allowed.
    pub(super) fn look(&self, cwd: Option<&Path>) -> Site {
        let client = self.client();
        let root = cwd.map(|cwd| project::find(cwd).path);
        let trusted = root.as_deref().is_some_and(|root| self.trusts.holds(root));
        let mut loaded = config::load(&config::Inputs {
            config_dir: &self.config_dir,
            project: root.as_deref(),
            trusted,
            client: client.config.as_ref(),
            command_line: client.command_line.as_ref(),
            env: &|name| std::env::var(name).ok(),
            watch: Some(&self.watch),
        });
        models::leave_out_unknown(&mut loaded);
        let news: Vec<String> = self.watch.news(&loaded).into_iter().map(ToString::to_string).collect();
        // The level of the log first: it is for these lines, too.
        self.events.configured(&loaded.config, &news);
        for mistake in news {
            tracing::warn!("configuration: {mistake}");
        }
        Site { cwd: cwd.map(Path::to_owned), root, trusted, loaded }
    }
}
