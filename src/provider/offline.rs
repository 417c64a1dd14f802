//! `offline/explorer`: a built-in model that needs no key and no network.
//!
//! It is no language model and says so, but it is a provider like any other: it takes the words of the prompt,
//! works on the user's real files through the ordinary tools over several steps, and answers with the places it
//! found. Each step is a pure function of the request alone, so that it goes on after a restart, and it never
//! loops. The request has a JSON format of its own.

mod intent;
pub(in crate::provider) mod kept;
pub(in crate::provider) mod plan;
pub(in crate::provider) mod summary;
mod wire;

use bytes::Bytes;
use futures::{future::BoxFuture, stream};

use super::{
    BlockKind, Deadlines, Entry, Envelope, Event, EventStream, Model, Outgoing, Provider, ProviderError,
    catalog::OFFLINE, entries::call_id_from, failure::senseless,
};
use crate::transcript::{FinishReason, Usage, text};
use plan::Step;

/// Bytes of a delta: small, so that clients see a stream.
const DELTA_BYTES: usize = 24;

/// The built-in provider.
#[derive(Clone, Copy, Debug, Default)]
pub struct Explorer {
    /// Whether it keeps its responses, so that a request can continue one.
    pub keeps: bool,
}

impl Provider for Explorer {
    fn name(&self) -> &str {
        OFFLINE
    }

    fn encode(&self, _model: &Model, entry: &Entry) -> Bytes {
        wire::encode(entry)
    }

    fn keeps_responses(&self, _model: &Model) -> bool {
        self.keeps
    }

    /// It has no cache.
    fn cache_floor(&self, _model: &Model) -> u64 {
        u64::MAX
    }

    /// It is blind.
    fn image_tokens(&self, _model: &Model, _width: u32, _height: u32) -> u64 {
        0
    }

    fn most_images(&self) -> usize {
        0
    }

    fn request(&self, envelope: &Envelope<'_>, encoded: &[Bytes], _cache: &[usize]) -> Outgoing {
        Outgoing {
            model: envelope.model.id.clone(),
            url: "builtin:explorer".to_owned(),
            headers: Vec::new(),
            body: wire::body(envelope, encoded),
        }
    }

    fn open(&self, outgoing: Outgoing, _: Deadlines) -> BoxFuture<'_, Result<EventStream, ProviderError>> {
        Box::pin(async move {
            let mut request: wire::Request = serde_json::from_slice(&outgoing.body)
                .map_err(|error| senseless(format!("the explorer cannot read the request: {error}")))?;
            let before = request.previous.as_deref().map(kept::find).transpose()?.unwrap_or_default();
            let read_before = before.iter().map(wire::size).sum();
            request.entries.splice(0..0, before);
            let step = plan::next(&request);
            let id = self.keeps.then(|| kept_id(&outgoing.body));
            if let Some(id) = id.clone() {
                request.entries.push(said(&step, &outgoing.body));
                kept::keep(id, request.entries);
            }
            let events = answer(&step, &outgoing.body, read_before, id).into_iter().map(Ok);
            let stream: EventStream = Box::pin(stream::iter(events));
            Ok(stream)
        })
    }
}

fn kept_id(body: &[u8]) -> String {
    call_id_from(body).replacen("call", "resp", 1)
}

/// A step as the conversation has it from then on.
fn said(step: &Step, body: &[u8]) -> wire::Turn {
    match step {
        Step::Call { tool, arguments, .. } => wire::Turn::Assistant {
            text: String::new(),
            calls: vec![wire::Call {
                id: call_id_from(body),
                tool: (*tool).to_owned(),
                arguments: arguments.clone(),
            }],
        },
        Step::Answer(words) => wire::Turn::Assistant { text: words.clone(), calls: Vec::new() },
    }
}

/// A step as the events of an answer: a thought, then a call or words. `read_before` is the size of what was continued.
fn answer(step: &Step, body: &[u8], read_before: usize, response_id: Option<String>) -> Vec<Event> {
    let mut events = Vec::new();
    let (thought, kind, words, reason) = match step {
        Step::Call { tool, arguments, thought } => {
            // No two requests of a session are the same, so that neither are two ids.
            let kind = BlockKind::Call { call_id: call_id_from(body), tool: (*tool).to_owned() };
            (thought.as_str(), kind, arguments.to_string(), FinishReason::ToolCalls)
        }
        Step::Answer(words) => ("", BlockKind::Text, words.clone(), FinishReason::EndTurn),
    };
    let mut number = 0;
    if !thought.is_empty() {
        block(&mut events, number, BlockKind::Reasoning, thought);
        number += 1;
    }
    block(&mut events, number, kind, &words);
    let tokens = |bytes: usize| text::estimate_tokens(u64::try_from(bytes).unwrap_or(u64::MAX));
    let usage = Usage {
        input: tokens(body.len()),
        cache_read: tokens(read_before),
        output: tokens(words.len()),
        reasoning: tokens(thought.len()),
        ..Usage::default()
    };
    events.push(Event::Finish { reason, usage, cache_told: false, response_id });
    events
}

fn block(events: &mut Vec<Event>, number: u32, kind: BlockKind, words: &str) {
    events.push(Event::Open { block: number, kind });
    let mut rest = words;
    while !rest.is_empty() {
        let (delta, behind) = text::split(rest, DELTA_BYTES);
        events.push(Event::Delta { block: number, text: delta.to_owned() });
        rest = behind;
    }
    events.push(Event::Close { block: number, seal: None });
}

#[cfg(test)]
mod tests;
