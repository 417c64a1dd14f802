//! Units of a conversation as a provider will see them: the bytes of its own format, and what is known of them. Pure.

use std::sync::Arc;

use bytes::Bytes;

use super::{budget::Budget, gallery::Load, validate::Shape};
use crate::{
    provider::{Content, Entry, Image, Model, Provider},
    transcript::{Message, PartId, PartKind, Seq, ToolState, text},
};

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
    /// The images in it.
    pub images: Load,
}

impl Item {
    /// An entry as it is sent. Its bytes are empty when nothing of it can be.
    pub(super) fn new(asked: &Asked, seq: Seq, entry: &Entry) -> Self {
        let encoded = asked.provider.encode(&asked.model, entry);
        Self {
            seq,
            shape: Shape::of(entry),
            tokens: tokens(asked, entry, &encoded),
            encoded,
            outputs: Vec::new(),
            summary: false,
            images: Load::of(entry),
        }
    }

    /// Words that belong to no message, in the user's role.
    pub fn loose(asked: &Asked, words: &str) -> Self {
        Self::new(asked, Seq(0), &Entry::User(vec![Content::Text(words.to_owned())]))
    }
}

/// An estimate of an entry's tokens: images by their size in pixels, all else by its bytes.
pub(super) fn tokens(asked: &Asked, entry: &Entry, encoded: &Bytes) -> u64 {
    let images: Vec<&Image> = match entry {
        Entry::User(content) => content
            .iter()
            .filter_map(|piece| match piece {
                Content::Image(image) => Some(image),
                Content::Text(_) => None,
            })
            .collect(),
        Entry::Results(results) => results.iter().flat_map(|result| &result.images).collect(),
        Entry::Assistant(_) => Vec::new(),
    };
    let (mut seen, mut bytes) = (0, encoded.len() as u64);
    for image in images {
        seen += asked.provider.image_tokens(&asked.model, image.width, image.height);
        bytes = bytes.saturating_sub(image.base64.len() as u64);
    }
    text::estimate_tokens(bytes) + seen
}

/// The completed calls of a message whose outputs are shown themselves, with the tokens of what is shown.
pub(super) fn whole_outputs(message: &Message, sizes: impl Iterator<Item = u64>) -> Vec<(PartId, u64)> {
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
