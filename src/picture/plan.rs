//! In which forms an image is tried until one is small enough. Pure.
//!
//! Three phases: quality, then dimensions, then a small last resort. What is see-through stays so and is always a
//! PNG; everything else ends as a JPEG, but what came without loss (a screenshot) is tried without loss first.

use super::Kind;

/// How pixels become a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Without loss.
    Png,
    /// With this quality, of 100.
    Jpeg(u8),
}

impl Encoding {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Png => Kind::Png,
            Self::Jpeg(_) => Kind::Jpeg,
        }
    }
}

/// One form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) encoding: Encoding,
}

/// Qualities of the first phase.
const QUALITIES: [u8; 3] = [85, 70, 55];

/// How often the second phase takes a quarter off each side.
const STEPS: u32 = 5;

/// The longer side of the last resort, in pixels, and its quality.
const LAST: (u32, u8) = (320, 40);

/// The forms to be tried, the best first. None is larger than one before it.
pub(super) fn attempts(width: u32, height: u32, alpha: bool, from: Kind) -> Vec<Attempt> {
    let form = |(width, height), encoding| Attempt { width, height, encoding };
    let size = (width, height);
    let [_, middle, _] = QUALITIES;
    let small = if alpha { Encoding::Png } else { Encoding::Jpeg(middle) };
    let mut forms = Vec::new();
    if alpha || from != Kind::Jpeg {
        forms.push(form(size, Encoding::Png));
    }
    if !alpha {
        forms.extend(QUALITIES.map(|quality| form(size, Encoding::Jpeg(quality))));
    }
    let longer = width.max(height);
    let smaller = (1..=STEPS).map(|step| longer * 3_u32.pow(step) / 4_u32.pow(step));
    forms.extend(smaller.filter(|side| *side > LAST.0).map(|side| form(within(size, side), small)));
    let last = if alpha { Encoding::Png } else { Encoding::Jpeg(LAST.1) };
    forms.push(form(within(size, LAST.0), last));
    forms
}

/// The largest size of the same shape whose longer side is at most `side`; never larger than it is, never nothing.
pub(super) fn within((width, height): (u32, u32), side: u32) -> (u32, u32) {
    let longer = width.max(height);
    if longer <= side {
        return (width, height);
    }
    let scaled = |length: u32| {
        let exact = u64::from(length) * u64::from(side);
        u32::try_from((exact + u64::from(longer) / 2) / u64::from(longer)).unwrap_or(side).max(1)
    };
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_tried_only_becomes_smaller_and_ends_with_a_small_last_resort(
            width in 1_u32..8_000, height in 1_u32..8_000, alpha in any::<bool>(), jpeg in any::<bool>()
        ) {
            let from = if jpeg { Kind::Jpeg } else { Kind::Png };
            let forms = attempts(width, height, alpha, from);
            let (mut before_width, mut before_height) = (width, height);
            for Attempt { width, height, encoding } in &forms {
                prop_assert!(*width >= 1 && *height >= 1 && *width <= before_width && *height <= before_height);
                prop_assert!(!alpha || *encoding == Encoding::Png, "what is see-through stays so");
                (before_width, before_height) = (*width, *height);
            }
            let last = forms.last().unwrap();
            prop_assert!(last.width.max(last.height) <= LAST.0);
            prop_assert_eq!(forms.first().map(|form| (form.width, form.height)), Some((width, height)));
        }

        #[test]
        fn a_shape_is_kept(width in 1_u32..100_000, height in 1_u32..100_000, side in 1_u32..4_000) {
            let (small_width, small_height) = within((width, height), side);
            prop_assert!(small_width.max(small_height) <= side.max(1));
            let exact = f64::from(side.min(width.max(height))) / f64::from(width.max(height));
            prop_assert!((f64::from(small_width) - f64::from(width) * exact).abs() <= 1.0);
            prop_assert!((f64::from(small_height) - f64::from(height) * exact).abs() <= 1.0);
        }
    }
}
