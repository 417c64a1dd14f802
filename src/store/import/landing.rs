//! Imported rows in our tables: hidden until the session is complete, a few at a time.
//!
//! Invariant 1: order is the `seq` given here, in the order in which rows come. What was written is told by the
//! `import` table, in the same transaction, so that a later import goes on behind it and never writes a row twice.

use rusqlite::{Connection, OptionalExtension, params};

use super::opencode::{SessionFacts, message::MessageFacts};
use crate::{
    store::{
        Lessee, Result,
        body::{self, Field},
        leases, live,
        parts::{self, NewPart},
        projects, rows,
        sessions::{self, TitleBy, UNTITLED},
    },
    transcript::{
        Compaction, MessageId, ModelRef, Part, PartId, PartKind, Seq, SessionId, TodoItem, Usage,
        evidence::Record,
    },
};

/// How far an import of a session has come: its newest message that was looked at. Ordered as opencode orders messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    /// When the message was made there.
    pub(super) time: i64,
    /// Its id there.
    pub(super) id: String,
}

/// How far an earlier import came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// The newest message that was looked at.
    pub(super) mark: Mark,
    /// Its size there in bytes, if it had no end there.
    pub(super) open_size: Option<u64>,
}

/// What is here of a session there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    New,
    /// All up to the mark; the session is hidden because an import was cut short.
    Begun(Reached),
    /// All up to the mark.
    Taken(Reached),
    /// It was continued here: what is new there has no place any more.
    Continued,
    /// Something else has its id, or it is being deleted.
    Occupied,
}

/// A row to be written.
#[derive(Debug)]
pub(super) enum Row {
    /// A message begins.
    Message {
        id: MessageId,
        facts: Box<MessageFacts>,
        /// What stands first in the summary of a compaction, and the id of the first message that it kept.
        compaction: Option<(Compaction, Option<MessageId>)>,
    },
    /// A part of the newest message, with its evidence.
    Part(Box<NewPart>, Option<Record>),
    /// More of a body of the newest part.
    More(PartId, Field, Vec<u8>),
    /// The newest message is whole, or there is none to be written for this one there.
    Taken(Reached),
    /// The newest message is to be written again: it was not at its end there.
    Again(MessageId),
}

/// A row that was not written, and why.
pub(super) type Refused = (String, &'static str);

/// Where rows are written.
#[derive(Debug)]
pub(super) struct Place {
    session: i64,
    /// The newest message; `None` when it was refused.
    message: Option<(Seq, MessageId)>,
    next_index: u32,
    /// Rows that were not written.
    pub(super) refused: Vec<Refused>,
    /// Messages and parts that were.
    pub(super) written: (u64, u64),
}

/// Looks at what is here of a session.
pub(super) fn standing(connection: &Connection, id: &SessionId) -> Result<Standing> {
    let found = connection
        .prepare_cached(
            "SELECT deleted_at IS NOT NULL, last_time, last_id, open_size, complete,
                    session.last_seq > import.last_seq AND session.last_seq IS NOT import.writing
                    OR EXISTS (SELECT 1 FROM prompt WHERE prompt.session = session.key)
             FROM session LEFT JOIN import ON import.session = session.key WHERE id = ?1",
        )?
        .query_row([id.as_str()], |row| {
            let hidden = row.get::<_, bool>(0)?;
            let Some(time) = row.get::<_, Option<i64>>(1)? else { return Ok(Standing::Occupied) };
            let open_size = row.get::<_, Option<i64>>(3)?.and_then(|size| u64::try_from(size).ok());
            let reached = Reached { mark: Mark { time, id: row.get(2)? }, open_size };
            let (complete, continued): (bool, bool) = (row.get(4)?, row.get(5)?);
            Ok(match (complete, hidden) {
                (false, _) => Standing::Begun(reached),
                (true, true) => Standing::Occupied,
                (true, false) if continued => Standing::Continued,
                (true, false) => Standing::Taken(reached),
            })
        })
        .optional()?;
    Ok(found.unwrap_or(Standing::New))
}

/// Takes the lease of the session, making it when it is new, and removes what is not whole of its newest message.
/// `None` when it has been continued here since it was looked at.
pub(super) fn begin(
    tx: &Connection,
    facts: &SessionFacts,
    source: &str,
    lessee: &Lessee,
) -> Result<Option<Place>> {
    let id = SessionId::from(facts.id.as_str());
    if matches!(standing(tx, &id)?, Standing::Continued | Standing::Occupied) {
        return Ok(None);
    }
    let key =
        tx.query_row("SELECT key FROM session WHERE id = ?1", [id.as_str()], |row| row.get(0)).optional()?;
    let key = match key {
        Some(key) => key,
        None => insert_session(tx, lessee, facts, source)?,
    };
    leases::take(tx, key, lessee)?;
    remove_torn(tx, key)?;
    Ok(Some(Place { session: key, message: None, next_index: 0, refused: Vec::new(), written: (0, 0) }))
}

fn insert_session(tx: &Connection, by: &Lessee, facts: &SessionFacts, source: &str) -> Result<i64> {
    let root = facts.root();
    let name = std::path::Path::new(root).file_name().map_or(root.into(), |name| name.to_string_lossy());
    let project = projects::find_or_make(tx, by, root, &name)?;
    tx.execute(
        "INSERT INTO session (id, project, parent, title, cwd, agent, model_provider, model_id, created_at, updated_at,
                              deleted_at, activity)
         VALUES (?1, ?2, ?3, '', ?4, '', '', '', ?5, ?5, 0, 0)",
        params![facts.id, project.as_str(), facts.parent, facts.cwd(), facts.created_at.0],
    )?;
    let key = tx.last_insert_rowid();
    tx.execute("INSERT INTO import (session, source) VALUES (?1, ?2)", params![key, source])?;
    Ok(key)
}

/// Removes the message that was being written when an import was cut short.
fn remove_torn(tx: &Connection, key: i64) -> Result<()> {
    let torn = tx
        .query_row(
            "SELECT writing FROM import JOIN session ON session.key = import.session
             WHERE session = ?1 AND writing = session.last_seq",
            [key],
            |row| row.get::<_, i64>(0),
        )
        .optional()?;
    let Some(torn) = torn else { return Ok(()) };
    tx.execute("UPDATE import SET writing = NULL WHERE session = ?1", [key])?;
    remove_newest(tx, key, torn)
}

fn remove_newest(tx: &Connection, key: i64, seq: i64) -> Result<()> {
    tx.execute(
        "UPDATE session SET last_seq = last_seq - 1, messages = messages - 1,
                parts = parts - (SELECT count(*) FROM part WHERE session = ?1 AND seq = ?2),
                bytes = bytes - (SELECT coalesce(sum(length(data)), 0) FROM body JOIN part ON part.key = body.part
                                 WHERE part.session = ?1 AND part.seq = ?2)
         WHERE key = ?1",
        params![key, seq],
    )?;
    tx.execute("DELETE FROM part WHERE session = ?1 AND seq = ?2", params![key, seq])?;
    tx.execute("DELETE FROM message WHERE session = ?1 AND seq = ?2", params![key, seq])?;
    Ok(())
}

/// Writes rows in their order.
pub(super) fn write(tx: &Connection, mut place: Place, rows: Vec<Row>) -> Result<Place> {
    for row in rows {
        match row {
            Row::Message { id, facts, compaction } => {
                place.message = None;
                place.next_index = 0;
                if is_taken(tx, "message", id.as_str())? {
                    place.refused.push((format!("message {id}"), "another message here has this id"));
                    continue;
                }
                place.insert_message(tx, id, &facts)?;
                if let Some((compaction, tail)) = compaction {
                    place.insert_boundary(tx, compaction, tail.as_ref())?;
                }
            }
            Row::Part(part, evidence) => place.insert_part(tx, *part, evidence.as_ref())?,
            Row::More(part, field, data) => place.append(tx, &part, field, &data)?,
            Row::Taken(reached) => place.taken(tx, &reached)?,
            Row::Again(id) => place.remove(tx, &id)?,
        }
    }
    leases::beat(tx, place.session)?;
    Ok(place)
}

impl Place {
    fn insert_message(&mut self, tx: &Connection, id: MessageId, facts: &MessageFacts) -> Result<()> {
        let seq = Seq(tx
            .prepare_cached(
                "UPDATE session SET last_seq = last_seq + 1, messages = messages + 1 WHERE key = ?1 RETURNING last_seq",
            )?
            .query_row([self.session], |row| row.get(0))?);
        tx.prepare_cached("UPDATE import SET writing = ?2 WHERE session = ?1")?
            .execute(params![self.session, seq.0])?;
        tx.prepare_cached(
            "INSERT INTO message (session, seq, id, role, parent, created_at, completed_at, agent, model_provider,
                                  model_id, summary, finish, error, usage)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            self.session,
            seq.0,
            id.as_str(),
            rows::word(&facts.role)?,
            facts.parent.as_ref().map(MessageId::as_str),
            facts.created_at.0,
            facts.completed_at.0,
            facts.agent,
            facts.model.as_ref().map(|model| &model.provider),
            facts.model.as_ref().map(|model| &model.id),
            facts.summary,
            facts.finish.as_ref().map(rows::word).transpose()?,
            facts.error.as_ref().map(rows::json).transpose()?,
            facts.usage.as_ref().map(rows::json).transpose()?
        ])?;
        self.message = Some((seq, id));
        self.written.0 += 1;
        Ok(())
    }

    /// Writes what says where the live history begins. Its id is made from the message's: the same on every import.
    fn insert_boundary(
        &mut self,
        tx: &Connection,
        mut compaction: Compaction,
        tail: Option<&MessageId>,
    ) -> Result<()> {
        let Some((_, message)) = &self.message else { return Ok(()) };
        let message_id = message.clone();
        compaction.tail = match tail {
            Some(tail) => tx
                .prepare_cached("SELECT seq FROM message WHERE session = ?1 AND id = ?2")?
                .query_row(params![self.session, tail.as_str()], |row| row.get(0).map(Seq))
                .optional()?,
            None => None,
        };
        let id = PartId::from(format!("{}{message_id}", PartId::PREFIX));
        let part = Part { id, message_id, index: 0, kind: PartKind::Compaction(compaction) };
        self.insert_part(tx, part.into(), None)
    }

    fn insert_part(&mut self, tx: &Connection, mut new: NewPart, evidence: Option<&Record>) -> Result<()> {
        let Some((seq, _)) = self.message else { return Ok(()) };
        if is_taken(tx, "part", new.part.id.as_str())? {
            self.refused.push((format!("part {}", new.part.id), "another part here has this id"));
            return Ok(());
        }
        new.part.index = self.next_index;
        parts::insert(tx, self.session, seq, &new)?;
        if let Some(evidence) = evidence {
            tx.prepare_cached("UPDATE part SET evidence = ?2 WHERE id = ?1")?
                .execute(params![new.part.id.as_str(), rows::json(evidence)?])?;
        }
        self.next_index += 1;
        self.written.1 += 1;
        Ok(())
    }

    /// Appends to a body of a part of the newest message; of a part that was refused there is none.
    fn append(&self, tx: &Connection, part: &PartId, field: Field, data: &[u8]) -> Result<()> {
        let Some((seq, _)) = self.message else { return Ok(()) };
        let key = tx
            .prepare_cached("SELECT key FROM part WHERE id = ?1 AND session = ?2 AND seq = ?3")?
            .query_row(params![part.as_str(), self.session, seq.0], |row| row.get(0))
            .optional()?;
        let Some(key) = key else { return Ok(()) };
        body::append(tx, key, field, data)?;
        parts::count(tx, self.session, 0, data.len() as u64)
    }

    /// Removes a message, if it is the newest.
    fn remove(&self, tx: &Connection, id: &MessageId) -> Result<()> {
        let newest = tx
            .query_row(
                "SELECT seq FROM message JOIN session ON session.key = session AND last_seq = seq
                 WHERE session = ?1 AND message.id = ?2",
                params![self.session, id.as_str()],
                |row| row.get(0),
            )
            .optional()?;
        newest.map_or(Ok(()), |seq| remove_newest(tx, self.session, seq))
    }

    fn taken(&mut self, tx: &Connection, Reached { mark, open_size }: &Reached) -> Result<()> {
        tx.prepare_cached(
            "UPDATE import SET last_time = ?2, last_id = ?3, open_size = ?4, writing = NULL,
                    last_seq = (SELECT last_seq FROM session WHERE key = ?1)
             WHERE session = ?1",
        )?
        .execute(params![self.session, mark.time, mark.id, open_size.map(rows::signed)])?;
        self.message = None;
        Ok(())
    }
}

fn is_taken(connection: &Connection, table: &str, id: &str) -> Result<bool> {
    Ok(connection.prepare_cached(&format!("SELECT 1 FROM {table} WHERE id = ?1"))?.exists([id])?)
}

/// Writes what belongs to the whole session, shows it, and gives the lease back.
pub(super) fn finish(
    tx: &Connection,
    place: &Place,
    facts: &SessionFacts,
    todos: Option<&[TodoItem]>,
) -> Result<()> {
    let key = place.session;
    let usage = match facts.usage {
        Some(usage) => usage,
        None => sum(tx, key)?,
    };
    let model = match &facts.model {
        Some(model) => Some(model.clone()),
        None => newest_model(tx, key)?,
    };
    let model = model.unwrap_or(ModelRef { provider: "opencode".to_owned(), id: "unknown".to_owned() });
    sessions::touch(tx, key)?;
    tx.execute(
        "UPDATE session SET title = CASE WHEN titled < ?3 THEN ?2 ELSE title END,
                titled = max(titled, ?4), agent = ?5, model_provider = ?6, model_id = ?7, usage = ?8,
                updated_at = ?9, archived_at = coalesce(archived_at, ?10), deleted_at = NULL
         WHERE key = ?1",
        params![
            key,
            if facts.title.trim().is_empty() { UNTITLED } else { &facts.title },
            TitleBy::Person as i64,
            if facts.is_titled() { TitleBy::Model as i64 } else { 0 },
            facts.agent.as_deref().unwrap_or("build"),
            model.provider,
            model.id,
            rows::json(&usage)?,
            facts.updated_at.0,
            facts.archived_at.map(|at| at.0)
        ],
    )?;
    tx.execute("UPDATE import SET complete = 1 WHERE session = ?1", [key])?;
    // Another program's requests had other instructions and tools: their counts are not ours.
    live::mark(tx, key, "import", None)?;
    if let Some(todos) = todos {
        write_todos(tx, key, todos)?;
    }
    leases::release(tx, key)
}

fn write_todos(tx: &Connection, key: i64, todos: &[TodoItem]) -> Result<()> {
    tx.execute("DELETE FROM todo WHERE session = ?1", [key])?;
    for (index, item) in (0_i64..).zip(todos) {
        tx.prepare_cached("INSERT INTO todo (session, idx, text, status) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![key, index, item.text, rows::word(&item.status)?])?;
    }
    Ok(())
}

/// What the session's messages consumed.
fn sum(tx: &Connection, key: i64) -> Result<Usage> {
    let mut statement = tx.prepare("SELECT usage FROM message WHERE session = ?1 AND usage IS NOT NULL")?;
    let mut sum = Usage::default();
    for usage in statement.query_map([key], |row| Ok(rows::optional_json::<Usage>(row, "usage")))? {
        sum += usage?.unwrap_or_default();
    }
    Ok(sum)
}

fn newest_model(tx: &Connection, key: i64) -> Result<Option<ModelRef>> {
    let sql = "SELECT model_provider, model_id FROM message WHERE session = ?1 AND model_id IS NOT NULL
               ORDER BY seq DESC LIMIT 1";
    Ok(tx.query_row(sql, [key], |row| Ok(rows::Reading::new(row).model())).optional()?.flatten())
}
