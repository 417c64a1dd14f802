//! `list`: the entries of a folder, folders marked with `/`.
//!
//! What `.gitignore` names is left out. Hidden entries are listed (they matter for orientation), `.git` is
//! not.

use std::path::Path;

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    Output, Tool, ToolContext, ToolError,
    beneath::Folder,
    params,
    place::{self, Purpose, blocking},
    walk::{self, Reach},
};
use crate::provider::ToolSpec;

/// The most entries that are listed.
pub(in crate::tool) const MAX_ENTRIES: usize = 2_000;

const PURPOSE: Purpose = Purpose { tool: "list", verb: "List" };

#[derive(Debug, Deserialize, JsonSchema)]
struct Params {
    /// Folder.
    #[serde(default = "here")]
    path: String,
    /// Levels to show.
    #[schemars(range(min = 1, max = 10))]
    #[serde(default = "one")]
    depth: usize,
}

fn here() -> String {
    ".".to_owned()
}

fn one() -> usize {
    1
}

/// The tool.
#[derive(Clone, Copy, Debug)]
pub struct List;

impl Tool for List {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>("list", "Lists a folder; folders end in `/`. Ignored files are left out.")
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let params: Params = params::read(input)?;
            let place = place::permit_look(&context, &PURPOSE, &params.path).await?;
            let title = place.subject();
            let text = blocking(move || {
                let folder = walk::folder(&place)?;
                entries(&folder, &place.target, params.depth, &context.cancel)
            })
            .await?;
            Ok(Output { title, text, ..Output::default() })
        })
    }
}

/// The entries of `folder`, which was opened at `path`, one on each line.
pub(super) fn entries(
    folder: &Folder,
    path: &Path,
    depth: usize,
    cancel: &CancellationToken,
) -> Result<String, ToolError> {
    let mut text = String::new();
    let (mut shown, mut more) = (0_usize, 0_usize);
    for entry in walk::entries(path, Reach { hidden: true, depth: Some(depth) }) {
        if cancel.is_cancelled() {
            return Err(ToolError::Cancelled { partial: text });
        }
        if shown >= MAX_ENTRIES {
            more += 1;
            continue;
        }
        let below = walk::below(entry.path(), path);
        if !folder.holds(below) {
            continue;
        }
        shown += 1;
        let mark = match entry.file_type() {
            Some(kind) if kind.is_dir() => "/",
            Some(kind) if kind.is_symlink() => "@",
            _ => "",
        };
        text.extend([&below.to_string_lossy(), mark, "\n"]);
    }
    if text.is_empty() {
        text.push_str("(the folder is empty)");
    }
    if more > 0 {
        let note = format!("({more} more entries; list a folder below, or use glob)");
        text.push_str(&note);
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
