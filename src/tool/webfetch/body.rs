//! The body of an answer, unpacked, within a byte cap (invariant 9): a bomb of compressed zeros costs the cap.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use reqwest::{Response, header::CONTENT_ENCODING};

use super::fetch::FetchError;

/// What is asked for beside plain bytes.
pub(super) const CODING: &str = "gzip";

/// What was read of a body.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// Its beginning.
    pub(super) bytes: Vec<u8>,
    /// Whether there was more.
    pub(super) cut: bool,
}

/// Reads at most `most` bytes, counted both packed and unpacked. The caller sets the deadline.
pub(super) async fn read(mut response: Response, most: usize) -> Result<Body, FetchError> {
    let coding = response.headers().get(CONTENT_ENCODING).map_or("", |value| value.to_str().unwrap_or("?"));
    let mut unpacker = Unpacker::new(coding, most)?;
    let mut packed = 0_usize;
    while let Some(chunk) = response.chunk().await.map_err(FetchError::of)? {
        packed = packed.saturating_add(chunk.len());
        if unpacker.feed(&chunk).is_err() || packed > most {
            return unpacker.end(packed > most);
        }
    }
    unpacker.end(false)
}

/// Bytes up to a cap. As a writer it fails when more come.
struct Kept {
    body: Body,
    most: usize,
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fits = bytes.len().min(self.most.saturating_sub(self.body.bytes.len()));
        self.body.bytes.extend_from_slice(bytes.get(..fits).unwrap_or_default());
        self.body.cut |= fits < bytes.len();
        if self.body.cut { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(fits) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Unpacker {
    Plain(Kept),
    Gzip(MultiGzDecoder<Kept>),
}

impl Unpacker {
    fn new(coding: &str, most: usize) -> Result<Self, FetchError> {
        let kept = Kept { body: Body::default(), most };
        match coding {
            "" | "identity" => Ok(Self::Plain(kept)),
            CODING | "x-gzip" => Ok(Self::Gzip(MultiGzDecoder::new(kept))),
            other => Err(FetchError::Coding(other.to_owned())),
        }
    }

    /// Fails when the cap is reached and when the bytes are not what they were said to be.
    fn feed(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(kept) => kept.write_all(bytes),
            Self::Gzip(decoder) => decoder.write_all(bytes),
        }
    }

    /// What there is. `cut` says that no more was read.
    fn end(mut self, cut: bool) -> Result<Body, FetchError> {
        let (kept, broken) = match &mut self {
            Self::Plain(kept) => (kept, None),
            Self::Gzip(decoder) => {
                let broken = decoder.try_finish().err();
                (decoder.get_mut(), broken)
            }
        };
        let body = std::mem::take(&mut kept.body);
        match broken {
            Some(why) if !cut && !body.cut => Err(FetchError::Packed(why.to_string())),
            _ => Ok(Body { cut: cut || body.cut, ..body }),
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(coding: &str, pieces: &[u8], most: usize) -> Result<Body, FetchError> {
        let mut unpacker = Unpacker::new(coding, most)?;
        for piece in pieces.chunks(1_000) {
            if unpacker.feed(piece).is_err() {
                break;
            }
        }
        unpacker.end(false)
    }

    #[test]
    fn packed_bytes_are_unpacked_and_plain_ones_kept() {
        let text = "one two three ".repeat(1_000);
        for (coding, bytes) in [("gzip", gzip(text.as_bytes())), ("", text.clone().into_bytes())] {
            let body = unpack(coding, &bytes, 1 << 20).unwrap();
            assert_eq!((body.bytes.as_slice(), body.cut), (text.as_bytes(), false));
        }
    }

    #[test]
    fn a_bomb_costs_the_cap() {
        let bomb = gzip(&vec![0; 64 << 20]);
        assert!(bomb.len() < 100_000);
        let body = unpack("gzip", &bomb, 1 << 20).unwrap();
        assert_eq!((body.bytes.len(), body.cut), (1 << 20, true));
        assert!(body.bytes.capacity() <= 4 << 20);
    }

    #[test]
    fn what_is_not_as_it_says_is_an_error_that_names_it() {
        assert!(unpack("br", b"x", 10).unwrap_err().to_string().contains("br"));
        assert!(unpack("gzip", b"no gzip at all", 100).unwrap_err().to_string().contains("gzip"));
        let whole = gzip(&(0..50_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
        let (half, _) = whole.split_at(whole.len() / 2);
        assert!(unpack("gzip", half, 1 << 20).is_err(), "an answer that breaks off is no answer");
    }
}
