//! The course of an import: what a reader hands on, session by session, becomes batches of rows.
//!
//! Blocks; runs on a thread where that is allowed. Memory holds one batch, whatever the size of the source (invariant
//! 9). A row that cannot be read is named and costs that row; a session that another process runs costs that session.

use std::collections::HashSet;

use tokio::runtime::Handle;

use super::{
    Event, Fate, ImportError, Outcome, Summary,
    landing::{self, Mark, Place, Reached, Refused, Row, Standing},
    opencode::{
        SessionFacts, Unreadable,
        message::{self, MessageFacts},
        part::{self, CompactionOrder, PartFacts},
    },
};
use crate::{
    failpoint,
    store::{Committed, Store, StoreError, notices, parts::NewPart},
    transcript::{
        Change, Compaction, MessageId, Part, PartId, PartKind, SessionId, Timestamp, TodoItem, ToolState,
        evidence::Record, json,
    },
};

/// Bytes of bodies that one transaction writes, about: a few milliseconds of work.
pub(in crate::store) const BATCH_BYTES: usize = 512 * 1024;

/// Rows that one transaction writes at most.
pub(in crate::store) const BATCH_ROWS: usize = 200;

/// An import that runs.
pub(super) struct Taking<'a> {
    store: Store,
    runtime: Handle,
    /// The other program's name.
    source: &'static str,
    heard: &'a mut dyn FnMut(Event),
    summary: Summary,
    session: Option<Current>,
}

/// The session that is being taken.
struct Current {
    facts: SessionFacts,
    /// Whether it was here before.
    known: bool,
    /// How far an earlier import came: messages up to there are not taken again.
    reached: Reached,
    /// Where rows go, once there is something to write.
    place: Option<Place>,
    batch: Vec<Row>,
    batch_bytes: usize,
    message: Option<CurrentMessage>,
    /// The newest message of an earlier import, when it had no end there then.
    revisited: Option<Revisited>,
    /// The newest order for a compaction, and the message that holds it.
    order: Option<(String, CompactionOrder)>,
    skipped: u64,
}

/// The message whose parts come.
struct CurrentMessage {
    id: MessageId,
    mark: Mark,
    /// When it ended; `None` when it is not taken: it is here already, or it cannot be read.
    ended_at: Option<Timestamp>,
    /// Whether it has no end there, and its size there.
    open: bool,
    bytes: u64,
    /// The ids of its calls: two of one answer never share one.
    calls: HashSet<String>,
}

/// A message as it came, kept until it is known whether it has changed.
struct Revisited {
    mark: Mark,
    data: Vec<u8>,
    parts: Vec<(String, Vec<u8>)>,
}

impl Revisited {
    fn bytes(&self) -> u64 {
        self.parts.iter().map(|(_, data)| data.len() as u64).sum::<u64>() + self.data.len() as u64
    }
}

impl<'a> Taking<'a> {
    pub(super) fn new(
        store: Store,
        runtime: Handle,
        source: &'static str,
        heard: &'a mut dyn FnMut(Event),
    ) -> Self {
        Self { store, runtime, source, heard, summary: Summary::default(), session: None }
    }

    /// How much there is, and how much of it is done.
    pub(super) fn progress(&mut self, done: u64, total: u64) {
        (self.heard)(Event::Progress { done, total });
    }

    /// A session begins. The mark behind which its messages are wanted, the marked one included; `None` when none are.
    pub(super) fn begin(&mut self, facts: SessionFacts) -> Result<Option<Mark>, ImportError> {
        let id = SessionId::from(facts.id.as_str());
        let read = self.store.read(move |connection| landing::standing(connection, &id));
        let standing = self.runtime.block_on(read)?;
        let (known, reached) = match standing {
            Standing::New => (false, Reached::default()),
            Standing::Begun(reached) => (false, reached),
            Standing::Taken(reached) => (true, reached),
            Standing::Continued => {
                self.outcome(&facts, Fate::Continued, (0, 0), 0);
                return Ok(None);
            }
            Standing::Occupied => {
                self.outcome(&facts, Fate::Occupied, (0, 0), 0);
                return Ok(None);
            }
        };
        let from = reached.mark.clone();
        self.session = Some(Current {
            facts,
            known,
            reached,
            place: None,
            batch: Vec::new(),
            batch_bytes: 0,
            message: None,
            revisited: None,
            order: None,
            skipped: 0,
        });
        Ok(Some(from))
    }

    /// A message begins; its parts follow.
    pub(super) fn message(&mut self, mark: Mark, data: &[u8]) -> Result<(), ImportError> {
        self.end_message()?;
        let Some(session) = &mut self.session else { return Ok(()) };
        if mark == session.reached.mark && session.reached.open_size.is_some() {
            session.revisited = Some(Revisited { mark, data: data.to_vec(), parts: Vec::new() });
            return Ok(());
        }
        let id = MessageId::from(mark.id.as_str());
        let old = mark <= session.reached.mark;
        let bytes = data.len() as u64;
        let mut current = CurrentMessage {
            id: id.clone(),
            mark,
            ended_at: None,
            open: false,
            bytes,
            calls: HashSet::new(),
        };
        if old {
            session.message = Some(current);
            return Ok(());
        }
        match message::read(&json::repaired(data), Timestamp(current.mark.time)) {
            Ok(facts) => {
                (current.ended_at, current.open) = (Some(facts.completed_at), facts.open);
                let compaction = if facts.summary { Some(session.boundary(&facts)) } else { None };
                session.message = Some(current);
                self.push(Row::Message { id, facts: Box::new(facts), compaction }, 0)
            }
            Err(why) => {
                session.message = Some(current);
                self.skip(format!("message {id}"), why.to_string());
                Ok(())
            }
        }
    }

    /// A part of the newest message.
    pub(super) fn part(&mut self, id: &str, data: &[u8]) -> Result<(), ImportError> {
        let Some(session) = &mut self.session else { return Ok(()) };
        if let Some(revisited) = &mut session.revisited {
            revisited.parts.push((id.to_owned(), data.to_vec()));
            return Ok(());
        }
        let Some(message) = &mut session.message else { return Ok(()) };
        message.bytes += data.len() as u64;
        let data = json::repaired(data);
        if let Some(order) = part::compaction(&data) {
            session.order = Some((message.id.to_string(), order));
        }
        let Some(ended_at) = message.ended_at else { return Ok(()) };
        match part::read(&data, ended_at) {
            Ok(None) => Ok(()),
            Ok(Some(facts)) => {
                let rows = message.rows(&PartId::from(id), facts);
                rows.into_iter().try_for_each(|(row, bytes)| self.push(row, bytes))
            }
            Err(Unreadable(why)) => {
                self.skip(format!("part {id}"), why);
                Ok(())
            }
        }
    }

    /// Names something that could not be read.
    pub(super) fn skip(&mut self, row: String, why: String) {
        let session = self.session.as_mut().map(|session| {
            session.skipped += 1;
            SessionId::from(session.facts.id.as_str())
        });
        self.summary.skipped += 1;
        (self.heard)(Event::Skipped { session, row, why });
    }

    /// The session ends here; it is shown from now on. `todos` is `None` where the source says nothing of them.
    pub(super) fn end(&mut self, todos: Option<Vec<TodoItem>>) -> Result<(), ImportError> {
        self.end_message()?;
        let Some(session) = &self.session else { return Ok(()) };
        let unchanged = session.place.is_none() && session.batch.is_empty();
        if unchanged && session.known {
            let Some(session) = self.session.take() else { return Ok(()) };
            self.outcome(&session.facts, Fate::Unchanged, (0, 0), session.skipped);
            return Ok(());
        }
        self.flush()?;
        let Some(Current { facts, known, place: Some(place), skipped, .. }) = self.session.take() else {
            return Ok(());
        };
        let (fate, written) = (if known { Fate::Grown } else { Fate::Imported }, place.written);
        let shown = facts.clone();
        let lessee = self.store.lessee().clone();
        let finish = self.store.write(move |tx| {
            landing::finish(tx, &place, &facts, todos.as_deref())?;
            let change = if known { Change::Updated } else { Change::Created };
            notices::add(tx, &lessee, &SessionId::from(facts.id.as_str()), change)
        });
        self.runtime.block_on(finish)?;
        failpoint::pass("import.finished");
        self.outcome(&shown, fate, written, skipped);
        Ok(())
    }

    /// What was done in all.
    pub(super) fn summary(self) -> Summary {
        self.summary
    }

    fn end_message(&mut self) -> Result<(), ImportError> {
        let Some(session) = &mut self.session else { return Ok(()) };
        if let Some(revisited) = session.revisited.take() {
            return self.take_again(revisited);
        }
        let Some(CurrentMessage { mark, open, bytes, .. }) = session.message.take() else { return Ok(()) };
        if mark <= session.reached.mark {
            return Ok(());
        }
        self.push(Row::Taken(Reached { mark, open_size: open.then_some(bytes) }), 0)
    }

    /// Takes a message once more that had no end there at the last import, if it has changed since.
    fn take_again(&mut self, revisited: Revisited) -> Result<(), ImportError> {
        let Some(session) = &mut self.session else { return Ok(()) };
        if session.reached.open_size == Some(revisited.bytes()) {
            return Ok(());
        }
        session.reached = Reached::default();
        self.push(Row::Again(MessageId::from(revisited.mark.id.as_str())), 0)?;
        self.message(revisited.mark, &revisited.data)?;
        revisited.parts.iter().try_for_each(|(id, data)| self.part(id, data))?;
        self.end_message()
    }

    fn push(&mut self, row: Row, bytes: usize) -> Result<(), ImportError> {
        let Some(session) = &mut self.session else { return Ok(()) };
        session.batch.push(row);
        session.batch_bytes += bytes;
        if session.batch_bytes >= BATCH_BYTES || session.batch.len() >= BATCH_ROWS {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Writes what waits in one transaction. The first one takes the lease.
    fn flush(&mut self) -> Result<(), ImportError> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let rows = std::mem::take(&mut session.batch);
        session.batch_bytes = 0;
        let (place, facts) = (session.place.take(), session.facts.clone());
        let (source, lessee) = (self.source, self.store.lessee().clone());
        let written = self.store.write(move |tx| {
            let place = match place {
                Some(place) => Some(place),
                None => landing::begin(tx, &facts, source, &lessee)?,
            };
            place.map(|place| landing::write(tx, place, rows)).transpose()
        });
        let written = self.runtime.block_on(written).map(Committed::into_inner);
        failpoint::pass("import.batch");
        match written {
            Ok(Some(mut place)) => {
                let refused: Vec<Refused> = std::mem::take(&mut place.refused);
                session.place = Some(place);
                for (row, why) in refused {
                    self.skip(row, why.to_owned());
                }
            }
            Ok(None) => self.leave(Fate::Continued),
            Err(StoreError::Leased(owner)) => self.leave(Fate::Busy(owner)),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Leaves the session alone; what else is handed on of it is not heard.
    fn leave(&mut self, fate: Fate) {
        if let Some(session) = self.session.take() {
            self.outcome(&session.facts, fate, (0, 0), session.skipped);
        }
    }

    fn outcome(&mut self, facts: &SessionFacts, fate: Fate, (messages, parts): (u64, u64), skipped: u64) {
        self.summary.count(&fate);
        self.summary.messages += messages;
        self.summary.parts += parts;
        let session = SessionId::from(facts.id.as_str());
        (self.heard)(Event::Session(Outcome {
            session,
            title: facts.title.clone(),
            fate,
            messages,
            parts,
            skipped,
        }));
    }
}

impl Current {
    /// What stands first in a summary: opencode says it in the user message that the summary answers.
    fn boundary(&self, summary: &MessageFacts) -> (Compaction, Option<MessageId>) {
        let parent = summary.parent.as_ref().map(MessageId::as_str);
        let order = self.order.as_ref().filter(|(message, _)| Some(message.as_str()) == parent);
        let order = order.map(|(_, order)| order.clone()).unwrap_or_default();
        (Compaction { auto: order.auto, ..Compaction::default() }, order.tail.map(MessageId::from))
    }
}

impl CurrentMessage {
    /// The rows that a part becomes, with their sizes. Large bodies come in pieces, so that no transaction is long.
    fn rows(&mut self, id: &PartId, facts: PartFacts) -> Vec<(Row, usize)> {
        let PartFacts { mut kind, bodies } = facts;
        let mut evidence = None;
        let mut bytes = 0;
        match &mut kind {
            PartKind::Tool(tool) => {
                if tool.call_id.is_empty() || !self.calls.insert(tool.call_id.clone()) {
                    tool.call_id = id.to_string();
                }
                let result = match &tool.state {
                    ToolState::Completed { output, .. } if !output.truncated() => Some(&output.text),
                    ToolState::Error { message, .. } => Some(message),
                    _ => None,
                };
                bytes = tool.input.text.len() + result.map_or(0, String::len);
                evidence = result.map(|result| Record::of(id, tool, result));
            }
            PartKind::Text(body) => bytes = body.text.len(),
            PartKind::Reasoning(reasoning) => bytes = reasoning.text.text.len(),
            _ => {}
        }
        let part = Part { id: id.clone(), message_id: self.id.clone(), index: 0, kind };
        let mut rows = vec![(Row::Part(Box::new(NewPart::from(part)), evidence), bytes)];
        for (field, data) in bodies {
            rows.extend(
                data.chunks(BATCH_BYTES)
                    .map(|piece| (Row::More(id.clone(), field, piece.to_vec()), piece.len())),
            );
        }
        rows
    }
}
