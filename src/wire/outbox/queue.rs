//! The queue behind the outbox: what may merge, what waits, what is due. No I/O and no clock of its own.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use super::{Delta, Event};

/// A text that grows is written at most this often.
const DELTA_PACE: Duration = Duration::from_millis(40);

/// The longest text in one frame, in bytes: beyond it a new frame is begun.
pub(in crate::wire) const DELTA_FRAME: usize = 1024 * 1024;

/// While more than this waits, growth is left out. Bytes.
pub(in crate::wire) const DELTA_PAUSE: usize = 5 * 1024 * 1024;

/// While more than this waits, states are left out too: only the newest of each stream is kept, behind a gap in its
/// numbers. Bytes.
pub(in crate::wire) const STATE_PAUSE: usize = 6 * 1024 * 1024;

/// How many streams' numbers are remembered.
pub(in crate::wire) const STREAMS: usize = 10_000;

/// What an entry costs beside its text. Bytes, a guess.
const ENTRY: usize = 128;

/// How many paces are remembered before old ones are forgotten.
pub(in crate::wire) const PACES: usize = 64;

/// Something to write.
pub(super) enum Entry {
    Plain(Vec<u8>),
    /// And how many events of its stream were left out before it.
    Event(Event, u64),
    Delta(Delta),
}

impl Entry {
    fn bytes(&self) -> usize {
        ENTRY
            + match self {
                Self::Plain(body) => body.len(),
                Self::Event(event, _) => event.before.len() + event.after.len(),
                Self::Delta(delta) => delta.before.len() + delta.after.len() + delta.text.len(),
            }
    }
}

/// What to do next.
pub(super) enum Next {
    /// Write this.
    Body(Vec<u8>),
    /// Nothing before then.
    At(Instant),
    /// Nothing until something is sent.
    Nothing,
    /// Nothing ever.
    Closed,
}

/// Names a growing text.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Text {
    stream: String,
    part: String,
    field: &'static str,
}

impl Text {
    fn of(delta: &Delta) -> Self {
        Self { stream: delta.stream.clone(), part: delta.part.clone(), field: delta.field }
    }
}

/// Everything that waits.
#[derive(Default)]
pub(super) struct Queue {
    entries: VecDeque<Entry>,
    /// How many entries were ever taken out: an entry's place is its number less this.
    taken: u64,
    bytes: usize,
    /// Bytes of queued growth.
    growth: usize,
    /// How many entries are not growth.
    urgent: usize,
    /// Queued growth that may be added to: numbers of entries.
    open: HashMap<Text, u64>,
    /// When growth of a text was last written.
    paces: HashMap<Text, Instant>,
    /// Texts that lost growth: nothing more of them until their part's state.
    lost: HashSet<Text>,
    /// Each stream's last number.
    numbers: HashMap<String, u64>,
    /// The largest number of those that were forgotten: numbers of every other stream go on above it.
    forgotten: u64,
    /// The newest event of each stream that lost some, and how many it lost.
    latest: HashMap<String, (Event, u64)>,
    /// What waits for the reply that makes its stream.
    held: HashMap<String, Vec<Entry>>,
    /// Requests being handled that make a stream.
    pub(super) creations: usize,
    /// Nothing follows.
    pub(super) closed: bool,
    discarding: bool,
}

impl Queue {
    /// A queue that throws everything away.
    pub(super) fn discarding() -> Self {
        Self { discarding: true, closed: true, ..Self::default() }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that are not growth: what requests cause.
    pub(super) fn owed(&self) -> usize {
        self.bytes.saturating_sub(self.growth)
    }

    pub(super) fn push(&mut self, entry: Entry) {
        if self.discarding {
            return;
        }
        self.bytes += entry.bytes();
        match entry {
            Entry::Delta(_) => self.growth += entry.bytes(),
            Entry::Plain(_) | Entry::Event(..) => self.urgent += 1,
        }
        self.entries.push_back(entry);
    }

    /// Queues `entry`, or keeps it until its stream is released.
    pub(super) fn push_about(&mut self, stream: &str, entry: Entry) {
        match self.held.get_mut(stream) {
            Some(held) if !self.discarding => {
                self.bytes += entry.bytes();
                held.push(entry);
            }
            _ => self.push(entry),
        }
    }

    pub(super) fn event(&mut self, event: Event) {
        // Later growth must not move before this.
        self.open.retain(|text, _| text.stream != event.stream);
        self.lost.retain(|text| text.stream != event.stream || !event.parts.contains(&text.part));
        let stream = event.stream.clone();
        if self.discarding {
            return;
        }
        if self.bytes > STATE_PAUSE || self.latest.contains_key(&stream) {
            let lost = self.latest.remove(&stream).map_or(0, |(_, lost)| lost + 1);
            self.latest.insert(stream, (event, lost));
            return;
        }
        self.push_about(&stream, Entry::Event(event, 0));
    }

    /// Queues a message that belongs to no stream. A reply does not pass what was said before it, as far as that is kept.
    pub(super) fn say(&mut self, body: Vec<u8>) {
        self.catch_up();
        self.push(Entry::Plain(body));
    }

    /// Queues what was kept of streams that lost events. Whoever was not told of those sees that their numbers are
    /// missing, and reads the session again.
    fn catch_up(&mut self) {
        for (stream, (event, lost)) in std::mem::take(&mut self.latest) {
            self.push_about(&stream, Entry::Event(event, lost));
        }
    }

    pub(super) fn delta(&mut self, delta: Delta) {
        let text = Text::of(&delta);
        if self.lost.contains(&text) || self.discarding {
            return;
        }
        if self.latest.contains_key(&delta.stream) {
            self.lost.insert(text);
            return;
        }
        if self.bytes + delta.text.len() > DELTA_PAUSE {
            self.lost.insert(text);
            return;
        }
        if let Some(Entry::Delta(waiting)) = self.open_entry(&text)
            && waiting.text.len() + delta.text.len() <= DELTA_FRAME
        {
            waiting.text.push_str(&delta.text);
            self.bytes += delta.text.len();
            self.growth += delta.text.len();
            return;
        }
        let stream = delta.stream.clone();
        if !self.held.contains_key(&stream) {
            self.open.insert(text, self.taken + self.entries.len() as u64);
        }
        self.push_about(&stream, Entry::Delta(delta));
    }

    fn open_entry(&mut self, text: &Text) -> Option<&mut Entry> {
        let place = self.open.get(text)?.checked_sub(self.taken)?;
        self.entries.get_mut(usize::try_from(place).ok()?)
    }

    /// Keeps what is said about `stream` back while a request that makes one is being handled.
    pub(super) fn hold(&mut self, stream: &str) {
        if self.creations > 0 && !self.discarding {
            self.held.entry(stream.to_owned()).or_default();
        }
    }

    /// Queues what was kept back of `stream`.
    pub(super) fn release(&mut self, stream: &str) {
        for entry in self.held.remove(stream).unwrap_or_default() {
            self.bytes = self.bytes.saturating_sub(entry.bytes());
            self.push(entry);
        }
    }

    /// A request that makes a stream was answered. When none is left, what began otherwise waits no longer.
    pub(super) fn creation_ended(&mut self) {
        self.creations = self.creations.saturating_sub(1);
        if self.creations == 0 {
            let streams: Vec<String> = self.held.keys().cloned().collect();
            for stream in streams {
                self.release(&stream);
            }
        }
    }

    /// Takes out the first entry if it is due: growth waits for its pace unless something waits behind it.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        if self.entries.is_empty() && !self.latest.is_empty() {
            self.catch_up();
        }
        match self.entries.front() {
            None if self.closed => return Next::Closed,
            None => return Next::Nothing,
            Some(Entry::Delta(delta)) if self.urgent == 0 && !self.closed => {
                let last = self.paces.get(&Text::of(delta)).copied();
                if let Some(due) = last.map(|last| last + DELTA_PACE).filter(|due| *due > now) {
                    return Next::At(due);
                }
            }
            Some(_) => {}
        }
        match self.entries.pop_front() {
            Some(entry) => {
                self.taken += 1;
                self.bytes = self.bytes.saturating_sub(entry.bytes());
                match entry {
                    Entry::Delta(_) => self.growth = self.growth.saturating_sub(entry.bytes()),
                    Entry::Plain(_) | Entry::Event(..) => self.urgent = self.urgent.saturating_sub(1),
                }
                Next::Body(self.render(entry, now))
            }
            None => Next::Nothing,
        }
    }

    fn render(&mut self, entry: Entry, now: Instant) -> Vec<u8> {
        match entry {
            Entry::Plain(body) => body,
            Entry::Event(event, lost) => {
                let number = self.count(&event.stream, lost + 1);
                format!("{}{number}{}", event.before, event.after).into_bytes()
            }
            Entry::Delta(delta) => {
                let text = Text::of(&delta);
                self.open.remove(&text);
                self.pace(text, now);
                let number = self.count(&delta.stream, 1);
                let grown = serde_json::Value::from(delta.text);
                format!("{}{number}{}{grown}{}", delta.before, delta.after, delta.tail).into_bytes()
            }
        }
    }

    fn pace(&mut self, text: Text, now: Instant) {
        if self.paces.len() >= PACES {
            self.paces.retain(|_, last| *last + DELTA_PACE > now);
        }
        self.paces.insert(text, now);
    }

    /// Counts a stream's number up; the number then.
    fn count(&mut self, stream: &str, by: u64) -> u64 {
        if let Some(number) = self.numbers.get_mut(stream) {
            *number += by;
            return *number;
        }
        if self.numbers.len() >= STREAMS {
            self.forgotten = self.numbers.drain().map(|(_, number)| number).fold(self.forgotten, u64::max);
        }
        self.numbers.insert(stream.to_owned(), self.forgotten + by);
        self.forgotten + by
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paces_of_texts_that_are_due_are_forgotten() {
        let mut queue = Queue::default();
        let start = Instant::now();
        for text in 0..100 * PACES {
            let part = text.to_string();
            let grown = Delta {
                stream: "s".into(),
                part,
                field: "text",
                before: String::new(),
                after: String::new(),
                text: "x".into(),
                tail: "",
            };
            queue.delta(grown);
            let later = start + Duration::from_millis(text as u64);
            assert!(matches!(queue.next(later), Next::Body(_)));
            assert!(queue.paces.len() <= PACES, "{}", queue.paces.len());
        }
    }
}
