//! The events of a Messages answer.
//!
//! Blocks open, grow and stop by `index`. Blocks of kinds that agentls does not ask for (the server's own tools)
//! are passed over.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    provider::{
        BlockKind, Event, ProviderError, Seal, Settings,
        entries::NO_ARGUMENTS,
        failure::{of_bare_event, of_event, senseless},
        remote::Decode,
    },
    transcript::{FinishReason, Usage, text},
};

/// Reads one answer.
pub(super) struct Decoder {
    provider: String,
    model: String,
    /// Open blocks by the wire's index.
    blocks: BTreeMap<u64, Block>,
    next_block: u32,
    reason: FinishReason,
    usage: WireUsage,
}

struct Block {
    number: u32,
    kind: Kind,
}

enum Kind {
    Text,
    Thinking { text: String, signature: String },
    Redacted { data: String },
    Call { input: Map<String, Value>, filled: bool },
}

#[derive(Deserialize)]
struct WireEvent {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    index: u64,
    #[serde(default)]
    message: Option<Message>,
    #[serde(default)]
    content_block: Option<WireBlock>,
    #[serde(default)]
    delta: Option<Delta>,
    #[serde(default)]
    usage: Option<WireUsage>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    usage: WireUsage,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireBlock {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    name: String,
    text: String,
    thinking: String,
    signature: String,
    data: String,
    input: Map<String, Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Delta {
    text: String,
    thinking: String,
    signature: String,
    partial_json: String,
    stop_reason: Option<String>,
}

/// Figures are cumulative; a later event repeats those it knows better.
#[derive(Deserialize, Default)]
#[serde(default)]
struct WireUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: u64,
}

/// An event of another shape: a gateway's error, or nonsense.
fn unreadable(data: &str, error: &serde_json::Error) -> ProviderError {
    of_bare_event(data).unwrap_or_else(|| {
        senseless(format!("an event of the answer cannot be read ({error}): {}", text::head(data, 200)))
    })
}

impl Decode for Decoder {
    fn event(&mut self, data: &str, out: &mut VecDeque<Event>) -> Result<(), ProviderError> {
        let event: WireEvent = serde_json::from_str(data).map_err(|error| unreadable(data, &error))?;
        match event.kind.as_str() {
            "message_start" => self.usage.update(event.message.map(|message| message.usage)),
            "content_block_start" => self.start(event.index, event.content_block.unwrap_or_default(), out),
            "content_block_delta" => self.grow(event.index, event.delta.unwrap_or_default(), out),
            "content_block_stop" => self.stop(event.index, out),
            "message_delta" => {
                self.usage.update(event.usage);
                if let Some(reason) = event.delta.and_then(|delta| delta.stop_reason) {
                    self.reason = finish_reason(&reason);
                }
            }
            "message_stop" => self.finish(out),
            "error" => return Err(of_event(&event.error.unwrap_or_default())),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, _out: &mut VecDeque<Event>) {}

    fn held(&self) -> usize {
        let sealed = |block: &Block| match &block.kind {
            Kind::Thinking { signature, .. } => signature.len(),
            _ => 0,
        };
        self.blocks.values().map(sealed).sum()
    }
}

impl Decoder {
    pub(super) fn new(settings: &Settings, model: String) -> Self {
        Self {
            provider: settings.name.clone(),
            model,
            blocks: BTreeMap::new(),
            next_block: 0,
            reason: FinishReason::EndTurn,
            usage: WireUsage::default(),
        }
    }

    fn start(&mut self, index: u64, block: WireBlock, out: &mut VecDeque<Event>) {
        let (kind, opened) = match block.kind.as_str() {
            "text" => (Kind::Text, BlockKind::Text),
            "thinking" => {
                (Kind::Thinking { text: String::new(), signature: block.signature }, BlockKind::Reasoning)
            }
            "redacted_thinking" => (Kind::Redacted { data: block.data }, BlockKind::Reasoning),
            "tool_use" => (
                Kind::Call { input: block.input, filled: false },
                BlockKind::Call { call_id: block.id, tool: block.name },
            ),
            _ => return,
        };
        // A block that never stopped ends where another takes its place.
        self.stop(index, out);
        let number = self.next_block;
        self.next_block += 1;
        out.push_back(Event::Open { block: number, kind: opened });
        self.blocks.insert(index, Block { number, kind });
        self.grow(index, Delta { text: block.text, thinking: block.thinking, ..Delta::default() }, out);
    }

    fn grow(&mut self, index: u64, delta: Delta, out: &mut VecDeque<Event>) {
        let Some(block) = self.blocks.get_mut(&index) else { return };
        let text = match &mut block.kind {
            Kind::Text => delta.text,
            Kind::Thinking { text, signature } => {
                text.push_str(&delta.thinking);
                signature.push_str(&delta.signature);
                delta.thinking
            }
            Kind::Redacted { .. } => return,
            Kind::Call { filled, .. } => {
                *filled |= !delta.partial_json.is_empty();
                delta.partial_json
            }
        };
        if !text.is_empty() {
            out.push_back(Event::Delta { block: block.number, text });
        }
    }

    fn stop(&mut self, index: u64, out: &mut VecDeque<Event>) {
        let Some(Block { number: block, kind }) = self.blocks.remove(&index) else { return };
        let item = match kind {
            Kind::Thinking { text, signature } if !signature.is_empty() => {
                Some(json!({"type": "thinking", "thinking": text, "signature": signature}))
            }
            Kind::Redacted { data } => Some(json!({"type": "redacted_thinking", "data": data})),
            Kind::Call { input, filled: false } => {
                let whole = serde_json::to_string(&input).unwrap_or_else(|_| NO_ARGUMENTS.to_owned());
                out.push_back(Event::Delta { block, text: whole });
                None
            }
            _ => None,
        };
        let seal = item.map(|item| Seal { provider: self.provider.clone(), model: self.model.clone(), item });
        out.push_back(Event::Close { block, seal });
    }

    fn finish(&mut self, out: &mut VecDeque<Event>) {
        let open: Vec<_> = self.blocks.keys().copied().collect();
        for index in open {
            self.stop(index, out);
        }
        out.push_back(Event::Finish {
            reason: self.reason,
            usage: self.usage.neutral(),
            cache_told: self.usage.cache_read_input_tokens.is_some(),
            response_id: None,
        });
    }
}

fn finish_reason(reason: &str) -> FinishReason {
    match reason {
        "tool_use" => FinishReason::ToolCalls,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::MaxTokens,
        "refusal" => FinishReason::Refusal,
        _ => FinishReason::EndTurn,
    }
}

impl WireUsage {
    fn update(&mut self, newer: Option<Self>) {
        let Some(newer) = newer else { return };
        self.input_tokens = newer.input_tokens.or(self.input_tokens);
        self.output_tokens = newer.output_tokens.or(self.output_tokens);
        self.cache_creation_input_tokens =
            newer.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_read_input_tokens = newer.cache_read_input_tokens.or(self.cache_read_input_tokens);
        if newer.output_tokens_details.is_some() {
            self.output_tokens_details = newer.output_tokens_details;
        }
    }

    /// Anthropic counts cached input apart from the input, and thinking within the output.
    fn neutral(&self) -> Usage {
        let reasoning = self.output_tokens_details.as_ref().map_or(0, |details| details.thinking_tokens);
        Usage {
            input: self.input_tokens.unwrap_or(0),
            output: self.output_tokens.unwrap_or(0).saturating_sub(reasoning),
            reasoning,
            cache_read: self.cache_read_input_tokens.unwrap_or(0),
            cache_write: self.cache_creation_input_tokens.unwrap_or(0),
            cost_usd: 0.0,
        }
    }
}
