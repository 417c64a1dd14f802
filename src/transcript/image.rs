//! Images in a history, and what models are sent in their place. Pure.

use serde::{Deserialize, Serialize};

/// Media types that every provider with images takes.
pub const TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Tokens that an image is taken for while nobody has looked at it.
pub const UNSEEN_TOKENS: u64 = 1_600;

/// Pixels of a token's side, by Anthropic's formula, which is the finest of the vendors'.
const PATCH: u32 = 28;

/// What models are sent in the place of an image that is stored. Decided once, when it is first looked at, and kept
/// with it: what was sent is sent again (invariant 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Shown {
    /// An image.
    Image(Outgoing),
    /// None: why, in words.
    Note(String),
}

/// An image as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outgoing {
    /// What it really is.
    pub mime: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Size of its file.
    pub bytes: u64,
    /// Whether it is a copy that was made to fit, stored beside what came.
    #[serde(default)]
    pub copy: bool,
}

impl Outgoing {
    /// Its size in a request, in bytes of base64.
    pub fn encoded_bytes(&self) -> u64 {
        encoded_bytes(self.bytes)
    }
}

/// Bytes of base64 that so many bytes become.
pub fn encoded_bytes(bytes: u64) -> u64 {
    bytes.div_ceil(3) * 4
}

/// An estimate of an image's tokens that is not far below any vendor's count.
pub fn estimate_tokens(width: u32, height: u32) -> u64 {
    u64::from(width.div_ceil(PATCH)) * u64::from(height.div_ceil(PATCH))
}

/// Why an image that was sent is no longer: a stable text.
pub const MADE_ROOM: &str = "left out, because newer images need the room";
