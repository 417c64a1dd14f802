//! Reading JSON that another program wrote: what it must have, what it may have, and what is of another shape.
//!
//! Pure. A member that may be missing reads as missing when its shape is another one, so that a small oddity does not
//! cost its row; a member that a row is nothing without costs the row, with the reason.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::transcript::Timestamp;

/// Why a row could not be read, for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(in super::super) struct Unreadable(pub(in super::super) String);

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// A member that may be missing, or of any shape.
pub(super) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// A string that is borrowed where it has no escapes: it may be megabytes of base64.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// A number as JavaScript has them: a time or a count may have a fraction.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Number(f64);

impl Number {
    /// As a time in milliseconds.
    pub(super) fn time(self) -> Timestamp {
        #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and times fit")]
        Timestamp(self.0 as i64)
    }

    /// As a count; what is below zero is none.
    pub(super) fn count(self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
        let count = self.0 as u64;
        count
    }

    /// As US dollars.
    pub(super) fn dollars(self) -> f64 {
        if self.0.is_finite() { self.0.max(0.0) } else { 0.0 }
    }
}

/// Token counts of a message, a session or a step.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tokens {
    #[serde(deserialize_with = "lenient")]
    input: Option<Number>,
    #[serde(deserialize_with = "lenient")]
    output: Option<Number>,
    #[serde(deserialize_with = "lenient")]
    reasoning: Option<Number>,
    #[serde(deserialize_with = "lenient")]
    cache: Option<Cached>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Cached {
    #[serde(deserialize_with = "lenient")]
    read: Option<Number>,
    #[serde(deserialize_with = "lenient")]
    write: Option<Number>,
}

/// What was consumed; opencode's counts are disjoint, as ours are. `None` when it was nothing.
pub(super) fn usage(tokens: Option<Tokens>, cost: Option<Number>) -> Option<crate::transcript::Usage> {
    let tokens = tokens.unwrap_or_default();
    let cache = tokens.cache.unwrap_or_default();
    let count = |number: Option<Number>| number.map_or(0, Number::count);
    let usage = crate::transcript::Usage {
        input: count(tokens.input),
        output: count(tokens.output),
        reasoning: count(tokens.reasoning),
        cache_read: count(cache.read),
        cache_write: count(cache.write),
        cost_usd: cost.map_or(0.0, Number::dollars),
    };
    (usage != crate::transcript::Usage::default()).then(|| usage.believable())
}
