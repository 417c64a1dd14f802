//! Cache marks: `cache_control` on blocks, at most four in a request.
//!
//! What the API looks for is an entry that ends exactly at a mark, or up to 20 blocks before one. Messages are encoded
//! without marks and kept so (invariant 4); a mark is put between the bytes of a message when a request is joined, and
//! nothing else of the message is touched. All marks of a request are the same, so that none of a longer life can
//! stand behind one of a shorter.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;

use crate::provider::body::json;

/// The field that marks a block. In a provider's or a model's options it is the mark itself (`{"ttl": "1h"}`), or
/// `null` for none.
pub(super) const FIELD: &str = "cache_control";

/// More are refused.
pub(in crate::provider) const MOST: usize = 4;

/// How each message ends: its last block, its content, itself.
const END: &[u8] = b"}]}";

/// The marks of one request.
pub(super) struct Marks {
    mark: Option<Value>,
    left: usize,
}

impl Marks {
    /// Marks of this kind; without one there are none.
    pub(super) fn new(mark: Option<Value>) -> Self {
        Self { mark: mark.filter(Value::is_object), left: MOST }
    }

    /// Marks a block or a tool.
    pub(super) fn put(&mut self, block: &mut Value) {
        if let (Some(mark), Some(fields)) = (&self.mark, block.as_object_mut()) {
            fields.insert(FIELD.to_owned(), mark.clone());
            self.left = self.left.saturating_sub(1);
        }
    }

    /// The messages, with the last blocks of those in `places` marked as far as there are marks left. The last block
    /// is never one of those that cannot be marked: blank text is not encoded, and reasoning never comes last.
    pub(super) fn behind<'a>(self, messages: &'a [Bytes], places: &[usize]) -> Cow<'a, [Bytes]> {
        let Some(mark) = self.mark.filter(|_| !places.is_empty()) else { return Cow::Borrowed(messages) };
        let mark = [b",\"", FIELD.as_bytes(), b"\":", &json(&mark)].concat();
        let mut messages = messages.to_vec();
        let mut left = self.left;
        for place in places {
            let Some(message) = messages.get_mut(*place).filter(|_| left > 0) else { continue };
            if let Some(head) = message.strip_suffix(END) {
                *message = [head, &mark, END].concat().into();
                left -= 1;
            }
        }
        Cow::Owned(messages)
    }
}

/// From how many tokens on a prompt is kept for the model of that name, by the families' beginnings; names at gateways
/// differ in what stands before and in dots. For one that is not known, the largest: what is not surely kept is not
/// missed.
const FLOORS: &[(&str, u64)] = &[
    ("opus-5", 512),
    ("fable-5", 512),
    ("mythos-5", 512),
    ("opus-4-8", 1_024),
    ("opus-4-7", 4_096),
    ("opus-4-6", 4_096),
    ("opus-4-5", 4_096),
    ("opus-4", 1_024),
    ("sonnet-4-6", 2_048),
    ("sonnet-4", 1_024),
    ("sonnet-5", 1_024),
    ("3-7-sonnet", 1_024),
    ("3-5-sonnet", 1_024),
    ("3-5-haiku", 2_048),
    ("3-haiku", 2_048),
];

/// See [`FLOORS`].
const UNKNOWN_FLOOR: u64 = 4_096;

/// From how many tokens on a prompt is kept for a model. Vendor documents differ for some; then the larger counts.
pub(super) fn floor(model: &str) -> u64 {
    let name = model.to_ascii_lowercase().replace('.', "-");
    FLOORS.iter().find(|(family, _)| name.contains(family)).map_or(UNKNOWN_FLOOR, |(_, floor)| *floor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_goes_by_the_family_however_the_name_is_written() {
        for (model, floor_of) in [
            ("claude-opus-4-5-20251101", 4_096),
            ("anthropic/claude-opus-4.8", 1_024),
            ("claude-opus-4-20250514", 1_024),
            ("claude-sonnet-4-6", 2_048),
            ("Claude-Sonnet-4-5", 1_024),
            ("claude-opus-5", 512),
            ("somebody-else", UNKNOWN_FLOOR),
        ] {
            assert_eq!(floor(model), floor_of, "{model}");
        }
    }
}
