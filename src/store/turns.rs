//! Turns: begun with a prompt and the lease, changed by a list of changes, ended exactly once (invariant 7).

use std::{collections::BTreeSet, sync::Arc};

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Committed, Result, Store,
    anchors::{self, Mooring},
    backlog::Entry,
    body::{self, Field},
    changes::{self, NewChange},
    claims, damage, inbox, leases, messages, notices,
    parts::{self, Bodies, Loading, NewPart},
    recovery,
    rows::{self, Reading},
    sessions,
    steps::{self, Step},
};
use crate::transcript::{
    Change as ListChange, Failure, FailureKind, FinishReason, LastTurn, Message, MessageId, PartId, PartKind,
    Seq, SessionId, StopReason, Timestamp, ToolPart, ToolState, TurnId, Usage, evidence::Record,
};

/// A turn that has begun.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Its id.
    pub turn: TurnId,
    /// The user message that it answers.
    pub message: Message,
    /// What was interrupted here before, where a dead process had to be taken over from.
    pub recovered: Option<String>,
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

/// A turn that is over.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How it ended.
    pub end: TurnEnd,
    /// The messages that had to be closed with it.
    pub closed: Vec<Message>,
    /// The newest message then.
    pub last: Seq,
    /// Whether another process had ended it before.
    pub lost: bool,
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
    /// Reasoning has ended.
    Thought(PartId, Timestamp),
    /// A tool call has its result, and its evidence where the tool itself ended.
    Settled(PartId, ToolPart, Bodies, Option<Record>),
    /// An assistant message is complete.
    Completed {
        /// Which.
        message: MessageId,
        /// When.
        at: Timestamp,
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

impl Change {
    /// Bytes of bodies in it.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Part(_, new) => {
                let shown = match &new.part.kind {
                    PartKind::Text(body) => body.text.len(),
                    PartKind::Reasoning(reasoning) => reasoning.text.text.len(),
                    PartKind::Command(command) => command.text.text.len(),
                    PartKind::Tool(tool) => tool.input.text.len(),
                    _ => 0,
                };
                shown + new.bodies.iter().map(|(_, data)| data.len()).sum::<usize>()
            }
            Self::Append(_, _, text) => text.len(),
            Self::Settled(_, tool, files, _) => {
                let result = match &tool.state {
                    ToolState::Completed { output, .. } => output.text.len(),
                    ToolState::Error { message, .. } => message.len(),
                    ToolState::Pending | ToolState::Running { .. } => 0,
                };
                result + files.iter().map(|(_, data)| data.len()).sum::<usize>()
            }
            Self::Changed(change) => change.bytes(),
            Self::Started(..)
            | Self::Thought(..)
            | Self::Completed { .. }
            | Self::Step(_)
            | Self::Moor(_) => 0,
        }
    }
}

/// How a turn ends.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    turn: TurnId,
    stop_reason: Option<StopReason>,
    error: Option<Failure>,
}

impl Store {
    /// Takes the lease and the next waiting prompt, whose parts `make` reads from the inbox's form. `None` when no
    /// prompt waits.
    pub async fn begin_turn(
        &self,
        session: &SessionId,
        make: impl Fn(&str, &MessageId) -> Option<Vec<NewPart>> + Send + 'static,
    ) -> Result<Option<Committed<Begun>>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        let backlog = self.backlog();
        let begun = self
            .write(move |tx| {
                backlog.refuse(&session)?;
                let key = sessions::key(tx, &session)?;
                let Some(prompt) = inbox::next(tx, key)? else { return Ok(None) };
                let (turn, recovered) = open_turn(tx, &session, key, &lessee)?;
                tx.execute("UPDATE session SET recovered = NULL WHERE key = ?1", [key])?;
                let message = inbox::take(tx, key, &session, &turn, prompt, make)?;
                tx.prepare_cached("UPDATE turn SET message = ?2 WHERE id = ?1")?
                    .execute(params![turn.as_str(), message.id.as_str()])?;
                Ok(Some(Begun { turn, message, recovered }))
            })
            .await?;
        Ok(begun.0.map(Committed))
    }

    /// Takes the lease for work on the history itself, which is kept as a turn without a prompt. The newest message
    /// with it.
    pub async fn begin_upkeep(&self, session: &SessionId) -> Result<Committed<(TurnId, Seq)>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        let backlog = self.backlog();
        self.write(move |tx| {
            backlog.refuse(&session)?;
            let key = sessions::key(tx, &session)?;
            let (turn, _) = open_turn(tx, &session, key, &lessee)?;
            Ok((turn, Seq(messages::last_seq(tx, key)?)))
        })
        .await
    }

    /// Writes changes of a running turn, all or none, in the order given. What the session has consumed by then. Fails
    /// when this process does not run the session any more. When the disk does not take them they are written as soon as
    /// it does, all the same.
    pub fn apply(
        &self,
        session: &SessionId,
        changes: Vec<Change>,
    ) -> impl Future<Output = Result<Committed<Usage>>> + Send + use<> {
        let (changes, lessee) = (Arc::new(changes), self.lessee().clone());
        self.write_or_keep(session, Entry::Changes(Arc::clone(&changes)), move |tx, _, key| {
            apply_all(tx, key, &lessee, &changes)?;
            sessions::consumed(tx, key)
        })
    }

    /// Writes a provider call that belongs to no turn into the ledger.
    pub async fn add_step(&self, session: &SessionId, step: Step) -> Result<Committed<()>> {
        let session = session.clone();
        self.write(move |tx| steps::insert(tx, sessions::key(tx, &session)?, &step)).await
    }

    /// Ends a turn, with everything that still stands open in it, and gives the lease back. A turn that another process
    /// has ended stays as that process ended it. When the disk does not take it, the turn ends as soon as it does.
    pub async fn end_turn(
        &self,
        session: &SessionId,
        turn: &TurnId,
        stop_reason: Option<StopReason>,
        error: Option<Failure>,
    ) -> Result<Committed<Ended>> {
        let (ending, lessee) = (Ending { turn: turn.clone(), stop_reason, error }, self.lessee().clone());
        self.write_or_keep(session, Entry::End(ending.clone()), move |tx, session, key| {
            let last = Seq(messages::last_seq(tx, key)?);
            let closed = end_with_all_open(tx, key, session, &lessee, &ending)?;
            let lost = closed.is_none();
            let closed = closed
                .unwrap_or_default()
                .into_iter()
                .map(|seq| messages::ascending(tx, key, session, seq, 1, Loading::Full));
            let closed = closed.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
            Ok(Ended { end: load_end(tx, &ending.turn)?, closed, last, lost })
        })
        .await
    }

    /// How a turn of the past ended.
    pub async fn turn_end(&self, turn: &TurnId) -> Result<TurnEnd> {
        let turn = turn.clone();
        self.read(move |tx| load_end(tx, &turn)).await
    }
}

/// Takes the lease and begins a turn. The session was idle or its owner is dead: what that left open is ended first, and
/// told, while its lease still says what it did last.
fn open_turn(
    tx: &Connection,
    session: &SessionId,
    key: i64,
    lessee: &leases::Lessee,
) -> Result<(TurnId, Option<String>)> {
    leases::check(tx, key, lessee)?;
    let recovered = recovery::end_turn(tx, key, recovery::DIED)?;
    leases::take(tx, key, lessee)?;
    let turn = TurnId::random();
    tx.execute(
        "INSERT INTO turn (id, session, started_at) VALUES (?1, ?2, ?3)",
        params![turn.as_str(), key, Timestamp::now().0],
    )?;
    notices::add(tx, lessee, session, ListChange::Updated)?;
    Ok((turn, recovered))
}

/// Writes changes of a running turn, in the order given, unless the process has lost the session.
pub(super) fn apply_all(
    tx: &Connection,
    key: i64,
    lessee: &leases::Lessee,
    changes: &[Change],
) -> Result<()> {
    leases::fence(tx, key, lessee)?;
    changes.iter().try_for_each(|change| apply(tx, key, change))
}

/// Ends a turn with everything that still stands open in it, and gives the lease back. The messages that were closed;
/// `None` when another process has ended it before.
pub(super) fn end_with_all_open(
    tx: &Connection,
    key: i64,
    session: &SessionId,
    lessee: &leases::Lessee,
    ending: &Ending,
) -> Result<Option<BTreeSet<Seq>>> {
    let Ending { turn, stop_reason, error } = ending;
    if has_ended(tx, turn)? {
        return Ok(None);
    }
    let open = error.clone().unwrap_or_else(|| Failure::new(FailureKind::Interrupted, "stopped"));
    let closed = recovery::close_open(tx, key, &open)?.messages;
    end(tx, key, turn, *stop_reason, error.as_ref())?;
    leases::release(tx, key)?;
    claims::stopped(tx, key)?;
    sessions::touch(tx, key)?;
    notices::add(tx, lessee, session, ListChange::Updated)?;
    Ok(Some(closed))
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
        Change::Thought(part, at) => {
            tx.prepare_cached("UPDATE part SET ended_at = ?2 WHERE id = ?1")?
                .execute(params![part.as_str(), at.0])?;
            Ok(())
        }
        Change::Settled(part, tool, attachments, evidence) => {
            parts::settle(tx, key, part, tool, attachments, evidence.as_ref())
        }
        Change::Completed { message, at, finish, error, usage, response } => {
            tx.prepare_cached(
                "UPDATE message SET completed_at = ?2, finish = ?3, error = ?4, usage = ?5, metadata = ?6 WHERE id = ?1",
            )?
            .execute(params![
                message.as_str(),
                at.0,
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

/// Gives a turn its end.
pub(super) fn end(
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

pub(super) fn has_ended(connection: &Connection, turn: &TurnId) -> Result<bool> {
    let mut select = connection.prepare_cached("SELECT ended_at IS NOT NULL FROM turn WHERE id = ?1")?;
    Ok(select.query_row([turn.as_str()], |row| row.get(0)).optional()?.unwrap_or(false))
}

pub(super) fn load_end(connection: &Connection, turn: &TurnId) -> Result<TurnEnd> {
    connection
        .prepare_cached("SELECT stop_reason, error, steps, usage FROM turn WHERE id = ?1")?
        .query_row([turn.as_str()], |row| {
            let mut it = Reading::new(row);
            let mut end = TurnEnd {
                stop_reason: it.word("stop_reason"),
                error: it.json("error"),
                steps: it.small("steps"),
                usage: it.json("usage").unwrap_or_default(),
            };
            let flaws = it.flaws();
            damage::log(&flaws, || format!("turn {turn}"));
            if end.stop_reason.is_none() && end.error.is_none() {
                end.error = Some(damage::failure(&flaws));
            }
            Ok(end)
        })
        .optional()?
        .ok_or_else(|| super::StoreError::MessageNotFound(turn.to_string()))
}
