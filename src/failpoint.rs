//! Named places where a test can make a debug build pause, panic or die. A release build contains none of them.
//!
//! `AGENTLS_FAILPOINTS="turn.ending=pause:300;tool.started=abort;session/list=panic"`: pause for 300 ms, abort the
//! process, panic the first time. The handler of each method is a place too, named after the method.

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
        _ if action == "panic" => panic_once(name),
        _ => tracing::warn!(name, action, "unknown failpoint action"),
    }
}

/// Panics the first time that this place is passed.
#[cfg(debug_assertions)]
fn panic_once(name: &str) {
    static PASSED: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let mut passed = PASSED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !passed.iter().any(|earlier| earlier == name) {
        passed.push(name.to_owned());
        drop(passed);
        panic!("the fail point {name}");
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
