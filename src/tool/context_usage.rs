//! `contextUsage`: how full the model's window is, for the model itself.

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Output, Tool, ToolContext, ToolError, params};
use crate::{
    provider::ToolSpec,
    transcript::{PartId, Seq, text},
};

/// How many of the widest pieces are told.
const WIDEST: usize = 8;

/// The most of a piece's title that is told, in bytes.
const TITLE_BYTES: usize = 120;

/// Tells what fills the model's window. Implemented above, where the window is known.
pub trait Gauge: Send + Sync {
    /// As the next request would be. Fails with a sentence for the model.
    fn usage(&self) -> BoxFuture<'_, Result<ContextUsage, String>>;
}

/// What fills the model's window. Sizes in tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextUsage {
    /// What the next request holds.
    pub used: u64,
    /// How much of that is estimated and not counted by the provider.
    pub estimated: u64,
    /// What a request may hold before room is made.
    pub usable: u64,
    /// Size of the whole window.
    pub limit: u64,
    /// Whether room is made by a summary, or the beginning of the history is left out.
    pub summarises: bool,
    /// What stands in it, in any order.
    pub pieces: Vec<Piece>,
    /// The newest summary.
    pub summary: Option<Summary>,
    /// Messages before the window that nothing in it stands for.
    pub hidden: u64,
}

/// A piece of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is: a tool and its title, or a kind.
    pub what: String,
    /// Its handle for `recall`, where it is a result.
    pub part: Option<PartId>,
    /// Its size.
    pub tokens: u64,
    /// Whether a digest stands in its place.
    pub evidence: bool,
}

/// A summary in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The place of its message.
    pub seq: Seq,
    /// The request before it.
    pub before: u64,
    /// The request with it.
    pub after: u64,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Params {}

/// The tool.
#[derive(Clone, Copy, Debug)]
pub struct AskUsage;

impl Tool for AskUsage {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            "contextUsage",
            "Tells how full your context window is, what takes the most room in it and what has been summarised.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let Params {} = params::read(input)?;
            let usage = context.gauge.usage().await.map_err(ToolError::Failed)?;
            let title = format!("{} of {} tokens", usage.used, usage.limit);
            Ok(Output { title, text: told(usage), ..Output::default() })
        })
    }
}

fn told(usage: ContextUsage) -> String {
    let left = usage.usable.saturating_sub(usage.used);
    let what =
        if usage.summarises { "the history is summarised" } else { "the oldest messages are left out" };
    let mut lines = vec![
        format!("used: {} of {} tokens ({} of them estimated)", usage.used, usage.limit, usage.estimated),
        format!("usable: {} tokens, {left} left; beyond that {what}", usage.usable),
    ];
    let digests = usage.pieces.iter().filter(|piece| piece.evidence).count();
    let mut pieces = usage.pieces;
    pieces.sort_by_key(|piece| std::cmp::Reverse(piece.tokens));
    lines.push("widest pieces:".to_owned());
    lines.extend(pieces.iter().take(WIDEST).map(line));
    lines.push(match usage.summary {
        Some(Summary { seq, before, after }) => {
            format!("summary: message {seq}, made of {before} tokens down to {after}", seq = seq.0)
        }
        None => "summary: none".to_owned(),
    });
    lines.push(format!("results that stand as a digest (read them with recall): {digests}"));
    if usage.hidden > 0 {
        lines.push(format!("earlier messages left out (recall reaches them): {}", usage.hidden));
    }
    lines.join("\n")
}

fn line(piece: &Piece) -> String {
    let what = text::ellipsis(&piece.what, TITLE_BYTES);
    let handle = piece.part.as_ref().map(|part| format!(" ({part})")).unwrap_or_default();
    format!("- {} tokens: {what}{handle}", piece.tokens)
}

#[cfg(test)]
mod tests;
