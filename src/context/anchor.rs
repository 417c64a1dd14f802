//! Whether the next request continues a response that the provider keeps, and from where.
//!
//! Pure. An anchor names the newest answer that is complete, with every call settled, and what it was asked with. A
//! request continues it only while nothing that was sent before has changed (invariant 4); in every other case the
//! request is whole, and the reason is told.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{validate::Shape, window::Window};
use crate::{
    provider::Outgoing,
    store::{Anchor, Anchoring},
    transcript::Seq,
};

/// Continued requests in a row that a provider refused, after which none is tried until something else changes.
pub(in crate::context) const MOST_REFUSALS: u32 = 2;

/// What a kept response depends on beside the conversation, as digests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fingerprint {
    endpoint: String,
    model: String,
    instructions: String,
    tools: String,
    settings: String,
}

impl Fingerprint {
    /// Of a request without any conversation, made for the turn.
    pub fn of(outgoing: &Outgoing) -> Self {
        let mut fields: Map<String, Value> = serde_json::from_slice(&outgoing.body).unwrap_or_default();
        // Where there is no field for instructions they are all that an empty conversation holds.
        let says = ["instructions", "system", "messages"].into_iter().find(|name| fields.contains_key(*name));
        let mut take = |name: &str| digest(&fields.shift_remove(name).unwrap_or_default());
        let (model, instructions, tools) = (take("model"), take(says.unwrap_or_default()), take("tools"));
        // These may differ from request to request.
        for passing in ["tool_choice", "input", "messages", "previous_response_id"] {
            take(passing);
        }
        let endpoint = digest(&Value::from(outgoing.url.as_str()));
        Self { endpoint, model, instructions, tools, settings: digest(&Value::Object(fields)) }
    }

    /// As it is stored.
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What is different from a stored one.
    fn change_from_written(&self, stored: &str) -> Option<&'static str> {
        self.change_from(&serde_json::from_str(stored).unwrap_or_default())
    }

    /// What is different from an earlier one.
    pub fn change_from(&self, before: &Self) -> Option<&'static str> {
        let changed = [
            (self.endpoint != before.endpoint, "endpoint"),
            (self.model != before.model, "model"),
            (self.tools != before.tools, "tools"),
            (self.instructions != before.instructions, "instructions"),
            (self.settings != before.settings, "settings"),
        ];
        changed.into_iter().find_map(|(is, name)| is.then_some(name))
    }
}

fn digest(value: &Value) -> String {
    let hash = Sha256::digest(value.to_string());
    hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// How the next request reaches the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Threading {
    /// With the whole window.
    Full {
        /// Why.
        reason: String,
    },
    /// With what came after an answer that the provider keeps.
    Delta {
        /// The provider's id of that answer.
        response: String,
        /// That answer's place.
        anchor: Seq,
        /// The first item of the window that is sent.
        from: usize,
    },
}

impl Threading {
    /// Its name in the ledger.
    pub fn mode(&self) -> &'static str {
        match self {
            Self::Full { .. } => "full",
            Self::Delta { .. } => "delta",
        }
    }

    /// Why, for the ledger.
    pub fn reason(&self) -> &str {
        match self {
            Self::Full { reason } => reason,
            Self::Delta { .. } => "anchored",
        }
    }
}

/// Decides. `kept` says whether the provider keeps responses at all.
pub fn plan(window: &Window, anchoring: &Anchoring, fingerprint: &Fingerprint, kept: bool) -> Threading {
    let full = |reason: &str| Threading::Full { reason: reason.to_owned() };
    if !kept {
        return full("off");
    }
    let Some(Anchor { seq, response }) = &anchoring.anchor else {
        return full(if anchoring.reason.is_empty() { "first" } else { &anchoring.reason });
    };
    if anchoring.refusals >= MOST_REFUSALS
        && fingerprint.change_from_written(&anchoring.fingerprint).is_none()
    {
        return full("refused");
    }
    if *seq <= window.live().reshaped {
        return full(&window.live().reason);
    }
    if let Some(changed) = fingerprint.change_from_written(&anchoring.fingerprint) {
        return full(changed);
    }
    let answer = |item: &super::item::Item| item.seq == *seq && matches!(item.shape, Shape::Assistant(_));
    match window.items().iter().rposition(answer) {
        Some(at) => Threading::Delta { response: response.clone(), anchor: *seq, from: at + 1 },
        None => full("interrupted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use serde_json::json;

    fn outgoing(body: &Value) -> Outgoing {
        Outgoing {
            model: "m".into(),
            url: "https://example.org/v1/responses".into(),
            headers: Vec::new(),
            body: Bytes::from(body.to_string()),
        }
    }

    #[test]
    fn what_changed_is_named_and_what_may_change_is_not() {
        let body =
            json!({"model": "m", "instructions": "i", "tools": [1], "store": true, "tool_choice": "auto"});
        let before = Fingerprint::of(&outgoing(&body)).written();
        let with = |name: &str, value: Value| {
            let mut body = body.clone();
            body[name] = value;
            Fingerprint::of(&outgoing(&body))
        };
        assert_eq!(with("tool_choice", json!("none")).change_from_written(&before), None);
        assert_eq!(with("input", json!([1])).change_from_written(&before), None);
        for name in ["model", "instructions", "tools"] {
            assert_eq!(with(name, json!("other")).change_from_written(&before), Some(name));
        }
        assert_eq!(with("service_tier", json!("flex")).change_from_written(&before), Some("settings"));
        let elsewhere = Outgoing { url: "https://example.org/v2".into(), ..outgoing(&body) };
        assert_eq!(Fingerprint::of(&elsewhere).change_from_written(&before), Some("endpoint"));
        assert!(Fingerprint::of(&outgoing(&body)).change_from_written("damaged").is_some());
    }
}
