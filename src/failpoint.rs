//! Named places where a test can make a debug build pause or die. A release build contains none of them.
//!
//! `AGENTLS_FAILPOINTS="turn.ending=pause:300;tool.started=abort"`: pause for 300 ms, or abort the process.

/// The places, in the order in which a turn passes them.
pub const NAMES: &[&str] = &[
    "answer.stored",
    "prune.stored",
    "summary.stored",
    "summary.written",
    "tool.started",
    "tools.done",
    "turn.ending",
    "turn.leaving",
];

/// Passes the place called `name`; acts there if the environment asks for it.
#[cfg(debug_assertions)]
pub async fn reach(name: &str) {
    let Ok(plan) = std::env::var("AGENTLS_FAILPOINTS") else { return };
    let Some(action) = plan.split(';').find_map(|entry| entry.strip_prefix(name)?.strip_prefix('=')) else {
        return;
    };
    match action.split_once(':') {
        Some(("pause", millis)) => {
            let millis = millis.parse().unwrap_or(0);
            tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
        }
        _ if action == "abort" => std::process::abort(),
        _ => tracing::warn!(name, action, "unknown failpoint action"),
    }
}

/// Passes the place called `name`.
#[cfg(not(debug_assertions))]
#[expect(clippy::unused_async, reason = "the same shape as in a debug build")]
pub async fn reach(_name: &str) {}

/// The day that a test wants it to be: what stands in the file that `AGENTLS_TODAY` names.
#[cfg(debug_assertions)]
pub fn today() -> Option<String> {
    std::fs::read_to_string(std::env::var_os("AGENTLS_TODAY")?).ok()
}

/// No day but the real one.
#[cfg(not(debug_assertions))]
pub fn today() -> Option<String> {
    None
}
