//! Turns: begun with a prompt and the lease, changed by a list of changes, ended exactly once (invariant 7).

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Committed, Result, Store,
    anchors::{self, Mooring},
    body::{self, Field},
    damage, inbox, leases, messages,
    parts::{self, Bodies, Loading, NewPart},
    recovery,
    rows::{self, Reading},
    sessions,
    steps::{self, Step},
};
use crate::transcript::{
    Failure, FailureKind, FinishReason, Message, MessageId, PartId, Seq, SessionId, StopReason, Timestamp,
    ToolPart, TurnId, Usage, evidence::Record,
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
        make: impl Fn(&str, &MessageId) -> Option<Vec<NewPart>> + Send + 'static,
    ) -> Result<Option<Committed<Begun>>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        let begun = self
            .write(move |tx| {
                let key = sessions::key(tx, &session)?;
                let Some(prompt) = inbox::next(tx, key)? else { return Ok(None) };
                let (turn, recovered) = open_turn(tx, key, &lessee)?;
                tx.execute("UPDATE session SET recovered = NULL WHERE key = ?1", [key])?;
                let message = inbox::take(tx, key, &session, &turn, prompt, make)?;
                Ok(Some(Begun { turn, message, recovered }))
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
            let (turn, _) = open_turn(tx, key, &lessee)?;
            Ok((turn, Seq(messages::last_seq(tx, key)?)))
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
            let closed = recovery::close_open(tx, key, &open)?.messages;
            end(tx, key, &turn, stop_reason, error.as_ref())?;
            leases::release(tx, key)?;
            sessions::touch(tx, key)?;
            let closed =
                closed.into_iter().map(|seq| messages::ascending(tx, key, &session, seq, 1, Loading::Full));
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

/// Takes the lease and begins a turn. The session was idle or its owner is dead: what that left open is ended first, and
/// told.
fn open_turn(tx: &Connection, key: i64, lessee: &leases::Lessee) -> Result<(TurnId, Option<String>)> {
    leases::take(tx, key, lessee)?;
    let died = Failure::new(FailureKind::Interrupted, recovery::DIED);
    let recovered = recovery::interrupt(tx, key, &died)?;
    let turn = TurnId::random();
    tx.execute(
        "INSERT INTO turn (id, session, started_at) VALUES (?1, ?2, ?3)",
        params![turn.as_str(), key, Timestamp::now().0],
    )?;
    Ok((turn, recovered))
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
    tx.prepare_cached(
        "UPDATE turn SET ended_at = ?3, stop_reason = ?4, error = ?5 WHERE id = ?1 AND session = ?2 AND ended_at IS NULL",
    )?
    .execute(params![
        turn.as_str(),
        key,
        Timestamp::now().0,
        stop.as_ref().map(rows::word).transpose()?,
        error.map(rows::json).transpose()?
    ])?;
    Ok(())
}

fn load_end(connection: &Connection, turn: &TurnId) -> Result<TurnEnd> {
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
