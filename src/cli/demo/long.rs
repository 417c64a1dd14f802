//! The second act of the demo: a session becomes long, is compacted, and still knows everything.
//!
//! The history is made by the ordinary path, without a word on the screen: dozens of commands with long results.

use std::io;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use agentls::{face::lsp::results::ContextReport, transcript::evidence};

use super::{
    Stage, list,
    memory::Memory,
    new_session, sample,
    show::{Show, least},
    string, text_of,
};
use crate::cli::{
    client::{Client, Host},
    figures,
};

/// Prompts that make the history.
const PROMPTS: u32 = 4;

/// Commands of each. All results together nearly fill the explorer's window.
const COMMANDS: u32 = 4;

/// The line that is looked for again: one of many, in the middle of the oldest result.
const MIDDLE: usize = 400;

/// Shows nothing, and allows what is asked.
pub(super) struct Quiet;

impl Host for Quiet {
    fn notified(&mut self, _: &str, _: &Value) -> io::Result<()> {
        Ok(())
    }

    fn asked(&mut self, _: &str, question: &Value) -> io::Result<Value> {
        Ok(least(question))
    }
}

/// Makes a long session, compacts it, and asks for what was found at its beginning. The server's memory at each stage.
pub(super) fn play(
    server: &mut Client,
    stage: &Stage,
    show: &mut Show,
) -> anyhow::Result<Vec<(&'static str, Memory)>> {
    show.title("A long session, compacted without a loss")?;
    let before = Memory::of(server.pid());
    let session = new_session(server, stage, show)?;
    grow(server, &session, show)?;
    let full = context(server, &session)?;
    show.context("What the model sees before", &full)?;
    let grown = Memory::of(server.pid());
    compact(server, &session, &full, show).context("it was not compacted")?;
    recall(server, &session, show).context("its beginning was not found again")?;
    show.context("What the model sees after", &context(server, &session)?)?;
    let after = Memory::of(server.pid());
    Ok(vec![("before the long session", before), ("with it", grown), ("after compaction and recall", after)])
}

/// Prompts until the history is long.
fn grow(server: &mut Client, session: &str, show: &mut Show) -> anyhow::Result<()> {
    let command = |number: u32| format!("run `{} {number}`", sample::STOCK);
    for prompt in 0..PROMPTS {
        let numbers = prompt * COMMANDS + 1..=(prompt + 1) * COMMANDS;
        let words = numbers.map(command).collect::<Vec<_>>().join(", then ");
        let params = json!({"sessionId": session, "parts": [{"type": "text", "text": words}]});
        let reply = server.request("session/prompt", &params, &mut Quiet)?;
        ensure!(string(&reply, "/stopReason")? == "endTurn", "it ended otherwise: {reply}");
    }
    let reply = server.request("session/get", &json!({"sessionId": session}), &mut Quiet)?;
    let count = |name: &str| reply.pointer(name).and_then(Value::as_u64).unwrap_or(0);
    show.success(&format!(
        "{PROMPTS} prompts with {} commands: {} messages, {}",
        PROMPTS * COMMANDS,
        count("/session/counts/messages"),
        figures::bytes(count("/session/counts/bytes")),
    ))?;
    Ok(())
}

fn context(server: &mut Client, session: &str) -> anyhow::Result<ContextReport> {
    let report = server.request("session/context", &json!({"sessionId": session}), &mut Quiet)?;
    serde_json::from_value(report).context("session/context answered something else")
}

/// Compacts, first to see what would become of it.
fn compact(server: &mut Client, session: &str, full: &ContextReport, show: &mut Show) -> anyhow::Result<()> {
    let sizes = |reply: &Value| -> anyhow::Result<(u64, u64)> {
        let number = |name: &str| reply.get(name).and_then(Value::as_u64).context(name.to_owned());
        Ok((number("before")?, number("after")?))
    };
    let planned = server.request("session/compact", &json!({"sessionId": session, "dryRun": true}), show)?;
    let (before, after) = sizes(&planned)?;
    ensure!(context(server, session)?.used == full.used, "a dry run changed something: {planned}");
    show.stage(&format!(
        "Dry run: {} tokens would become about {}",
        figures::count(before),
        figures::count(after)
    ))?;
    let params = json!({"sessionId": session, "instructions": "Keep the numbers of the shelves."});
    let done = server.request("session/compact", &params, show)?;
    let (before, after) = sizes(&done)?;
    ensure!(after < before / 4, "it won too little: {done}");
    ensure!(done.get("boundarySeq").and_then(Value::as_i64) > Some(0), "there is no boundary: {done}");
    let evidence = done.get("evidence").and_then(Value::as_u64).unwrap_or(0);
    show.success(&format!(
        "Compacted: {} tokens became {}; {evidence} calls left their evidence behind the summary",
        figures::count(before),
        figures::count(after)
    ))?;
    Ok(())
}

/// Shows what is left of the oldest call, and has the model find a line of it that is not there.
fn recall(server: &mut Client, session: &str, show: &mut Show) -> anyhow::Result<()> {
    let handle = oldest_call(server, session)?;
    let shown = server.request("part/evidence", &json!({"partId": handle}), show)?;
    let digest = string(&shown, "/text")?;
    ensure!(digest.len() <= evidence::MOST_BYTES, "the evidence is too long: {digest}");
    show.stage(&format!("Of the oldest call the model has this evidence, {} bytes", digest.len()))?;
    for line in digest.lines() {
        show.detail(line)?;
    }
    let whole = server.request("part/read", &json!({"partId": handle}), show)?;
    let whole = string(&whole, "/text")?;
    let mut middle = whole.lines().skip(MIDDLE);
    let line = middle.find(|line| !digest.contains(line)).context("the evidence holds the whole result")?;
    let words = format!("Recall `{handle}` for `{line}`.");
    show.prompt(&words)?;
    let params = json!({"sessionId": session, "parts": [{"type": "text", "text": words}]});
    let reply = server.request("session/prompt", &params, show)?;
    show.end_line()?;
    ensure!(string(&reply, "/stopReason")? == "endTurn", "it ended otherwise: {reply}");
    let answer = newest_answer(server, session)?;
    ensure!(answer.lines().any(|said| said.ends_with(&format!("\t{line}"))), "it was not found: {answer}");
    show.success("Found, byte for byte, in a result that the model no longer sees")?;
    Ok(())
}

/// The handle of the first tool call of a session.
fn oldest_call(server: &mut Client, session: &str) -> anyhow::Result<String> {
    let params = json!({"sessionId": session, "limit": 500});
    let page = server.request("session/messages", &params, &mut Quiet)?;
    let parts = list(&page, "/messages")?.iter().filter_map(|message| message.get("parts")?.as_array());
    let mut calls = parts.flatten().filter(|part| part.get("type") == Some(&json!("tool")));
    string(calls.next().context("there is no call")?, "/id")
}

fn newest_answer(server: &mut Client, session: &str) -> anyhow::Result<String> {
    let params = json!({"sessionId": session, "limit": 1, "bodies": "full"});
    let page = server.request("session/messages", &params, &mut Quiet)?;
    Ok(list(&page, "/messages")?.last().map(text_of).unwrap_or_default())
}
