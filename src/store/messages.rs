//! Messages: pages for clients, ranges for the window.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Committed, Result, Store, StoreError,
    body::Field,
    parts::{self, Loading, NewPart},
    rows, sessions,
};
use crate::transcript::{Message, MessageId, ModelRef, PartId, Role, Seq, SessionId, Timestamp, TurnId};

/// A message to be written at the end of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// Who speaks.
    pub role: Role,
    /// The user message that it answers.
    pub parent_id: Option<MessageId>,
    /// The turn that it belongs to.
    pub turn: TurnId,
    /// The agent asked or answering.
    pub agent: String,
    /// The model asked or answering.
    pub model: ModelRef,
    /// Whether it is complete as it stands (a user message is).
    pub complete: bool,
    /// Its first parts.
    pub parts: Vec<NewPart>,
}

/// Which messages of a session to read.
#[derive(Clone, Debug)]
pub struct PageQuery {
    /// The session.
    pub session: SessionId,
    /// Only those older than this message.
    pub before: Option<MessageId>,
    /// Only those newer than this message.
    pub after: Option<MessageId>,
    /// How many at most.
    pub limit: u32,
    /// How much of their bodies.
    pub loading: Loading,
}

/// A page of messages.
#[derive(Clone, Debug)]
pub struct MessagesPage {
    /// Ascending.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub has_before: bool,
    /// Whether there are newer ones.
    pub has_after: bool,
}

impl Store {
    /// A page of messages; the newest when the query names no place.
    pub async fn messages(&self, query: PageQuery) -> Result<MessagesPage> {
        self.read(move |tx| page(tx, &query)).await
    }

    /// At most `limit` messages from `first` on, whole, for building a request.
    pub async fn messages_from(&self, session: &SessionId, first: Seq, limit: u32) -> Result<Vec<Message>> {
        let session = session.clone();
        self.read(move |tx| {
            let key = sessions::key(tx, &session)?;
            ascending(tx, key, &session, first, limit, Loading::Full)
        })
        .await
    }

    /// Writes a message at the end of its session.
    pub async fn add_message(&self, session: &SessionId, new: NewMessage) -> Result<Committed<Message>> {
        let session = session.clone();
        self.write(move |tx| insert(tx, sessions::key(tx, &session)?, &session, new)).await
    }

    /// A further body of a part, whole: a file's content, a seal, an attachment.
    pub async fn part_data(&self, id: &PartId, field: Field) -> Result<Vec<u8>> {
        let id = id.clone();
        self.read(move |tx| parts::data(tx, &id, field)).await
    }
}

/// Gives the message its seq and writes it with its parts.
pub(super) fn insert(tx: &Connection, key: i64, session: &SessionId, new: NewMessage) -> Result<Message> {
    let seq = Seq(tx
        .prepare_cached(
            "UPDATE session SET last_seq = last_seq + 1, messages = messages + 1 WHERE key = ?1 RETURNING last_seq",
        )?
        .query_row([key], |row| row.get(0))?);
    let now = Timestamp::now();
    let completed_at = new.complete.then_some(now);
    tx.prepare_cached(
        "INSERT INTO message (session, seq, id, role, parent, turn, created_at, completed_at, agent, model_provider,
                              model_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        key,
        seq.0,
        new.id.as_str(),
        rows::word(&new.role)?,
        new.parent_id.as_ref().map(MessageId::as_str),
        new.turn.as_str(),
        now.0,
        completed_at.map(|at| at.0),
        new.agent,
        new.model.provider,
        new.model.id
    ])?;
    for part in &new.parts {
        parts::insert(tx, key, seq, part)?;
    }
    sessions::touch(tx, key)?;
    Ok(Message {
        id: new.id,
        session_id: session.clone(),
        seq,
        role: new.role,
        parent_id: new.parent_id,
        created_at: now,
        completed_at,
        agent: Some(new.agent),
        model: Some(new.model),
        summary: false,
        finish: None,
        error: None,
        usage: None,
        parts: new.parts.into_iter().map(|new| new.part).collect(),
    })
}

/// The key of a message's session and its place there.
pub(super) fn locate(connection: &Connection, id: &MessageId) -> Result<(i64, Seq)> {
    connection
        .prepare_cached("SELECT session, seq FROM message WHERE id = ?1")?
        .query_row([id.as_str()], |row| Ok((row.get(0)?, Seq(row.get(1)?))))
        .optional()?
        .ok_or_else(|| StoreError::MessageNotFound(id.to_string()))
}

fn cursor(connection: &Connection, key: i64, id: Option<&MessageId>) -> Result<Option<Seq>> {
    let Some(id) = id else { return Ok(None) };
    match locate(connection, id) {
        Ok((session, seq)) if session == key => Ok(Some(seq)),
        Ok(_) | Err(StoreError::MessageNotFound(_)) => Err(StoreError::StaleCursor(id.to_string())),
        Err(error) => Err(error),
    }
}

pub(super) fn page(connection: &Connection, query: &PageQuery) -> Result<MessagesPage> {
    let key = sessions::key(connection, &query.session)?;
    let before = cursor(connection, key, query.before.as_ref())?;
    let after = cursor(connection, key, query.after.as_ref())?;
    let last = last_seq(connection, key)?;
    let limit = i64::from(query.limit);
    // seq has no gaps, so a page is a range. With both cursors the page grows from `after`.
    let (first, end) = match (after, before) {
        (Some(after), before) => {
            let end = before.map_or(last, |seq| seq.0 - 1);
            (after.0 + 1, end.min(after.0 + limit))
        }
        (None, Some(before)) => ((before.0 - limit).max(1), before.0 - 1),
        (None, None) => ((last - limit + 1).max(1), last),
    };
    let messages = if first > end {
        Vec::new()
    } else {
        let count = u32::try_from(end - first + 1).unwrap_or(query.limit);
        ascending(connection, key, &query.session, Seq(first), count, query.loading)?
    };
    let (first, end) = match (messages.first(), messages.last()) {
        (Some(oldest), Some(newest)) => (oldest.seq.0, newest.seq.0),
        _ => (first, first - 1),
    };
    Ok(MessagesPage { messages, has_before: first > 1 && last > 0, has_after: end < last })
}

fn last_seq(connection: &Connection, key: i64) -> Result<i64> {
    Ok(connection
        .prepare_cached("SELECT last_seq FROM session WHERE key = ?1")?
        .query_row([key], |row| row.get(0))?)
}

pub(super) fn ascending(
    connection: &Connection,
    key: i64,
    session: &SessionId,
    first: Seq,
    limit: u32,
    loading: Loading,
) -> Result<Vec<Message>> {
    let mut messages = connection
        .prepare_cached("SELECT * FROM message WHERE session = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3")?
        .query_map(params![key, first.0, limit], |row| from_row(row, session))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let (Some(oldest), Some(newest)) = (messages.first(), messages.last()) else { return Ok(messages) };
    let range = (oldest.seq, newest.seq);
    let ids: HashMap<Seq, MessageId> =
        messages.iter().map(|message| (message.seq, message.id.clone())).collect();
    let mut parts = parts::of_messages(connection, key, range, loading, |seq| ids.get(&seq).cloned())?
        .into_iter()
        .peekable();
    for message in &mut messages {
        while let Some((_, part)) = parts.next_if(|(seq, _)| *seq == message.seq) {
            message.parts.push(part);
        }
    }
    Ok(messages)
}

fn from_row(row: &Row<'_>, session: &SessionId) -> rusqlite::Result<Message> {
    Ok(Message {
        id: MessageId::from(row.get::<_, String>("id")?),
        session_id: session.clone(),
        seq: Seq(row.get("seq")?),
        role: rows::needed_word(row, "role")?,
        parent_id: row.get::<_, Option<String>>("parent")?.map(MessageId::from),
        created_at: rows::time(row, "created_at")?,
        completed_at: rows::optional_time(row, "completed_at")?,
        agent: row.get("agent")?,
        model: rows::model(row)?,
        summary: row.get("summary")?,
        finish: rows::optional_word(row, "finish")?,
        error: rows::optional_json(row, "error")?,
        usage: rows::optional_json(row, "usage")?,
        parts: Vec::new(),
    })
}
