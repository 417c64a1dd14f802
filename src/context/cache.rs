//! Why a provider's cache did not hold what it was expected to hold.
//!
//! Pure. What was sent before and is sent again unchanged (invariant 4) is expected to be read from the cache, if it
//! is large enough to be kept and young enough to be there still. Where it is not, one reason is told: the first that
//! applies of those that change the prefix, then of those that lose it.

use serde::{Deserialize, Serialize};

use super::anchor::Fingerprint;
use crate::transcript::{CacheMiss, ModelRef, Seq, Timestamp, Usage};

/// How long a cache is counted on after its last use, in milliseconds: five minutes at Anthropic, five to ten at
/// OpenAI.
const LIFE: u64 = 5 * 60 * 1_000;

/// Tokens that may be missing of what was expected: OpenAI keeps prompts in steps of 128.
const GRAIN: u64 = 128;

/// The part of what was expected that may be missing beside.
const TOLERANCE: u64 = 10;

/// What a request was asked with, as far as caches depend on it and beside the conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Frame {
    /// The agent.
    pub agent: String,
    /// Whether the model might call tools.
    pub calls: bool,
    /// All else.
    #[serde(flatten)]
    pub fingerprint: Fingerprint,
}

/// The newest call of a session that was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Before {
    /// The answer's place.
    pub answer: Seq,
    /// The model that was called.
    pub model: ModelRef,
    /// What it was asked with.
    pub frame: Frame,
    /// Tokens of its request.
    pub tokens: u64,
    /// When its answer was complete.
    pub ended_at: Timestamp,
    /// Whether a call has failed since.
    pub failed_since: bool,
}

/// A call that was answered, before it is written into the ledger.
#[derive(Clone, Debug)]
pub struct Now<'a> {
    /// The model that was called.
    pub model: &'a ModelRef,
    /// What it was asked with.
    pub frame: &'a Frame,
    /// When the request was made.
    pub started_at: Timestamp,
    /// Whether it failed before it succeeded.
    pub retried: bool,
    /// The newest message when what is sent of the history was last changed, and what changed it.
    pub reshaped: (Seq, CacheMiss),
    /// From how many tokens on the provider keeps a prompt.
    pub floor: u64,
    /// What it consumed.
    pub usage: &'a Usage,
}

/// Why less was read from the cache than was expected; `None` when all was, or when there was nothing to expect.
pub fn miss(before: Option<&Before>, now: &Now<'_>) -> Option<CacheMiss> {
    let whole = now.usage.total_input();
    let expected = before.map_or(whole, |before| before.tokens.min(whole));
    if expected < now.floor {
        return None;
    }
    let Some(before) = before else {
        return (now.usage.cache_read == 0).then_some(CacheMiss::First);
    };
    let least = (expected - expected / TOLERANCE).saturating_sub(GRAIN);
    (now.usage.cache_read < least).then(|| reason(before, now))
}

/// Why the cache will not hold what was sent before, as far as that is known before the call.
pub fn foreseen(before: Option<&Before>, now: &Now<'_>) -> Option<CacheMiss> {
    let Some(before) = before else { return Some(CacheMiss::First) };
    Some(reason(before, now)).filter(|reason| !matches!(reason, CacheMiss::Retry | CacheMiss::Unknown))
}

fn reason(before: &Before, now: &Now<'_>) -> CacheMiss {
    let (was, is) = (&before.frame, now.frame);
    if before.model != *now.model {
        return CacheMiss::Model;
    }
    if was.agent != is.agent {
        return CacheMiss::Agent;
    }
    match is.fingerprint.change_from(&was.fingerprint) {
        Some("model") => return CacheMiss::Model,
        Some("tools") => return CacheMiss::Tools,
        Some("instructions") => return CacheMiss::Instructions,
        Some(_) => return CacheMiss::Settings,
        None if was.calls != is.calls => return CacheMiss::Settings,
        None => {}
    }
    let (reshaped, how) = now.reshaped;
    if before.answer <= reshaped {
        return how;
    }
    if now.started_at.since(before.ended_at) > LIFE {
        return CacheMiss::Expired;
    }
    if now.retried || before.failed_since { CacheMiss::Retry } else { CacheMiss::Unknown }
}

/// What a change of what is sent means for the cache, by its name in the store.
pub fn reshaped_by(name: &str) -> CacheMiss {
    match name {
        "prune" => CacheMiss::Prune,
        "compaction" => CacheMiss::Compaction,
        "images" => CacheMiss::Images,
        // The window began elsewhere, or messages came into it from another program.
        _ => CacheMiss::Window,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::provider::Outgoing;

    const FLOOR: u64 = 1_024;

    fn model(id: &str) -> ModelRef {
        ModelRef { provider: "p".into(), id: id.into() }
    }

    fn frame(change: &str) -> Frame {
        let mut body = json!({"model": "m", "tools": [1], "instructions": "i", "max_tokens": 1});
        if body.get(change).is_some() {
            body[change] = json!("other");
        }
        let outgoing = Outgoing {
            model: "m".into(),
            url: "https://example.org".into(),
            headers: Vec::new(),
            body: Bytes::from(body.to_string()),
        };
        let agent = if change == "agent" { "plan" } else { "build" };
        Frame { agent: agent.into(), calls: change != "calls", fingerprint: Fingerprint::of(&outgoing) }
    }

    fn before() -> Before {
        Before {
            answer: Seq(10),
            model: model("m"),
            frame: frame(""),
            tokens: 20_000,
            ended_at: Timestamp(1_000_000),
            failed_since: false,
        }
    }

    /// A call with what was `changed`, that read so many of its 21,000 tokens from the cache.
    fn judge(changed: &str, read: u64) -> Option<CacheMiss> {
        let usage = Usage { input: 21_000 - read, cache_read: read, ..Usage::default() };
        let before = Before { failed_since: changed == "failed", ..before() };
        let waited = if changed == "late" { 301_000 } else { 299_000 };
        let now = Now {
            model: &model(if changed == "model" { "n" } else { "m" }),
            frame: &frame(changed),
            started_at: Timestamp(before.ended_at.0 + waited),
            retried: changed == "retried",
            reshaped: reshaped(changed),
            floor: FLOOR,
            usage: &usage,
        };
        miss((changed != "first").then_some(&before), &now)
    }

    fn reshaped(changed: &str) -> (Seq, CacheMiss) {
        match changed {
            "prune" | "window" | "compaction" | "images" => (Seq(10), reshaped_by(changed)),
            _ => (Seq(9), CacheMiss::Prune),
        }
    }

    #[test]
    fn every_miss_has_its_reason() {
        for (changed, reason) in [
            ("first", CacheMiss::First),
            ("model", CacheMiss::Model),
            ("agent", CacheMiss::Agent),
            ("tools", CacheMiss::Tools),
            ("instructions", CacheMiss::Instructions),
            ("max_tokens", CacheMiss::Settings),
            ("calls", CacheMiss::Settings),
            ("prune", CacheMiss::Prune),
            ("window", CacheMiss::Window),
            ("compaction", CacheMiss::Compaction),
            ("images", CacheMiss::Images),
            ("late", CacheMiss::Expired),
            ("retried", CacheMiss::Retry),
            ("failed", CacheMiss::Retry),
            ("nothing", CacheMiss::Unknown),
        ] {
            assert_eq!(judge(changed, 0), Some(reason), "{changed}");
            assert_eq!(judge(changed, 20_000), None, "{changed}: what was expected was read");
        }
    }

    #[test]
    fn a_little_less_than_expected_is_no_miss() {
        assert_eq!(judge("nothing", 20_000 * 9 / 10 - GRAIN), None);
        assert_eq!(judge("nothing", 20_000 * 9 / 10 - GRAIN - 1), Some(CacheMiss::Unknown));
        assert_eq!(judge("first", 2_000), None, "another session has made the beginning known");
    }

    #[test]
    fn a_frame_is_the_same_after_it_was_stored() {
        let stored = serde_json::to_string(&frame("tools")).unwrap();
        assert_eq!(serde_json::from_str::<Frame>(&stored).unwrap(), frame("tools"));
    }

    proptest! {
        #[test]
        fn what_is_too_small_to_be_kept_is_no_miss(tokens in 0..FLOOR, now_tokens in 0..100_000_u64) {
            let usage = Usage { input: now_tokens, ..Usage::default() };
            let before = Before { tokens, ..before() };
            let now = Now {
                model: &model("m"),
                frame: &frame("model"),
                started_at: Timestamp(0),
                retried: true,
                reshaped: (Seq(10), CacheMiss::Prune),
                floor: FLOOR,
                usage: &usage,
            };
            prop_assert_eq!(miss(Some(&before), &now), None);
        }
    }
}
