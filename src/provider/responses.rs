//! OpenAI Responses: `POST {base}/responses`.
//!
//! Format: <https://platform.openai.com/docs/api-reference/responses> and, for what streams,
//! <https://platform.openai.com/docs/api-reference/responses-streaming>. With `store: false` the whole
//! conversation is sent each time and reasoning goes back as encrypted items (invariant 4).

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
pub(super) struct Responses;

impl Format for Responses {
    fn path(&self) -> &'static str {
        "/responses"
    }

    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("content-type", "application/json"), ("accept", "text/event-stream")]
    }

    fn credential(&self, key: &str) -> Credential {
        ("authorization".to_owned(), format!("Bearer {key}"))
    }

    fn encode(&self, settings: &Settings, model: &Model, entry: &Entry) -> Bytes {
        request::encode(settings, model, entry)
    }

    fn keeps_responses(&self, settings: &Settings, model: &Model) -> bool {
        request::stores(settings, model)
    }

    fn image_tokens(&self, model: &Model, width: u32, height: u32) -> u64 {
        image_tokens::openai(&model.id, width, height)
    }

    /// <https://platform.openai.com/docs/guides/images-vision#image-input-requirements>
    fn most_images(&self) -> usize {
        500
    }

    fn body(
        &self,
        settings: &Settings,
        envelope: &Envelope<'_>,
        encoded: &[Bytes],
        _cache: &[usize],
    ) -> Bytes {
        request::body(settings, envelope, encoded)
    }

    fn decoder(&self, settings: &Settings, model: String) -> Box<dyn Decode> {
        Box::new(stream::Decoder::new(settings, model))
    }
}
