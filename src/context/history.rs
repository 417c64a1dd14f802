//! Which of a session's messages are live, and reading them.
//!
//! The live history is what stands behind the newest summary, or all of it. Where even that does not fit, it is
//! windowed: it begins at a user message, and moves on by a quarter of the window at a time, so that the prefix
//! stays frozen in between (invariants 2 and 4).

use super::{budget::Budget, render::Contents};
use crate::{
    store::{Live, Results, Sent, Store, StoreError, Weight},
    transcript::{Message, Seq, SessionId},
};

/// Messages that are read from the store at once.
pub(in crate::context) const PAGE: u32 = 20;

/// What is done with a history that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// It is windowed.
    Window,
    /// It is windowed, unless it was all sent before: then a compaction follows, and nothing may be left out of it.
    Compact,
}

impl Overflow {
    /// Whether all of it is read even so.
    pub fn keeps(self, live: &Live) -> bool {
        self == Self::Compact && live.answered
    }
}

/// A history to be read is at most so many times the model's window, however it overflows.
pub(in crate::context) const MOST_WINDOWS: u64 = 4;

/// What of a session's history is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The newest summary, sent first.
    pub summary: Option<Seq>,
    /// The first message that is sent behind it.
    pub first: Seq,
    /// The last message that is sent.
    pub last: Seq,
    /// Messages before `first` that nothing sent stands for.
    pub hidden: u64,
}

impl Place {
    /// The place that the store's state says, whatever its size.
    pub fn of(live: &Live, last: Seq) -> Self {
        let lower = lower(live);
        let first = live.start.map_or(lower, |start| start.max(lower)).min(Seq(last.0 + 1));
        Self {
            summary: live.boundary.as_ref().map(|boundary| boundary.seq),
            first,
            last,
            hidden: hidden(live, first),
        }
    }

    /// One message.
    pub fn alone(seq: Seq) -> Self {
        Self { summary: None, first: seq, last: seq, hidden: 0 }
    }

    /// The place with another beginning.
    #[must_use]
    pub fn starting_at(self, live: &Live, start: Seq) -> Self {
        Self { first: start, hidden: hidden(live, start), ..self }
    }
}

/// Messages between the beginning of the live history and that of the window.
fn hidden(live: &Live, first: Seq) -> u64 {
    let lower = lower(live);
    let summaries =
        live.boundary.iter().filter(|boundary| boundary.seq >= lower && boundary.seq < first).count();
    u64::try_from(first.0 - lower.0).unwrap_or(0).saturating_sub(summaries as u64)
}

/// The first message that is not summarised, or stays verbatim.
fn lower(live: &Live) -> Seq {
    match &live.boundary {
        None => Seq(1),
        Some(boundary) => boundary.compaction.tail.unwrap_or(Seq(boundary.seq.0 + 1)),
    }
}

/// Finds what is sent of a session up to `last`, by the rows alone. `frame` is what instructions and tools weigh.
pub async fn find(
    store: &Store,
    session: &SessionId,
    last: Seq,
    budget: &Budget,
    frame: u64,
    overflow: Overflow,
) -> Result<(Live, Place), StoreError> {
    let live = store.live(session).await?;
    let place = Place::of(&live, last);
    let most = if overflow.keeps(&live) { budget.limit.saturating_mul(MOST_WINDOWS) } else { budget.usable };
    let most = most.saturating_sub(frame);
    let weights = store.weights(session, (place.first, last), most.saturating_add(1)).await?;
    if weights.iter().map(|weight| weight.tokens).sum::<u64>() <= most {
        return Ok((live, place));
    }
    let start = stride(&weights, budget.after_stride().saturating_sub(frame));
    let place =
        start.filter(|start| *start > place.first).map_or(place, |start| place.starting_at(&live, start));
    Ok((live, place))
}

/// The earliest user message from which on everything weighs at most `most`; the newest user message when even
/// that weighs more. `weights` is newest first.
pub fn stride(weights: &[Weight], most: u64) -> Option<Seq> {
    let mut sum = 0;
    let (mut start, mut newest) = (None, None);
    for weight in weights {
        sum += weight.tokens;
        if weight.user {
            newest = newest.or(Some(weight.seq));
            if sum <= most {
                start = Some(weight.seq);
            }
        }
        if sum > most && newest.is_some() {
            break;
        }
    }
    start.or(newest)
}

/// The live messages, in the order in which they are sent, page by page.
pub struct Reader<'a> {
    store: &'a Store,
    session: &'a SessionId,
    place: Place,
    results: Results,
    /// The summary is still to come.
    summary: Option<Seq>,
    next: Seq,
}

impl<'a> Reader<'a> {
    /// Reads what `place` says.
    pub fn new(store: &'a Store, session: &'a SessionId, place: Place, results: Results) -> Self {
        Self { store, session, place, results, summary: place.summary, next: place.first }
    }

    /// The next messages; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<(Message, Contents)>>, StoreError> {
        let sent = match self.summary.take() {
            Some(seq) => self.store.sent(self.session, (seq, seq), 1, self.results).await?,
            None if self.next > self.place.last => return Ok(None),
            None => {
                let range = (self.next, self.place.last);
                let mut sent = self.store.sent(self.session, range, PAGE, self.results).await?;
                self.next = sent.last().map_or(Seq(range.1.0 + 1), |sent| Seq(sent.message.seq.0 + 1));
                // The kept tail stands before the summary in the log and behind it in the request.
                sent.retain(|sent| Some(sent.message.seq) != self.place.summary);
                sent
            }
        };
        let taken = sent
            .into_iter()
            .map(|Sent { message, bodies, results }| (message, Contents::new(bodies, results)));
        Ok(Some(taken.collect()))
    }
}

/// One message as it is sent.
pub async fn one(
    store: &Store,
    session: &SessionId,
    seq: Seq,
) -> Result<Option<(Message, Contents)>, StoreError> {
    let sent = store.sent(session, (seq, seq), 1, Results::AsTheyStand).await?.pop();
    Ok(sent.map(|Sent { message, bodies, results }| (message, Contents::new(bodies, results))))
}

/// What the model reads where messages are left out.
pub fn hidden_note(hidden: u64) -> String {
    format!(
        "[agentls] {hidden} earlier messages of this conversation are not shown here. They are stored: the tool \
         `recall` with ref \"history\" lists and searches them."
    )
}
