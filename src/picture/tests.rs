//! Images of every kind and damage, made in code.

use std::io::Cursor;

use super::*;
use proptest::prelude::*;

/// A photograph of noise over a slope, which compresses badly: RGB.
fn noise(width: u32, height: u32) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    (0..width * height * 3)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        })
        .collect()
}

fn png_of((width, height): (u32, u32), colour: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::Fast);
    if colour == png::ColorType::Indexed {
        encoder.set_palette(vec![255, 0, 0, 0, 0, 255]);
        encoder.set_trns(vec![0, 255]);
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    file
}

fn rgb_png(width: u32, height: u32) -> Vec<u8> {
    png_of((width, height), png::ColorType::Rgb, png::BitDepth::Eight, &noise(width, height))
}

fn jpeg_of(
    (width, height): (u16, u16),
    colour: jpeg_encoder::ColorType,
    data: &[u8],
    progressive: bool,
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 90);
    encoder.set_progressive(progressive);
    encoder.encode(data, width, height, colour).unwrap();
    file
}

fn rgb_jpeg(width: u16, height: u16) -> Vec<u8> {
    let data = noise(u32::from(width), u32::from(height));
    jpeg_of((width, height), jpeg_encoder::ColorType::Rgb, &data, false)
}

fn gif_of(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, width, height, &[255, 0, 0, 0, 255, 0]).unwrap();
    for frame in 0..frames {
        let pixels = vec![u8::from(frame % 2 == 1); usize::from(width) * usize::from(height)];
        let frame = gif::Frame { width, height, buffer: pixels.into(), ..gif::Frame::default() };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    file
}

fn webp_of(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let colour = image_webp::ColorType::Rgb8;
    image_webp::WebPEncoder::new(&mut file).encode(&noise(width, height), width, height, colour).unwrap();
    file
}

fn fitted(file: &[u8]) -> Result<Picture, Flaw> {
    fit(Cursor::new(file), &OUTGOING)
}

/// What an image was made into, and its pixels.
fn made(file: &[u8]) -> (Picture, canvas::Canvas) {
    let picture = fitted(file).unwrap();
    let data = picture.made.as_deref().expect("it was made to fit");
    assert!(data.len() as u64 <= OUTGOING.bytes && picture.width.max(picture.height) <= OUTGOING.side);
    let header = header::read(&mut Cursor::new(data)).unwrap();
    assert_eq!((header.kind, header.width, header.height), (picture.kind, picture.width, picture.height));
    let (canvas, whole) = decode::decode(&mut Cursor::new(data), &header, OUTGOING.side).unwrap();
    assert!(whole);
    (picture, canvas)
}

/// A header alone that claims these pixels, of each kind.
fn claims(side: u32) -> Vec<(Kind, Vec<u8>)> {
    let short = u16::try_from(side).unwrap();
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend([side.to_be_bytes(), side.to_be_bytes()].concat());
    png.extend(b"\x08\x02\0\0\0\0\0\0\0\0\0\0\x04IDAT");
    let mut jpeg = b"\xff\xd8\xff\xc0\0\x11\x08".to_vec();
    jpeg.extend([short.to_be_bytes(), short.to_be_bytes()].concat());
    jpeg.extend(b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x0c");
    let mut gif = b"GIF89a".to_vec();
    gif.extend([short.to_le_bytes(), short.to_le_bytes()].concat());
    gif.extend(b"\0\0\0\x2c\0\0\0\0");
    gif.extend([short.to_le_bytes(), short.to_le_bytes()].concat());
    gif.extend(b"\0\x02\x02\x4c\x01\0\x3b");
    let mut webp = b"RIFF\x30\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    webp.extend([&(side - 1).to_le_bytes()[..3], &(side - 1).to_le_bytes()[..3]].concat());
    webp.extend(b"VP8L\x06\0\0\0\x2f\0\0\0\0\0");
    vec![(Kind::Png, png), (Kind::Jpeg, jpeg), (Kind::Gif, gif), (Kind::WebP, webp)]
}

#[test]
fn a_header_of_50_000_by_50_000_pixels_is_refused_before_anything_is_decoded() {
    for (kind, file) in claims(50_000) {
        assert_eq!(fitted(&file), Err(Flaw::Pixels(50_000, 50_000)), "{kind:?}");
    }
    for (kind, file) in claims(10_000) {
        let refused = fitted(&file).unwrap_err();
        assert!(matches!(refused, Flaw::Memory(..) | Flaw::Damaged), "{kind:?}: {refused:?}");
    }
    // Its canvas is small, what is inside says that it is not.
    let (_, mut webp) = claims(16).remove(3);
    let end = webp.len() - 4;
    webp[end..].copy_from_slice(&[0xff; 4]);
    assert_eq!(fitted(&webp), Err(Flaw::Header));
}

#[test]
fn a_file_beyond_the_cap_is_not_decoded() {
    let mut file = rgb_png(4, 4);
    file.resize(usize::try_from(MOST_BYTES).unwrap() + 1, 0);
    assert_eq!(fitted(&file), Err(Flaw::Bytes(MOST_BYTES + 1)));
}

#[test]
fn what_fits_stays_as_it_is() {
    for file in [rgb_png(40, 30), rgb_jpeg(40, 30), gif_of(40, 30, 1), webp_of(40, 30), rgb_png(1, 1)] {
        let picture = fitted(&file).unwrap();
        assert_eq!((picture.made, Some(picture.kind)), (None, Kind::of(&file)));
    }
}

#[test]
fn an_image_that_is_cut_off_is_refused_wherever_it_is_cut() {
    for file in [rgb_png(16, 12), rgb_jpeg(16, 12), gif_of(16, 12, 1), webp_of(16, 12)] {
        for length in 0..file.len() - 30 {
            let refused = fitted(&file[..length]);
            assert!(refused.is_err(), "{:?} of {length} bytes: {refused:?}", Kind::of(&file));
        }
    }
}

#[test]
fn what_is_too_large_is_made_smaller_with_its_shape() {
    for file in [rgb_png(2_200, 1_100), rgb_jpeg(2_200, 1_100)] {
        let (picture, _) = made(&file);
        assert_eq!(picture.kind, Kind::Jpeg, "noise is no screenshot");
        assert_eq!(picture.width, picture.height * 2);
    }
    let tall = png_of((1, 60_000), png::ColorType::Grayscale, png::BitDepth::Eight, &vec![7; 60_000]);
    let (picture, canvas) = made(&tall);
    assert_eq!((picture.kind, picture.width, picture.height), (Kind::Png, 1, 2_000));
    assert!(canvas.data().iter().all(|value| *value == 7));
}

#[test]
fn the_same_bytes_give_the_same_image() {
    let file = rgb_jpeg(2_100, 300);
    assert_eq!(fitted(&file), fitted(&file));
}

#[test]
fn what_is_see_through_stays_so_and_what_only_could_be_is_a_jpeg() {
    let alpha = |value: u8| -> Vec<u8> {
        noise(2_100, 400).chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], value]).collect()
    };
    let rgba = |data: &[u8]| png_of((2_100, 400), png::ColorType::Rgba, png::BitDepth::Eight, data);
    let (picture, canvas) = made(&rgba(&alpha(100)));
    assert_eq!(picture.kind, Kind::Png);
    assert!(canvas.has_alpha() && canvas.data().iter().skip(3).step_by(4).all(|value| *value == 100));
    assert_eq!(made(&rgba(&alpha(255))).0.kind, Kind::Jpeg);
}

#[test]
fn all_of_png_s_colours_are_read() {
    use png::{BitDepth, ColorType};
    for (colour, depth, data) in [
        (ColorType::Grayscale, BitDepth::One, vec![0x80; 2_001]),
        (ColorType::Grayscale, BitDepth::Sixteen, [255, 255].repeat(2_001)),
        (ColorType::GrayscaleAlpha, BitDepth::Eight, [255, 255].repeat(2_001)),
        (ColorType::Rgb, BitDepth::Sixteen, [255; 6].repeat(2_001)),
        (ColorType::Rgba, BitDepth::Sixteen, [255; 8].repeat(2_001)),
    ] {
        let (picture, canvas) = made(&png_of((1, 2_001), colour, depth, &data));
        assert_eq!((picture.height, canvas.data()), (2_000, &[255; 6_000][..]), "{colour:?} {depth:?}");
    }
    let (_, canvas) = made(&png_of((1, 2_001), ColorType::Indexed, BitDepth::One, &[0x80; 2_001]));
    assert_eq!((canvas.has_alpha(), &canvas.data()[..3]), (false, &[0, 0, 255][..]));
}

#[test]
fn cmyk_and_grey_photographs_have_their_colours() {
    use jpeg_encoder::ColorType;
    for (colour, pixel, seen) in [
        (ColorType::Luma, &[200][..], [200, 200, 200]),
        (ColorType::Cmyk, &[0, 255, 255, 0], [255, 0, 0]),
        (ColorType::CmykAsYcck, &[0, 255, 255, 0], [255, 0, 0]),
    ] {
        let (_, canvas) = made(&jpeg_of((8, 2_008), colour, &pixel.repeat(8 * 2_008), false));
        let close = canvas.data()[..3].iter().zip(seen).all(|(got, wanted)| got.abs_diff(wanted) < 12);
        assert!(close, "{colour:?}: {:?} is not {seen:?}", &canvas.data()[..3]);
    }
}

#[test]
fn an_animation_is_its_first_frame() {
    let (picture, canvas) = made(&gif_of(20, 10, 3));
    assert_eq!((picture.kind, picture.width, &canvas.data()[..3]), (Kind::Png, 20, &[255, 0, 0][..]));
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 20, 10);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[9; 600]).unwrap();
    writer.write_image_data(&[200; 600]).unwrap();
    writer.finish().unwrap();
    assert_eq!(made(&file).1.data(), [9; 600]);
}

#[test]
fn a_photograph_stands_upright() {
    let mut exif =
        b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    let file = rgb_jpeg(40, 30);
    let mut turned = file[..2].to_vec();
    turned.append(&mut exif);
    turned.extend(&file[2..]);
    let (picture, _) = made(&turned);
    assert_eq!((picture.width, picture.height), (30, 40));
}

#[test]
fn memory_decides_whether_a_photograph_that_can_only_be_decoded_whole_is() {
    let grey = |progressive| {
        let size = (4_000, 2_500);
        jpeg_of(size, jpeg_encoder::ColorType::Luma, &vec![90; 10_000_000], progressive)
    };
    assert!(fitted(&grey(false)).is_ok(), "a part of its size is enough");
    assert_eq!(fitted(&grey(true)), Err(Flaw::Memory(4_000, 2_500)));
}

proptest! {
    #[test]
    fn no_bytes_are_more_than_a_damaged_image(
        which in 0_usize..4, at in 0_usize..2_000, value in any::<u8>(), cut in 0_usize..3_000
    ) {
        let mut file = match which {
            0 => rgb_png(20, 20),
            1 => rgb_jpeg(20, 20),
            2 => gif_of(20, 20, 2),
            _ => webp_of(20, 20),
        };
        let length = file.len();
        file[at % length] = value;
        file.truncate(cut.max(1));
        if let Ok(picture) = fitted(&file) {
            prop_assert!(picture.width.max(picture.height) <= OUTGOING.side);
        }
    }
}

/// Counts what is read.
struct Counting(Cursor<Vec<u8>>, usize);

impl std::io::Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1 += read;
        Ok(read)
    }
}

impl std::io::Seek for Counting {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn of_endless_exif_data_the_beginning_is_looked_at() {
    let (exif, image) = (vec![7; 4 << 20], rgb_png(4, 4));
    let (head, rest) = image.split_at(33);
    let length = u32::try_from(exif.len()).unwrap().to_be_bytes();
    let file = [head, &length, b"eXIf", &exif, &[0; 4], rest].concat();
    let mut source = Counting(Cursor::new(file), 0);
    assert_eq!(header::read(&mut source).unwrap().width, 4);
    assert!(source.1 > 60_000 && (source.1 as u64) < header::LONGEST_EXIF + 1_000, "{} bytes", source.1);
}
