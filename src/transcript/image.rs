//! Which images a model can be sent: what every provider with images takes. Pure.

/// Media types.
pub const TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// The largest, in bytes (the smallest limit of the large providers).
pub const LARGEST: usize = 5 * 1024 * 1024;

/// Whether every provider with images takes an image of this type and size.
pub fn is_sendable(mime: &str, bytes: usize) -> bool {
    TYPES.contains(&mime) && (1..=LARGEST).contains(&bytes)
}
