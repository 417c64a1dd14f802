//! A summary of the conversation, where one is asked for by its headings.
//!
//! The explorer cannot sum up; it can put the facts it was told and the calls it made under the headings that the
//! request names, which is enough to go on.

use super::wire::Turn;
use crate::transcript::text;

pub(in crate::provider) const MAX_FACTS: usize = 20;
pub(in crate::provider) const MAX_FACT_BYTES: usize = 200;

/// The headings of a request for a summary; fewer than two are none.
pub(super) fn headings(prompt: &str) -> Vec<&str> {
    let found: Vec<_> = prompt.lines().map(str::trim).filter(|line| line.starts_with("## ")).collect();
    if found.len() < 2 { Vec::new() } else { found }
}

/// What was asked in `entries` under the first heading, what was done under the second.
pub(super) fn write(headings: &[&str], entries: &[Turn]) -> String {
    let sections = [newest(entries.iter().filter_map(asked)), newest(entries.iter().flat_map(done))];
    let mut sections = sections.into_iter();
    let section = |heading: &&str| {
        let facts = sections.next().filter(|facts| !facts.is_empty()).unwrap_or_else(|| "None.".to_owned());
        format!("{heading}\n{facts}")
    };
    headings.iter().map(section).collect::<Vec<_>>().join("\n\n")
}

fn newest(facts: impl Iterator<Item = String>) -> String {
    let mut facts: Vec<String> = facts.collect();
    facts.drain(..facts.len().saturating_sub(MAX_FACTS));
    facts.join("\n")
}

fn asked(turn: &Turn) -> Option<String> {
    match turn {
        Turn::User { text } => Some(fact("asked", text)),
        _ => None,
    }
}

fn done(turn: &Turn) -> Vec<String> {
    let Turn::Assistant { text, calls } = turn else { return Vec::new() };
    let answered = (!text.is_empty()).then(|| fact("answered", text));
    let called = calls.iter().map(|call| fact("called", &format!("{} {}", call.tool, call.arguments)));
    answered.into_iter().chain(called).collect()
}

fn fact(kind: &str, words: &str) -> String {
    format!("- {kind}: {}", text::ellipsis(text::first_line(words), MAX_FACT_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_long_facts_the_newest_are_written_by_their_beginning() {
        let asked = |number: usize| Turn::User { text: format!("{number} {}", "x".repeat(500)) };
        let entries: Vec<Turn> = (0..MAX_FACTS + 5).map(asked).collect();
        let written = write(&["## Asked", "## Done"], &entries);
        let facts: Vec<&str> = written.lines().filter(|line| line.starts_with("- ")).collect();
        assert_eq!(facts.len(), MAX_FACTS);
        assert!(facts[0].starts_with("- asked: 5 "), "{}", facts[0]);
        assert!(facts.iter().all(|fact| fact.len() <= MAX_FACT_BYTES + "- asked: ".len()));
    }
}
