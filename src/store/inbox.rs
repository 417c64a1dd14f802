//! The inbox: a prompt is a row here before it is anything else (invariant 7).

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Committed, Result, Store, StoreError,
    backlog::Entry,
    leases,
    messages::{self, NewMessage},
    parts::NewPart,
    rows::{self, Lossy, Reading},
    sessions,
};
use crate::transcript::{
    Body, Delivery, Message, MessageId, ModelRef, Part, PartId, PartKind, QueuedPrompt, Role, SessionId,
    Timestamp, TurnId,
};

/// A prompt to be accepted.
#[derive(Clone, Debug)]
pub struct NewPrompt {
    /// The id that its user message will have.
    pub message_id: MessageId,
    /// The client's own id for it.
    pub client_id: Option<String>,
    /// A digest of what is asked, to tell a repetition from a conflict.
    pub digest: String,
    /// When it wants to be answered.
    pub delivery: Delivery,
    /// Its text, for lists.
    pub text: String,
    /// What its message will be made of, in the form that [`Store::begin_turn`]'s caller reads again.
    pub parts: String,
    /// The agent asked.
    pub agent: String,
    /// The model asked.
    pub model: ModelRef,
}

/// What became of a prompt that was put into the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It waits.
    New,
    /// It was there before, under this message id, and still waits or runs.
    Again {
        /// The message.
        message_id: MessageId,
    },
    /// It was there before and its turn has ended.
    Answered {
        /// The message.
        message_id: MessageId,
        /// The turn that answered it.
        turn: TurnId,
    },
}

impl Store {
    /// Accepts a prompt. Fails when another living process runs the session.
    pub async fn enqueue(&self, session: &SessionId, prompt: NewPrompt) -> Result<Committed<Enqueued>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            leases::check(tx, key, &lessee)?;
            enqueue(tx, key, &prompt)
        })
        .await
    }

    /// The prompts that wait, in the order in which they will be answered.
    pub async fn waiting_prompts(&self, session: &SessionId) -> Result<Vec<QueuedPrompt>> {
        let session = session.clone();
        self.read(move |tx| waiting(tx, sessions::key(tx, &session)?)).await
    }

    /// What has become of prompts of a session that others may have answered; those of other sessions are left out.
    pub async fn prompt_fates(
        &self,
        session: &SessionId,
        prompts: Vec<MessageId>,
    ) -> Result<Vec<(MessageId, PromptFate)>> {
        let session = session.clone();
        self.read(move |tx| {
            let key = sessions::key(tx, &session)?;
            let fates = prompts.into_iter().map(|prompt| Ok((fate(tx, key, &prompt)?, prompt)));
            let fates = fates.collect::<Result<Vec<_>>>()?;
            Ok(fates.into_iter().filter_map(|(fate, prompt)| Some((prompt, fate?))).collect())
        })
        .await
    }

    /// Takes a prompt out of the inbox before it is answered. False when it does not wait (any more). When the disk
    /// does not take it, it happens as soon as it does.
    pub async fn withdraw_prompt(&self, session: &SessionId, message: &MessageId) -> Result<Committed<bool>> {
        let message = message.clone();
        self.write_or_keep(session, Entry::Withdrawal(message.clone()), move |tx, _, key| {
            withdraw(tx, key, &message)
        })
        .await
    }

    /// Turns the waiting prompts that want to steer into messages of the turn.
    pub async fn take_steering(
        &self,
        session: &SessionId,
        turn: &TurnId,
        make: impl Fn(&str, &MessageId) -> Option<Vec<NewPart>> + Send + 'static,
    ) -> Result<Committed<Vec<Message>>> {
        let (session, turn, lessee) = (session.clone(), turn.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            leases::fence(tx, key, &lessee)?;
            let waiting = tx
                .prepare_cached(
                    "SELECT * FROM prompt WHERE session = ?1 AND state = 'waiting' AND delivery = 'steer' ORDER BY key",
                )?
                .query_map([key], |row| Ok(Waiting::from_row(row)))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            waiting.into_iter().map(|prompt| take(tx, key, &session, &turn, prompt, &make)).collect()
        })
        .await
    }
}

/// What has become of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptFate {
    /// It waits, or its turn runs.
    Open,
    /// It was taken out before it was answered.
    Withdrawn,
    /// The turn that took it is over.
    Answered(TurnId),
}

fn fate(connection: &Connection, key: i64, prompt: &MessageId) -> Result<Option<PromptFate>> {
    let mut select = connection.prepare_cached(
        "SELECT state, turn, turn.ended_at IS NOT NULL FROM prompt LEFT JOIN turn ON turn.id = prompt.turn
         WHERE prompt.session = ?1 AND prompt.message = ?2",
    )?;
    let found = select.query_row(params![key, prompt.as_str()], |row| {
        let Lossy(state) = row.get(0)?;
        let turn = row.get::<_, Option<Lossy>>(1)?.map(|Lossy(turn)| turn);
        Ok(match turn {
            Some(turn) if row.get::<_, bool>(2)? => PromptFate::Answered(TurnId::from(turn)),
            None if state == "withdrawn" => PromptFate::Withdrawn,
            _ => PromptFate::Open,
        })
    });
    Ok(found.optional()?)
}

/// The prompts that wait, in the order in which they will be answered.
pub(super) fn waiting(connection: &Connection, key: i64) -> Result<Vec<QueuedPrompt>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT message, text, delivery, created_at FROM prompt WHERE session = ?1 AND {WAITING_IN_ORDER}"
    ))?;
    let prompts = statement.query_map([key], |row| {
        let mut it = Reading::new(row);
        let prompt = QueuedPrompt {
            message_id: MessageId::from(it.text("message")),
            text: it.text("text"),
            delivery: it.needed_word("delivery").unwrap_or(Delivery::Queue),
            created_at: it.time("created_at"),
        };
        it.log(|| format!("waiting prompt {}", prompt.message_id));
        Ok(prompt)
    })?;
    Ok(prompts.collect::<rusqlite::Result<_>>()?)
}

/// Interrupting prompts first, then in order of arrival.
const WAITING_IN_ORDER: &str = "state = 'waiting' ORDER BY delivery = 'interrupt' DESC, key";

/// Takes a prompt out of the inbox. False when it does not wait (any more).
pub(super) fn withdraw(tx: &Connection, key: i64, message: &MessageId) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "UPDATE prompt SET state = 'withdrawn', parts = NULL
             WHERE session = ?1 AND message = ?2 AND state = 'waiting'",
        )?
        .execute(params![key, message.as_str()])?;
    Ok(changed > 0)
}

fn enqueue(tx: &Connection, key: i64, prompt: &NewPrompt) -> Result<Enqueued> {
    if let Some(client_id) = &prompt.client_id {
        let before = tx
            .prepare_cached(
                "SELECT prompt.message, digest, state, turn, turn.ended_at IS NOT NULL
                 FROM prompt LEFT JOIN turn ON turn.id = prompt.turn
                 WHERE prompt.session = ?1 AND client_id = ?2",
            )?
            .query_row(params![key, client_id], |row| {
                let (Lossy(message), Lossy(digest), Lossy(state)) = (row.get(0)?, row.get(1)?, row.get(2)?);
                let turn = row.get::<_, Option<Lossy>>(3)?.map(|Lossy(turn)| turn);
                Ok((MessageId::from(message), digest, state, turn, row.get::<_, bool>(4)?))
            })
            .optional()?;
        if let Some((message_id, digest, state, turn, ended)) = before {
            match turn {
                _ if digest != prompt.digest => return Err(StoreError::ClientIdConflict(client_id.clone())),
                Some(turn) if ended => {
                    return Ok(Enqueued::Answered { message_id, turn: TurnId::from(turn) });
                }
                // Withdrawn and sent again: it takes a new place at the end.
                None if state == "withdrawn" => {
                    tx.execute("DELETE FROM prompt WHERE message = ?1", [message_id.as_str()])?;
                }
                _ => return Ok(Enqueued::Again { message_id }),
            }
        }
    }
    tx.prepare_cached(
        // The key is given here: behind a damaged row with the largest key SQLite would have none left.
        "INSERT INTO prompt (key, session, message, client_id, digest, delivery, text, parts, agent, model_provider,
                             model_id, created_at, state)
         VALUES (1 + max(coalesce((SELECT max(key) FROM prompt WHERE key BETWEEN 0 AND ?12), 0),
                         coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'prompt' AND seq <= ?12), 0)),
                 ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'waiting')",
    )?
    .execute(params![
        key,
        prompt.message_id.as_str(),
        prompt.client_id,
        prompt.digest,
        rows::word(&prompt.delivery)?,
        prompt.text,
        prompt.parts,
        prompt.agent,
        prompt.model.provider,
        prompt.model.id,
        Timestamp::now().0,
        rows::MOST
    ])?;
    Ok(Enqueued::New)
}

/// A waiting prompt as its row has it.
pub(super) struct Waiting {
    key: i64,
    message_id: MessageId,
    text: String,
    parts: String,
    agent: String,
    model: ModelRef,
}

impl Waiting {
    fn from_row(row: &Row<'_>) -> Self {
        let mut it = Reading::new(row);
        let prompt = Self {
            key: it.integer("key"),
            message_id: MessageId::from(it.text("message")),
            text: it.text("text"),
            parts: it.whole_text("parts").unwrap_or_default(),
            agent: it.whole_text("agent").unwrap_or_default(),
            model: it.needed_model(),
        };
        it.log(|| format!("waiting prompt {}", prompt.message_id));
        prompt
    }
}

/// The prompt that is answered next.
pub(super) fn next(tx: &Connection, key: i64) -> Result<Option<Waiting>> {
    Ok(tx
        .prepare_cached(&format!("SELECT * FROM prompt WHERE session = ?1 AND {WAITING_IN_ORDER} LIMIT 1"))?
        .query_row([key], |row| Ok(Waiting::from_row(row)))
        .optional()?)
}

/// What is left of a prompt whose parts cannot be read: its text, as lists show it.
fn text_alone(message: &MessageId, text: String) -> Part {
    let text = if text.is_empty() {
        "[agentls: this prompt cannot be read from the database]".to_owned()
    } else {
        text
    };
    Part {
        id: PartId::random(),
        message_id: message.clone(),
        index: 0,
        kind: PartKind::Text(Body::whole(text)),
    }
}

/// Turns a waiting prompt into a user message of the turn.
pub(super) fn take(
    tx: &Connection,
    key: i64,
    session: &SessionId,
    turn: &TurnId,
    prompt: Waiting,
    make: impl Fn(&str, &MessageId) -> Option<Vec<NewPart>>,
) -> Result<Message> {
    tx.prepare_cached("UPDATE prompt SET state = 'taken', parts = NULL, turn = ?2 WHERE key = ?1")?
        .execute(params![prompt.key, turn.as_str()])?;
    let parts = make(&prompt.parts, &prompt.message_id)
        .unwrap_or_else(|| vec![text_alone(&prompt.message_id, prompt.text).into()]);
    let message = NewMessage {
        id: prompt.message_id,
        role: Role::User,
        parent_id: None,
        turn: turn.clone(),
        agent: prompt.agent,
        model: prompt.model,
        complete: true,
        parts,
    };
    messages::insert(tx, key, session, message)
}
