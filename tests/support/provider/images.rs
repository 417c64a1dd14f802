//! What providers say of the images in a request, by their published limits. Judged without our own code: by the
//! decoders that it is built upon.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    io::Cursor,
    sync::{LazyLock, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    Wire,
    rules::{Verdict, require},
};

/// What a provider takes.
struct Limits {
    /// Bytes of base64 of one image.
    image: usize,
    /// Pixels of a side.
    side: u32,
    /// The same in a request with more than so many images.
    many: Option<(usize, u32)>,
    /// Images in a request.
    count: usize,
    /// Bytes of a request.
    request: usize,
    /// Whether animations are taken.
    animated: bool,
}

/// Anthropic: <https://platform.claude.com/docs/en/build-with-claude/vision>. OpenAI:
/// <https://platform.openai.com/docs/guides/images-vision>. Behind Chat Completions may be anybody: the strictest.
fn limits(wire: Wire) -> Limits {
    let anthropic = Limits {
        image: 5 * 1024 * 1024,
        side: 8_000,
        many: Some((20, 2_000)),
        count: 100,
        request: 32 * 1000 * 1000,
        animated: true,
    };
    match wire {
        Wire::Anthropic => anthropic,
        Wire::Responses => Limits {
            image: 20 * 1000 * 1000,
            side: 65_000,
            many: None,
            count: 500,
            request: 50 * 1000 * 1000,
            animated: false,
        },
        Wire::Chat => Limits { request: 20 * 1000 * 1000, animated: false, ..anthropic },
    }
}

/// What this provider would say of the images of a request of so many bytes.
pub fn check(wire: Wire, body: &Value, bytes: usize) -> Verdict {
    let limits = limits(wire);
    require(bytes <= limits.request, || format!("a request of {bytes} bytes; at most {}", limits.request))?;
    let mut images = Vec::new();
    find(body, &mut images);
    require(images.len() <= limits.count, || format!("too much media: {} > {}", images.len(), limits.count))?;
    let side = match limits.many {
        Some((count, side)) if images.len() > count => side,
        _ => limits.side,
    };
    for (mime, data) in images {
        require(data.len() <= limits.image, || {
            format!("image exceeds {} bytes: {}", limits.image, data.len())
        })?;
        let seen = look(data)?;
        require(seen.mime == mime, || format!("an image called {mime} is {}", seen.mime))?;
        require(seen.width.max(seen.height) <= side, || {
            format!("image dimensions exceed {side} pixels: {} × {}", seen.width, seen.height)
        })?;
        require(limits.animated || !seen.animated, || "an animation".to_owned())?;
    }
    Ok(())
}

/// The images of a request.
pub fn count(body: &Value) -> usize {
    let mut images = Vec::new();
    find(body, &mut images);
    images.len()
}

/// Media type and base64 of each image in a value, whichever the format.
fn find<'a>(value: &'a Value, images: &mut Vec<(&'a str, &'a str)>) {
    let source = &value["source"];
    let url = value["image_url"].as_str().or_else(|| value["image_url"]["url"].as_str());
    if let (Some(mime), Some(data)) = (source["media_type"].as_str(), source["data"].as_str()) {
        images.push((mime, data));
    } else if let Some((mime, data)) = url.and_then(|url| url.strip_prefix("data:")?.split_once(";base64,")) {
        images.push((mime, data));
    }
    match value {
        Value::Array(values) => values.iter().for_each(|value| find(value, images)),
        Value::Object(fields) => fields.values().for_each(|value| find(value, images)),
        _ => {}
    }
}

#[derive(Clone, Debug)]
struct Seen {
    mime: &'static str,
    width: u32,
    height: u32,
    animated: bool,
}

/// Histories send the same images again and again; each is decoded once.
static LOOKED_AT: LazyLock<Mutex<HashMap<u64, Result<Seen, String>>>> = LazyLock::new(Mutex::default);

fn look(base64: &str) -> Result<Seen, String> {
    let mut hasher = DefaultHasher::new();
    base64.hash(&mut hasher);
    let key = hasher.finish();
    if let Some(known) = LOOKED_AT.lock().unwrap().get(&key) {
        return known.clone();
    }
    let seen = STANDARD
        .decode(base64)
        .map_err(|error| error.to_string())
        .and_then(|data| decode(&data).ok_or_else(|| "could not process image".to_owned()));
    LOOKED_AT.lock().unwrap().insert(key, seen.clone());
    seen
}

fn decode(data: &[u8]) -> Option<Seen> {
    let seen = |mime, width, height, animated| Some(Seen { mime, width, height, animated });
    match data {
        [0x89, b'P', ..] => {
            let mut reader = png::Decoder::new(Cursor::new(data)).read_info().ok()?;
            let mut pixels = vec![0; reader.output_buffer_size()?];
            reader.next_frame(&mut pixels).ok()?;
            let info = reader.info();
            let frames = info.animation_control.map_or(1, |control| control.num_frames);
            seen("image/png", info.width, info.height, frames > 1)
        }
        [0xff, 0xd8, ..] => {
            let mut decoder = jpeg_decoder::Decoder::new(data);
            decoder.decode().ok()?;
            let info = decoder.info()?;
            seen("image/jpeg", info.width.into(), info.height.into(), false)
        }
        [b'G', ..] => {
            let mut decoder = gif::DecodeOptions::new().read_info(data).ok()?;
            decoder.read_next_frame().ok()??;
            let (width, height) = (decoder.width(), decoder.height());
            let more = decoder.read_next_frame().ok()?.is_some();
            seen("image/gif", width.into(), height.into(), more)
        }
        _ => {
            let mut decoder = image_webp::WebPDecoder::new(Cursor::new(data)).ok()?;
            let mut pixels = vec![0; decoder.output_buffer_size()?];
            decoder.read_image(&mut pixels).ok()?;
            let (width, height) = decoder.dimensions();
            seen("image/webp", width, height, decoder.is_animated())
        }
    }
}
