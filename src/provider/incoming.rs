//! An answer on its way in: bytes become events, within bounds. Pure.
//!
//! Invariant 9: whatever a provider sends, and for however long, what is kept of one answer has a cap. Each decoder keeps
//! little; what it hands out and what it holds back is counted here, once for all formats.

use std::collections::VecDeque;

use super::{
    Api, BlockKind, Event, ProviderError, Settings,
    anthropic::Anthropic,
    chat::Chat,
    failure::{broken, senseless},
    remote::{Decode, Format},
    responses::Responses,
    sse,
};
use crate::transcript::{json, secret::Secrets};

/// The most that an answer writes (text, reasoning and arguments together), in bytes: more than any model's output.
pub(in crate::provider) const MOST_WRITTEN: usize = 4 * 1024 * 1024;

/// The most blocks that an answer has.
pub(in crate::provider) const MOST_BLOCKS: usize = 1_024;

/// The most tools that an answer calls: they run at the same time.
pub(in crate::provider) const MOST_CALLS: usize = 128;

/// The longest id of a call or a response and the longest name of a tool, in bytes. Gateways hide kilobytes in ids.
pub(in crate::provider) const LONGEST_NAME: usize = 64 * 1024;

/// An answer that is being read.
pub(super) struct Incoming {
    events: sse::Decoder,
    decoder: Box<dyn Decode>,
    ready: VecDeque<Event>,
    secrets: Secrets,
    begun: bool,
    written: usize,
    blocks: usize,
    calls: usize,
    longest_name: usize,
}

impl Incoming {
    pub(super) fn new(decoder: Box<dyn Decode>, secrets: Secrets) -> Self {
        Self {
            events: sse::Decoder::default(),
            decoder,
            ready: VecDeque::new(),
            secrets,
            begun: false,
            written: 0,
            blocks: 0,
            calls: 0,
            longest_name: 0,
        }
    }

    /// Takes the next bytes. What came before an error can still be handed out.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), ProviderError> {
        self.read(bytes).map_err(|error| self.secrets.clean_error(error))
    }

    /// The connection ended.
    pub(super) fn end(&mut self) -> Result<(), ProviderError> {
        self.decoder.end(&mut self.ready);
        match self.ready.back() {
            Some(Event::Finish { .. }) => Ok(()),
            _ => Err(broken("the answer broke off before its end")),
        }
    }

    /// The next event. Nothing follows [`Event::Finish`].
    pub(super) fn next(&mut self) -> Option<Event> {
        let event = self.ready.pop_front()?;
        if matches!(event, Event::Finish { .. }) {
            self.ready.clear();
        }
        Some(event)
    }

    /// Whether an event of the stream has come, of whatever meaning.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), ProviderError> {
        let mut events = Vec::new();
        let pushed = self.events.push(bytes, &mut events);
        for data in events {
            self.begun = true;
            let known = self.ready.len();
            let decoded = self.decoder.event(&json::repaired(data.as_bytes()), &mut self.ready);
            self.weigh(known)?;
            decoded?;
        }
        pushed.map_err(|sse::TooLarge| {
            senseless(format!("an event of the answer is larger than {} bytes", sse::MAX_EVENT_BYTES))
        })
    }

    /// Counts the events behind the first `known`. What goes beyond a bound is not handed out.
    fn weigh(&mut self, known: usize) -> Result<(), ProviderError> {
        for at in known..self.ready.len() {
            let Some(event) = self.ready.get_mut(at) else { break };
            match event {
                Event::Open { kind, .. } => {
                    self.blocks += 1;
                    if let BlockKind::Call { call_id, tool } = kind {
                        self.calls += 1;
                        self.longest_name = self.longest_name.max(call_id.len()).max(tool.len());
                    }
                }
                Event::Delta { text, .. } => self.written += text.len(),
                Event::Close { seal, .. } => {
                    self.written += seal.as_ref().map_or(0, |seal| seal.item.to_string().len());
                }
                Event::Finish { usage, response_id, .. } => {
                    *usage = usage.believable();
                    self.longest_name = self.longest_name.max(response_id.as_ref().map_or(0, String::len));
                }
            }
            if let Some(bound) = self.passed() {
                self.ready.truncate(at);
                return Err(too_much(bound));
            }
        }
        self.passed().map_or(Ok(()), |bound| Err(too_much(bound)))
    }

    /// The bound that the answer has gone beyond.
    fn passed(&self) -> Option<(usize, &'static str)> {
        let bounds = [
            (self.written.max(self.decoder.held()), MOST_WRITTEN, "bytes"),
            (self.blocks, MOST_BLOCKS, "blocks"),
            (self.calls, MOST_CALLS, "tool calls"),
            (self.longest_name, LONGEST_NAME, "bytes in a name"),
        ];
        bounds.into_iter().find(|(has, most, _)| has > most).map(|(_, most, what)| (most, what))
    }
}

fn too_much((most, what): (usize, &str)) -> ProviderError {
    senseless(format!("the answer was stopped: it has more than {most} {what}"))
}

/// The format of an API.
pub(super) fn format(api: Api) -> Box<dyn Format> {
    match api {
        Api::Responses => Box::new(Responses),
        Api::Chat => Box::new(Chat),
        Api::Anthropic => Box::new(Anthropic),
    }
}

/// The events of a recorded answer whose bytes come in `pieces`, and why it broke off if it did: what
/// [`super::Provider::open`] would stream.
#[doc(hidden)]
pub fn replay(settings: &Settings, model: &str, pieces: &[&[u8]]) -> (Vec<Event>, Option<ProviderError>) {
    let decoder = format(settings.api).decoder(settings, model.to_owned());
    let mut incoming = Incoming::new(decoder, Secrets::default());
    let mut events = Vec::new();
    for piece in pieces {
        let taken = incoming.take(piece);
        while let Some(event) = incoming.next() {
            events.push(event);
            if matches!(events.last(), Some(Event::Finish { .. })) {
                return (events, None);
            }
        }
        if let Err(error) = taken {
            return (events, Some(error));
        }
    }
    let ended = incoming.end();
    events.extend(std::iter::from_fn(|| incoming.next()));
    (events, ended.err())
}

#[cfg(test)]
mod tests;
