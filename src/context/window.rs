//! The window: what the next request will hold, as bytes of the provider's own format.
//!
//! Loaded once at the beginning of a turn and appended to within it (invariant 2). What was encoded once is kept
//! and sent again byte for byte (invariant 4).

use std::sync::Arc;

use bytes::Bytes;

use super::{
    render::{self, Contents},
    validate::{self, Shape, Violation},
};
use crate::{
    provider::{Entry, Envelope, Model, Outgoing, Provider},
    store::{Store, StoreError},
    transcript::{Message, Seq, SessionId, text},
};

/// Messages that are read from the store at once.
const PAGE: u32 = 50;

/// Tokens that an image is taken for, whatever its size (providers charge 85 to about 1,600).
const IMAGE_TOKENS: u64 = 1_500;

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

struct Item {
    shape: Shape,
    encoded: Bytes,
    tokens: u64,
}

/// The conversation as a provider will see it.
pub struct Window {
    provider: Arc<dyn Provider>,
    model: Model,
    items: Vec<Item>,
    /// Tokens of instructions and tools.
    frame_tokens: u64,
    /// How many items the provider has counted, and the tokens of the whole request up to there.
    counted: Option<(usize, u64)>,
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window")
            .field("items", &self.items.len())
            .field("used", &self.used())
            .finish_non_exhaustive()
    }
}

impl Window {
    /// Reads a session's history up to and including the message `last`.
    pub async fn load(
        store: &Store,
        session: &SessionId,
        last: Seq,
        provider: Arc<dyn Provider>,
        model: Model,
    ) -> Result<Self, WindowError> {
        let mut window = Self { provider, model, items: Vec::new(), frame_tokens: 0, counted: None };
        let mut next = Seq(1);
        while next <= last {
            let messages = store.messages_from(session, next, PAGE).await?;
            let Some(newest) = messages.last() else { break };
            next = Seq(newest.seq.0 + 1);
            for message in messages.iter().filter(|message| message.seq <= last) {
                let contents = contents(store, message).await?;
                window.push(message, &contents);
            }
        }
        Ok(window)
    }

    /// Sets what instructions and tools add to each request, in bytes.
    pub fn set_frame(&mut self, bytes: u64) {
        self.frame_tokens = text::estimate_tokens(bytes);
    }

    /// Appends what the model sees of a message.
    pub fn push(&mut self, message: &Message, contents: &Contents) {
        for entry in render::entries(message, contents, self.model.images) {
            let encoded = self.provider.encode(&self.model, &entry);
            if encoded.is_empty() {
                continue;
            }
            self.items.push(Item { shape: Shape::of(&entry), tokens: tokens(&entry, &encoded), encoded });
        }
        if let Some(usage) = &message.usage
            && message.error.is_none()
            && usage.total_input() > 0
        {
            // The answer's own entries are counted with its output; its results are not.
            let answered = self.items.len()
                - usize::from(
                    matches!(self.items.last(), Some(item) if matches!(item.shape, Shape::Results(_))),
                );
            self.counted = Some((answered, usage.total_input() + usage.output + usage.reasoning));
        }
    }

    /// Tokens that the next request will hold: as the provider counted them, estimated beyond.
    pub fn used(&self) -> u64 {
        let (known, tokens) = self.counted.unwrap_or((0, self.frame_tokens));
        tokens + self.items.iter().skip(known).map(|item| item.tokens).sum::<u64>()
    }

    /// Units of conversation.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The next request, valid and small enough.
    pub fn request(&self, envelope: &Envelope<'_>) -> Result<Outgoing, WindowError> {
        validate::check(self.items.iter().map(|item| &item.shape))?;
        let (need, have) = (self.used(), room(&self.model));
        if need > have {
            return Err(WindowError::TooLarge { need, have });
        }
        let encoded: Vec<Bytes> = self.items.iter().map(|item| item.encoded.clone()).collect();
        Ok(self.provider.request(envelope, &encoded))
    }
}

/// Tokens that a request may hold: the window less room for an answer (the model's largest, but no more than a
/// quarter of a small window).
fn room(model: &Model) -> u64 {
    model.context - model.max_output.min(model.context / 4)
}

fn tokens(entry: &Entry, encoded: &Bytes) -> u64 {
    let images = match entry {
        Entry::User(content) => content
            .iter()
            .filter_map(|piece| match piece {
                crate::provider::Content::Image(image) => Some(image.base64.len() as u64),
                crate::provider::Content::Text(_) => None,
            })
            .collect::<Vec<_>>(),
        Entry::Results(results) => {
            results.iter().flat_map(|result| &result.images).map(|image| image.base64.len() as u64).collect()
        }
        Entry::Assistant(_) => Vec::new(),
    };
    let bytes = (encoded.len() as u64).saturating_sub(images.iter().sum());
    text::estimate_tokens(bytes) + images.len() as u64 * IMAGE_TOKENS
}

/// What a message needs beside its own bodies to be rendered.
pub async fn contents(store: &Store, message: &Message) -> Result<Contents, StoreError> {
    let mut contents = Contents::default();
    for part in &message.parts {
        for field in render::needed(part) {
            contents.insert(part.id.clone(), field, store.part_data(&part.id, field).await?);
        }
    }
    Ok(contents)
}
