//! The events of a Responses answer.
//!
//! An answer is a list of items, named by `output_index`. Items that only count when they are done (a call whose
//! arguments did not stream, reasoning that is not shown) are read from `output_item.done`.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    provider::{
        BlockKind, Event, ProviderError, Seal, Settings,
        entries::NO_ARGUMENTS,
        failure::{broken, of_bare_event, of_event, senseless},
        remote::Decode,
    },
    transcript::{FinishReason, Usage, text},
};

/// Reads one answer.
pub(super) struct Decoder {
    provider: String,
    model: String,
    /// Whether the provider keeps the response, so that it can be continued.
    store: bool,
    /// Blocks by `output_index` and by what they are: servers that leave the index out number all items 0.
    items: BTreeMap<(u64, Class), Block>,
    next_block: u32,
    called: bool,
    refused: bool,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Text,
    Reasoning,
    Call,
}

impl Class {
    fn of(kind: &BlockKind) -> Self {
        match kind {
            BlockKind::Text => Self::Text,
            BlockKind::Reasoning => Self::Reasoning,
            BlockKind::Call { .. } => Self::Call,
        }
    }
}

/// A block that has been opened.
struct Block {
    number: u32,
    /// Whether any text has come.
    filled: bool,
    /// The part of the reasoning summary that is being written.
    part: u64,
    open: bool,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: std::borrow::Cow<'a, str>,
}

#[derive(Deserialize)]
struct Growth {
    #[serde(default)]
    output_index: u64,
    #[serde(default)]
    summary_index: u64,
    #[serde(rename = "delta")]
    text: String,
}

#[derive(Deserialize)]
struct ItemEvent {
    #[serde(default)]
    output_index: u64,
    item: Item,
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    call_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    arguments: String,
    #[serde(default)]
    content: Option<Vec<Piece>>,
    #[serde(default)]
    summary: Vec<Value>,
    #[serde(default)]
    encrypted_content: Option<String>,
}

#[derive(Deserialize)]
struct Piece {
    #[serde(default)]
    text: String,
    #[serde(default)]
    refusal: String,
}

#[derive(Deserialize)]
struct ResponseEvent {
    response: Response,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    error: Option<Value>,
    #[serde(default)]
    incomplete_details: Option<Value>,
    #[serde(default)]
    usage: Option<WireUsage>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireUsage {
    input_tokens: u64,
    output_tokens: u64,
    input_tokens_details: Option<InputDetails>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Option<u64>,
}

impl Decode for Decoder {
    fn event(&mut self, data: &str, out: &mut VecDeque<Event>) -> Result<(), ProviderError> {
        if data == "[DONE]" {
            return Ok(());
        }
        let kind = parse::<Kind<'_>>(data)?.kind;
        match kind.as_ref() {
            "response.output_item.added" => self.added(&parse(data)?, out),
            "response.output_text.delta" => self.grow(parse(data)?, &BlockKind::Text, out),
            "response.refusal.delta" => {
                self.refused = true;
                self.grow(parse(data)?, &BlockKind::Text, out);
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.grow(parse(data)?, &BlockKind::Reasoning, out);
            }
            "response.function_call_arguments.delta" => {
                let delta: Growth = parse(data)?;
                if let Some(block) = self.items.get_mut(&(delta.output_index, Class::Call)) {
                    block.push(delta.text, out);
                }
            }
            "response.output_item.done" => self.done(parse(data)?, out),
            "response.completed" => self.finish(parse::<ResponseEvent>(data)?.response, None, out),
            "response.incomplete" => {
                let response = parse::<ResponseEvent>(data)?.response;
                let reason = incomplete_reason(response.incomplete_details.as_ref());
                self.finish(response, Some(reason), out);
            }
            "response.failed" => {
                let error = parse::<ResponseEvent>(data)?.response.error;
                return Err(error.map_or_else(|| broken("the response failed"), |error| of_event(&error)));
            }
            "response.cancelled" => return Err(broken("the provider cancelled the response")),
            "error" => return Err(of_event(&parse::<Value>(data)?)),
            known if known.starts_with("response.") => {}
            _ => return of_bare_event(data).map_or(Ok(()), Err),
        }
        Ok(())
    }

    fn end(&mut self, _out: &mut VecDeque<Event>) {}
}

fn parse<'a, T: Deserialize<'a>>(data: &'a str) -> Result<T, ProviderError> {
    serde_json::from_str(data).map_err(|error| {
        senseless(format!("an event of the answer cannot be read ({error}): {}", text::head(data, 200)))
    })
}

impl Block {
    /// A block that is closed grows no more.
    fn push(&mut self, text: String, out: &mut VecDeque<Event>) {
        if self.open && !text.is_empty() {
            self.filled = true;
            out.push_back(Event::Delta { block: self.number, text });
        }
    }

    /// What came whole instead of in pieces.
    fn fill(&mut self, text: String, out: &mut VecDeque<Event>) -> &mut Self {
        if !self.filled {
            self.push(text, out);
        }
        self
    }
}

impl Decoder {
    pub(super) fn new(settings: &Settings, model: String) -> Self {
        Self {
            provider: settings.name.clone(),
            model,
            store: settings.store,
            items: BTreeMap::new(),
            next_block: 0,
            called: false,
            refused: false,
        }
    }

    /// The block of an item, opened when it is new.
    fn block(&mut self, index: u64, kind: &BlockKind, out: &mut VecDeque<Event>) -> &mut Block {
        let next = &mut self.next_block;
        self.items.entry((index, Class::of(kind))).or_insert_with(|| {
            let number = *next;
            *next += 1;
            out.push_back(Event::Open { block: number, kind: kind.clone() });
            Block { number, filled: false, part: 0, open: true }
        })
    }

    fn added(&mut self, event: &ItemEvent, out: &mut VecDeque<Event>) {
        // Text and reasoning open with their first words: many items of reasoning have none.
        if event.item.kind == "function_call" && !event.item.name.is_empty() {
            self.open_call(event.output_index, &event.item, out);
        }
    }

    fn open_call(&mut self, index: u64, item: &Item, out: &mut VecDeque<Event>) -> &mut Block {
        self.called = true;
        let kind = BlockKind::Call { call_id: item.call_id.clone(), tool: item.name.clone() };
        self.block(index, &kind, out)
    }

    fn grow(&mut self, delta: Growth, kind: &BlockKind, out: &mut VecDeque<Event>) {
        let block = self.block(delta.output_index, kind, out);
        if block.part != delta.summary_index {
            block.part = delta.summary_index;
            if block.filled {
                block.push("\n\n".to_owned(), out);
            }
        }
        block.push(delta.text, out);
    }

    fn done(&mut self, event: ItemEvent, out: &mut VecDeque<Event>) {
        let ItemEvent { output_index: index, item } = event;
        let (block, seal) = match item.kind.as_str() {
            "message" => {
                let words = item.content.unwrap_or_default();
                self.refused |= words.iter().any(|piece| !piece.refusal.is_empty());
                let text: String = words.into_iter().map(|piece| piece.text + &piece.refusal).collect();
                if text.is_empty() && !self.items.contains_key(&(index, Class::Text)) {
                    return;
                }
                (self.block(index, &BlockKind::Text, out).fill(text, out), None)
            }
            "function_call" => {
                let block = self.open_call(index, &item, out);
                let arguments =
                    if item.arguments.is_empty() { NO_ARGUMENTS.to_owned() } else { item.arguments };
                (block.fill(arguments, out), None)
            }
            "reasoning" => {
                let seal = self.seal(item);
                if seal.is_none() && !self.items.contains_key(&(index, Class::Reasoning)) {
                    return;
                }
                (self.block(index, &BlockKind::Reasoning, out), seal)
            }
            _ => return,
        };
        if std::mem::replace(&mut block.open, false) {
            out.push_back(Event::Close { block: block.number, seal });
        }
    }

    /// Reasoning as it can be sent again: encrypted, or kept by the provider.
    fn seal(&self, item: Item) -> Option<Seal> {
        let id = item.id?;
        if item.encrypted_content.is_none() && !self.store {
            return None;
        }
        let mut wire = json!({"type": "reasoning", "id": id, "summary": item.summary});
        if let (Some(encrypted), Some(fields)) = (item.encrypted_content, wire.as_object_mut()) {
            fields.insert("encrypted_content".into(), encrypted.into());
        }
        Some(Seal { provider: self.provider.clone(), model: self.model.clone(), item: wire })
    }

    fn finish(&mut self, response: Response, incomplete: Option<FinishReason>, out: &mut VecDeque<Event>) {
        for ((_, class), block) in self.items.iter_mut().filter(|(_, block)| block.open) {
            if *class == Class::Call {
                block.fill(NO_ARGUMENTS.to_owned(), out);
            }
            block.open = false;
            out.push_back(Event::Close { block: block.number, seal: None });
        }
        let complete = match (self.refused, self.called) {
            (true, _) => FinishReason::Refusal,
            (_, true) => FinishReason::ToolCalls,
            _ => FinishReason::EndTurn,
        };
        let continuable = self.store && incomplete.is_none();
        let wire = response.usage.unwrap_or_default();
        let told = wire.input_tokens_details.as_ref().and_then(|details| details.cached_tokens);
        out.push_back(Event::Finish {
            reason: incomplete.unwrap_or(complete),
            cache_told: told.is_some(),
            usage: usage(wire),
            response_id: response.id.filter(|_| continuable),
        });
    }
}

fn incomplete_reason(details: Option<&Value>) -> FinishReason {
    match details.and_then(|details| details.get("reason")).and_then(Value::as_str) {
        Some("content_filter") => FinishReason::Refusal,
        _ => FinishReason::MaxTokens,
    }
}

/// OpenAI counts cached input within the input, and reasoning within the output.
fn usage(wire: WireUsage) -> Usage {
    let input = wire.input_tokens_details.unwrap_or_default();
    let (read, written) = (input.cached_tokens.unwrap_or(0), input.cache_write_tokens.unwrap_or(0));
    let reasoning = wire.output_tokens_details.unwrap_or_default().reasoning_tokens.unwrap_or(0);
    Usage {
        input: wire.input_tokens.saturating_sub(read).saturating_sub(written),
        output: wire.output_tokens.saturating_sub(reasoning),
        reasoning,
        cache_read: read,
        cache_write: written,
        cost_usd: 0.0,
    }
}

#[cfg(test)]
mod tests;
