//! What the double answers: written in neutral words, rendered in the format of the wire.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::{
    Wire, anthropic, chat,
    faults::{self, At, Fault, Harm, Move},
    responses,
};

/// Where an answer falls silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stall {
    /// Before the head.
    Head,
    /// After so many events; 0 is before the first.
    After(usize),
}

/// A piece of an answer.
#[derive(Clone, Debug)]
pub enum Say {
    Text(String),
    Reasoning(String),
    Call { id: String, tool: String, arguments: String },
}

/// Token counts in neutral words: they do not overlap.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokens {
    pub input: u64,
    pub cache_read: u64,
    pub cache_write: u64,
    pub output: u64,
    pub reasoning: u64,
}

/// One answer of the script.
#[derive(Clone, Debug)]
pub struct Answer {
    pub says: Vec<Say>,
    pub tokens: Tokens,
    /// Whether it ends at the output limit.
    pub cut_short: bool,
    /// Whether the request it answers may begin with other bytes than the one before.
    pub new_prefix: bool,
    /// Whether the request it answers is no link of the conversation: the next one continues the one before it.
    pub aside: bool,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// What goes wrong on its way.
    pub faults: Vec<Fault>,
    pub delay: Duration,
    pub response_id: String,
    /// What is written, one event each.
    pub frames: Vec<Bytes>,
    line_end: &'static str,
    endless: bool,
    raw: bool,
    adapt: Option<Adapt>,
}

/// Makes an answer fit the request that it answers: the body, and its size in bytes.
pub type Adapt = fn(Answer, &Value, usize) -> Answer;

impl Answer {
    /// An answer that says nothing yet.
    pub fn new() -> Self {
        Self {
            says: Vec::new(),
            tokens: Tokens::default(),
            cut_short: false,
            new_prefix: false,
            aside: false,
            status: 200,
            headers: vec![("content-type".into(), "text/event-stream".into())],
            faults: Vec::new(),
            delay: Duration::ZERO,
            response_id: String::new(),
            frames: Vec::new(),
            line_end: "\n",
            endless: false,
            raw: false,
            adapt: None,
        }
    }

    /// Words; each is a delta of its own.
    pub fn text(mut self, text: &str) -> Self {
        self.says.push(Say::Text(text.to_owned()));
        self
    }

    pub fn reasoning(mut self, text: &str) -> Self {
        self.says.push(Say::Reasoning(text.to_owned()));
        self
    }

    pub fn call(mut self, id: &str, tool: &str, arguments: &Value) -> Self {
        self.says.push(Say::Call { id: id.into(), tool: tool.into(), arguments: arguments.to_string() });
        self
    }

    /// A call with arguments as they are, which may be none or no JSON.
    pub fn raw_call(mut self, id: &str, tool: &str, arguments: &str) -> Self {
        self.says.push(Say::Call { id: id.into(), tool: tool.into(), arguments: arguments.into() });
        self
    }

    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = tokens;
        self
    }

    /// It ends at the output limit.
    pub fn cut_short(mut self) -> Self {
        self.cut_short = true;
        self
    }

    /// A boundary was crossed: the request may begin with other bytes than the one before.
    pub fn new_prefix(mut self) -> Self {
        self.new_prefix = true;
        self
    }

    /// The request is no link of the conversation.
    pub fn aside(mut self) -> Self {
        self.aside = true;
        self
    }

    /// It depends on the request.
    #[allow(dead_code, reason = "benches use it")]
    pub fn adapted(mut self, adapt: Adapt) -> Self {
        self.adapt = Some(adapt);
        self
    }

    /// As it answers this request.
    pub(super) fn to(mut self, request: &Value, bytes: usize) -> Self {
        match self.adapt.take() {
            Some(adapt) => adapt(self, request, bytes),
            None => self,
        }
    }

    /// Something goes wrong on its way.
    pub fn fault(mut self, at: At, harm: Harm) -> Self {
        self.faults.push(Fault { at, harm });
        self
    }

    /// The connection is closed after so many events.
    pub fn cut_after(self, events: usize) -> Self {
        self.fault(At::Event(events), Harm::Cut)
    }

    /// It falls silent.
    pub fn stall(self, stall: Stall) -> Self {
        let at = match stall {
            Stall::Head => At::Head,
            Stall::After(events) => At::Event(events),
        };
        self.fault(at, Harm::Silence)
    }

    /// Waits between two events.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Its last event never comes.
    pub fn without_end(mut self) -> Self {
        self.endless = true;
        self
    }

    /// Writes CRLF where others write LF.
    pub fn crlf(mut self) -> Self {
        self.line_end = "\r\n";
        self
    }

    /// An answer of another status, without a stream.
    pub fn status(status: u16) -> Self {
        Self { status, raw: true, headers: Vec::new(), ..Self::new() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body of an answer without a stream.
    pub fn body(mut self, body: &str) -> Self {
        self.frames = vec![Bytes::from(body.to_owned())];
        self
    }

    /// Exactly these writes.
    pub fn raw(writes: Vec<Bytes>) -> Self {
        Self { raw: true, frames: writes, ..Self::new() }
    }

    pub(super) fn call_ids(&self) -> Vec<String> {
        let id = |say: &Say| if let Say::Call { id, .. } = say { Some(id.clone()) } else { None };
        self.says.iter().filter_map(id).collect()
    }

    /// How its body is sent.
    pub(super) fn moves(&self) -> Vec<Move> {
        faults::moves(&self.frames, self.delay, &self.faults)
    }

    /// What happens before its head.
    pub(super) fn before_the_head(&self) -> Option<&Harm> {
        self.faults.iter().find(|fault| fault.at == At::Head).map(|fault| &fault.harm)
    }

    /// The answer as this wire writes it.
    pub fn render(&mut self, wire: Wire) {
        if !self.raw {
            let frames = match wire {
                Wire::Responses => responses::frames(self),
                Wire::Chat => chat::frames(self),
                Wire::Anthropic => anthropic::frames(self),
            };
            self.frames = frames.into_iter().map(|frame| frame.replace('\n', self.line_end).into()).collect();
            if self.endless {
                self.frames.pop();
            }
        }
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::new()
    }
}

/// Text in pieces of a few characters, as models write.
pub(super) fn pieces(text: &str) -> Vec<String> {
    text.chars().collect::<Vec<_>>().chunks(4).map(|piece| piece.iter().collect()).collect()
}

/// One server-sent event with a name.
pub(super) fn named(event: &Value) -> String {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
}
