//! The window: what the next request will hold, as bytes of the provider's own format.
//!
//! Loaded once at the beginning of a turn and appended to within it (invariant 2). What was encoded once is kept
//! and sent again byte for byte (invariant 4). Its size is known before it is sent (invariant 6): as the provider
//! counted it, and by a calibrated estimate beyond.

use bytes::Bytes;

use super::{
    anchor::Threading,
    budget::{Budget, Calibration},
    gallery::{self, LeftOut, Load},
    history::{self, Overflow, Place, Reader},
    item::{Asked, Item, whole_outputs},
    marks,
    render::{self, Contents},
    validate::{self, Shape, Violation},
};
use crate::{
    provider::{Content, Entry, Envelope, Outgoing, Provider},
    store::{Live, Reshape, Results, Store, StoreError, Weight},
    transcript::{Message, ModelRef, PartId, Seq, SessionId, evidence, text},
};

/// What the model reads where a conversation begins with its own words.
const NO_BEGINNING: &str = "[agentls] The beginning of this conversation is not there.";

/// Tokens that pruning must win, so that the cached prefix is rewritten seldom.
const PRUNE_WINS: u64 = 20_000;

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// The conversation is larger than the model's window.
    #[error("the conversation needs about {need} tokens and the model has room for {have}")]
    TooLarge {
        /// Estimated tokens of the request.
        need: u64,
        /// Tokens that the model has room for beside its answer.
        have: u64,
    },
    /// The request would break a rule of the providers.
    #[error("an invalid request was not sent: {0}")]
    Invalid(#[from] Violation),
    /// The history could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The conversation as a provider will see it.
pub struct Window {
    asked: Asked,
    items: Vec<Item>,
    /// What is live of the history.
    live: Live,
    place: Place,
    /// The images that had to make room when it was loaded.
    left_out: LeftOut,
    calibration: Calibration,
    /// How many items the provider has counted, and the tokens of the whole request up to there.
    counted: Option<(usize, u64)>,
    /// How many items the newest answered request began with, where these are still the same.
    sent: usize,
}

/// What a window is read from.
struct Standing {
    live: Live,
    place: Place,
    left_out: LeftOut,
}

/// Told each message that is read, and the items that it adds.
pub type Seen<'a> = &'a mut (dyn FnMut(&Message, &Contents, &[Item]) + Send);

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window")
            .field("items", &self.items.len())
            .field("used", &self.used())
            .finish_non_exhaustive()
    }
}

impl Window {
    /// Reads what is live of a session up to and including the message `last`. Where it begins later than before, or
    /// images had to make room, that is stored: the prefix is another from now on.
    pub async fn load(
        store: &Store,
        session: &SessionId,
        last: Seq,
        asked: Asked,
        overflow: Overflow,
    ) -> Result<Self, StoreError> {
        let mut window = Self::look(store, session, last, asked, overflow, &mut |_, _, _| {}).await?;
        let first = window.place.first;
        if first > Place::of(&window.live, last).first {
            store.reshape(session, Reshape::Start(first)).await?;
            (window.live.start, window.live.reshaped) = (Some(first), window.live.last);
            "window".clone_into(&mut window.live.reason);
            (window.counted, window.sent) = (None, 0);
        }
        if !window.left_out.is_empty() {
            store.reshape(session, Reshape::Images(window.left_out.to_vec())).await?;
            window.live.reshaped = window.live.last;
            "images".clone_into(&mut window.live.reason);
        }
        Ok(window)
    }

    /// As [`Self::load`], and changes nothing. `seen` is told each message with the items that it adds.
    pub async fn look(
        store: &Store,
        session: &SessionId,
        last: Seq,
        asked: Asked,
        overflow: Overflow,
        seen: Seen<'_>,
    ) -> Result<Self, StoreError> {
        let frame = text::estimate_tokens(asked.frame_bytes);
        let (mut live, place) = history::find(store, session, last, &asked.budget, frame, overflow).await?;
        if place.first > Place::of(&live, last).first {
            // What was counted until now was counted with messages that are left out from now on.
            live.reshaped = live.last;
        }
        let left_out = gallery::settle(store, session, &place, &asked).await?;
        if !left_out.is_empty() {
            live.reshaped = live.last;
        }
        let standing = Standing { live, place, left_out };
        let mut window = Self::read(store, session, asked, standing, Results::AsTheyStand, seen).await?;
        let fits = window.used() <= window.asked.budget.usable || overflow.keeps(&window.live);
        // The rows told less than there is.
        if let Some(start) = window.stride().filter(|_| !fits) {
            window.cut(start);
        }
        Ok(window)
    }

    /// Lets the window begin at the message `start`, which is the user's.
    fn cut(&mut self, start: Seq) {
        let summary = self.place.summary;
        self.items.retain(|item| item.seq >= start || Some(item.seq) == summary);
        self.place = self.place.starting_at(&self.live, start);
        (self.counted, self.sent) = (None, 0);
        let at = self.items.iter().take_while(|item| Some(item.seq) == summary).count();
        let note = Item { seq: start, ..Item::loose(&self.asked, &history::hidden_note(self.place.hidden)) };
        self.items.insert(at, note);
    }

    /// Cuts the window down by a stride, where that is possible, and stores where it begins now.
    pub async fn move_on(&mut self, store: &Store, session: &SessionId) -> Result<(), StoreError> {
        let Some(start) = self.stride() else { return Ok(()) };
        store.reshape(session, Reshape::Start(start)).await?;
        self.cut(start);
        self.live = store.live(session).await?;
        Ok(())
    }

    /// The same place of the history with all completed calls as evidence.
    pub async fn as_evidence(&self, store: &Store, session: &SessionId) -> Result<Self, StoreError> {
        let place = Place { last: self.last_seq(), ..self.place };
        let asked = self.asked.clone();
        let standing = Standing { live: self.live.clone(), place, left_out: self.left_out.clone() };
        Self::read(store, session, asked, standing, Results::Evidence, &mut |_, _, _| {}).await
    }

    async fn read(
        store: &Store,
        session: &SessionId,
        asked: Asked,
        Standing { live, place, left_out }: Standing,
        results: Results,
        seen: Seen<'_>,
    ) -> Result<Self, StoreError> {
        let counted = live.counted.as_ref().filter(|counted| is_for(&counted.model, &asked));
        let calibration = counted.map(Calibration::of).unwrap_or_default();
        let mut window =
            Self { asked, items: Vec::new(), live, place, left_out, calibration, counted: None, sent: 0 };
        let mut reader = Reader::new(store, session, place, results);
        let mut noted = place.hidden == 0;
        while let Some(messages) = reader.next().await? {
            for (mut message, contents) in messages {
                window.left_out.apply(&mut message);
                if !noted && Some(message.seq) != place.summary {
                    window.push_note(message.seq, &history::hidden_note(place.hidden));
                    noted = true;
                }
                let before = window.items.len();
                window.push(&message, &contents);
                seen(&message, &contents, window.items.get(before..).unwrap_or_default());
            }
        }
        Ok(window)
    }

    fn push_note(&mut self, seq: Seq, note: &str) {
        self.push_entry(seq, &Entry::User(vec![Content::Text(note.to_owned())]));
    }

    fn push_entry(&mut self, seq: Seq, entry: &Entry) {
        let item = Item::new(&self.asked, seq, entry);
        if !item.encoded.is_empty() {
            self.items.push(item);
        }
    }

    /// Appends what the model sees of a message.
    pub fn push(&mut self, message: &Message, contents: &Contents) {
        if self.items.is_empty() && message.role == crate::transcript::Role::Assistant && !message.summary {
            self.push_note(message.seq, NO_BEGINNING);
        }
        if message.finish.is_some() && self.goes_on(message) {
            self.sent = self.items.len();
        }
        for entry in render::entries(message, contents, self.asked.model.images) {
            self.push_entry(message.seq, &entry);
            let Some(item) = self.items.last_mut() else { continue };
            item.summary = message.summary;
            if let Entry::Results(results) = &entry {
                let sizes = results.iter().map(|result| result.text.len() as u64);
                item.outputs = whole_outputs(message, sizes);
            }
        }
        self.take_count(message);
    }

    /// Takes over what the provider counted for the request that `message` answers.
    fn take_count(&mut self, message: &Message) {
        let Some(usage) = message.usage.filter(|usage| message.error.is_none() && usage.total_input() > 0)
        else {
            return;
        };
        if !self.goes_on(message) {
            return;
        }
        // The answer's own entries are counted with its output; its results are not.
        let results = matches!(self.items.last(), Some(item) if matches!(item.shape, Shape::Results(_)));
        let answered = self.items.len() - usize::from(results);
        let counted = usage.total_input() + usage.output + usage.reasoning;
        let known = self.items.iter().take(answered);
        let estimated = self.frame() + known.map(|item| item.tokens).sum::<u64>();
        self.calibration = Calibration { counted, estimated };
        self.counted = Some((answered, counted));
    }

    /// Whether the request that `message` answers began as the next one will.
    fn goes_on(&self, message: &Message) -> bool {
        let same_model = message.model.as_ref().is_some_and(|model| is_for(model, &self.asked));
        same_model && !message.summary && message.seq > self.live.reshaped
    }

    fn frame(&self) -> u64 {
        text::estimate_tokens(self.asked.frame_bytes)
    }

    /// Tokens that the next request will hold: as the provider counted them, estimated beyond.
    pub fn used(&self) -> u64 {
        let (known, tokens) = self.counted.unwrap_or((0, self.calibration.apply(self.frame())));
        let beyond = self.items.iter().skip(known).map(|item| item.tokens).sum::<u64>();
        tokens + self.calibration.apply(beyond)
    }

    /// How much of [`Self::used`] is estimated and not counted by the provider.
    pub fn estimated(&self) -> u64 {
        self.used() - self.counted.map_or(0, |(_, tokens)| tokens)
    }

    /// How many items, from the first, were sent before exactly as they will be sent next, and the tokens of the
    /// request up to there: what the provider may have in its cache. As far as stored facts tell, which say nothing
    /// of how long the provider remembers.
    pub fn sent_before(&self) -> (usize, u64) {
        if self.sent == 0 || !self.live.answered {
            return (0, 0);
        }
        let items = self.items.iter().take(self.sent).map(|item| item.tokens).sum::<u64>();
        (self.sent, self.calibration.apply(self.frame() + items))
    }

    /// Tokens that a message would add.
    pub fn weigh(&self, message: &Message) -> u64 {
        let entries = render::entries(message, &Contents::default(), self.asked.model.images);
        let encoded = entries.iter().map(|entry| Item::new(&self.asked, message.seq, entry).tokens);
        self.calibration.apply(encoded.sum())
    }

    /// Whether old images have to make room before its request leaves.
    pub fn is_crowded(&self) -> bool {
        let mut load = Load::default();
        self.items.iter().for_each(|item| load += item.images);
        !load.fits(Load::most(&*self.asked.provider))
    }

    /// What the model's window allows.
    pub fn budget(&self) -> &Budget {
        &self.asked.budget
    }

    /// For whom it is made.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// How estimates compare to what the provider counted.
    pub fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// What is live of the history, as the window was loaded.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Which messages it was loaded with.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Units of conversation, in order.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The newest message in it.
    pub fn last_seq(&self) -> Seq {
        self.items.iter().map(|item| item.seq).max().unwrap_or(self.place.last).max(self.place.last)
    }

    /// What each message behind the summary weighs, newest first; calibrated.
    pub fn weights(&self) -> Vec<Weight> {
        let mut weights: Vec<Weight> = Vec::new();
        for item in self.items.iter().filter(|item| Some(item.seq) != self.place.summary) {
            let tokens = self.calibration.apply(item.tokens);
            match weights.last_mut().filter(|weight| weight.seq == item.seq) {
                Some(weight) => weight.tokens += tokens,
                None => weights.push(Weight { seq: item.seq, user: item.shape == Shape::User, tokens }),
            }
        }
        weights.reverse();
        weights
    }

    /// Where the window would begin after it was cut down, if that is later than now.
    pub fn stride(&self) -> Option<Seq> {
        let summary = self.items.iter().filter(|item| Some(item.seq) == self.place.summary);
        let fixed = self.frame() + summary.map(|item| item.tokens).sum::<u64>();
        let most = self.asked.budget.after_stride().saturating_sub(self.calibration.apply(fixed));
        history::stride(&self.weights(), most).filter(|start| *start > self.place.first)
    }

    /// The completed outputs older than the newest `protect` tokens of them, when making evidence of them wins enough.
    pub fn prunable(&self, protect: u64) -> Option<Vec<PartId>> {
        let digest = text::estimate_tokens(evidence::MOST_BYTES as u64);
        let (mut newer, mut won, mut parts) = (0, 0, Vec::new());
        for (part, tokens) in self.items.iter().rev().flat_map(|item| item.outputs.iter().rev()) {
            if newer >= protect && *tokens > digest {
                won += tokens - digest;
                parts.push(part.clone());
            }
            newer += tokens;
        }
        (self.calibration.apply(won) >= PRUNE_WINS).then_some(parts)
    }

    /// Whether its request may leave: it is small enough and keeps the rules.
    pub fn check(&self) -> Result<(), WindowError> {
        let (need, have) = (self.used(), self.asked.budget.room);
        if need > have {
            return Err(WindowError::TooLarge { need, have });
        }
        Ok(validate::check(self.items.iter().map(|item| &item.shape))?)
    }

    /// The request of the window, or of what the provider does not have of it. [`Self::check`] says whether it may
    /// leave.
    pub fn request(&self, envelope: &Envelope<'_>, threading: &Threading) -> Outgoing {
        let (previous, from) = match threading {
            Threading::Full { .. } => (None, 0),
            Threading::Delta { response, from, .. } => (Some(response.as_str()), *from),
        };
        let envelope = Envelope { previous_response_id: previous, ..envelope.clone() };
        join(&*self.asked.provider, &envelope, self.items.get(from..).unwrap_or_default())
    }
}

/// A request of these items, checked.
pub fn compose(
    provider: &dyn Provider,
    envelope: &Envelope<'_>,
    items: &[Item],
) -> Result<Outgoing, Violation> {
    validate::check(items.iter().map(|item| &item.shape))?;
    Ok(join(provider, envelope, items))
}

fn join(provider: &dyn Provider, envelope: &Envelope<'_>, items: &[Item]) -> Outgoing {
    let encoded: Vec<Bytes> = items.iter().map(|item| item.encoded.clone()).collect();
    provider.request(envelope, &encoded, &marks::places(items))
}

fn is_for(model: &ModelRef, asked: &Asked) -> bool {
    model.id == asked.model.id && model.provider == asked.provider.name()
}
