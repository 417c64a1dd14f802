//! Images made in code: photographs of noise, which compress badly, and every kind of damage.

/// Noise: `count` bytes, the same each time.
pub fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}

/// A JPEG of noise that hardly compresses: three to four bytes for each pixel.
pub fn photograph(width: u16, height: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let pixels = noise(usize::from(width) * usize::from(height) * 3);
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 100);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_1_1);
    encoder.encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb).expect("it is encoded");
    file
}

/// A JPEG of other colours than red, green and blue.
pub fn jpeg(width: u16, height: u16, colours: jpeg_encoder::ColorType, pixel: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let pixels = pixel.repeat(usize::from(width) * usize::from(height));
    jpeg_encoder::Encoder::new(&mut file, 80).encode(&pixels, width, height, colours).expect("it is encoded");
    file
}

/// A PNG of one pixel again and again.
pub fn png(width: u32, height: u32, colour: png::ColorType, depth: png::BitDepth, pixel: &[u8]) -> Vec<u8> {
    png_of(width, height, colour, depth, &pixel.repeat(width as usize * height as usize))
}

/// A PNG of noise.
pub fn noisy_png(width: u32, height: u32) -> Vec<u8> {
    let pixels = noise(width as usize * height as usize * 3);
    png_of(width, height, png::ColorType::Rgb, png::BitDepth::Eight, &pixels)
}

fn png_of(width: u32, height: u32, colour: png::ColorType, depth: png::BitDepth, pixels: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::Fast);
    if colour == png::ColorType::Indexed {
        encoder.set_palette(vec![255, 0, 0, 0, 0, 255]);
    }
    let mut writer = encoder.write_header().expect("a header is written");
    writer.write_image_data(pixels).expect("the data fit");
    writer.finish().expect("it is complete");
    file
}

/// An animated PNG of two frames.
pub fn apng() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 20, 10);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_animated(2, 0).expect("two frames");
    let mut writer = encoder.write_header().expect("a header is written");
    for colour in [9, 200] {
        writer.write_image_data(&[colour; 600]).expect("the data fit");
    }
    writer.finish().expect("it is complete");
    file
}

/// A GIF of so many frames.
pub fn gif(frames: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, 20, 10, &[255, 0, 0, 0, 255, 0]).expect("a header");
    for frame in 0..frames {
        let buffer = vec![u8::from(frame % 2 == 1); 200].into();
        let frame = gif::Frame { width: 20, height: 10, buffer, ..gif::Frame::default() };
        encoder.write_frame(&frame).expect("a frame");
    }
    drop(encoder);
    file
}

/// A WebP without loss.
pub fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let pixels = noise(width as usize * height as usize * 3);
    let colours = image_webp::ColorType::Rgb8;
    image_webp::WebPEncoder::new(&mut file).encode(&pixels, width, height, colours).expect("it is encoded");
    file
}

/// Headers that claim 50,000 × 50,000 pixels, of PNG, JPEG and GIF.
pub fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let side = 50_000_u16;
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend([u32::from(side).to_be_bytes(), u32::from(side).to_be_bytes()].concat());
    png.extend(b"\x08\x02\0\0\0\0\0\0\0\0\0\0\x04IDAT");
    let mut jpeg = b"\xff\xd8\xff\xc0\0\x11\x08".to_vec();
    jpeg.extend([side.to_be_bytes(), side.to_be_bytes()].concat());
    jpeg.extend(b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x0c");
    let mut gif = b"GIF89a".to_vec();
    gif.extend([side.to_le_bytes(), side.to_le_bytes()].concat());
    gif.extend(b"\0\0\0\x2c\0\0\0\0");
    gif.extend([side.to_le_bytes(), side.to_le_bytes()].concat());
    gif.extend(b"\0\x02\x02\x4c\x01\0\x3b");
    let mut webp = b"RIFF\x30\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    webp.extend([&u32::from(side - 1).to_le_bytes()[..3], &u32::from(side - 1).to_le_bytes()[..3]].concat());
    webp.extend(b"VP8L\x06\0\0\0\x2f\0\0\0\0\0");
    vec![("bomb.png", png), ("bomb.jpg", jpeg), ("bomb.gif", gif), ("bomb.webp", webp)]
}

/// What has the name of an image and is none, or is a part of one.
pub fn damaged() -> Vec<(&'static str, Vec<u8>)> {
    let half = |file: Vec<u8>| file[..file.len() / 2].to_vec();
    vec![
        ("half.png", half(noisy_png(60, 40))),
        ("half.jpg", half(photograph(60, 40))),
        ("half.gif", half(gif(1))),
        ("half.webp", half(webp(60, 40))),
        ("page.png", b"<!DOCTYPE html><html></html>".to_vec()),
        ("archive.jpg", b"PK\x03\x04\x14\0\0\0\x08\0".to_vec()),
        ("drawing.png", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec()),
        ("empty.png", Vec::new()),
    ]
}

/// Images that can be sent, some only after they were made to fit.
pub fn sound() -> Vec<(&'static str, Vec<u8>)> {
    use jpeg_encoder::ColorType as Jpeg;
    use png::{BitDepth, ColorType};
    vec![
        ("one.png", png(1, 1, ColorType::Rgb, BitDepth::Eight, &[1, 2, 3])),
        ("tall.png", png(1, 60_000, ColorType::Grayscale, BitDepth::Eight, &[7])),
        ("wide.jpg", jpeg(9_000, 40, Jpeg::Luma, &[90])),
        ("deep.png", png(30, 20, ColorType::Rgb, BitDepth::Sixteen, &[1, 2, 3, 4, 5, 6])),
        ("glass.png", png(3_000, 20, ColorType::Rgba, BitDepth::Eight, &[9, 9, 9, 100])),
        ("palette.png", png(30, 20, ColorType::Indexed, BitDepth::Eight, &[1])),
        ("inks.jpg", jpeg(30, 20, Jpeg::Cmyk, &[0, 255, 255, 0])),
        ("moving.gif", gif(3)),
        ("still.gif", gif(1)),
        ("moving.png", apng()),
        ("lossless.webp", webp(30, 20)),
        ("called.png", photograph(64, 48)),
        ("heavy.png", noisy_png(800, 700)),
    ]
}
