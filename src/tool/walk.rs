//! The files below a folder, as `grep`, `glob` and `list` see them.
//!
//! In a fixed order (by path), links not followed, `.git` never entered, what `.gitignore` names left out,
//! hidden files only on request. Each step looks whether the call was stopped.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use globset::{GlobBuilder, GlobMatcher};
use ignore::{DirEntry, WalkBuilder};

use super::{
    ToolError,
    beneath::{Folder, OpenError},
};
use crate::permission::path::Resolved;

/// How far and what to walk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// Whether names that begin with a dot belong to it.
    pub(super) hidden: bool,
    /// Levels below the folder; all of them when missing.
    pub(super) depth: Option<usize>,
}

/// Files that say what is ignored, in each folder and those above it.
const IGNORE_FILES: [&str; 3] = [".gitignore", ".ignore", ".git/info/exclude"];

/// The folder at a place that may be looked at.
pub(super) fn folder(place: &Resolved) -> Result<Folder, ToolError> {
    Folder::open(&place.target).map_err(|error| match error {
        OpenError::Missing(_) => ToolError::Failed(format!("{} does not exist", place.subject())),
        OpenError::Io { source, .. } if source.kind() == io::ErrorKind::NotADirectory => {
            ToolError::Failed(format!("{} is not a folder", place.subject()))
        }
        error => error.into(),
    })
}

/// The entries below `folder` (itself not), in order. What cannot be read is left out, and so are folders in which a
/// pipe or a device stands for a list of what is ignored: reading it would not end. One in or above `folder` itself
/// means that no list is read.
///
/// The walk goes by paths, so that a folder which becomes a link meanwhile may lead it astray: an entry is shown or
/// opened only through the [`Folder`] that was opened.
pub(super) fn entries(folder: &Path, reach: Reach) -> impl Iterator<Item = DirEntry> {
    let lists = folder.ancestors().all(lists_are_files);
    WalkBuilder::new(folder)
        .hidden(!reach.hidden)
        .max_depth(reach.depth)
        .parents(lists)
        .ignore(lists)
        .git_ignore(lists)
        .git_exclude(lists)
        .require_git(false)
        .filter_entry(|entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            entry.file_name() != ".git" && (!is_folder || lists_are_files(entry.path()))
        })
        .sort_by_file_path(Path::cmp)
        .build()
        .filter_map(Result::ok)
        .filter(|entry| entry.depth() > 0)
}

fn lists_are_files(folder: &Path) -> bool {
    IGNORE_FILES
        .iter()
        .all(|name| fs::metadata(folder.join(name)).map_or(true, |about| about.is_file() || about.is_dir()))
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

/// `path`, an entry below `folder`, relative to it.
pub(super) fn below<'p>(path: &'p Path, folder: &Path) -> &'p Path {
    path.strip_prefix(folder).unwrap_or(path)
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
