//! `glob`: files by their names.
//!
//! What `.gitignore` names is left out; hidden files are found when the pattern or the path asks for them.

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    Output, Tool, ToolContext, ToolError, params,
    place::{self, Purpose, blocking},
    walk::{self, PathPattern, Reach},
};
use crate::{permission::path::Resolved, provider::ToolSpec};

const PURPOSE: Purpose = Purpose { tool: "glob", verb: "Find files in" };

#[derive(Debug, Deserialize, JsonSchema)]
struct Params {
    /// Such as `**/*.rs` or `src/**/test_*.py`; without `/` it matches file names at any depth.
    pattern: String,
    /// Folder to search.
    #[serde(default = "here")]
    path: String,
    /// Most files to return.
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
pub struct Glob;

impl Tool for Glob {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            "glob",
            "Finds files by name, sorted by path. Ignored and hidden files are left out.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let params: Params = params::read(input)?;
            let pattern = PathPattern::parse("pattern", &params.pattern)?;
            let place = place::permit_look(&context, &PURPOSE, &params.path).await?;
            let title = params.pattern.clone();
            let text = blocking(move || find(&place, &pattern, params.limit, &context.cancel)).await?;
            Ok(Output { title, text, ..Output::default() })
        })
    }
}

fn find(
    place: &Resolved,
    pattern: &PathPattern,
    limit: usize,
    cancel: &CancellationToken,
) -> Result<String, ToolError> {
    let folder = walk::folder(place)?;
    let hidden = pattern.hidden || walk::is_hidden(&place.target, &place.root);
    let mut found: Vec<String> = Vec::new();
    for entry in walk::entries(&place.target, Reach { hidden, depth: None }) {
        if cancel.is_cancelled() {
            return Err(ToolError::Cancelled { partial: found.join("\n") });
        }
        let below = walk::below(entry.path(), &place.target);
        let is_file = entry.file_type().is_some_and(|kind| !kind.is_dir());
        if is_file && pattern.matches(below) && folder.holds(below) {
            if found.len() == limit {
                found.push(format!("(more than {limit} files; narrow the pattern)"));
                return Ok(found.join("\n"));
            }
            found.push(walk::shown(entry.path(), &place.root));
        }
    }
    if found.is_empty() {
        found.push("no file matches".to_owned());
    }
    Ok(found.join("\n"))
}

#[cfg(test)]
mod tests;
