//! When a provider is called again: one policy, in one layer.

use std::time::Duration;

use crate::provider::ProviderError;

/// Calls of a provider for one answer, the first included.
pub(in crate::turn) const MOST_ATTEMPTS: u32 = 6;

/// What all waiting for one answer may add up to, whatever the configuration says.
pub(in crate::turn) const MOST_WAITING: Duration = Duration::from_mins(15);

/// The first wait when the provider names none; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// How often and how long one answer has been waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retries {
    /// Calls that failed.
    pub(super) failed: u32,
    /// How long may still be waited.
    left: Duration,
}

impl Retries {
    /// All waiting together takes no longer than `most`.
    pub(super) fn within(most: Duration) -> Self {
        Self { failed: 0, left: most.min(MOST_WAITING) }
    }

    /// How long to wait before the next call, or `None` when there is to be none. `random` is any number; it
    /// spreads callers that failed together.
    pub(super) fn next(&mut self, error: &ProviderError, random: u64) -> Option<Duration> {
        self.failed += 1;
        if !error.retryable() || self.failed >= MOST_ATTEMPTS {
            return None;
        }
        let backoff = FIRST_WAIT.saturating_mul(1 << (self.failed - 1).min(16));
        let jitter = backoff.mul_f64(f64::from(u8::try_from(random % 256).unwrap_or(0)) / 1024.0);
        let wait = error.retry_after().unwrap_or_default().max(backoff + jitter);
        self.left = self.left.checked_sub(wait)?;
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(seconds: u64) -> ProviderError {
        ProviderError::RateLimited { message: String::new(), retry_after: Some(Duration::from_secs(seconds)) }
    }

    fn unavailable() -> ProviderError {
        ProviderError::Unavailable { message: String::new(), retry_after: None }
    }

    fn by_default() -> Retries {
        Retries::within(Duration::from_mins(5))
    }

    #[test]
    fn a_named_wait_is_kept_but_never_shortens_the_backoff() {
        assert_eq!(by_default().next(&limited(3), 0), Some(Duration::from_secs(3)));
        assert_eq!(by_default().next(&limited(0), 0), Some(FIRST_WAIT));
    }

    #[test]
    fn a_wait_of_an_hour_is_refused_at_once_whatever_is_configured() {
        assert_eq!(by_default().next(&limited(3_600), 0), None);
        let mut patient = Retries::within(Duration::from_hours(24));
        assert_eq!(patient.next(&limited(3_600), 0), None);
        assert_eq!(patient.next(&limited(800), 0), Some(Duration::from_secs(800)));
        assert_eq!(patient.next(&limited(200), 0), None, "all waiting together is bounded");
    }

    #[test]
    fn attempts_are_six_and_rejections_are_final() {
        let mut retries = by_default();
        let waits = std::iter::from_fn(|| retries.next(&unavailable(), 255)).count();
        assert_eq!(waits, 5);
        let rejected = ProviderError::Rejected { status: 400, message: String::new() };
        assert_eq!(by_default().next(&rejected, 0), None);
    }
}
