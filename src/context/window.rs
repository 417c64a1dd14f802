//! The window: what the next request will hold, as bytes of the provider's own format.
//!
//! Loaded once at the beginning of a turn and appended to within it (invariant 2). What was encoded once is kept
//! and sent again byte for byte (invariant 4). Its size is known before it is sent (invariant 6): as the provider
//! counted it, and by a calibrated estimate beyond.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    anchor::Threading,
    budget::{Budget, Calibration},
    history::{self, Overflow, Place, Reader},
    marks,
    render::{self, Contents},
    validate::{self, Shape, Violation},
};
use crate::{
    provider::{Content, Entry, Envelope, Model, Outgoing, Provider},
    store::{Live, Reshape, Results, Store, StoreError, Weight},
    transcript::{Message, ModelRef, PartId, PartKind, Seq, SessionId, ToolState, evidence, text},
};

/// Tokens that an image is taken for, whatever its size (providers charge 85 to about 1,600).
const IMAGE_TOKENS: u64 = 1_500;

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

/// A unit of the conversation, encoded.
#[derive(Clone, Debug)]
pub struct Item {
    /// The message that it renders; that of the first one for a note before it.
    pub seq: Seq,
    /// What the rules speak about.
    pub shape: Shape,
    /// Its bytes.
    pub encoded: Bytes,
    /// An estimate of its tokens, not calibrated.
    pub tokens: u64,
    /// The outputs of completed calls that stand in it whole, with the tokens of each.
    pub outputs: Vec<(PartId, u64)>,
    /// Whether it is a summary, behind which the live history begins.
    pub summary: bool,
}

/// For whom a window is made, and how large it may be.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who encodes it.
    pub provider: Arc<dyn Provider>,
    /// The model that reads it.
    pub model: Model,
    /// What it may hold.
    pub budget: Budget,
    /// Bytes of instructions and tools, which stand in each request.
    pub frame_bytes: u64,
}

/// The conversation as a provider will see it.
pub struct Window {
    asked: Asked,
    items: Vec<Item>,
    /// What is live of the history.
    live: Live,
    place: Place,
    calibration: Calibration,
    /// How many items the provider has counted, and the tokens of the whole request up to there.
    counted: Option<(usize, u64)>,
    /// How many items the newest answered request began with, where these are still the same.
    sent: usize,
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
    /// Reads what is live of a session up to and including the message `last`. Where it begins later than before,
    /// that is stored: the prefix is another from now on.
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
        let mut window = Self::read(store, session, asked, (live, place), Results::AsTheyStand, seen).await?;
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
        let note = Item { seq: start, ..loose_item(&self.asked, &history::hidden_note(self.place.hidden)) };
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
        Self::read(store, session, asked, (self.live.clone(), place), Results::Evidence, &mut |_, _, _| {})
            .await
    }

    async fn read(
        store: &Store,
        session: &SessionId,
        asked: Asked,
        (live, place): (Live, Place),
        results: Results,
        seen: Seen<'_>,
    ) -> Result<Self, StoreError> {
        let counted = live.counted.as_ref().filter(|counted| is_for(&counted.model, &asked));
        let calibration = counted.map(Calibration::of).unwrap_or_default();
        let mut window = Self { asked, items: Vec::new(), live, place, calibration, counted: None, sent: 0 };
        let mut reader = Reader::new(store, session, place, results);
        let mut noted = place.hidden == 0;
        while let Some(messages) = reader.next().await? {
            for (message, contents) in messages {
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
        let encoded = self.asked.provider.encode(&self.asked.model, entry);
        if !encoded.is_empty() {
            let shape = Shape::of(entry);
            self.items.push(Item {
                seq,
                shape,
                tokens: tokens(entry, &encoded),
                encoded,
                outputs: Vec::new(),
                summary: false,
            });
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
        let encoded =
            entries.iter().map(|entry| tokens(entry, &self.asked.provider.encode(&self.asked.model, entry)));
        self.calibration.apply(encoded.sum())
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

/// An entry that belongs to no message, as an item.
pub fn loose_item(asked: &Asked, words: &str) -> Item {
    let entry = Entry::User(vec![Content::Text(words.to_owned())]);
    let encoded = asked.provider.encode(&asked.model, &entry);
    let tokens = tokens(&entry, &encoded);
    Item { seq: Seq(0), shape: Shape::of(&entry), encoded, tokens, outputs: Vec::new(), summary: false }
}

fn is_for(model: &ModelRef, asked: &Asked) -> bool {
    model.id == asked.model.id && model.provider == asked.provider.name()
}

/// The completed calls of a message whose outputs are shown themselves, with the tokens of what is shown.
fn whole_outputs(message: &Message, sizes: impl Iterator<Item = u64>) -> Vec<(PartId, u64)> {
    let tools = message.parts.iter().filter_map(|part| match &part.kind {
        PartKind::Tool(tool) => Some((part, tool)),
        _ => None,
    });
    tools
        .zip(sizes)
        .filter(|((_, tool), _)| {
            matches!(tool.state, ToolState::Completed { .. }) && tool.compacted_at.is_none()
        })
        .map(|((part, _), bytes)| (part.id.clone(), text::estimate_tokens(bytes)))
        .collect()
}

fn tokens(entry: &Entry, encoded: &Bytes) -> u64 {
    let images: Vec<u64> = match entry {
        Entry::User(content) => content
            .iter()
            .filter_map(|piece| match piece {
                Content::Image(image) => Some(image.base64.len() as u64),
                Content::Text(_) => None,
            })
            .collect(),
        Entry::Results(results) => {
            results.iter().flat_map(|result| &result.images).map(|image| image.base64.len() as u64).collect()
        }
        Entry::Assistant(_) => Vec::new(),
    };
    let bytes = (encoded.len() as u64).saturating_sub(images.iter().sum());
    text::estimate_tokens(bytes) + images.len() as u64 * IMAGE_TOKENS
}
