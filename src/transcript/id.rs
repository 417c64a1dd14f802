//! Opaque identifiers with a prefix for each kind, and the sequence number that orders messages.
//!
//! An id is random: nothing may be read from it, and sorting by it means nothing (invariant 1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lower-case letters and digits without the look-alikes `l`, `o`, `0`, `1`.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Twenty characters of five random bits each: 100 bits, no collision in practice.
const RANDOM_CHARS: usize = 20;

fn random_tail() -> String {
    let mut bytes = [0_u8; RANDOM_CHARS];
    if getrandom::fill(&mut bytes).is_err() {
        // Without the system's generator, a hasher seeded by the standard library still gives distinct ids.
        use std::hash::{BuildHasher, Hasher};
        for chunk in bytes.chunks_mut(8) {
            let hasher = std::collections::hash_map::RandomState::new().build_hasher();
            let word = hasher.finish().to_le_bytes();
            chunk.copy_from_slice(word.get(..chunk.len()).unwrap_or_default());
        }
    }
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind made here begins with. Imported ids may differ: an id is opaque.
            pub const PREFIX: &str = $prefix;

            /// A fresh random id.
            #[must_use]
            pub fn random() -> Self {
                Self(format!("{}{}", $prefix, random_tail()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Something that a person allowed for longer than once.
    ApprovalId, "apr_"
);
id!(
    /// A session.
    SessionId, "ses_"
);
id!(
    /// A message of a session.
    MessageId, "msg_"
);
id!(
    /// A part of a message.
    PartId, "prt_"
);
id!(
    /// A project: the root that sessions share.
    ProjectId, "prj_"
);
id!(
    /// A question for permission.
    PermissionId, "per_"
);
id!(
    /// One run of the agent loop, from a prompt to its end.
    TurnId, "trn_"
);

/// A message's place in its session, from 1, without gaps, given by the write transaction (invariant 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Seq(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_carry_their_prefix_and_do_not_repeat() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| PartId::random()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.as_str().starts_with("prt_") && id.as_str().len() == 24));
    }
}
