//! A summary of the conversation, where one is asked for by its headings.
//!
//! The explorer cannot sum up; it can put the facts it was told and the calls it made under the headings that the
//! request names, which is enough to go on.

use super::wire::Turn;
use crate::transcript::text;

const MAX_FACTS: usize = 20;
const MAX_FACT_BYTES: usize = 200;

/// The headings of a request for a summary; fewer than two are none.
pub(super) fn headings(prompt: &str) -> Vec<&str> {
    let found: Vec<_> = prompt.lines().map(str::trim).filter(|line| line.starts_with("## ")).collect();
    if found.len() < 2 { Vec::new() } else { found }
}

/// What happened in `entries`, under each heading.
pub(super) fn write(headings: &[&str], entries: &[Turn]) -> String {
    let mut facts: Vec<String> = entries.iter().flat_map(facts_of).collect();
    facts.drain(..facts.len().saturating_sub(MAX_FACTS));
    let facts = if facts.is_empty() { "- nothing yet".to_owned() } else { facts.join("\n") };
    headings.iter().map(|heading| format!("{heading}\n{facts}")).collect::<Vec<_>>().join("\n\n")
}

fn facts_of(turn: &Turn) -> Vec<String> {
    let fact = |kind: &str, words: &str| {
        format!("- {kind}: {}", text::ellipsis(text::first_line(words), MAX_FACT_BYTES))
    };
    match turn {
        Turn::User { text } => vec![fact("asked", text)],
        Turn::Assistant { text, calls } => {
            let answered = (!text.is_empty()).then(|| fact("answered", text));
            let called =
                calls.iter().map(|call| fact("called", &format!("{} {}", call.tool, call.arguments)));
            answered.into_iter().chain(called).collect()
        }
        Turn::Tool { .. } => Vec::new(),
    }
}
