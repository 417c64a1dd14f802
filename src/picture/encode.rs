//! Pixels become a file again. The same pixels and form give the same bytes (invariant 4).

use super::{Flaw, canvas::Canvas, plan::Encoding};

/// The file of an image in the form of an attempt.
pub(super) fn encode(canvas: &Canvas, encoding: Encoding) -> Result<Vec<u8>, Flaw> {
    let mut data = Vec::new();
    match encoding {
        Encoding::Png => png(canvas, &mut data).map_err(|_| Flaw::TooLarge)?,
        Encoding::Jpeg(quality) => {
            let side = |length: u32| u16::try_from(length).map_err(|_| Flaw::TooLarge);
            let (width, height) = (side(canvas.width())?, side(canvas.height())?);
            let colours =
                if canvas.has_alpha() { jpeg_encoder::ColorType::Rgba } else { jpeg_encoder::ColorType::Rgb };
            jpeg_encoder::Encoder::new(&mut data, quality)
                .encode(canvas.data(), width, height, colours)
                .map_err(|_| Flaw::TooLarge)?;
        }
    }
    Ok(data)
}

fn png(canvas: &Canvas, data: &mut Vec<u8>) -> Result<(), png::EncodingError> {
    let mut encoder = png::Encoder::new(data, canvas.width(), canvas.height());
    encoder.set_color(if canvas.has_alpha() { png::ColorType::Rgba } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(canvas.data())?;
    writer.finish()
}
