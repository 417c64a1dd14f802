//! A message that grows: which of its parts were told, and how much of their texts.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{Look, MOST_BODY, News};
use crate::{
    store::{
        Loading, Result,
        body::{self, Field},
        messages, parts,
    },
    transcript::{DeltaField, Message, Part, PartId, PartKind, Seq, SessionId, ToolState, TurnId, Update},
};

/// Bytes of one text that one look tells.
pub(in crate::store) const MOST_GROWTH: u64 = 128 * 1024;

/// A message that was told and may still change.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub(super) seq: Seq,
    /// Whether it was told at all.
    told: bool,
    complete: bool,
    parts: BTreeMap<PartId, Told>,
}

/// What was told of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    state: State,
    /// Bytes of its growing text.
    bytes: u64,
}

/// What of a part changes beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Plain,
    Pending,
    Running,
    Settled,
}

/// What came of telling a message.
#[derive(Default)]
pub(super) struct Telling {
    /// Bytes of text.
    pub(super) bytes: usize,
    /// A text has grown further than was told.
    pub(super) more: bool,
    /// The todo list was changed.
    pub(super) todo: bool,
}

impl Watched {
    pub(super) fn new(seq: Seq) -> Self {
        Self { seq, told: false, complete: false, parts: BTreeMap::new() }
    }

    /// Adds to `look` what is new of the message. `row` is the message without its texts, in their sizes only.
    pub(super) fn tell(
        &mut self,
        tx: &Connection,
        key: i64,
        session: &SessionId,
        row: &Message,
        turn: Option<TurnId>,
        look: &mut Look,
    ) -> Result<Telling> {
        let mut telling = Telling::default();
        let completes = row.completed_at.is_some() && !self.complete;
        if !self.told {
            self.tell_whole(tx, key, session, turn, look, &mut telling)?;
            return Ok(telling);
        }
        for part in &row.parts {
            self.tell_part(tx, part, turn.as_ref(), look, &mut telling)?;
        }
        if completes && !telling.more {
            self.tell_end(tx, key, session, turn, look, &mut telling)?;
        }
        Ok(telling)
    }

    /// The message as it stands, with the beginnings of its texts.
    fn tell_whole(
        &mut self,
        tx: &Connection,
        key: i64,
        session: &SessionId,
        turn: Option<TurnId>,
        look: &mut Look,
        telling: &mut Telling,
    ) -> Result<()> {
        let Some(message) = load(tx, key, session, self.seq)? else { return Ok(()) };
        self.told = true;
        self.complete = message.completed_at.is_some();
        for part in &message.parts {
            telling.bytes += shown(part);
            telling.todo |= settles_todo(part);
            self.parts.insert(part.id.clone(), Told { state: State::of(part), bytes: grown(part).1 });
        }
        // What is not settled may grow on from where its text was cut.
        telling.more = !self.complete && message.parts.iter().any(|part| grown(part).1 < size(part));
        look.news.push(News::Update(turn, Update::Message(message)));
        Ok(())
    }

    /// A part that is new, has another state, or has grown.
    fn tell_part(
        &mut self,
        tx: &Connection,
        row: &Part,
        turn: Option<&TurnId>,
        look: &mut Look,
        telling: &mut Telling,
    ) -> Result<()> {
        let state = State::of(row);
        let known = self.parts.get(&row.id).map(|told| (told.state, told.bytes));
        let told = match known {
            Some((known, bytes)) if known == state => {
                let bytes = self.tell_growth(tx, row, bytes, turn, look, telling)?;
                Told { state, bytes }
            }
            _ => {
                let Some(part) = parts::one(tx, &row.id, &row.message_id, Loading::Preview(MOST_BODY))?
                else {
                    return Ok(());
                };
                telling.bytes += shown(&part);
                telling.todo |= settles_todo(&part);
                let bytes = grown(&part).1;
                look.news.push(News::Update(turn.cloned(), Update::Part(part)));
                Told { state, bytes }
            }
        };
        self.parts.insert(row.id.clone(), told);
        Ok(())
    }

    /// What a text has grown by since `from`. Returns how far it is told now.
    fn tell_growth(
        &self,
        tx: &Connection,
        row: &Part,
        from: u64,
        turn: Option<&TurnId>,
        look: &mut Look,
        telling: &mut Telling,
    ) -> Result<u64> {
        let (Some((field, stored)), size) = (growing(row), size(row)) else { return Ok(from) };
        if size <= from || self.complete {
            return Ok(from);
        }
        let (key, _) = parts::locate(tx, &row.id)?;
        let range = body::text_range(tx, key, stored, from, MOST_GROWTH)?;
        // A character whose end is not stored yet waits for it.
        let until = range.offset + range.data.len() as u64;
        telling.bytes += range.data.len();
        telling.more |= until < size && !range.data.is_empty();
        if !range.data.is_empty() {
            let text = String::from_utf8_lossy(&range.data).into_owned();
            let (message_id, part_id) = (row.message_id.clone(), row.id.clone());
            let delta = Update::PartDelta { message_id, part_id, field, text };
            look.news.push(News::Update(turn.cloned(), delta));
        }
        Ok(until)
    }

    /// The parts in their final form, then the message.
    fn tell_end(
        &mut self,
        tx: &Connection,
        key: i64,
        session: &SessionId,
        turn: Option<TurnId>,
        look: &mut Look,
        telling: &mut Telling,
    ) -> Result<()> {
        self.complete = true;
        let Some(message) = load(tx, key, session, self.seq)? else { return Ok(()) };
        for part in &message.parts {
            telling.bytes += shown(part);
            if growing(part).is_some() {
                look.news.push(News::Update(turn.clone(), Update::Part(part.clone())));
            }
            self.parts.insert(part.id.clone(), Told { state: State::of(part), bytes: grown(part).1 });
        }
        look.news.push(News::Update(turn, Update::Message(message)));
        Ok(())
    }
}

impl State {
    fn of(part: &Part) -> Self {
        match &part.kind {
            PartKind::Tool(tool) => match tool.state {
                ToolState::Pending => Self::Pending,
                ToolState::Running { .. } => Self::Running,
                ToolState::Completed { .. } | ToolState::Error { .. } => Self::Settled,
            },
            // Its text is stored once its snippets have run.
            PartKind::Command(command) if command.text.bytes == 0 => Self::Pending,
            _ => Self::Plain,
        }
    }
}

fn load(tx: &Connection, key: i64, session: &SessionId, seq: Seq) -> Result<Option<Message>> {
    let found = messages::ascending(tx, key, session, seq, 1, Loading::Preview(MOST_BODY))?;
    Ok(found.into_iter().next().filter(|message| message.seq == seq))
}

/// The text of a part that grows while the model writes it, and where it is stored.
fn growing(part: &Part) -> Option<(DeltaField, Field)> {
    match &part.kind {
        PartKind::Text(_) | PartKind::Reasoning(_) => Some((DeltaField::Text, Field::Text)),
        PartKind::Tool(tool) if tool.state == ToolState::Pending => Some((DeltaField::Input, Field::Input)),
        _ => None,
    }
}

/// A part's growing text as far as it is loaded, and its length in bytes.
fn grown(part: &Part) -> (&str, u64) {
    let text = match &part.kind {
        PartKind::Text(body) => body.text.as_str(),
        PartKind::Reasoning(reasoning) => reasoning.text.text.as_str(),
        PartKind::Tool(tool) => tool.input.text.as_str(),
        _ => "",
    };
    (text, text.len() as u64)
}

/// Size of a part's growing text in the store, in bytes.
fn size(part: &Part) -> u64 {
    match &part.kind {
        PartKind::Text(body) => body.bytes,
        PartKind::Reasoning(reasoning) => reasoning.text.bytes,
        PartKind::Tool(tool) => tool.input.bytes,
        _ => 0,
    }
}

/// Bytes of text that a loaded part carries.
fn shown(part: &Part) -> usize {
    let output = match &part.kind {
        PartKind::Tool(tool) => match &tool.state {
            ToolState::Completed { output, .. } => output.text.len(),
            ToolState::Error { message, .. } => message.len(),
            ToolState::Pending | ToolState::Running { .. } => 0,
        },
        _ => 0,
    };
    grown(part).0.len() + output
}

/// Whether the part is a call that has changed the todo list.
fn settles_todo(part: &Part) -> bool {
    matches!(&part.kind, PartKind::Tool(tool) if tool.tool == "todo" && tool.state.is_settled())
}
