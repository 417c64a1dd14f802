//! An answer on its way in: bytes become events, within bounds. Pure.
//!
//! Invariant 9: whatever a provider sends, and for however long, what is kept of one answer has a cap. Each decoder keeps
//! little; what it hands out and what it holds back is counted here, once for all formats.

use std::collections::VecDeque;

use super::{
    Api, BlockKind, Event, ProviderError, Settings,
    anthropic::Anthropic,
    chat::Chat,
    failure::{Secrets, broken, senseless},
    remote::{Decode, Format},
    responses::Responses,
    sse,
};

/// The most that an answer writes (text, reasoning and arguments together), in bytes: more than any model's output.
const MOST_WRITTEN: usize = 4 * 1024 * 1024;

/// The most blocks that an answer has.
const MOST_BLOCKS: usize = 1_024;

/// The most tools that an answer calls: they run at the same time.
const MOST_CALLS: usize = 128;

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
            let decoded = self.decoder.event(&data, &mut self.ready);
            self.weigh(known)?;
            decoded?;
        }
        pushed.map_err(|sse::TooLarge| {
            senseless(format!("an event of the answer is larger than {} bytes", sse::MAX_EVENT_BYTES))
        })
    }

    /// Counts the events behind the first `known`. What goes beyond a bound is not handed out.
    fn weigh(&mut self, known: usize) -> Result<(), ProviderError> {
        for (at, event) in self.ready.iter().enumerate().skip(known) {
            match event {
                Event::Open { kind, .. } => {
                    self.blocks += 1;
                    self.calls += usize::from(matches!(kind, BlockKind::Call { .. }));
                }
                Event::Delta { text, .. } => self.written += text.len(),
                Event::Close { .. } | Event::Finish { .. } => {}
            }
            if let Some(bound) = self.passed() {
                self.ready.truncate(at);
                return Err(senseless(format!("the answer was stopped: it has more than {bound}")));
            }
        }
        if self.decoder.held() > MOST_WRITTEN {
            return Err(senseless(format!("the answer was stopped: it has more than {MOST_WRITTEN} bytes")));
        }
        Ok(())
    }

    fn passed(&self) -> Option<String> {
        [
            (self.written > MOST_WRITTEN, MOST_WRITTEN, "bytes"),
            (self.blocks > MOST_BLOCKS, MOST_BLOCKS, "blocks"),
            (self.calls > MOST_CALLS, MOST_CALLS, "tool calls"),
        ]
        .into_iter()
        .find_map(|(passed, most, what)| passed.then(|| format!("{most} {what}")))
    }
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
