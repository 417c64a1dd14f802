//! Turns: begun with a prompt and the lease, changed by a list of changes, ended exactly once (invariant 7).

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Committed, Result, Store,
    anchors::{self, Mooring},
    body::{self, Field},
    changes::{self, NewChange},
    inbox, leases,
    parts::{self, Bodies, Loading, NewPart},
    recovery, rows, sessions,
    steps::{self, Step},
};
use crate::transcript::{
    Failure, FailureKind, FinishReason, LastTurn, Message, MessageId, PartId, Seq, SessionId, StopReason,
    Timestamp, ToolPart, ToolState, TurnId, Usage, evidence::Record,
};

/// A turn that has begun.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Its id.
    pub turn: TurnId,
    /// The user message that it answers.
    pub message: Message,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnEnd {
    /// Why, unless it failed.
    pub stop_reason: Option<StopReason>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// Provider calls that it made.
    pub steps: u32,
    /// What they consumed.
    pub usage: Usage,
}

/// Something that a running turn wants kept. What is persisted of a turn is decided here, and by [`apply`]'s
/// one exhaustive match.
#[derive(Clone, Debug)]
pub enum Change {
    /// A part begins in the message with this seq.
    Part(Seq, NewPart),
    /// A body grows.
    Append(PartId, Field, String),
    /// A tool call begins to run.
    Started(PartId, Timestamp),
    /// A tool call has its result, and its evidence where the tool itself ended.
    Settled(PartId, ToolPart, Bodies, Option<Record>),
    /// An assistant message is complete.
    Completed {
        /// Which.
        message: MessageId,
        /// Why its provider call ended.
        finish: Option<FinishReason>,
        /// What went wrong.
        error: Option<Failure>,
        /// What its provider call consumed.
        usage: Option<Usage>,
        /// The provider's id of it, where the provider keeps it.
        response: Option<String>,
    },
    /// A file is another.
    Changed(NewChange),
    /// A provider call for the ledger.
    Step(Step),
    /// Which answer the next request may continue.
    Moor(Mooring),
}

impl Store {
    /// Takes the lease and the next waiting prompt, whose parts `make` reads from the inbox's form. `None` when no
    /// prompt waits.
    pub async fn begin_turn(
        &self,
        session: &SessionId,
        make: impl Fn(&str, &MessageId) -> Vec<NewPart> + Send + 'static,
    ) -> Result<Option<Committed<Begun>>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        let begun = self
            .write(move |tx| {
                let key = sessions::key(tx, &session)?;
                let Some(prompt) = inbox::next(tx, key)? else { return Ok(None) };
                let turn = open_turn(tx, key, &lessee)?;
                tx.execute("UPDATE session SET recovered = NULL WHERE key = ?1", [key])?;
                let message = inbox::take(tx, key, &session, &turn, prompt, make)?;
                tx.prepare_cached("UPDATE turn SET message = ?2 WHERE id = ?1")?
                    .execute(params![turn.as_str(), message.id.as_str()])?;
                Ok(Some(Begun { turn, message }))
            })
            .await?;
        Ok(begun.0.map(Committed))
    }

    /// Takes the lease for work on the history itself, which is kept as a turn without a prompt. The newest message
    /// with it.
    pub async fn begin_upkeep(&self, session: &SessionId) -> Result<Committed<(TurnId, Seq)>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            let turn = open_turn(tx, key, &lessee)?;
            let last =
                tx.query_row("SELECT last_seq FROM session WHERE key = ?1", [key], |row| row.get(0))?;
            Ok((turn, Seq(last)))
        })
        .await
    }

    /// Writes changes of a running turn, all or none, in the order given. What the session has consumed by then.
    pub fn apply(
        &self,
        session: &SessionId,
        changes: Vec<Change>,
    ) -> impl Future<Output = Result<Committed<Usage>>> + Send + use<> {
        let session = session.clone();
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            changes.iter().try_for_each(|change| apply(tx, key, change))?;
            leases::beat(tx, key)?;
            sessions::consumed(tx, key)
        })
    }

    /// Ends a turn, with everything that still stands open in it, and gives the lease back. Returns the messages
    /// that had to be closed, too.
    pub async fn end_turn(
        &self,
        session: &SessionId,
        turn: &TurnId,
        stop_reason: Option<StopReason>,
        error: Option<Failure>,
    ) -> Result<Committed<(TurnEnd, Vec<Message>)>> {
        let (session, turn) = (session.clone(), turn.clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            let open = error.clone().unwrap_or_else(|| Failure::new(FailureKind::Interrupted, "stopped"));
            let closed = close_open(tx, key, &open)?.messages;
            end(tx, key, &turn, stop_reason, error.as_ref())?;
            leases::release(tx, key)?;
            sessions::touch(tx, key)?;
            let closed = closed
                .into_iter()
                .map(|seq| super::messages::ascending(tx, key, &session, seq, 1, Loading::Full));
            let closed = closed.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
            Ok((load_end(tx, &turn)?, closed))
        })
        .await
    }

    /// How a turn of the past ended.
    pub async fn turn_end(&self, turn: &TurnId) -> Result<TurnEnd> {
        let turn = turn.clone();
        self.read(move |tx| load_end(tx, &turn)).await
    }
}

/// Takes the lease and begins a turn. The session was idle or its owner is dead: what that left open is ended first.
fn open_turn(tx: &Connection, key: i64, lessee: &leases::Lessee) -> Result<TurnId> {
    leases::take(tx, key, lessee)?;
    let died = Failure::new(FailureKind::Interrupted, recovery::DIED);
    interrupt(tx, key, &died)?;
    let turn = TurnId::random();
    tx.execute(
        "INSERT INTO turn (id, session, started_at) VALUES (?1, ?2, ?3)",
        params![turn.as_str(), key, Timestamp::now().0],
    )?;
    Ok(turn)
}

fn apply(tx: &Connection, key: i64, change: &Change) -> Result<()> {
    match change {
        Change::Part(seq, part) => parts::insert(tx, key, *seq, part),
        Change::Append(part, field, text) => append(tx, key, part, *field, text),
        Change::Started(part, at) => {
            tx.prepare_cached("UPDATE part SET status = 'running', started_at = ?2 WHERE id = ?1")?
                .execute(params![part.as_str(), at.0])?;
            Ok(())
        }
        Change::Settled(part, tool, attachments, evidence) => {
            parts::settle(tx, key, part, tool, attachments, evidence.as_ref())
        }
        Change::Completed { message, finish, error, usage, response } => {
            tx.prepare_cached(
                "UPDATE message SET completed_at = ?2, finish = ?3, error = ?4, usage = ?5, metadata = ?6 WHERE id = ?1",
            )?
            .execute(params![
                message.as_str(),
                Timestamp::now().0,
                finish.as_ref().map(rows::word).transpose()?,
                error.as_ref().map(rows::json).transpose()?,
                usage.as_ref().map(rows::json).transpose()?,
                response.as_ref().map(|id| serde_json::json!({"openai": {"responseId": id}}).to_string())
            ])?;
            Ok(())
        }
        Change::Changed(change) => changes::record(tx, key, change),
        Change::Step(step) => steps::insert(tx, key, step),
        Change::Moor(mooring) => anchors::moor(tx, key, mooring),
    }
}

fn append(tx: &Connection, session: i64, part: &PartId, field: Field, text: &str) -> Result<()> {
    let (key, _) = parts::locate(tx, part)?;
    body::append(tx, key, field, text.as_bytes())?;
    let column = match field {
        Field::Input => "input_bytes",
        _ => "bytes",
    };
    tx.prepare_cached(&format!(
        "UPDATE part SET {column} = {column} + ?2, tokens = (bytes + input_bytes + ?2 + 3) / 4 WHERE key = ?1"
    ))?
    .execute(params![key, rows::signed(text.len() as u64)])?;
    parts::count(tx, session, 0, text.len() as u64)
}

fn end(
    tx: &Connection,
    key: i64,
    turn: &TurnId,
    stop: Option<StopReason>,
    error: Option<&Failure>,
) -> Result<()> {
    let ended_at = Timestamp::now();
    let ended = tx
        .prepare_cached(
            "UPDATE turn SET ended_at = ?3, stop_reason = ?4, error = ?5
             WHERE id = ?1 AND session = ?2 AND ended_at IS NULL",
        )?
        .execute(params![
            turn.as_str(),
            key,
            ended_at.0,
            stop.as_ref().map(rows::word).transpose()?,
            error.map(rows::json).transpose()?
        ])?;
    if ended > 0 {
        let last = LastTurn { ended_at, stop_reason: stop, error: error.cloned() };
        // Work on the history itself is a turn, too, but not one that anybody looks for.
        tx.prepare_cached(
            "UPDATE session SET last_turn = ?3
             WHERE key = ?1 AND (SELECT message FROM turn WHERE id = ?2) IS NOT NULL",
        )?
        .execute(params![key, turn.as_str(), rows::json(&last)?])?;
    }
    Ok(())
}

fn load_end(connection: &Connection, turn: &TurnId) -> Result<TurnEnd> {
    connection
        .prepare_cached("SELECT stop_reason, error, steps, usage FROM turn WHERE id = ?1")?
        .query_row([turn.as_str()], |row| {
            Ok(TurnEnd {
                stop_reason: rows::optional_word(row, "stop_reason")?,
                error: rows::optional_json(row, "error")?,
                steps: row.get("steps")?,
                usage: rows::optional_json(row, "usage")?.unwrap_or_default(),
            })
        })
        .optional()?
        .ok_or_else(|| super::StoreError::MessageNotFound(turn.to_string()))
}

/// Ends the open turns of a session whose process died. Returns how many calls were open, or `None` when no turn
/// was.
pub(super) fn interrupt(tx: &Connection, key: i64, error: &Failure) -> Result<Option<usize>> {
    let open = tx
        .prepare("SELECT id FROM turn WHERE session = ?1 AND ended_at IS NULL")?
        .query_map([key], |row| row.get::<_, String>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let calls = close_open(tx, key, error)?.calls;
    for turn in &open {
        end(tx, key, &TurnId::from(turn.as_str()), None, Some(error))?;
    }
    Ok((!open.is_empty()).then_some(calls))
}

/// What stood open.
struct Closed {
    /// How many calls.
    calls: usize,
    /// The messages that were open or had open calls.
    messages: BTreeSet<Seq>,
}

/// Gives open calls a result and open messages an end (invariants 5 and 7).
fn close_open(tx: &Connection, key: i64, error: &Failure) -> Result<Closed> {
    let seqs = |sql: &str| -> Result<Vec<Seq>> {
        Ok(tx
            .prepare_cached(sql)?
            .query_map([key], |row| row.get(0).map(Seq))?
            .collect::<rusqlite::Result<_>>()?)
    };
    let mut messages: BTreeSet<Seq> =
        seqs("SELECT seq FROM part WHERE session = ?1 AND status IN ('pending', 'running')")?
            .into_iter()
            .collect();
    messages.extend(seqs("SELECT seq FROM message WHERE session = ?1 AND completed_at IS NULL")?);
    let calls = interrupt_calls(tx, key)?;
    tx.prepare_cached(
        "UPDATE message SET completed_at = ?2, error = ?3 WHERE session = ?1 AND completed_at IS NULL",
    )?
    .execute(params![key, Timestamp::now().0, rows::json(error)?])?;
    Ok(Closed { calls, messages })
}

/// What the model reads as the result of a call that never got one.
const INTERRUPTED: &str =
    "Interrupted before it finished. It was not run again; whether it had any effect is unknown.";

fn interrupt_calls(tx: &Connection, key: i64) -> Result<usize> {
    let open = tx
        .prepare("SELECT id, call_id, tool, started_at FROM part WHERE session = ?1 AND status IN ('pending', 'running')")?
        .query_map([key], |row| {
            let started_at = row.get::<_, Option<i64>>(3)?.map(Timestamp);
            let tool = ToolPart {
                call_id: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                tool: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                title: None,
                input: crate::transcript::Body::default(),
                state: ToolState::Error { started_at, ended_at: Timestamp::now(), message: INTERRUPTED.to_owned() },
                compacted_at: None,
                attachments: Vec::new(),
            };
            Ok((PartId::from(row.get::<_, String>(0)?), tool))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for (part, tool) in &open {
        parts::settle(tx, key, part, tool, &Bodies::new(), None)?;
    }
    Ok(open.len())
}

/// The sessions that have a turn without an end.
pub(super) fn sessions_with_open_turns(connection: &Connection) -> Result<Vec<i64>> {
    let keys = connection
        .prepare("SELECT DISTINCT session FROM turn WHERE ended_at IS NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(keys)
}
