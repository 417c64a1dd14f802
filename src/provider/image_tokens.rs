//! How many tokens an image is, by the vendors' published formulas. Pure.
//!
//! What a vendor makes smaller before it counts is made smaller here; where a formula is not published for a model,
//! the one that counts most is taken, since an estimate decides whether a request fits (invariant 6).

use crate::transcript::image;

/// Anthropic: a token for each 28 × 28 pixels, of an image made to fit 1,568 pixels and tokens up to Claude 4.6, 2,576
/// pixels and 4,784 tokens from 4.7 on.
/// <https://platform.claude.com/docs/en/build-with-claude/vision>
pub(super) fn anthropic(model: &str, width: u32, height: u32) -> u64 {
    let (side, most) = if sees_finely(model) { (2_576, 4_784) } else { (1_568, 1_568) };
    let (width, height) = within((width, height), side);
    image::estimate_tokens(width, height).min(most)
}

/// Whether a Claude is of version 4.7 or later. One without a version that can be read is taken for a later one.
fn sees_finely(model: &str) -> bool {
    let mut numbers =
        model.split(['-', '.']).filter_map(|word| word.parse::<u32>().ok()).filter(|n| *n < 100);
    match (numbers.next(), numbers.next()) {
        (Some(major), minor) => (major, minor.unwrap_or(0)) >= (4, 7),
        (None, _) => true,
    }
}

/// OpenAI: tiles of 512 pixels for GPT-4o, GPT-5 and the first of the o series, patches of 32 pixels for the others.
/// <https://platform.openai.com/docs/guides/images-vision#calculating-costs>
pub(super) fn openai(model: &str, width: u32, height: u32) -> u64 {
    let name = model.rsplit('/').next().unwrap_or(model);
    if let Some((base, tile)) = tiles(name) {
        return base + tile * count_tiles(width, height);
    }
    // In hundredths. Nano and mini models are charged more than a token for a patch, the dearest mini 1.72.
    let (most, factor) = match name {
        name if name.contains("nano") => (1_536, 246),
        name if name.contains("mini") => (1_536, 172),
        _ => (2_500, 100),
    };
    let patches = u64::from(width.div_ceil(32)) * u64::from(height.div_ceil(32));
    (patches.min(most) * factor).div_ceil(100)
}

/// Tokens of every image and of each tile, for the models that count tiles.
fn tiles(name: &str) -> Option<(u64, u64)> {
    let small = name.contains("mini") || name.contains("nano");
    match name {
        _ if name.starts_with("gpt-4o-mini") => Some((2_833, 5_667)),
        _ if small => None,
        "gpt-5" | "gpt-5-chat-latest" => Some((70, 140)),
        _ if name.starts_with("gpt-4o") || name.starts_with("gpt-4.1") => Some((85, 170)),
        _ if name.starts_with("o1") || name.starts_with("o3") => Some((75, 150)),
        _ => None,
    }
}

/// Tiles of an image that is made to fit 2,048 pixels, then 768 on its shorter side.
fn count_tiles(width: u32, height: u32) -> u64 {
    let (width, height) = within((width, height), 2_048);
    let shorter = width.min(height);
    let (width, height) = if shorter > 768 {
        let scaled = |side: u32| (u64::from(side) * 768).div_ceil(u64::from(shorter));
        (scaled(width), scaled(height))
    } else {
        (u64::from(width), u64::from(height))
    };
    width.div_ceil(512) * height.div_ceil(512)
}

/// A vendor that is not known: OpenAI's formula where the model is OpenAI's, else the finest grid that is published.
pub(super) fn unknown(model: &str, width: u32, height: u32) -> u64 {
    let name = model.rsplit('/').next().unwrap_or(model);
    if name.starts_with("gpt-4") || name.starts_with("gpt-5") {
        return openai(model, width, height);
    }
    image::estimate_tokens(width, height)
}

/// A size whose longer side is at most `side`, of the same shape.
fn within((width, height): (u32, u32), side: u32) -> (u32, u32) {
    let longer = width.max(height);
    if longer <= side {
        return (width, height);
    }
    let scaled = |length: u32| {
        let exact = (u64::from(length) * u64::from(side)).div_ceil(u64::from(longer));
        u32::try_from(exact).unwrap_or(side).max(1)
    };
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_that_the_vendors_publish_come_out() {
        assert_eq!(openai("gpt-4o", 1_024, 1_024), 765);
        assert_eq!(openai("gpt-4o", 2_048, 4_096), 1_105);
        assert_eq!(openai("gpt-5", 1_024, 1_024), 70 + 4 * 140);
        assert_eq!(openai("gpt-5.5", 1_024, 1_024), 1_024);
        assert_eq!(anthropic("claude-haiku-4-5", 1_092, 1_092), 39 * 39);
        assert_eq!(anthropic("claude-sonnet-4-20250514", 2_000, 2_000), 1_568);
        assert_eq!(anthropic("claude-opus-4-7", 2_000, 1_500), 72 * 54);
    }

    #[test]
    fn an_image_is_never_free_and_never_more_than_the_model_sees() {
        for model in ["gpt-4o", "gpt-5", "gpt-5-mini", "gpt-4.1-nano", "gpt-6-astra", "o3", "qwen3-vl"] {
            assert!(unknown(model, 1, 1) >= 1 && openai(model, 1, 60_000) >= 1, "{model}");
            assert!(openai(model, 50_000, 50_000) < 40_000, "{model}");
        }
        for model in ["claude-3-5-sonnet-20241022", "claude-opus-5", "claude-haiku-4-5", "claude"] {
            assert!((1..=4_784).contains(&anthropic(model, 50_000, 50_000)), "{model}");
            assert_eq!(anthropic(model, 1, 1), 1, "{model}");
        }
    }
}
