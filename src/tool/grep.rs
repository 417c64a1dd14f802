//! `grep`: lines of files that match a regular expression.
//!
//! Unsaved text of open documents is searched instead of the disk. Files that a rule denies to `grep` or
//! `read` are left out, and so are binary ones. The expression is bounded in size and runs in linear time.

use std::{
    collections::HashMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::future::BoxFuture;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, sinks::Lossy};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Output, Tool, ToolContext, ToolError,
    beneath::{self, Folder, OpenError, Opened},
    params,
    place::{self, Purpose, blocking},
    walk::{self, PathPattern, Reach},
};
use crate::{permission::path::Resolved, provider::ToolSpec, transcript::text::ellipsis};

/// Memory of a compiled expression, in bytes.
pub(in crate::tool) const MAX_REGEX: usize = 10 * 1024 * 1024;

/// Memory for one line, in bytes; files with longer ones are left out.
pub(in crate::tool) const MAX_LINE_HEAP: usize = 16 * 1024 * 1024;

/// Bytes of a line that are shown.
const SHOWN_LINE: usize = 500;

const PURPOSE: Purpose = Purpose { tool: "grep", verb: "Search" };

#[derive(Debug, Deserialize, JsonSchema)]
struct Params {
    /// Regular expression (Rust syntax: no look-around, no back-references); `(?i)` ignores case.
    pattern: String,
    /// File or folder to search.
    #[serde(default = "here")]
    path: String,
    /// Only files like this, such as `*.rs` or `src/**/*.ts`.
    glob: Option<String>,
    /// Most lines to return.
    #[schemars(range(min = 1, max = 10_000))]
    #[serde(default = "hundred")]
    limit: usize,
}

fn here() -> String {
    ".".to_owned()
}

fn hundred() -> usize {
    100
}

/// The tool.
#[derive(Clone, Copy, Debug)]
pub struct Grep;

impl Tool for Grep {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            "grep",
            "Searches file contents by regular expression; returns `path:line:text`, sorted by path. \
             Ignored, hidden and binary files are left out.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let params: Params = params::read(input)?;
            let matcher = compile(&params.pattern)?;
            let glob = params.glob.as_deref().map(|glob| PathPattern::parse("glob", glob)).transpose()?;
            let place = place::permit_look(&context, &PURPOSE, &params.path).await?;
            let unsaved =
                context.editor.unsaved().into_iter().map(|(path, document)| (path, document.text)).collect();
            let title = params.pattern.clone();
            let search =
                Search { context, place, glob, matcher, unsaved, limit: params.limit, found: Vec::new() };
            let text = blocking(move || search.run()).await?;
            Ok(Output { title, text, ..Output::default() })
        })
    }
}

fn compile(pattern: &str) -> Result<RegexMatcher, ToolError> {
    RegexMatcherBuilder::new()
        .size_limit(MAX_REGEX)
        .dfa_size_limit(MAX_REGEX)
        .line_terminator(Some(b'\n'))
        .build(pattern)
        .map_err(|error| ToolError::Parameter(format!("`pattern` is not a regular expression: {error}")))
}

struct Search {
    context: ToolContext,
    place: Resolved,
    glob: Option<PathPattern>,
    matcher: RegexMatcher,
    unsaved: HashMap<PathBuf, Arc<str>>,
    limit: usize,
    found: Vec<String>,
}

impl Search {
    fn run(mut self) -> Result<String, ToolError> {
        let mut searcher = SearcherBuilder::new()
            .binary_detection(BinaryDetection::quit(0))
            .heap_limit(Some(MAX_LINE_HEAP))
            .line_number(true)
            .build();
        let target = self.place.target.clone();
        match beneath::open(&target) {
            Ok(Opened::File(file)) => self.search(&mut searcher, &target, || Ok(file)),
            Ok(Opened::Folder(folder)) => self.search_below(&mut searcher, &folder)?,
            Err(OpenError::Missing(_)) => {
                return Err(ToolError::Failed(format!("{} does not exist", self.place.subject())));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(self.report())
    }

    fn search_below(&mut self, searcher: &mut Searcher, folder: &Folder) -> Result<(), ToolError> {
        let target = self.place.target.clone();
        let hidden =
            walk::is_hidden(&target, &self.place.root) || self.glob.as_ref().is_some_and(|glob| glob.hidden);
        for entry in walk::entries(&target, Reach { hidden, depth: None }) {
            if self.context.cancel.is_cancelled() {
                return Err(ToolError::Cancelled { partial: self.found.join("\n") });
            }
            let below = walk::below(entry.path(), &target);
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            if is_file && self.glob.as_ref().is_none_or(|glob| glob.matches(below)) {
                self.search(searcher, entry.path(), || folder.file(below));
            }
            if self.found.len() > self.limit {
                break;
            }
        }
        Ok(())
    }

    /// Searches one file; what cannot be read is left out.
    fn search(
        &mut self,
        searcher: &mut Searcher,
        path: &Path,
        open: impl FnOnce() -> Result<File, OpenError>,
    ) {
        let name = walk::shown(path, &self.place.root);
        let absolute = path.to_string_lossy();
        let gate = &self.context.gate;
        if ["grep", "read"].iter().any(|tool| gate.denies(tool, &name) || gate.denies(tool, &absolute)) {
            return;
        }
        let (found, room) = (&mut self.found, self.limit + 1);
        let sink = Lossy(|number, line| {
            found.push(format!("{name}:{number}:{}", ellipsis(line.trim_end(), SHOWN_LINE)));
            Ok(found.len() < room)
        });
        let outcome = match self.unsaved.get(path) {
            Some(text) => searcher.search_slice(&self.matcher, text.as_bytes(), sink),
            None => open()
                .map_err(io::Error::other)
                .and_then(|file| searcher.search_file(&self.matcher, &file, sink)),
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "a file was left out of a search");
        }
    }

    fn report(mut self) -> String {
        if self.found.is_empty() {
            return "no line matches".to_owned();
        }
        if self.found.len() > self.limit {
            self.found.truncate(self.limit);
            self.found.push(format!("(more than {} lines match; narrow the search)", self.limit));
        }
        self.found.join("\n")
    }
}

#[cfg(test)]
mod tests;
