//! Proof of reasoning, and the form in which it is stored.
//!
//! A provider refuses a request whose seal is another by one byte, and would refuse the session for ever: so a seal is
//! stored with a checksum, and one that does not match is not sent. Pure.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Proof of reasoning that a provider wants back unchanged (an encrypted item, a signed block).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seal {
    /// The provider that made it.
    pub provider: String,
    /// The model that made it.
    pub model: String,
    /// The item in that provider's own format.
    pub item: Value,
}

impl Seal {
    /// One line of JSON, and a line with the checksum of the first.
    pub fn to_stored(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{json}\n{}", checksum(json.as_bytes()))
    }

    /// A seal as it was stored; `None` where it is damaged. Old ones have no second line.
    pub fn from_stored(stored: &[u8]) -> Option<Self> {
        let mut lines = stored.splitn(2, |byte| *byte == b'\n');
        let (json, sum) = (lines.next()?, lines.next());
        if sum.is_some_and(|sum| sum != checksum(json).as_bytes()) {
            return None;
        }
        serde_json::from_slice(json).ok()
    }
}

/// The first eight bytes of SHA-256, in hexadecimal digits.
fn checksum(json: &[u8]) -> String {
    Sha256::digest(json).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn seal(text: &str) -> Seal {
        Seal { provider: "openai".into(), model: "gpt-5".into(), item: json!({"encrypted_content": text}) }
    }

    #[test]
    fn one_without_a_checksum_is_read() {
        let old = serde_json::to_vec(&seal("sealed")).unwrap();
        assert_eq!(Seal::from_stored(&old), Some(seal("sealed")));
    }

    proptest! {
        #[test]
        fn it_comes_back_and_none_comes_back_that_is_damaged(
            text in ".{0,40}", at in any::<prop::sample::Index>(), bit in 0_u32..8
        ) {
            let mut stored = seal(&text).to_stored().into_bytes();
            prop_assert_eq!(Seal::from_stored(&stored), Some(seal(&text)));
            let at = at.index(stored.len());
            stored[at] ^= 1 << bit;
            prop_assert_eq!(Seal::from_stored(&stored), None);
            stored.truncate(at);
            prop_assert!(Seal::from_stored(&stored).is_none_or(|read| read == seal(&text)));
        }
    }
}
