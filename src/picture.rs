//! Images from outside: looked at before they are decoded, and made to fit what every provider takes.
//!
//! Knows nobody and does no I/O of its own: it reads what it is given. Invariant 9: the header is judged
//! before anything is decoded, a decoder that would need more than [`DECODING`] bytes is never started, one image is
//! decoded at a time in the process, and large ones are made smaller while their rows come. Invariant 4: the same
//! bytes give the same image. Blocks; for threads where that is allowed.

pub mod bounds;
mod canvas;
mod decode;
mod encode;
pub mod header;
mod orientation;
mod plan;

use std::{
    io::{Read, Seek},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
};

pub use header::{Header, Kind};

/// Pixels of an image that is decoded at all: 12,000 × 9,000 and a little more.
pub const MOST_PIXELS: u64 = 120_000_000;

/// Size of a file that is looked at, in bytes.
pub const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Memory that a decoder and the pixels it gives may take, in bytes.
pub const DECODING: u64 = 36 * 1024 * 1024;

/// What an image may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Its file, in bytes.
    pub bytes: u64,
    /// Its width and its height, in pixels.
    pub side: u32,
}

/// What is sent to every provider.
///
/// Anthropic takes 8,000 pixels a side and only 2,000 in a request with more than 20 images
/// (<https://platform.claude.com/docs/en/build-with-claude/vision>): the stricter always holds, because the
/// twenty-first image must not change the twenty before it (invariant 4). OpenAI makes everything fit into 2,048
/// pixels itself (<https://platform.openai.com/docs/guides/images-vision>). 5 MiB of base64 is Anthropic's limit for one
/// image, 20 MB OpenAI's; ours is 2 MiB of base64, so that a request has room for several.
pub const OUTGOING: Limits = Limits { bytes: 1_536 * 1024, side: 2_000 };

/// An image that keeps its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What it is.
    pub kind: Kind,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The file; `None` when it is the one that was looked at.
    pub made: Option<Vec<u8>>,
}

/// Why an image cannot be sent. The words are stable: a model reads them in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// It is of no type that models take, whatever its name says.
    #[error("it is no PNG, JPEG, GIF or WebP image")]
    Unknown,
    /// Its header is cut off or contradicts itself.
    #[error("its header is damaged")]
    Header,
    /// It has more bytes than anybody looks at.
    #[error("it has {0} bytes")]
    Bytes(u64),
    /// It has no pixels, or more than anybody decodes.
    #[error("it has {0} × {1} pixels")]
    Pixels(u32, u32),
    /// It can only be decoded whole, and would take too much memory.
    #[error("decoding its {0} × {1} pixels takes too much memory")]
    Memory(u32, u32),
    /// What follows its header cannot be decoded.
    #[error("its data are damaged or incomplete")]
    Damaged,
    /// However small it was made, it had too many bytes.
    #[error("it cannot be made small enough")]
    TooLarge,
}

/// One at a time, so that the memory that decoding takes is bounded for the whole process.
static DECODER: Mutex<()> = Mutex::new(());

/// Looks at an image and makes it keep `limits`: upright, one frame, small enough. One that does already stays as it
/// is, after its data were decoded once to see that they can be.
pub fn fit(source: impl Read + Seek, limits: &Limits) -> Result<Picture, Flaw> {
    let _alone = DECODER.lock().unwrap_or_else(PoisonError::into_inner);
    // Decoders are made by others, and a panic in one is a damaged image.
    catch_unwind(AssertUnwindSafe(|| fit_alone(source, limits))).unwrap_or(Err(Flaw::Damaged))
}

fn fit_alone(mut source: impl Read + Seek, limits: &Limits) -> Result<Picture, Flaw> {
    let header = header::read(&mut source)?;
    if header.bytes > MOST_BYTES {
        return Err(Flaw::Bytes(header.bytes));
    }
    let pixels = u64::from(header.width) * u64::from(header.height);
    if pixels == 0 || pixels > MOST_PIXELS {
        return Err(Flaw::Pixels(header.width, header.height));
    }
    let (mut canvas, whole) = decode::decode(&mut source, &header, limits.side)?;
    let keeps = header.bytes <= limits.bytes
        && header.width.max(header.height) <= limits.side
        && !header.animated
        && header.orientation.is_upright()
        && whole;
    if keeps {
        return Ok(Picture { kind: header.kind, width: header.width, height: header.height, made: None });
    }
    canvas.turn(header.orientation);
    canvas.drop_opaque_alpha();
    for attempt in plan::attempts(canvas.width(), canvas.height(), canvas.has_alpha(), header.kind) {
        if attempt.width < canvas.width() || attempt.height < canvas.height() {
            canvas = canvas.shrunk(attempt.width, attempt.height);
        }
        let data = encode::encode(&canvas, attempt.encoding)?;
        if data.len() as u64 <= limits.bytes {
            return Ok(Picture {
                kind: attempt.encoding.kind(),
                width: canvas.width(),
                height: canvas.height(),
                made: Some(data),
            });
        }
    }
    Err(Flaw::TooLarge)
}

#[cfg(test)]
mod tests;
