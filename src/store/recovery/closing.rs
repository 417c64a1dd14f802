//! Giving open calls a result and open messages an end (invariants 5 and 7), and telling what stood open.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, params};

use crate::{
    store::{
        Result,
        body::{self, Field},
        damage,
        parts::{self, Bodies},
        rows::{self, Reading},
    },
    transcript::{Body, Failure, PartId, Seq, Timestamp, ToolPart, ToolState, text},
};

/// What the model reads as the result of a call that never got one.
const INTERRUPTED: &str =
    "Interrupted before it finished. It was not run again; whether it had any effect is unknown.";

/// Bytes of a call's arguments that are looked into for what it was about.
const ARGUMENTS: usize = 4 * 1024;

/// A call that had no result.
pub(in crate::store) struct OpenCall {
    /// The tool.
    pub(super) tool: String,
    /// What it was about, on one line; may be empty.
    pub(super) title: String,
}

/// What stood open.
pub(in crate::store) struct Closed {
    /// The calls.
    pub(super) calls: Vec<OpenCall>,
    /// Bytes of text and reasoning that the open answer has; `None` when no answer was open.
    pub(super) streamed: Option<u64>,
    /// The messages that were open or had open calls.
    pub(in crate::store) messages: BTreeSet<Seq>,
}

/// Gives open calls a result and open messages an end.
pub(in crate::store) fn close_open(tx: &Connection, key: i64, error: &Failure) -> Result<Closed> {
    let seqs = |sql: &str| -> Result<BTreeSet<Seq>> {
        Ok(tx
            .prepare_cached(sql)?
            .query_map([key], |row| row.get(0).map(Seq))?
            .collect::<rusqlite::Result<_>>()?)
    };
    let mut messages = seqs("SELECT seq FROM part WHERE session = ?1 AND status IN ('pending', 'running')")?;
    let unfinished = seqs("SELECT seq FROM message WHERE session = ?1 AND completed_at IS NULL")?;
    let streamed = match unfinished.last() {
        Some(seq) => Some(said(tx, key, *seq)?),
        None => None,
    };
    messages.extend(unfinished);
    let calls = interrupt_calls(tx, key)?;
    tx.prepare_cached(
        "UPDATE message SET completed_at = ?2, error = ?3 WHERE session = ?1 AND completed_at IS NULL",
    )?
    .execute(params![key, Timestamp::now().0, rows::json(error)?])?;
    Ok(Closed { calls, streamed, messages })
}

/// Bytes of text and reasoning of a message.
fn said(tx: &Connection, key: i64, seq: Seq) -> Result<u64> {
    let mut parts = tx.prepare_cached(
        "SELECT bytes FROM part WHERE session = ?1 AND seq = ?2 AND type IN ('text', 'reasoning')",
    )?;
    let sizes = parts.query_map(params![key, seq.0], |row| Ok(Reading::new(row).unsigned("bytes")))?;
    let mut sum = 0_u64;
    for size in sizes {
        sum = sum.saturating_add(size?);
    }
    Ok(sum)
}

fn interrupt_calls(tx: &Connection, key: i64) -> Result<Vec<OpenCall>> {
    let open = tx
        .prepare(
            "SELECT key, id, call_id, tool, title, started_at FROM part
             WHERE session = ?1 AND status IN ('pending', 'running') ORDER BY seq, idx",
        )?
        .query_map([key], |row| Ok(open_call(row)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut calls = Vec::with_capacity(open.len());
    for (part, id, tool) in open {
        parts::settle(tx, key, &id, &tool, &Bodies::new(), None)?;
        let title = match tool.title {
            Some(title) => title,
            None => about(&body::beginning(tx, part, Field::Input, ARGUMENTS)?),
        };
        calls.push(OpenCall { tool: tool.tool, title: one_line(&title) });
    }
    Ok(calls)
}

fn open_call(row: &Row<'_>) -> (i64, PartId, ToolPart) {
    let mut it = Reading::new(row);
    let key = it.integer("key");
    let id = PartId::from(it.id("id", || damage::stand_in(PartId::PREFIX, &[key])));
    let started_at = it.optional_time("started_at");
    let tool = ToolPart {
        call_id: it.whole_text("call_id").unwrap_or_default(),
        tool: it.whole_text("tool").unwrap_or_default(),
        title: it.optional_text("title"),
        input: Body::default(),
        state: ToolState::Error { started_at, ended_at: Timestamp::now(), message: INTERRUPTED.to_owned() },
        compacted_at: None,
        attachments: Vec::new(),
    };
    it.log(|| format!("part {id}"));
    (key, id, tool)
}

/// What a call without a title is about: the first text of its arguments, which is its command, path or pattern.
fn about(arguments: &str) -> String {
    let arguments: serde_json::Value = serde_json::from_str(arguments).unwrap_or_default();
    let texts = arguments.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str());
    texts.map(text::first_line).next().unwrap_or_default().to_owned()
}

fn one_line(title: &str) -> String {
    text::first_line(title).chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_about_the_first_text_of_its_arguments() {
        assert_eq!(about(r#"{"timeoutMs":5,"command":"sleep 600\necho"}"#), "sleep 600");
        assert_eq!(about("{"), "");
    }
}
