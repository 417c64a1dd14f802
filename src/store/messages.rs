//! Messages: pages for clients, ranges for the window.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Committed, Result, Store, StoreError, damage, leases,
    parts::{self, Loading, NewPart},
    rows::{self, Reading},
    sessions,
};
use crate::transcript::{Message, MessageId, ModelRef, PartKind, Role, Seq, SessionId, Timestamp, TurnId};

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
    /// What an unclean end interrupted, where the session says so.
    pub recovered: Option<String>,
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

    /// Writes a message of a running turn at the end of its session. Fails when this process does not run it any more.
    pub async fn add_message(&self, session: &SessionId, new: NewMessage) -> Result<Committed<Message>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            leases::fence(tx, key, &lessee)?;
            insert(tx, key, &session, new)
        })
        .await
    }
}

/// Gives the message its seq and writes it with its parts.
pub(super) fn insert(tx: &Connection, key: i64, session: &SessionId, new: NewMessage) -> Result<Message> {
    let seq = Seq(last_seq(tx, key)? + 1);
    tx.prepare_cached(
        "UPDATE session SET last_seq = ?2, messages = min(max(messages, 0), ?3) + 1 WHERE key = ?1",
    )?
    .execute(params![key, seq.0, rows::MOST])?;
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
    let found = connection
        .prepare_cached("SELECT session, seq FROM message WHERE id = ?1")?
        .query_row([id.as_str()], |row| Ok((row.get(0)?, Seq(row.get(1)?))))
        .optional()?;
    let stands_in = || damage::place(MessageId::PREFIX, id.as_str()).map(|[key, seq]| (key, Seq(seq)));
    found.or_else(stands_in).ok_or_else(|| StoreError::MessageNotFound(id.to_string()))
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
    let recovered = sessions::load(connection, &query.session)?.recovered;
    Ok(MessagesPage { messages, has_before: first > 1 && last > 0, has_after: end < last, recovered })
}

/// How far beyond the number of a session's messages a `seq` is still believed.
pub(in crate::store) const MOST_LOST: i64 = 1_000;

/// The newest message's place. The session's own word for it holds unless its messages say otherwise: then the newest that
/// can be believed does.
pub(super) fn last_seq(connection: &Connection, key: i64) -> Result<i64> {
    let (told, newest) = connection
        .prepare_cached(
            "SELECT last_seq, coalesce((SELECT max(seq) FROM message WHERE session = key), 0) FROM session
             WHERE key = ?1",
        )?
        .query_row([key], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    if told == newest {
        return Ok(told);
    }
    let (believed, most) = connection.query_row(
        "WITH most (seq) AS (SELECT count(*) + ?2 FROM message WHERE session = ?1)
         SELECT coalesce((SELECT max(seq) FROM message WHERE session = ?1 AND seq <= (SELECT seq FROM most)), 0), seq
         FROM most",
        [key, MOST_LOST],
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
    )?;
    damage::log(&[format!("`last_seq` is {told}, the newest message {newest}")], || format!("session {key}"));
    Ok(if told <= most { believed.max(told).max(0) } else { believed.max(0) })
}

/// At most `limit` messages from `first` on. One that is gone from the middle of the session is there as a damaged one.
pub(super) fn ascending(
    connection: &Connection,
    key: i64,
    session: &SessionId,
    first: Seq,
    limit: u32,
    loading: Loading,
) -> Result<Vec<Message>> {
    let first = Seq(first.0.max(1));
    let end = first.0.saturating_add(i64::from(limit));
    let mut found = connection
        .prepare_cached("SELECT * FROM message WHERE session = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq")?
        .query_map(params![key, first.0, end], |row| from_row(row, key, session))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    if found.len() < limit as usize {
        let end = end.min(last_seq(connection, key)?.saturating_add(1));
        found = with_the_lost(found, first.0..end, key, session);
    }
    let (Some(oldest), Some(newest)) = (found.first(), found.last()) else { return Ok(Vec::new()) };
    let range = (oldest.message.seq, newest.message.seq);
    let ids: HashMap<Seq, MessageId> =
        found.iter().map(|it| (it.message.seq, it.message.id.clone())).collect();
    let parts = parts::of_messages(connection, key, range, loading, |seq| ids.get(&seq).cloned())?;
    Ok(joined(found, parts, key))
}

/// Messages with their parts. What could not be read of either stands in the message's error.
fn joined(found: Vec<Found>, parts: Vec<parts::Found>, key: i64) -> Vec<Message> {
    let mut parts = parts.into_iter().peekable();
    let join = |found: Found| {
        let Found { mut message, mut flaws, role } = found;
        damage::log(&flaws, || format!("message {} of session {key}", message.seq.0));
        while let Some(mut found) = parts.next_if(|found| found.seq == message.seq) {
            flaws.append(&mut found.flaws);
            message.parts.push(found.part);
        }
        if !flaws.is_empty() {
            message.parts.sort_by_key(|part| part.index);
        }
        if role.is_none() {
            message.role = likely_role(&message);
        }
        if !flaws.is_empty() && message.error.is_none() {
            message.error = Some(damage::failure(&flaws));
        }
        message
    };
    found.into_iter().map(join).collect()
}

/// Who spoke, where the row does not say: the model, if anything is there that only an answer has.
fn likely_role(message: &Message) -> Role {
    let answers = message.parent_id.is_some() || message.finish.is_some() || message.usage.is_some();
    let said =
        |kind: &PartKind| !matches!(kind, PartKind::Text(_) | PartKind::Command(_) | PartKind::File(_));
    if answers || message.parts.iter().any(|part| said(&part.kind)) { Role::Assistant } else { Role::User }
}

/// A message as it was found.
struct Found {
    message: Message,
    /// What could not be read.
    flaws: Vec<String>,
    /// Who speaks, if the row says so.
    role: Option<Role>,
}

/// The messages of a range, a damaged one for each that has no row.
fn with_the_lost(
    found: Vec<Found>,
    range: std::ops::Range<i64>,
    key: i64,
    session: &SessionId,
) -> Vec<Found> {
    if i64::try_from(found.len()).is_ok_and(|found| found >= range.end - range.start) {
        return found;
    }
    let mut found = found.into_iter().peekable();
    let at = |seq| match found.next_if(|found| found.message.seq.0 == seq) {
        Some(found) => found,
        None => lost(Seq(seq), key, session),
    };
    range.map(at).collect()
}

fn lost(seq: Seq, key: i64, session: &SessionId) -> Found {
    let id = MessageId::from(damage::stand_in(MessageId::PREFIX, &[key, seq.0]));
    let message = Message {
        created_at: Timestamp(0),
        completed_at: Some(Timestamp(0)),
        ..Message::draft(id, session.clone(), seq, Role::User, Vec::new())
    };
    Found { message, flaws: vec![format!("message {} is missing", seq.0)], role: None }
}

fn from_row(row: &Row<'_>, key: i64, session: &SessionId) -> rusqlite::Result<Found> {
    let seq = Seq(row.get("seq")?);
    let mut it = Reading::new(row);
    let role = it.needed_word("role");
    let message = Message {
        id: MessageId::from(it.id("id", || damage::stand_in(MessageId::PREFIX, &[key, seq.0]))),
        session_id: session.clone(),
        seq,
        role: role.unwrap_or(Role::User),
        parent_id: it.optional_text("parent").map(MessageId::from),
        created_at: it.time("created_at"),
        completed_at: it.optional_time("completed_at"),
        agent: it.optional_text("agent"),
        model: it.model(),
        summary: it.integer("summary") != 0,
        finish: it.word("finish"),
        error: it.json("error"),
        usage: it.json("usage"),
        parts: Vec::new(),
    };
    Ok(Found { message, flaws: it.flaws(), role })
}
