//! A prompt cache as providers keep one: what of a request was seen before, byte for byte.
//!
//! OpenAI's knows every beginning, in steps of 128 tokens; Anthropic's knows what ended at a mark, and finds it up to
//! 20 blocks before a mark. Both keep nothing below 1,024 tokens. A token is four bytes.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use serde_json::Value;

use super::{
    Wire, anthropic,
    rules::{MARK, Sent, unmarked},
    script::Tokens,
};

const FLOOR: u64 = 1_024;
const GRAIN: u64 = 128;

/// How far before a mark Anthropic looks.
const LOOK_BACK: usize = 20;

/// What was seen of all sessions, and what kept responses stand for.
#[derive(Debug, Default)]
pub struct Cache {
    known: HashSet<u64>,
    responses: HashMap<String, Vec<String>>,
}

/// A request in the order in which it is cached.
struct Pieces {
    pieces: Vec<String>,
    /// Where marks stand; `None` where everything is kept.
    marks: Option<Vec<usize>>,
}

impl Cache {
    /// What a request costs, and keeps it. `response` is the id of its answer.
    pub fn count(&mut self, wire: Wire, body: &Value, sent: &Sent, response: &str, tokens: Tokens) -> Tokens {
        let Pieces { pieces, marks } = match wire {
            Wire::Anthropic => marked_blocks(body),
            Wire::Responses | Wire::Chat => Pieces { pieces: self.whole(body, sent, response), marks: None },
        };
        let (mut sizes, mut hashes, mut bytes, mut hasher) =
            (Vec::new(), Vec::new(), 0, DefaultHasher::new());
        for piece in &pieces {
            piece.hash(&mut hasher);
            bytes += piece.len() as u64;
            sizes.push(bytes / 4);
            hashes.push(hasher.finish());
        }
        let all = || (0..pieces.len()).collect();
        let kept: Vec<usize> = marks.clone().unwrap_or_else(all);
        let found = |at: &usize| sizes[*at] >= FLOOR && self.known.contains(&hashes[*at]);
        let looked_at = kept.iter().flat_map(|mark| mark.saturating_sub(LOOK_BACK - 1)..=*mark);
        let read = looked_at.filter(found).max().map_or(0, |at| sizes[at]);
        let whole = bytes / 4;
        self.known.extend(kept.iter().filter(|at| sizes[**at] >= FLOOR).map(|at| hashes[*at]));
        let (cache_read, cache_write) = match marks {
            None => (read / GRAIN * GRAIN, 0),
            Some(marks) => {
                let end = marks.last().map_or(0, |at| sizes[*at]);
                (read, if end >= FLOOR { end.saturating_sub(read) } else { 0 })
            }
        };
        Tokens { input: whole - cache_read - cache_write, cache_read, cache_write, ..tokens }
    }

    /// Nothing is known any more: time has passed, or another machine answers.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// A request with what stands before it in the response that it continues.
    fn whole(&mut self, body: &Value, sent: &Sent, response: &str) -> Vec<String> {
        let previous = body["previous_response_id"].as_str().and_then(|id| self.responses.get(id));
        let mut pieces = previous.cloned().unwrap_or_else(|| sent.head.clone());
        pieces.extend(sent.items.iter().cloned());
        let answered = pieces.iter().cloned().chain([format!("the answer {response}")]);
        self.responses.insert(response.to_owned(), answered.collect());
        pieces
    }
}

/// The model stands before the tools; what may be called, before the messages.
fn marked_blocks(body: &Value) -> Pieces {
    let blocks = anthropic::blocks(body);
    let fixed: usize = ["tools", "system"].map(|name| body[name].as_array().map_or(0, Vec::len)).iter().sum();
    let mut pieces: Vec<String> =
        blocks.iter().map(|block| unmarked(&serde_json::to_string(block).expect("it was read"))).collect();
    let marks = (0..blocks.len()).filter(|at| blocks[*at].get(MARK).is_some()).collect();
    let choice = body["tool_choice"].to_string();
    let model = body["model"].to_string();
    if let Some(piece) = pieces.get_mut(fixed) {
        piece.insert_str(0, &choice);
    }
    if let Some(piece) = pieces.first_mut() {
        piece.insert_str(0, &model);
    }
    Pieces { pieces, marks: Some(marks) }
}
