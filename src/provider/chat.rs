//! Chat Completions, OpenAI's and that of the many gateways and local servers which speak it:
//! `POST {base}/chat/completions`.
//!
//! Format: <https://platform.openai.com/docs/api-reference/chat>. What others add (reasoning in fields of its
//! own, other names for cache figures, calls without ids) is taken where it comes.

mod request;
mod stream;

use bytes::Bytes;

use super::{
    Entry, Envelope, Model, Settings,
    http::Credential,
    image_tokens,
    remote::{Decode, Format},
};

/// Where servers put reasoning, and want it back: DeepSeek, llama.cpp and others; OpenRouter, vLLM and others.
const REASONING_FIELDS: [&str; 2] = ["reasoning_content", "reasoning"];

/// The format.
#[derive(Debug)]
pub(super) struct Chat;

impl Format for Chat {
    fn path(&self) -> &'static str {
        "/chat/completions"
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

    fn image_tokens(&self, model: &Model, width: u32, height: u32) -> u64 {
        image_tokens::unknown(&model.id, width, height)
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
