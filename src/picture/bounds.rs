//! What is bounded of images: what is looked at, decoded and sent.

use super::{DECODING, MOST_BYTES, MOST_PIXELS, OUTGOING, header};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::bytes(
        "the file of an image that is looked at",
        "picture.rs: MOST_BYTES",
        MOST_BYTES,
        "it is refused, or a note stands for it",
    ),
    Bound::count(
        "pixels of an image that is decoded",
        "picture.rs: MOST_PIXELS",
        MOST_PIXELS,
        "it is refused, or a note stands for it",
    ),
    Bound::bytes(
        "memory for decoding an image",
        "picture.rs: DECODING",
        DECODING,
        "it is refused, or a note stands for it",
    ),
    Bound::count("images that are decoded at once", "picture.rs: DECODER", 1, "the others wait"),
    Bound::bytes(
        "the EXIF data of an image that are looked at",
        "picture/header.rs: LONGEST_EXIF",
        header::LONGEST_EXIF,
        "the rest is not read",
    ),
    Bound::bytes("an image that is sent", "picture.rs: OUTGOING", OUTGOING.bytes, "it is made smaller"),
    Bound::count(
        "the side of an image that is sent, in pixels",
        "picture.rs: OUTGOING",
        OUTGOING.side as u64,
        "it is made smaller",
    ),
];
