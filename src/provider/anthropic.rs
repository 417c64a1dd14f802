//! Anthropic Messages: `POST {base}/v1/messages`.
//!
//! Format: <https://docs.claude.com/en/api/messages> and, for what streams,
//! <https://docs.claude.com/en/docs/build-with-claude/streaming>. Thinking blocks go back unchanged, with their
//! signature, to the model that wrote them (invariant 4). Caching:
//! <https://platform.claude.com/docs/en/build-with-claude/prompt-caching>.

pub(in crate::provider) mod marks;
mod request;
mod stream;

use bytes::Bytes;

use super::{
    Entry, Envelope, Model, Settings,
    http::Credential,
    image_tokens,
    remote::{Decode, Format},
};

/// The format.
#[derive(Debug)]
pub(super) struct Anthropic;

impl Format for Anthropic {
    fn path(&self) -> &'static str {
        "/v1/messages"
    }

    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("content-type", "application/json"),
            ("accept", "text/event-stream"),
            ("anthropic-version", "2023-06-01"),
        ]
    }

    fn credential(&self, key: &str) -> Credential {
        ("x-api-key".to_owned(), key.to_owned())
    }

    fn encode(&self, settings: &Settings, model: &Model, entry: &Entry) -> Bytes {
        request::encode(settings, model, entry)
    }

    fn cache_floor(&self, model: &Model) -> u64 {
        marks::floor(&model.id)
    }

    fn image_tokens(&self, model: &Model, width: u32, height: u32) -> u64 {
        image_tokens::anthropic(&model.id, width, height)
    }

    fn body(
        &self,
        settings: &Settings,
        envelope: &Envelope<'_>,
        encoded: &[Bytes],
        cache: &[usize],
    ) -> Bytes {
        request::body(settings, envelope, encoded, cache)
    }

    fn decoder(&self, settings: &Settings, model: String) -> Box<dyn Decode> {
        Box::new(stream::Decoder::new(settings, model))
    }
}
