//! `grep`: lines of files that match a regular expression.
//!
//! Unsaved text of open documents is searched instead of the disk. Files that a rule denies to `grep` or
//! `read` are left out, and so are binary ones; what else was not searched to its end is said. The expression is bounded
//! in size and runs in linear time.

use std::{
    collections::HashMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::future::BoxFuture;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkFinish, SinkMatch};
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

/// Memory for one line, in bytes; files are not searched from a longer one on.
pub(in crate::tool) const MAX_LINE_HEAP: usize = 16 * 1024 * 1024;

/// Bytes of a line that are shown.
const SHOWN_LINE: usize = 500;

/// Files that are named because they were not searched to their end.
const MOST_NAMED: usize = 5;

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
            let search = Search {
                context,
                place,
                glob,
                matcher,
                unsaved,
                limit: params.limit,
                found: Vec::new(),
                left: Left::default(),
            };
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
    left: Left,
}

/// Files that were not searched to their end.
#[derive(Default)]
struct Left {
    /// The first of them, each with the reason.
    named: Vec<String>,
    count: usize,
}

impl Left {
    fn push(&mut self, file: &str, why: &str) {
        self.count += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push(format!("{file} ({why})"));
        }
    }

    fn told(&self) -> Option<String> {
        let more = match self.count.checked_sub(MOST_NAMED) {
            None | Some(0) => String::new(),
            Some(more) => format!(" and {more} more"),
        };
        (self.count > 0).then(|| format!("(not searched to the end: {}{more})", self.named.join(", ")))
    }
}

/// The matching lines of one file.
struct Lines<'s> {
    name: &'s str,
    found: &'s mut Vec<String>,
    /// How many may be found in all.
    room: usize,
    /// Whether the search ended at bytes that are no text.
    binary: bool,
}

impl Sink for Lines<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, line: &SinkMatch<'_>) -> io::Result<bool> {
        let text = String::from_utf8_lossy(line.bytes());
        let number = line.line_number().unwrap_or_default();
        self.found.push(format!("{}:{number}:{}", self.name, ellipsis(text.trim_end(), SHOWN_LINE)));
        Ok(self.found.len() < self.room)
    }

    fn finish(&mut self, _: &Searcher, end: &SinkFinish) -> io::Result<()> {
        self.binary = end.binary_byte_offset().is_some();
        Ok(())
    }
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

    /// Searches one file, as far as it can be read.
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
        let mut lines = Lines { name: &name, found: &mut self.found, room: self.limit + 1, binary: false };
        let outcome = match self.unsaved.get(path) {
            Some(text) => searcher.search_slice(&self.matcher, text.as_bytes(), &mut lines),
            None => match open() {
                Ok(file) => searcher.search_file(&self.matcher, &file, &mut lines),
                Err(OpenError::Io { source, .. }) => Err(source),
                // It is not, or not any more, a file that stands where it was found; not even its name is told.
                Err(error) => return tracing::debug!(%error, "a file was left out of a search"),
            },
        };
        match outcome {
            // That binary files are left out is known; of the one that is asked for it is said.
            Ok(()) if lines.binary && path == self.place.target => self.left.push(&name, "it is binary"),
            Ok(()) => {}
            // The searcher's only words for a line that is too long.
            Err(error) if error.to_string().contains("allocation limit") => {
                let why = format!("a line is longer than {} MiB", MAX_LINE_HEAP / 1024 / 1024);
                self.left.push(&name, &why);
            }
            Err(error) => self.left.push(&name, &error.to_string()),
        }
    }

    fn report(mut self) -> String {
        if self.found.is_empty() {
            self.found.push("no line matches".to_owned());
        }
        if self.found.len() > self.limit {
            self.found.truncate(self.limit);
            self.found.push(format!("(more than {} lines match; narrow the search)", self.limit));
        }
        self.found.extend(self.left.told());
        self.found.join("\n")
    }
}

#[cfg(test)]
mod tests;
