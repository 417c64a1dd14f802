//! `recall`: reads an earlier tool result back from the store, by range or by pattern.
//!
//! What was shown to the model in part, or compacted, is stored whole; nothing is lost.

use futures::future::BoxFuture;
use grep_matcher::Matcher;
use grep_regex::RegexMatcherBuilder;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Output, Tool, ToolContext, ToolError, params};
use crate::{
    provider::ToolSpec,
    store::StoreError,
    transcript::{PartId, text},
};

/// Lines that one call returns at most.
const MOST_LINES: u32 = 2_000;

/// Bytes that one call returns at most; the answer says where to go on.
const MOST_BYTES: usize = 40 * 1024;

/// Size of a compiled pattern at most, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// Reads stored tool results.
#[derive(Clone, Copy, Debug)]
pub struct Recall;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {
    /// The handle, `prt_…`, of an earlier tool result.
    #[serde(rename = "ref")]
    reference: String,
    /// First line, from 1.
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
            "Read an earlier tool result again, whole or in part, by the handle that stands where it was \
                          shortened. Lines are numbered as in the original.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let params: Params = params::read(input)?;
            let part = PartId::from(params.reference.trim());
            let stored =
                context.store.tool_output(&context.session, &part).await.map_err(|error| match error {
                    StoreError::PartNotFound(_) => {
                        ToolError::Failed(format!("{part} is not a tool result of this session."))
                    }
                    other => ToolError::Failed(format!("the result could not be read: {other}")),
                })?;
            let text = tokio::task::spawn_blocking(move || select(&stored, &params))
                .await
                .map_err(|error| ToolError::Failed(error.to_string()))??;
            Ok(Output { title: part.to_string(), text, ..Output::default() })
        })
    }
}

/// The lines asked for, numbered, with a last line that says what there is beyond.
fn select(stored: &str, params: &Params) -> Result<String, ToolError> {
    let matcher = params.pattern.as_deref().map(|pattern| {
        RegexMatcherBuilder::new()
            .size_limit(PATTERN_SIZE)
            .build(pattern)
            .map_err(|error| ToolError::Parameter(format!("pattern: {error}")))
    });
    let matcher = matcher.transpose()?;
    let matches = |line: &str| matcher.as_ref().is_none_or(|m| m.is_match(line.as_bytes()).unwrap_or(false));
    let limit = params.limit.clamp(1, MOST_LINES) as usize;
    let skip = params.offset.max(1) as usize - 1;
    let total = stored.lines().count();
    let (mut shown, mut lines, mut more) = (String::new(), 0, None);
    for (number, line) in stored.lines().enumerate().skip(skip).filter(|(_, line)| matches(line)) {
        if lines == limit || shown.len() >= MOST_BYTES {
            more = Some(number + 1);
            break;
        }
        let room = MOST_BYTES.saturating_sub(shown.len());
        shown.push_str(&format!("{:>6}\t{}\n", number + 1, text::ellipsis(line, room.max(80))));
        lines += 1;
    }
    let end = match more {
        Some(next) => format!("({lines} of {total} lines; go on with offset {next})"),
        None if lines == 0 => format!("(no such line; the result has {total})"),
        None => format!("({lines} of {total} lines; the end)"),
    };
    Ok(shown + &end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(offset: u32, limit: u32, pattern: Option<&str>) -> Params {
        Params { reference: String::new(), offset, limit, pattern: pattern.map(str::to_owned) }
    }

    #[test]
    fn a_range_is_numbered_as_in_the_original_and_names_the_rest() {
        let stored: String = (1..=10).map(|n| format!("line {n}\n")).collect();
        let shown = select(&stored, &params(4, 2, None)).unwrap();
        assert_eq!(shown, "     4\tline 4\n     5\tline 5\n(2 of 10 lines; go on with offset 6)");
    }

    #[test]
    fn a_pattern_finds_its_lines_and_a_bad_one_is_named() {
        let shown = select("ok\nerror: x\nok\n", &params(1, 9, Some("^error"))).unwrap();
        assert_eq!(shown, "     2\terror: x\n(1 of 3 lines; the end)");
        assert!(select("", &params(1, 9, Some("("))).unwrap_err().to_string().starts_with("pattern: "));
    }

    #[test]
    fn one_answer_is_bounded_even_for_one_endless_line() {
        assert!(select(&"x".repeat(1 << 20), &params(1, 9, None)).unwrap().len() < MOST_BYTES + 100);
    }
}
