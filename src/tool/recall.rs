//! `recall`: reads what was said and found earlier in this session back from the store, by range or by pattern.
//!
//! What was shown to the model in part, or compacted, or lies before the window, is stored whole; nothing is lost. An
//! answer is bounded in bytes and in the work that it takes, and says where to go on.

pub(in crate::tool) mod answer;
pub(in crate::tool) mod history;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use futures::future::BoxFuture;
use grep_matcher::Matcher;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use self::answer::{Answer, MOST_LINES};
use super::{Output, Tool, ToolContext, ToolError, params};
use crate::{
    provider::ToolSpec,
    store::{Entry, History, StoreError},
    transcript::PartId,
};

/// The word that stands for the whole session.
const HISTORY: &str = "history";

/// Size of a compiled pattern at most, in bytes.
pub(in crate::tool) const PATTERN_SIZE: usize = 1 << 20;

/// Reads what is stored of this session.
#[derive(Clone, Copy, Debug)]
pub struct Recall;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {
    /// A handle, `prt_…`, or `history`.
    #[serde(rename = "ref")]
    reference: String,
    /// First line, from 1; with `history`: first entry.
    #[serde(default = "first")]
    offset: u32,
    /// Lines at most.
    #[serde(default = "few")]
    limit: u32,
    /// Only lines that match this regular expression.
    #[serde(default)]
    pattern: Option<String>,
}

fn first() -> u32 {
    1
}

fn few() -> u32 {
    400
}

impl Tool for Recall {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            "recall",
            "Read back what this session said or found earlier, whole or in part: `ref` is the handle (prt_…) that stands \
             where something was shortened or left out. With `ref: \"history\"`, list everything there was, oldest first, \
             each with its handle; or, with a pattern, search all of it. Lines are numbered as in the original.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let params: Params = params::read(input)?;
            let wanted = Wanted::of(&params)?;
            let reference = params.reference.trim().to_owned();
            let title = reference.clone();
            let look = move |history: &History<'_>| match (reference.as_str(), wanted) {
                (HISTORY, Wanted { pattern: Some(pattern), first, limit }) => {
                    history::search(history, first, limit, &pattern)
                }
                (HISTORY, Wanted { first, limit, .. }) => history::list(history, first, limit),
                (part, wanted) => read(history, &history.part(&PartId::from(part))?, &wanted),
            };
            let text = context.store.history(&context.session, look).await.map_err(|error| match error {
                StoreError::PartNotFound(part) => ToolError::Failed(format!(
                    "{part} is nothing of this session that can be read; `ref: \"history\"` lists what there is."
                )),
                other => ToolError::Failed(format!("it could not be read: {other}")),
            })?;
            Ok(Output { title, text, ..Output::default() })
        })
    }
}

/// Which lines.
struct Wanted {
    first: u64,
    limit: usize,
    pattern: Option<RegexMatcher>,
}

impl Wanted {
    fn of(params: &Params) -> Result<Self, ToolError> {
        let compile = |pattern: &str| {
            RegexMatcherBuilder::new()
                .size_limit(PATTERN_SIZE)
                .build(pattern)
                .map_err(|error| ToolError::Parameter(format!("pattern: {error}")))
        };
        Ok(Self {
            first: u64::from(params.offset.max(1)),
            limit: params.limit.clamp(1, MOST_LINES) as usize,
            pattern: params.pattern.as_deref().map(compile).transpose()?,
        })
    }

    fn wants(&self, number: u64, line: &[u8]) -> bool {
        let matches = |pattern: &RegexMatcher| pattern.is_match(line).unwrap_or(false);
        number >= self.first && self.pattern.as_ref().is_none_or(matches)
    }
}

/// The lines asked for of one entry, with a last line that says what there is beyond.
fn read(history: &History<'_>, entry: &Entry, wanted: &Wanted) -> Result<String, StoreError> {
    if entry.open {
        return Ok("(this call has no result yet)".to_owned());
    }
    if !entry.is_text {
        let name = entry.title.as_deref().unwrap_or("this file");
        return Ok(format!("({name} is no text: {} bytes)", entry.bytes));
    }
    let (mut answer, mut next, mut last) = (Answer::new(wanted.limit), None, 0);
    let bytes = history.lines(entry, entry.main, |number, line| {
        last = number;
        if wanted.wants(number, line) && !answer.line(number, &String::from_utf8_lossy(line)) {
            next = Some(number);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    if bytes == 0 && entry.bytes > 0 {
        return Ok(format!("(its {} bytes are no longer stored)", entry.bytes));
    }
    let shown = answer.shown();
    Ok(match next {
        Some(next) => answer.end(&format!("{shown} lines; go on with offset {next}")),
        None if shown == 0 => answer.end(&format!("no such line; there are {last}")),
        None => answer.end(&format!("{shown} of {last} lines; the end")),
    })
}
