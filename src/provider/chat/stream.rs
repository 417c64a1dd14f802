//! The chunks of a Chat Completions answer.
//!
//! A chunk adds to the text, to reasoning, or to calls by index. Nothing says where a block ends: text and
//! reasoning end where the other begins, calls end with the answer.

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::{Value, json};

use super::REASONING_FIELDS;
use crate::{
    provider::{
        BlockKind, Event, ProviderError, Seal, Settings,
        entries::NO_ARGUMENTS,
        failure::{of_bare_event, of_event, senseless},
        remote::Decode,
    },
    transcript::{FinishReason, TurnId, Usage, text},
};

/// What a call without a name weighs beside its text, in bytes.
const UNNAMED_CALL: usize = 1_024;

/// Reads one answer.
pub(super) struct Decoder {
    provider: String,
    model: String,
    next_block: u32,
    /// The text or reasoning that is being written.
    current: Option<Current>,
    calls: Vec<Call>,
    refused: bool,
    reason: Option<FinishReason>,
    usage: Usage,
    /// Whether the server says what its cache held.
    cache_told: bool,
}

struct Current {
    block: u32,
    /// For reasoning: the field that it comes in.
    field: Option<&'static str>,
}

/// A call, as far as it has come.
struct Call {
    index: u64,
    id: String,
    name: String,
    /// Set once the name is known.
    block: Option<u32>,
    /// Arguments that came before the name.
    early: String,
    filled: bool,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<WireUsage>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Option<Delta>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    reasoning_content: Option<String>,
    #[serde(default)]
    reasoning: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<CallDelta>>,
}

#[derive(Deserialize)]
struct CallDelta {
    #[serde(default)]
    index: Option<u64>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    function: Option<FunctionDelta>,
}

#[derive(Deserialize, Default)]
struct FunctionDelta {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek's name for the cached part.
    prompt_cache_hit_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

impl Decode for Decoder {
    fn event(&mut self, data: &str, out: &mut VecDeque<Event>) -> Result<(), ProviderError> {
        if data.trim() == "[DONE]" {
            self.finish(out);
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|error| {
            senseless(format!("a chunk of the answer cannot be read ({error}): {}", text::head(data, 200)))
        })?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(of_event(&error));
        }
        if chunk.choices.is_empty()
            && chunk.usage.is_none()
            && let Some(error) = of_bare_event(data)
        {
            return Err(error);
        }
        if let Some(wire) = chunk.usage {
            self.cache_told = cached(&wire).is_some();
            self.usage = usage(wire);
        }
        // More than one choice comes only when it is asked for.
        if let Some(choice) = chunk.choices.into_iter().next() {
            self.choice(choice, out);
        }
        Ok(())
    }

    /// `[DONE]` is missing from some servers; a finish reason says as much.
    fn end(&mut self, out: &mut VecDeque<Event>) {
        if self.reason.is_some() {
            self.finish(out);
        }
    }

    fn held(&self) -> usize {
        let unnamed = self.calls.iter().filter(|call| call.block.is_none());
        unnamed.map(|call| UNNAMED_CALL + call.id.len() + call.early.len()).sum()
    }
}

impl Decoder {
    pub(super) fn new(settings: &Settings, model: String) -> Self {
        Self {
            provider: settings.name.clone(),
            model,
            next_block: 0,
            current: None,
            calls: Vec::new(),
            refused: false,
            reason: None,
            usage: Usage::default(),
            cache_told: false,
        }
    }

    fn choice(&mut self, choice: Choice, out: &mut VecDeque<Event>) {
        if let Some(delta) = choice.delta {
            let [first, second] = REASONING_FIELDS;
            // A gateway that fills both fields says the same in both.
            let both = delta.reasoning_content.as_ref().is_some_and(|words| !words.is_empty());
            self.grow(delta.reasoning_content, Some(first), out);
            self.grow(delta.reasoning.filter(|_| !both), Some(second), out);
            self.grow(delta.content, None, out);
            self.refused |= delta.refusal.as_ref().is_some_and(|words| !words.is_empty());
            self.grow(delta.refusal, None, out);
            for call in delta.tool_calls.unwrap_or_default() {
                self.call(call, out);
            }
        }
        if let Some(reason) = choice.finish_reason {
            self.reason = Some(match reason.as_str() {
                "length" => FinishReason::MaxTokens,
                "content_filter" => FinishReason::Refusal,
                _ => FinishReason::EndTurn,
            });
        }
    }

    fn number(&mut self) -> u32 {
        let number = self.next_block;
        self.next_block += 1;
        number
    }

    /// Text (no field) or reasoning grows.
    fn grow(&mut self, words: Option<String>, field: Option<&'static str>, out: &mut VecDeque<Event>) {
        let Some(text) = words.filter(|words| !words.is_empty()) else { return };
        if self.current.as_ref().is_none_or(|current| current.field != field) {
            self.close_current(out);
            let block = self.number();
            let kind = if field.is_some() { BlockKind::Reasoning } else { BlockKind::Text };
            out.push_back(Event::Open { block, kind });
            self.current = Some(Current { block, field });
        }
        if let Some(current) = &self.current {
            out.push_back(Event::Delta { block: current.block, text });
        }
    }

    /// Servers that reason in a field of its own want it back in that field (DeepSeek refuses a call without).
    fn close_current(&mut self, out: &mut VecDeque<Event>) {
        if let Some(Current { block, field }) = self.current.take() {
            let seal = field.map(|field| Seal {
                provider: self.provider.clone(),
                model: self.model.clone(),
                item: json!({"field": field}),
            });
            out.push_back(Event::Close { block, seal });
        }
    }

    fn call(&mut self, delta: CallDelta, out: &mut VecDeque<Event>) {
        self.close_current(out);
        let id = delta.id.unwrap_or_default();
        let at = self.place(delta.index, &id);
        let next = self.next_block;
        let Some(call) = self.calls.get_mut(at) else { return };
        let function = delta.function.unwrap_or_default();
        // Some servers repeat the name in every chunk.
        if call.name.is_empty() {
            call.name = function.name.unwrap_or_default();
        }
        if call.block.is_none() && !call.name.is_empty() {
            call.block = Some(next);
            self.next_block = next + 1;
            call.open(next, out);
        }
        call.push(function.arguments.unwrap_or_default(), out);
    }

    /// Where the call is that a delta belongs to. A new id at a known index is another call: some servers number
    /// all of them 0.
    fn place(&mut self, index: Option<u64>, id: &str) -> usize {
        let index = index.or_else(|| self.calls.last().map(|call| call.index)).unwrap_or(0);
        let known = self
            .calls
            .iter()
            .rposition(|call| call.index == index && (id.is_empty() || call.id.is_empty() || call.id == id));
        if let Some(at) = known {
            if let Some(call) = self.calls.get_mut(at).filter(|call| call.block.is_none()) {
                call.id.push_str(if call.id.is_empty() { id } else { "" });
            }
            return at;
        }
        self.calls.push(Call {
            index,
            id: id.to_owned(),
            name: String::new(),
            block: None,
            early: String::new(),
            filled: false,
        });
        self.calls.len() - 1
    }

    fn finish(&mut self, out: &mut VecDeque<Event>) {
        self.close_current(out);
        let mut called = false;
        for call in self.calls.drain(..) {
            if let Some(block) = call.block {
                called = true;
                if !call.filled {
                    out.push_back(Event::Delta { block, text: NO_ARGUMENTS.to_owned() });
                }
                out.push_back(Event::Close { block, seal: None });
            }
        }
        let reason = match self.reason.unwrap_or(FinishReason::EndTurn) {
            // Some servers say "stop" although they call.
            FinishReason::EndTurn if self.refused => FinishReason::Refusal,
            FinishReason::EndTurn if called => FinishReason::ToolCalls,
            reason => reason,
        };
        out.push_back(Event::Finish {
            reason,
            usage: self.usage,
            cache_told: self.cache_told,
            response_id: None,
        });
    }
}

impl Call {
    fn open(&mut self, block: u32, out: &mut VecDeque<Event>) {
        if self.id.is_empty() {
            // Some local servers give none, and the result has to name one: any id that no other call has.
            self.id = format!("call_{}", TurnId::random().as_str().trim_start_matches(TurnId::PREFIX));
        }
        let kind = BlockKind::Call { call_id: self.id.clone(), tool: self.name.clone() };
        out.push_back(Event::Open { block, kind });
        let early = std::mem::take(&mut self.early);
        self.push(early, out);
    }

    fn push(&mut self, text: String, out: &mut VecDeque<Event>) {
        match self.block {
            _ if text.is_empty() => {}
            None => self.early.push_str(&text),
            Some(block) => {
                self.filled = true;
                out.push_back(Event::Delta { block, text });
            }
        }
    }
}

/// Prompt tokens that were read from the cache, where the server says so.
fn cached(wire: &WireUsage) -> Option<u64> {
    let details = wire.prompt_tokens_details.as_ref();
    details.and_then(|details| details.cached_tokens).or(wire.prompt_cache_hit_tokens)
}

/// The cached part is counted within the prompt, reasoning within the completion.
fn usage(wire: WireUsage) -> Usage {
    let read = cached(&wire).unwrap_or(0);
    let prompt = wire.prompt_tokens_details.unwrap_or_default();
    let written = prompt.cache_write_tokens.unwrap_or(0);
    let reasoning = wire.completion_tokens_details.unwrap_or_default().reasoning_tokens.unwrap_or(0);
    Usage {
        input: wire.prompt_tokens.unwrap_or(0).saturating_sub(read).saturating_sub(written),
        output: wire.completion_tokens.unwrap_or(0).saturating_sub(reasoning),
        reasoning,
        cache_read: read,
        cache_write: written,
        cost_usd: 0.0,
    }
}

#[cfg(test)]
mod tests;
