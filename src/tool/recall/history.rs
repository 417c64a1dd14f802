//! The whole session for `recall`: what there was, and where something stands in it. Oldest first, entry by entry; an
//! answer that is full, or a search that has read enough, says which entry comes next.

use std::ops::ControlFlow;

use grep_matcher::Matcher;
use grep_regex::RegexMatcher;

use super::answer::Answer;
use crate::{
    store::{Entry, Field, History, StoreError},
    transcript::{Role, text},
};

/// Bytes of bodies that one search reads at most, about.
pub(in crate::tool) const MOST_READ: u64 = 256 * 1024 * 1024;

/// Matching lines that are shown of one field; more are counted.
const SHOWN: usize = 20;

/// Bytes of a matching line that are shown, around what matches.
const AROUND: usize = 400;

/// Bytes of a title or first line that are shown.
const TITLE: usize = 120;

/// Everything there was from entry `first` on, one line each.
pub(super) fn list(history: &History<'_>, first: u64, limit: usize) -> Result<String, StoreError> {
    let (mut answer, mut next, mut last) = (Answer::new(limit), None, first.saturating_sub(1));
    history.each(first, |number, entry| {
        if !answer.line(number, &describe(history, entry)?) {
            next = Some(number);
            return Ok(ControlFlow::Break(()));
        }
        last = number;
        Ok(ControlFlow::Continue(()))
    })?;
    let shown = answer.shown();
    Ok(match next {
        Some(next) => answer.end(&format!("{shown} entries; go on with offset {next}")),
        None if shown == 0 => answer.end("no such entry"),
        None => answer.end(&format!("{shown} entries up to {last}; the end")),
    })
}

/// An entry on one line.
fn describe(history: &History<'_>, entry: &Entry) -> Result<String, StoreError> {
    let who = match entry.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let what = match (&entry.tool, entry.main) {
        (Some(tool), main) => {
            let title = entry.title.as_deref().unwrap_or_default();
            let failed = if main == Field::Error { ", failed" } else { "" };
            let open = if entry.open { ", no result yet" } else { "" };
            format!("{tool}: {} ({} bytes{failed}{open})", shorten(title), entry.bytes)
        }
        (None, Field::Data) => {
            format!("file {} ({} bytes)", shorten(entry.title.as_deref().unwrap_or_default()), entry.bytes)
        }
        (None, main) => {
            let beginning = history.beginning(entry, main, 2 * TITLE)?;
            format!("\"{}\" ({} bytes)", shorten(beginning.trim_start()), entry.bytes)
        }
    };
    Ok(format!("message {} {who} {} {what}", entry.seq.0, entry.part))
}

/// The first line, not too long.
fn shorten(value: &str) -> String {
    let line: String =
        text::first_line(value).chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    text::ellipsis(&line, TITLE)
}

/// The lines from entry `first` on that match. Calls of `recall` only repeat others and are left out.
pub(super) fn search(
    history: &History<'_>,
    first: u64,
    limit: usize,
    pattern: &RegexMatcher,
) -> Result<String, StoreError> {
    let mut answer = Answer::new(limit);
    let (mut next, mut read) = (None, 0);
    history.each(first, |number, entry| {
        if entry.tool.as_deref() == Some("recall") || !entry.is_text {
            return Ok(ControlFlow::Continue(()));
        }
        if read >= MOST_READ {
            next = Some(number);
            return Ok(ControlFlow::Break(()));
        }
        let found = Found::of(history, entry, pattern)?;
        read += found.read;
        if !found.lines.is_empty() && !answer.add(&found.render(number, &describe(history, entry)?)) {
            next = Some(number);
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let shown = answer.shown();
    Ok(match next {
        Some(next) => answer.end(&format!("matches in {shown} entries; go on with offset {next}")),
        None if shown == 0 => answer.end("nothing matches"),
        None => answer.end(&format!("matches in {shown} entries; the end")),
    })
}

/// What matches in one entry.
#[derive(Default)]
struct Found {
    lines: Vec<String>,
    /// Matching lines beyond those.
    more: u64,
    /// Bytes read.
    read: u64,
}

impl Found {
    fn of(history: &History<'_>, entry: &Entry, pattern: &RegexMatcher) -> Result<Self, StoreError> {
        let mut found = Self::default();
        if entry.tool.is_some() {
            if let Some(shown) = entry.title.as_deref().and_then(|title| around(pattern, title.as_bytes())) {
                found.lines.push(format!(" title\t{shown}\n"));
            }
            found.look(history, entry, Field::Input, pattern)?;
        }
        if !entry.open {
            found.look(history, entry, entry.main, pattern)?;
        }
        Ok(found)
    }

    fn look(
        &mut self,
        history: &History<'_>,
        entry: &Entry,
        field: Field,
        pattern: &RegexMatcher,
    ) -> Result<(), StoreError> {
        let mut here = 0;
        self.read += history.lines(entry, field, |number, line| {
            if let Some(shown) = around(pattern, line) {
                here += 1;
                if here > SHOWN {
                    self.more += 1;
                } else if field == Field::Input {
                    self.lines.push(format!(" input\t{shown}\n"));
                } else {
                    self.lines.push(format!("{number:>6}\t{shown}\n"));
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(())
    }

    fn render(&self, number: u64, entry: &str) -> String {
        let more = match self.more {
            0 => String::new(),
            more => format!("      \t… (+{more} lines match; recall this handle with the pattern)\n"),
        };
        format!("entry {number}: {entry}\n{}{more}", self.lines.concat())
    }
}

/// The line around what matches in it; `None` when nothing does.
fn around(pattern: &RegexMatcher, line: &[u8]) -> Option<String> {
    let found = pattern.find(line).ok().flatten()?;
    let line = String::from_utf8_lossy(line);
    if line.len() <= AROUND {
        return Some(line.into_owned());
    }
    let start = found.start().saturating_sub(AROUND / 3);
    let piece = text::range(&line, start, start + AROUND);
    let before = if start > 0 { "…" } else { "" };
    let behind = if start + AROUND < line.len() { "…" } else { "" };
    Some(format!("{before}{piece}{behind}"))
}
