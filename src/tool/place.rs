//! A tool's way to a place on disk: where the path leads, and whether the tool may go there.
//!
//! Invariant 12: every path is resolved and asked for before anything is opened; outside the working
//! directory a person has to see link and target.

use super::{
    ToolContext, ToolError,
    holds::{self, Hold},
};
use crate::permission::{
    Ask,
    path::{Resolved, resolve},
};

/// Paths outside the working directory that a question names, each with where it leads.
pub(in crate::tool) const MOST_SHOWN: usize = 10;

/// What the tool does there, as a person reads it (`Read`, `Search`).
pub(super) struct Purpose {
    /// The tool's name.
    pub(super) tool: &'static str,
    /// A verb.
    pub(super) verb: &'static str,
}

/// Resolves `path` and asks the gate to look at it.
pub(super) async fn permit_look(
    context: &ToolContext,
    purpose: &Purpose,
    path: &str,
) -> Result<Resolved, ToolError> {
    let place = locate(context, path).await?;
    let title = format!("{} {}", purpose.verb, place.subject());
    context.gate.permit(ask(purpose.tool, title, std::slice::from_ref(&place), None)).await?;
    going_on(context)?;
    Ok(place)
}

/// Resolves `path` against the working directory.
pub(super) async fn locate(context: &ToolContext, path: &str) -> Result<Resolved, ToolError> {
    let (cwd, path) = (context.cwd.clone(), path.to_owned());
    blocking(move || resolve(&cwd, &path).map_err(|error| ToolError::Failed(error.to_string()))).await
}

/// An ask about places, with what would change there.
pub(super) fn ask(tool: &str, title: String, places: &[Resolved], diff: Option<String>) -> Ask {
    let outside: Vec<&Resolved> = places.iter().filter(|place| !place.inside).collect();
    let shown = outside.first().copied().or_else(|| places.iter().find(|place| place.question().is_some()));
    let reason = match (outside.as_slice(), shown) {
        ([], None) => format!("rules for `{tool}`"),
        ([], Some(place)) => format!("the path leads to {}", place.subject()),
        ([only], _) => format!("{} lies outside the working directory", only.target.to_string_lossy()),
        (several, _) => {
            format!("outside the working directory lie {}", join(several.iter().map(|place| way(place))))
        }
    };
    Ask {
        tool: tool.to_owned(),
        title,
        reason,
        items: places.iter().map(Resolved::item).collect(),
        path: shown.and_then(Resolved::question),
        diff,
        must_ask: !outside.is_empty(),
    }
}

/// Where a path leads, with the path itself where that is another.
fn way(place: &Resolved) -> String {
    let (written, target) = (place.written.to_string_lossy(), place.target.to_string_lossy());
    if written == target { target.into_owned() } else { format!("{written} → {target}") }
}

/// As many as a person reads.
fn join(ways: impl ExactSizeIterator<Item = String>) -> String {
    let more = ways.len().saturating_sub(MOST_SHOWN);
    let mut shown: Vec<String> = ways.take(MOST_SHOWN).collect();
    shown.extend((more > 0).then(|| format!("{more} more")));
    shown.join(", ")
}

/// Waits until no other call of the session changes these places.
pub(super) async fn hold(
    context: &ToolContext,
    places: impl IntoIterator<Item = &Resolved>,
) -> Result<Hold, ToolError> {
    let paths: Vec<_> = places.into_iter().map(|place| place.target.clone()).collect();
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(cancelled()),
        hold = holds::for_session(&context.session, paths) => Ok(hold),
    }
}

/// Fails when the call was stopped.
pub(super) fn going_on(context: &ToolContext) -> Result<(), ToolError> {
    if context.cancel.is_cancelled() { Err(cancelled()) } else { Ok(()) }
}

/// Stopped before anything was found.
pub(super) fn cancelled() -> ToolError {
    ToolError::Cancelled { partial: String::new() }
}

/// Fails with the sentence `what` and the system's reason.
pub(super) fn io_failure(what: &str, path: &std::path::Path, error: &std::io::Error) -> ToolError {
    ToolError::Failed(format!("{what} {}: {error}", path.to_string_lossy()))
}

/// Does work that waits for the disk where that may be done.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ToolError> + Send + 'static,
) -> Result<T, ToolError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ToolError::Failed(format!("the tool ended unexpectedly: {error}"))),
    }
}
