//! The files below a folder, as `grep`, `glob` and `list` see them.
//!
//! In a fixed order (by path), links not followed, `.git` never entered, what `.gitignore` names left out,
//! hidden files only on request. Each step looks whether the call was stopped.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use ignore::{DirEntry, WalkBuilder};

use super::ToolError;

/// How far and what to walk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// Whether names that begin with a dot belong to it.
    pub(super) hidden: bool,
    /// Levels below the folder; all of them when missing.
    pub(super) depth: Option<usize>,
}

/// The entries below `folder` (itself not), in order. What cannot be read is left out.
pub(super) fn entries(folder: &Path, reach: Reach) -> impl Iterator<Item = DirEntry> {
    WalkBuilder::new(folder)
        .hidden(!reach.hidden)
        .max_depth(reach.depth)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .sort_by_file_path(Path::cmp)
        .build()
        .filter_map(Result::ok)
        .filter(|entry| entry.depth() > 0)
}

/// A pattern for paths relative to the folder that is searched.
#[derive(Clone, Debug)]
pub(super) struct PathPattern {
    glob: GlobMatcher,
    /// Without a slash it speaks of file names.
    names_only: bool,
    /// Whether it asks for hidden files.
    pub(super) hidden: bool,
}

impl PathPattern {
    /// Reads the value of the parameter called `parameter`.
    pub(super) fn parse(parameter: &str, pattern: &str) -> Result<Self, ToolError> {
        let relative = pattern.strip_prefix("./").unwrap_or(pattern);
        if relative.starts_with('/') {
            return Err(ToolError::Parameter(format!(
                "`{parameter}` is relative to the folder searched; give the folder in `path` instead of {pattern}"
            )));
        }
        let glob = GlobBuilder::new(relative)
            .literal_separator(true)
            .build()
            .map_err(|error| ToolError::Parameter(format!("`{parameter}` is not a pattern: {error}")))?;
        Ok(Self {
            glob: glob.compile_matcher(),
            names_only: !relative.contains('/'),
            hidden: relative.split('/').any(|part| part.starts_with('.')),
        })
    }

    /// Whether it matches a path relative to the folder.
    pub(super) fn matches(&self, relative: &Path) -> bool {
        if self.names_only {
            return relative.file_name().is_some_and(|name| self.glob.is_match(name));
        }
        self.glob.is_match(relative)
    }
}

/// `path` as tools show it: relative to `root` with `/`, else absolute.
pub(super) fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

/// Whether a part of `path` below `root` is hidden: then hidden files were asked for.
pub(super) fn is_hidden(path: &Path, root: &Path) -> bool {
    let below: PathBuf = path.strip_prefix(root).unwrap_or(path).to_owned();
    below.iter().any(|name| name.to_string_lossy().starts_with('.'))
}
