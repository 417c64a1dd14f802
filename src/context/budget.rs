//! How much of a model's window a request may take, and how tokens are estimated (invariant 6).

use crate::{provider::Model, store::Counted, transcript::text};

/// The parts of a model's window, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The whole window.
    pub limit: u64,
    /// Kept free: for the answer, and for what an estimate may be wrong by.
    pub reserved: u64,
    /// What a request may hold before the history is compacted.
    pub usable: u64,
    /// What a request may hold at all.
    pub room: u64,
}

impl Budget {
    /// The budget of a model. `reserved` is what the configuration wants free at least; no more than half of a
    /// small window is.
    pub fn of(model: &Model, reserved: u64) -> Self {
        let half = model.context / 2;
        let reserved = model.max_output.max(reserved).min(half);
        Self {
            limit: model.context,
            reserved,
            usable: model.context - reserved,
            room: model.context - model.max_output.min(half),
        }
    }

    /// What a window that is cut down is cut down to, so that a quarter may come before it is cut again.
    pub fn after_stride(&self) -> u64 {
        self.usable - self.usable / 4
    }
}

/// How many tokens a provider counts for what is estimated at one: the estimate is bytes by a rule of thumb, and
/// models differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// Tokens that a provider counted.
    pub counted: u64,
    /// What the same was estimated at.
    pub estimated: u64,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { counted: 1, estimated: 1 }
    }
}

impl Calibration {
    /// From a whole request that a provider counted. Of one that is mostly images, bytes say nothing.
    pub fn of(counted: &Counted) -> Self {
        let estimated = text::estimate_tokens(counted.bytes);
        if counted.tokens < estimated / 2 {
            return Self::default();
        }
        Self { counted: counted.tokens, estimated }
    }

    /// The estimate of what the provider counts `tokens` for.
    pub fn undo(&self, tokens: u64) -> u64 {
        Self { counted: self.estimated, estimated: self.counted }.apply(tokens)
    }

    /// The tokens of what is estimated at `estimate`. A ratio beyond a half and the double is not believed: images
    /// and reasoning that is not sent again make the sizes incomparable.
    pub fn apply(&self, estimate: u64) -> u64 {
        let (counted, estimated) = (u128::from(self.counted.max(1)), u128::from(self.estimated.max(1)));
        let tokens = (u128::from(estimate) * counted).div_ceil(estimated);
        u64::try_from(tokens).unwrap_or(u64::MAX).clamp(estimate / 2, estimate.saturating_mul(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn model(context: u64, max_output: u64) -> Model {
        Model {
            id: String::new(),
            context,
            max_output,
            images: false,
            cost: crate::provider::Cost::default(),
            options: serde_json::Map::new(),
        }
    }

    #[test]
    fn a_large_window_keeps_room_for_the_largest_answer_and_a_small_one_keeps_half() {
        let large = Budget::of(&model(400_000, 128_000), 20_000);
        assert_eq!((large.reserved, large.usable, large.room), (128_000, 272_000, 272_000));
        let small = Budget::of(&model(8_000, 2_000), 20_000);
        assert_eq!((small.reserved, small.usable, small.room), (4_000, 4_000, 6_000));
    }

    #[test]
    fn a_request_that_is_mostly_images_says_nothing_of_text() {
        let counted = |bytes, tokens| {
            let model = crate::transcript::ModelRef { provider: String::new(), id: String::new() };
            Calibration::of(&Counted { model, bytes, tokens }).apply(1_000)
        };
        assert_eq!(counted(4_000, 1_500), 1_500);
        assert_eq!(counted(4_000_000, 20_000), 1_000);
    }

    proptest! {
        #[test]
        fn what_is_usable_is_never_more_than_there_is_room_for(
            context in 0_u64..2_000_000, output in 0_u64..2_000_000, reserved in 0_u64..200_000
        ) {
            let budget = Budget::of(&model(context, output), reserved);
            prop_assert!(budget.after_stride() <= budget.usable && budget.usable <= budget.room);
            prop_assert!(budget.room <= budget.limit);
        }

        #[test]
        fn a_calibrated_estimate_stays_near_the_plain_one(
            counted in 0_u64..1_000_000, estimated in 0_u64..1_000_000, estimate in 0_u64..1_000_000
        ) {
            let tokens = Calibration { counted, estimated }.apply(estimate);
            prop_assert!(tokens >= estimate / 2 && tokens <= estimate * 2);
        }
    }
}
