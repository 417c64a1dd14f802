//! How many cases the properties of row P-04 are tried with. For tests only.

use proptest::test_runner::Config;

/// `AGENTLS_CASES`, or enough for a run while one is working.
pub(crate) fn cases() -> Config {
    let wanted = std::env::var("AGENTLS_CASES").ok().and_then(|cases| cases.parse().ok());
    Config::with_cases(wanted.unwrap_or(1_000))
}
