//! Where instruction files lie: the user's own, upward from the working directory, what the configuration names.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use globset::GlobBuilder;
use ignore::WalkBuilder;

use super::Scope;
use crate::{transcript::hidden::is_hidden, workspace::reading::lies_in};

/// The names of instruction files; of each folder the first that exists is taken.
const NAMES: [&str; 2] = ["AGENTS.md", "CLAUDE.md"];

/// Entries that are looked at for one pattern.
pub(in crate::workspace) const MOST_WALKED: usize = 10_000;

/// Files that one pattern brings.
pub(in crate::workspace) const MOST_MATCHES: usize = 32;

/// Where the instruction files of a session are looked for.
#[derive(Debug)]
pub struct Places {
    cwd: PathBuf,
    root: PathBuf,
    /// The root with links followed.
    real: PathBuf,
    own: Option<PathBuf>,
    configured: Vec<String>,
    anywhere: bool,
    /// What the configured names and patterns bring: a tree is walked once, not on every look.
    matched: OnceLock<Vec<PathBuf>>,
}

impl Places {
    /// Of a session that works in `cwd`, which lies in the project `root`. `own` is the
    /// user's own file. `configured` are names and patterns, relative to the root; `anywhere` says whether they may
    /// lead out of it, as those may that the user wrote.
    pub fn new(
        cwd: PathBuf,
        root: PathBuf,
        own: Option<PathBuf>,
        configured: Vec<String>,
        anywhere: bool,
    ) -> Self {
        let real = root.canonicalize().unwrap_or_else(|_| root.clone());
        Self { cwd, root, real, own, configured, anywhere, matched: OnceLock::new() }
    }

    /// The files that are there now, each once.
    pub(super) fn find(&self, joined: &BTreeSet<PathBuf>) -> Vec<(PathBuf, Scope)> {
        let mut upward: Vec<&Path> =
            self.cwd.ancestors().take_while(|folder| folder.starts_with(&self.root)).collect();
        upward.reverse();
        let own = self.own.iter().filter(|path| path.is_file()).cloned().map(|path| (path, Scope::User));
        let project = upward.into_iter().filter_map(|folder| self.named(folder));
        let configured = self.matched.get_or_init(|| self.matches()).iter().filter(|path| path.is_file());
        let project = project.chain(configured.cloned()).map(|path| (path, Scope::Project));
        let below =
            joined.iter().filter_map(|folder| Some((self.named(folder)?, Scope::Below(folder.clone()))));
        let mut found: Vec<(PathBuf, Scope)> = Vec::new();
        for (path, scope) in own.chain(project).chain(below) {
            if found.iter().all(|(known, _)| *known != path) {
                found.push((path, scope));
            }
        }
        found
    }

    /// The instruction file of a folder of the project.
    pub(super) fn named(&self, folder: &Path) -> Option<PathBuf> {
        let mut paths = NAMES.iter().map(|name| folder.join(name)).filter(|path| path.is_file());
        paths.next().filter(|path| is_plain(path) && lies_in(path, &self.real))
    }

    /// Whether a folder lies in the project and not on the way from its root to the working directory.
    pub(super) fn is_aside(&self, folder: &Path) -> bool {
        folder.starts_with(&self.root) && !self.cwd.starts_with(folder)
    }

    /// The files that the configuration names.
    fn matches(&self) -> Vec<PathBuf> {
        let allowed = |path: &PathBuf| is_plain(path) && (self.anywhere || lies_in(path, &self.real));
        self.configured
            .iter()
            .flat_map(|written| match written.find(['*', '?', '[', '{']) {
                None => vec![self.absolute(written)],
                Some(at) => self.walk(written, at),
            })
            .filter(allowed)
            .collect()
    }

    fn absolute(&self, written: &str) -> PathBuf {
        match (written.strip_prefix("~/"), etcetera::home_dir()) {
            (Some(below), Ok(home)) => home.join(below),
            _ => self.root.join(written),
        }
    }

    /// The files that match a pattern whose first sign stands at `at`, by name.
    fn walk(&self, written: &str, at: usize) -> Vec<PathBuf> {
        let (plain, _) = crate::transcript::text::split(written, at);
        let (folder, _) = plain.rsplit_once('/').unwrap_or(("", plain));
        let (pattern, base) = (self.absolute(written), self.absolute(folder));
        let glob = GlobBuilder::new(&pattern.to_string_lossy()).literal_separator(true).build();
        let Ok(glob) = glob.inspect_err(|error| tracing::warn!(%error, "a pattern of `instructions`")) else {
            return Vec::new();
        };
        if !self.anywhere && !lies_in(&base, &self.real) {
            return Vec::new();
        }
        let glob = glob.compile_matcher();
        let entries =
            WalkBuilder::new(&base).hidden(false).sort_by_file_name(Ord::cmp).build().take(MOST_WALKED);
        let files = entries.flatten().map(ignore::DirEntry::into_path);
        let mut found: Vec<PathBuf> = files.filter(|path| glob.is_match(path) && path.is_file()).collect();
        found.sort();
        found.truncate(MOST_MATCHES);
        found
    }
}

/// Whether a path can be shown as it is: text, without control and invisible characters.
fn is_plain(path: &Path) -> bool {
    path.to_str().is_some_and(|path| !path.chars().any(|char| char.is_control() || is_hidden(char)))
}
