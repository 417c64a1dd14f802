//! Files become pixels, made smaller on the way, within [`super::DECODING`] bytes of memory.
//!
//! PNG comes row by row; a JPEG is decoded at a half, a quarter or an eighth of its size where that is what memory
//! allows; the others are decoded whole or not at all. Only the first frame of an animation is.

use std::io::{BufRead, BufReader, Read, Seek};

use super::{
    DECODING, Flaw, Header, Kind,
    canvas::{Canvas, Channels, Shrinker},
    header::Coding,
    plan::within,
};

/// The pixels of an image, its sides at most `side`, and whether all of its file was in order.
pub(super) fn decode(
    source: &mut (impl Read + Seek),
    header: &Header,
    side: u32,
) -> Result<(Canvas, bool), Flaw> {
    let source = BufReader::new(source);
    match header.kind {
        Kind::Png => png(source, header, side),
        Kind::Jpeg => jpeg(source, header, side),
        Kind::Gif => gif(source, header, side),
        Kind::WebP => webp(source, header, side),
    }
}

/// Whether a decoder may take so many bytes for each pixel beside a canvas of RGBA.
fn afford(header: &Header, side: u32, per_pixel: u64) -> Result<(), Flaw> {
    let pixels = u64::from(header.width) * u64::from(header.height);
    let (width, height) = within((header.width, header.height), side);
    // Rows of sums and of samples, several deep.
    let rows = u64::from(header.width) * 16 + u64::from(width) * 64;
    let canvas = u64::from(width) * u64::from(height) * 4;
    if pixels * per_pixel + rows + canvas > DECODING {
        return Err(Flaw::Memory(header.width, header.height));
    }
    Ok(())
}

fn shrinker(from: (u32, u32), side: u32, channels: Channels) -> Shrinker {
    Shrinker::new(from, within(from, side), channels)
}

fn limit() -> usize {
    usize::try_from(DECODING).unwrap_or(usize::MAX)
}

fn png(source: impl BufRead + Seek, header: &Header, side: u32) -> Result<(Canvas, bool), Flaw> {
    let rows = header.coding == Coding::Rows;
    afford(header, side, if rows { 0 } else { 4 })?;
    let mut decoder = png::Decoder::new_with_limits(source, png::Limits { bytes: limit() });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|_| Flaw::Damaged)?;
    let (colour, _) = reader.output_color_type();
    let mut pixels = Rows::new(header, side, colour);
    if rows {
        while let Some(row) = reader.next_row().map_err(|_| Flaw::Damaged)? {
            pixels.push(row.data());
        }
    } else {
        let size = reader.output_buffer_size().ok_or(Flaw::Damaged)?;
        let mut whole = vec![0; size];
        let frame = reader.next_frame(&mut whole).map_err(|_| Flaw::Damaged)?;
        for row in whole.chunks_exact(frame.line_size.max(1)) {
            pixels.push(row);
        }
    }
    let whole = reader.finish().is_ok();
    Ok((pixels.shrinker.done(), whole))
}

/// Rows of any of PNG's colours on their way into RGB or RGBA.
struct Rows {
    colour: png::ColorType,
    shrinker: Shrinker,
    row: Vec<u8>,
}

impl Rows {
    fn new(header: &Header, side: u32, colour: png::ColorType) -> Self {
        let alpha = matches!(colour, png::ColorType::Rgba | png::ColorType::GrayscaleAlpha);
        let channels = if alpha { Channels::Rgba } else { Channels::Rgb };
        Self { colour, shrinker: shrinker((header.width, header.height), side, channels), row: Vec::new() }
    }

    fn push(&mut self, row: &[u8]) {
        let greys = match self.colour {
            png::ColorType::Grayscale => 1,
            png::ColorType::GrayscaleAlpha => 2,
            _ => return self.shrinker.push(row),
        };
        self.row.clear();
        for pixel in row.chunks_exact(greys) {
            match pixel {
                [grey, alpha] => self.row.extend([*grey, *grey, *grey, *alpha]),
                [grey] => self.row.extend([*grey; 3]),
                _ => {}
            }
        }
        self.shrinker.push(&self.row);
    }
}

fn jpeg(source: impl Read, header: &Header, side: u32) -> Result<(Canvas, bool), Flaw> {
    let Coding::Jpeg { samples, progressive } = header.coding else { return Err(Flaw::Header) };
    let (width, height) = jpeg_size(header, side, samples, progressive)?;
    let mut decoder = jpeg_decoder::Decoder::new(source);
    decoder.set_max_decoding_buffer_size(limit());
    let size = |length: u32| u16::try_from(length).map_err(|_| Flaw::Header);
    let (width, height) = decoder.scale(size(width)?, size(height)?).map_err(|_| Flaw::Damaged)?;
    let format = decoder.info().ok_or(Flaw::Damaged)?.pixel_format;
    let data = decoder.decode().map_err(|_| Flaw::Damaged)?;
    drop(decoder);
    let mut shrinker = shrinker((u32::from(width), u32::from(height)), side, Channels::Rgb);
    let mut converted = Vec::new();
    for row in data.chunks_exact(usize::from(width).max(1) * format.pixel_bytes()) {
        let row = match format {
            jpeg_decoder::PixelFormat::RGB24 => row,
            _ => {
                converted.clear();
                to_rgb(format, row, &mut converted);
                &converted
            }
        };
        shrinker.push(row);
    }
    Ok((shrinker.done(), true))
}

/// The largest of the sizes at which a JPEG can be decoded that memory allows.
fn jpeg_size(header: &Header, side: u32, samples: u64, progressive: bool) -> Result<(u32, u32), Flaw> {
    let pixels = |width: u32, height: u32| u64::from(width) * u64::from(height);
    // Of a progressive one all values are held, and once more on their way to pixels, two bytes each.
    let held = if progressive { pixels(header.width, header.height) * samples / 64 * 4 } else { 0 };
    [8, 4, 2, 1]
        .map(|eighths| ((header.width * eighths).div_ceil(8), (header.height * eighths).div_ceil(8)))
        .into_iter()
        .find(|(width, height)| {
            let (small_width, small_height) = within((*width, *height), side);
            // Its components, then the pixels that they make, then the canvas (the components are gone by then).
            let (planes, made) = (pixels(*width, *height) * samples / 64, pixels(*width, *height) * 4);
            let canvas = pixels(small_width, small_height) * 3;
            held + made + planes.max(canvas) <= DECODING
        })
        .ok_or(Flaw::Memory(header.width, header.height))
}

/// CMYK comes as amounts of ink.
fn to_rgb(format: jpeg_decoder::PixelFormat, row: &[u8], rgb: &mut Vec<u8>) {
    for pixel in row.chunks_exact(format.pixel_bytes()) {
        match (format, pixel) {
            (jpeg_decoder::PixelFormat::L8, [grey]) => rgb.extend([*grey; 3]),
            (jpeg_decoder::PixelFormat::L16, pixel) => {
                let grey = pixel.try_into().map_or(0, u16::from_ne_bytes).to_be_bytes();
                rgb.extend([grey[0]; 3]);
            }
            (_, [inks @ .., black]) => rgb.extend(inks.iter().map(|ink| {
                let light = u32::from(u8::MAX - ink) * u32::from(u8::MAX - black);
                u8::try_from((light + 127) / 255).unwrap_or(u8::MAX)
            })),
            _ => {}
        }
    }
}

fn gif(source: impl Read, header: &Header, side: u32) -> Result<(Canvas, bool), Flaw> {
    afford(header, side, 1)?;
    let mut options = gif::DecodeOptions::new();
    if let Some(limit) = std::num::NonZeroU64::new(DECODING) {
        options.set_memory_limit(gif::MemoryLimit::Bytes(limit));
    }
    let mut decoder = options.read_info(source).map_err(|_| Flaw::Damaged)?;
    let global = decoder.global_palette().map(<[u8]>::to_vec).unwrap_or_default();
    let frame = decoder.read_next_frame().map_err(|_| Flaw::Damaged)?.ok_or(Flaw::Damaged)?;
    let palette = frame.palette.as_deref().unwrap_or(&global);
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let mut shrinker = shrinker((header.width, header.height), side, Channels::Rgba);
    let mut row = vec![0; header.width as usize * 4];
    for y in 0..header.height as usize {
        row.fill(0);
        let width = usize::from(frame.width);
        let indices = y.checked_sub(top).and_then(|y| frame.buffer.get(y * width..(y + 1) * width));
        for (pixel, index) in row.chunks_exact_mut(4).skip(left).zip(indices.unwrap_or_default()) {
            let at = usize::from(*index) * 3;
            if let Some([red, green, blue]) = palette.get(at..at + 3)
                && frame.transparent != Some(*index)
            {
                pixel.copy_from_slice(&[*red, *green, *blue, u8::MAX]);
            }
        }
        shrinker.push(&row);
    }
    Ok((shrinker.done(), true))
}

/// Bytes that decoding a WebP takes for each of its pixels at most: its own form, and the pixels.
const WEBP_PIXEL: u64 = 8;

fn webp(source: impl BufRead + Seek, header: &Header, side: u32) -> Result<(Canvas, bool), Flaw> {
    afford(header, side, WEBP_PIXEL)?;
    let mut decoder = image_webp::WebPDecoder::new(source).map_err(|_| Flaw::Damaged)?;
    decoder.set_memory_limit(limit());
    if decoder.dimensions() != (header.width, header.height) {
        return Err(Flaw::Header);
    }
    let mut data = vec![0; decoder.output_buffer_size().ok_or(Flaw::Damaged)?];
    decoder.read_image(&mut data).map_err(|_| Flaw::Damaged)?;
    let channels = if decoder.has_alpha() { Channels::Rgba } else { Channels::Rgb };
    let mut shrinker = shrinker((header.width, header.height), side, channels);
    for row in data.chunks_exact(header.width as usize * channels.count()) {
        shrinker.push(row);
    }
    Ok((shrinker.done(), true))
}
