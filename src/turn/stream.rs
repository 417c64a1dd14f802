//! Collects a streamed answer: what clients see at once, what the store gets in time, and the whole at the end.
//!
//! A state machine without I/O. Parts get their index in the order in which blocks open.

use crate::{
    provider::{BlockKind, Event, Seal},
    store::{Change, Field, NewPart},
    transcript::{
        Body, DeltaField, FinishReason, MessageId, Part, PartId, PartKind, Reasoning, Seq, Timestamp,
        ToolPart, ToolState, Update, Usage, text,
    },
};

/// Text that waits to be stored is written when there is this much of it …
pub(in crate::turn) const FLUSH_BYTES: usize = 4 * 1024;

struct Block {
    part: PartId,
    index: u32,
    kind: BlockKind,
    text: String,
    /// How much of `text` has been handed to the store; `None` while the part itself has not.
    stored: Option<usize>,
    seal: Option<Seal>,
    opened_at: Timestamp,
    closed_at: Option<Timestamp>,
    /// Whether the store has the time when it was closed; only reasoning tells it.
    end_stored: bool,
}

impl Block {
    fn field(&self) -> Field {
        match self.kind {
            BlockKind::Call { .. } => Field::Input,
            BlockKind::Text | BlockKind::Reasoning => Field::Text,
        }
    }

    fn delta_field(&self) -> DeltaField {
        match self.kind {
            BlockKind::Call { .. } => DeltaField::Input,
            BlockKind::Text | BlockKind::Reasoning => DeltaField::Text,
        }
    }

    fn part(&self, message: &MessageId, text: String) -> Part {
        let kind = match &self.kind {
            BlockKind::Text => PartKind::Text(Body::whole(text)),
            BlockKind::Reasoning => PartKind::Reasoning(Reasoning {
                text: Body::whole(text),
                started_at: Some(self.opened_at),
                ended_at: self.closed_at,
            }),
            BlockKind::Call { call_id, tool } => PartKind::Tool(ToolPart {
                call_id: call_id.clone(),
                tool: tool.clone(),
                title: None,
                input: Body::whole(text),
                state: ToolState::Pending,
                compacted_at: None,
                attachments: Vec::new(),
            }),
        };
        Part { id: self.part.clone(), message_id: message.clone(), index: self.index, kind }
    }

    /// What the store has not been given yet of it.
    fn flush(&mut self, message: &MessageId, seq: Seq) -> Vec<Change> {
        let news = match self.stored.replace(self.text.len()) {
            None => {
                self.end_stored = self.closed_at.is_some();
                return vec![Change::Part(seq, NewPart::from(self.part(message, self.text.clone())))];
            }
            Some(from) => text::from(&self.text, from),
        };
        let grown =
            (!news.is_empty()).then(|| Change::Append(self.part.clone(), self.field(), news.to_owned()));
        let told = matches!(self.kind, BlockKind::Reasoning) && !self.end_stored;
        let ended = self.closed_at.filter(|_| told).map(|at| Change::Thought(self.part.clone(), at));
        self.end_stored |= ended.is_some();
        grown.into_iter().chain(ended).collect()
    }
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finish {
    pub(super) reason: FinishReason,
    pub(super) usage: Usage,
    /// Whether the provider says what its cache held.
    pub(super) cache_told: bool,
    /// The provider's id of the answer.
    pub(super) response: Option<String>,
}

/// An answer as far as it has come.
pub(super) struct Answer {
    message: MessageId,
    seq: Seq,
    /// Index of the first block's part.
    first_index: u32,
    blocks: Vec<(u32, Block)>,
    unstored: usize,
    pub(super) finish: Option<Finish>,
}

impl Answer {
    /// An answer for an assistant message whose parts before `first_index` are there already.
    pub(super) fn new(message: MessageId, seq: Seq, first_index: u32) -> Self {
        Self { message, seq, first_index, blocks: Vec::new(), unstored: 0, finish: None }
    }

    /// Whether anything came that a person may have seen.
    pub(super) fn has_begun(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// Takes an event in. Returns what clients are told. Events about blocks that were never opened are ignored.
    pub(super) fn take(&mut self, event: Event) -> Option<Update> {
        match event {
            Event::Open { block, kind } => Some(self.open(block, kind)),
            Event::Delta { block, text } => self.grow(block, text),
            Event::Close { block, seal } => {
                let block = self.block(block)?;
                block.closed_at = Some(Timestamp::now());
                block.seal = seal;
                None
            }
            Event::Finish { reason, usage, cache_told, response_id } => {
                self.finish = Some(Finish { reason, usage, cache_told, response: response_id });
                None
            }
        }
    }

    fn block(&mut self, number: u32) -> Option<&mut Block> {
        self.blocks.iter_mut().rev().find(|(open, _)| *open == number).map(|(_, block)| block)
    }

    fn open(&mut self, number: u32, kind: BlockKind) -> Update {
        let index =
            self.first_index + u32::try_from(self.blocks.len()).unwrap_or(u32::MAX - self.first_index);
        let block = Block {
            part: PartId::random(),
            index,
            kind,
            text: String::new(),
            stored: None,
            seal: None,
            opened_at: Timestamp::now(),
            closed_at: None,
            end_stored: false,
        };
        let part = block.part(&self.message, String::new());
        self.blocks.push((number, block));
        Update::Part(part)
    }

    fn grow(&mut self, number: u32, text: String) -> Option<Update> {
        let message_id = self.message.clone();
        let size = text.len();
        let block = self.block(number)?;
        block.text.push_str(&text);
        let update =
            Update::PartDelta { message_id, part_id: block.part.clone(), field: block.delta_field(), text };
        self.unstored += size;
        Some(update)
    }

    /// Bytes that the store has not been given yet.
    pub(super) fn unstored(&self) -> usize {
        self.unstored
    }

    /// What the store has not been given yet.
    pub(super) fn flush(&mut self) -> Vec<Change> {
        self.unstored = 0;
        let (message, seq) = (&self.message, self.seq);
        self.blocks.iter_mut().flat_map(|(_, block)| block.flush(message, seq)).collect()
    }

    /// The parts as they stand, and the seals that belong to them. The seals are not in [`Answer::flush`].
    pub(super) fn parts(&self) -> (Vec<Part>, Vec<(PartId, Seal)>) {
        let parts =
            self.blocks.iter().map(|(_, block)| block.part(&self.message, block.text.clone())).collect();
        let seals = self
            .blocks
            .iter()
            .filter_map(|(_, block)| block.seal.clone().map(|seal| (block.part.clone(), seal)))
            .collect();
        (parts, seals)
    }

    /// The calls that are not complete: the model was still writing them when the answer broke off.
    pub(super) fn incomplete_calls(&self) -> Vec<PartId> {
        self.blocks
            .iter()
            .filter(|(_, block)| matches!(block.kind, BlockKind::Call { .. }) && block.closed_at.is_none())
            .map(|(_, block)| block.part.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delta(block: u32, text: &str) -> Event {
        Event::Delta { block, text: text.to_owned() }
    }

    #[test]
    fn interleaved_blocks_are_kept_apart_and_stored_without_repetition() {
        let mut answer = Answer::new(MessageId::from("msg_1"), Seq(2), 1);
        answer.take(Event::Open { block: 0, kind: BlockKind::Text });
        answer.take(Event::Open {
            block: 1,
            kind: BlockKind::Call { call_id: "c".into(), tool: "read".into() },
        });
        answer.take(delta(0, "he"));
        answer.take(delta(1, "{"));
        let first = answer.flush();
        assert!(matches!(first.as_slice(), [Change::Part(..), Change::Part(..)]));
        answer.take(delta(0, "llo"));
        let second = answer.flush();
        assert!(
            matches!(second.as_slice(), [Change::Append(_, Field::Text, text)] if text == "llo"),
            "{second:?}"
        );
        assert!(answer.flush().is_empty());
        let (parts, _) = answer.parts();
        assert_eq!(parts[0].kind, PartKind::Text(Body::whole("hello")));
        assert_eq!(parts.iter().map(|part| part.index).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_call_that_was_never_closed_is_incomplete() {
        let mut answer = Answer::new(MessageId::from("msg_1"), Seq(2), 1);
        answer.take(Event::Open {
            block: 0,
            kind: BlockKind::Call { call_id: "c".into(), tool: "read".into() },
        });
        assert_eq!(answer.incomplete_calls().len(), 1);
        answer.take(Event::Close { block: 0, seal: None });
        assert!(answer.incomplete_calls().is_empty());
    }

    #[test]
    fn deltas_of_unknown_blocks_are_ignored() {
        let mut answer = Answer::new(MessageId::from("msg_1"), Seq(2), 1);
        assert_eq!(answer.take(delta(7, "lost")), None);
        assert!(!answer.has_begun());
    }
}
