//! What an image says of itself, read without decoding anything.
//!
//! PNG: PNG specification (third edition) 5.2, 11.2, 11.3 (`acTL`, `eXIf`). JPEG: ITU-T T.81 annex B. GIF: GIF89a. WebP:
//! RFC 9649. Of any bytes: what is missing or contradicts itself is a [`Flaw`]. Memory is that of one small read.

use std::io::{Read, Seek, SeekFrom};

use super::{Flaw, orientation::Orientation};

/// What an image is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PNG, animated ones too.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    WebP,
}

impl Kind {
    /// Its media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
        }
    }

    /// What these first bytes begin.
    pub fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            _ => None,
        }
    }
}

/// How its pixels are stored, as far as it decides what decoding takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Row by row.
    Rows,
    /// All at once.
    Whole,
    /// A JPEG: values for each 64 pixels of the finest component, and whether all of them come before any pixel.
    Jpeg { samples: u64, progressive: bool },
}

/// An image's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is, whatever its name says.
    pub kind: Kind,
    /// In pixels, as they are stored.
    pub width: u32,
    /// In pixels, as they are stored.
    pub height: u32,
    /// Whether it has more than one frame.
    pub animated: bool,
    /// How it is to be turned.
    pub(super) orientation: Orientation,
    /// Size of the file.
    pub(super) bytes: u64,
    pub(super) coding: Coding,
}

/// Longest EXIF data that are looked at, in bytes: what a JPEG segment holds.
pub(in crate::picture) const LONGEST_EXIF: u64 = 65_536;

/// Reads the header and leaves the source at its beginning.
pub fn read(source: &mut (impl Read + Seek)) -> Result<Header, Flaw> {
    let bytes = source.seek(SeekFrom::End(0)).map_err(|_| Flaw::Header)?;
    if bytes == 0 {
        return Err(Flaw::Empty);
    }
    source.rewind().map_err(|_| Flaw::Header)?;
    let mut walk = Walk { source, bytes };
    let start = walk.up_to(12)?;
    let kind = Kind::of(&start).ok_or(Flaw::Unknown)?;
    let header = Header {
        kind,
        width: 0,
        height: 0,
        animated: false,
        orientation: Orientation::default(),
        bytes,
        coding: Coding::Whole,
    };
    let header = match kind {
        Kind::Png => png(&mut walk, header),
        Kind::Jpeg => jpeg(&mut walk, header),
        Kind::Gif => gif(&mut walk, header),
        Kind::WebP => webp(&mut walk, header),
    }?;
    source.rewind().map_err(|_| Flaw::Header)?;
    Ok(header)
}

/// A walk over the pieces of a file.
struct Walk<'a, S> {
    source: &'a mut S,
    bytes: u64,
}

impl<S: Read + Seek> Walk<'_, S> {
    fn exactly<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes).map_err(|_| Flaw::Header)?;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, Flaw> {
        let [byte] = self.exactly()?;
        Ok(byte)
    }

    fn up_to(&mut self, most: u64) -> Result<Vec<u8>, Flaw> {
        let mut bytes = Vec::new();
        self.source.by_ref().take(most).read_to_end(&mut bytes).map_err(|_| Flaw::Header)?;
        Ok(bytes)
    }

    fn go_to(&mut self, at: u64) -> Result<(), Flaw> {
        // Beyond the end there is nothing to find, and a damaged length may not lead in circles.
        if at > self.bytes {
            return Err(Flaw::Header);
        }
        self.source.seek(SeekFrom::Start(at)).map_err(|_| Flaw::Header).map(|_| ())
    }

    fn position(&mut self) -> Result<u64, Flaw> {
        self.source.stream_position().map_err(|_| Flaw::Header)
    }
}

fn png(walk: &mut Walk<'_, impl Read + Seek>, mut header: Header) -> Result<Header, Flaw> {
    let mut at = 8;
    loop {
        walk.go_to(at)?;
        let (length, name) = (u32::from_be_bytes(walk.exactly()?), walk.exactly::<4>()?);
        match &name {
            b"IHDR" if at == 8 => {
                header.width = u32::from_be_bytes(walk.exactly()?);
                header.height = u32::from_be_bytes(walk.exactly()?);
                let [_, _, _, _, interlaced] = walk.exactly()?;
                header.coding = if interlaced == 0 { Coding::Rows } else { Coding::Whole };
            }
            _ if at == 8 => return Err(Flaw::Header),
            b"acTL" => header.animated = u32::from_be_bytes(walk.exactly()?) > 1,
            b"eXIf" => {
                let exif = walk.up_to(u64::from(length).min(LONGEST_EXIF))?;
                header.orientation = Orientation::of_exif(&exif);
            }
            b"IDAT" => return Ok(header),
            _ => {}
        }
        at += u64::from(length) + 12;
    }
}

fn jpeg(walk: &mut Walk<'_, impl Read + Seek>, mut header: Header) -> Result<Header, Flaw> {
    walk.go_to(2)?;
    loop {
        let mut marker = walk.byte()?;
        if marker != 0xff {
            return Err(Flaw::Header);
        }
        while marker == 0xff {
            marker = walk.byte()?;
        }
        let at = walk.position()?;
        let length = u64::from(u16::from_be_bytes(walk.exactly()?));
        match marker {
            // Frame headers of all processes; C4, C8 and CC are tables and reserved.
            0xc0..=0xcf if ![0xc4, 0xc8, 0xcc].contains(&marker) => {
                let [_, high, low, wide, narrow, components] = walk.exactly()?;
                header.height = u32::from(u16::from_be_bytes([high, low]));
                header.width = u32::from(u16::from_be_bytes([wide, narrow]));
                let progressive = matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce);
                header.coding = Coding::Jpeg { samples: samples(walk, components)?, progressive };
            }
            0xe1 => {
                let data = walk.up_to(length.saturating_sub(2))?;
                if let Some(exif) = data.strip_prefix(b"Exif\0\0") {
                    header.orientation = Orientation::of_exif(exif);
                }
            }
            // The scan: a frame header has to have come before it.
            0xda if header.coding == Coding::Whole => return Err(Flaw::Header),
            0xda => return Ok(header),
            0xd9 => return Err(Flaw::Header),
            _ => {}
        }
        walk.go_to(at + length.max(2))?;
    }
}

/// Values that are stored for 64 pixels: all components together, each by its share of the finest.
fn samples(walk: &mut Walk<'_, impl Read + Seek>, components: u8) -> Result<u64, Flaw> {
    let (mut all, mut widest, mut highest) = (0, 1, 1);
    for _ in 0..components {
        let [_, factors, _] = walk.exactly()?;
        let (across, down) = (u64::from(factors >> 4).clamp(1, 4), u64::from(factors & 15).clamp(1, 4));
        (widest, highest) = (across.max(widest), down.max(highest));
        all += across * down;
    }
    Ok((all * 64).div_ceil(widest * highest))
}

fn gif(walk: &mut Walk<'_, impl Read + Seek>, mut header: Header) -> Result<Header, Flaw> {
    walk.go_to(6)?;
    header.width = u32::from(u16::from_le_bytes(walk.exactly()?));
    header.height = u32::from(u16::from_le_bytes(walk.exactly()?));
    let [flags, _, _] = walk.exactly()?;
    let at = walk.position()?;
    walk.go_to(at + colours(flags))?;
    let mut frames = 0;
    while frames < 2 {
        match walk.byte() {
            Ok(0x21) => {
                walk.byte()?;
            }
            Ok(0x2c) => {
                frames += 1;
                let [.., flags] = walk.exactly::<9>()?;
                let at = walk.position()?;
                // One byte more: the size of the first codes.
                walk.go_to(at + colours(flags) + 1)?;
            }
            // The trailer, or an end without one.
            _ => break,
        }
        if blocks(walk).is_err() {
            break;
        }
    }
    header.animated = frames > 1;
    if frames == 0 { Err(Flaw::Header) } else { Ok(header) }
}

/// Bytes of a colour table.
fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Passes over data in blocks, up to the empty one.
fn blocks(walk: &mut Walk<'_, impl Read + Seek>) -> Result<(), Flaw> {
    loop {
        let length = walk.byte()?;
        if length == 0 {
            return Ok(());
        }
        let at = walk.position()?;
        walk.go_to(at + u64::from(length))?;
    }
}

fn webp(walk: &mut Walk<'_, impl Read + Seek>, mut header: Header) -> Result<Header, Flaw> {
    let (mut at, mut largest) = (12, (0, 0));
    // The pixels are found, and whatever stands behind them is looked at for an orientation.
    while walk.go_to(at).is_ok() {
        let (Ok(name), Ok(length)) = (walk.exactly::<4>(), walk.exactly()) else { break };
        let length = u64::from(u32::from_le_bytes(length));
        match &name {
            b"VP8X" => {
                let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = walk.exactly()?;
                header.width = u32::from_le_bytes([w0, w1, w2, 0]) + 1;
                header.height = u32::from_le_bytes([h0, h1, h2, 0]) + 1;
                header.animated = flags & 2 != 0;
            }
            b"VP8 " | b"VP8L" => largest = larger(largest, bitstream(walk, name)?),
            b"ANMF" => {
                walk.go_to(at + 8 + 16)?;
                frame(walk, at + 8 + length, &mut largest)?;
            }
            b"EXIF" => {
                let exif = walk.up_to(length.min(LONGEST_EXIF))?;
                header.orientation = Orientation::of_exif(exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif));
            }
            _ => {}
        }
        at += 8 + length + length % 2;
    }
    match (header.width, header.height) {
        _ if largest == (0, 0) => Err(Flaw::Header),
        (0, 0) => Ok(Header { width: largest.0, height: largest.1, ..header }),
        // What is inside is decoded at its own size.
        (width, height) if largest.0 > width || largest.1 > height => Err(Flaw::Header),
        _ => Ok(header),
    }
}

/// The pixels of an animation's frame.
fn frame(walk: &mut Walk<'_, impl Read + Seek>, end: u64, largest: &mut (u32, u32)) -> Result<(), Flaw> {
    let mut at = walk.position()?;
    while at < end {
        walk.go_to(at)?;
        let (name, length) = (walk.exactly::<4>()?, u64::from(u32::from_le_bytes(walk.exactly()?)));
        if matches!(&name, b"VP8 " | b"VP8L") {
            *largest = larger(*largest, bitstream(walk, name)?);
        }
        at += 8 + length + length % 2;
    }
    Ok(())
}

/// The size that a WebP's pixels themselves say.
fn bitstream(walk: &mut Walk<'_, impl Read + Seek>, name: [u8; 4]) -> Result<(u32, u32), Flaw> {
    if name == *b"VP8L" {
        let [_, bits @ ..] = walk.exactly::<5>()?;
        let bits = u32::from_le_bytes(bits);
        return Ok(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1));
    }
    let [_, _, _, _, _, _, w0, w1, h0, h1] = walk.exactly()?;
    let side = |bytes| u32::from(u16::from_le_bytes(bytes) & 0x3fff);
    Ok((side([w0, w1]), side([h0, h1])))
}

fn larger(one: (u32, u32), other: (u32, u32)) -> (u32, u32) {
    (one.0.max(other.0), one.1.max(other.1))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_image_is_said_to_be_none_whatever_its_name() {
        let read = |bytes: &[u8]| read(&mut Cursor::new(bytes)).unwrap_err();
        assert_eq!(read(b""), Flaw::Empty);
        for bytes in [&b"<!DOCTYPE html><html></html>"[..], b"PK\x03\x04", b"<svg/>", b"\x89PN", b"\0"] {
            assert_eq!(read(bytes), Flaw::Unknown, "{bytes:?}");
        }
        for cut in [&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBP"] {
            assert_eq!(read(cut), Flaw::Header, "{cut:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_header_or_a_flaw(
            start in 0_usize..4, rest in prop::collection::vec(any::<u8>(), 0..200)
        ) {
            let starts = [&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBP"];
            let mut bytes = starts[start].to_vec();
            bytes.extend(rest);
            let mut source = Cursor::new(bytes);
            if let Ok(header) = read(&mut source) {
                prop_assert_eq!(header.bytes, source.get_ref().len() as u64);
                prop_assert_eq!(source.position(), 0);
            }
        }
    }
}
