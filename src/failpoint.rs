//! Named places where a test can make a debug build pause, panic or die, and a disk that fails ([`disk`]). A release build
//! contains none of them.
//!
//! `AGENTLS_FAILPOINTS="turn.ending=pause:300;tool.started=abort;session/list=panic"`: pause for 300 ms, abort the
//! process, panic the first time; `commit.after=abort:7` aborts when the place is passed for the seventh time. The
//! handler of each method is a place too, named after the method.

#[cfg(debug_assertions)]
pub mod disk;

/// The places: a prompt's life first, then work on the history, then the store's own.
pub const NAMES: &[&str] = &[
    // A prompt, from its row to the end of its turn.
    "prompt.stored",
    "prompt.withdrawn",
    "turn.begun",
    "request.sending",
    "message.stored",
    "output.stored",
    "chunk.stored",
    "answer.stored",
    "cut.stored",
    "approval.stored",
    "tool.started",
    "tool.ended",
    "result.stored",
    "tools.done",
    "steering.stored",
    "turn.ending",
    "turn.ended",
    "turn.leaving",
    // Room for it.
    "prune.stored",
    "summary.written",
    "summary.stored",
    "breaker.stored",
    // Work on whole sessions, a few rows at a time.
    "session.stored",
    "fork.begun",
    "fork.batch",
    "fork.shown",
    "delete.hidden",
    "delete.batch",
    "import.batch",
    "import.finished",
    // The database.
    "migration.backup",
    "migration.step",
    "migration.done",
    "recovery.done",
    "lease.taken",
    "lease.released",
    "commit.before",
    "commit.after",
    "checkpoint.before",
    "checkpoint.after",
];

/// Passes the place called `name`; acts there if the environment asks for it.
#[cfg(debug_assertions)]
pub async fn reach(name: &str) {
    if let Some(pause) = act(name) {
        tokio::time::sleep(pause).await;
    }
}

/// As [`reach`], where blocking is allowed: on the store's own threads.
#[cfg(debug_assertions)]
pub fn pass(name: &str) {
    if let Some(pause) = act(name) {
        std::thread::sleep(pause);
    }
}

/// Aborts where that is asked for, or says how long to pause.
#[cfg(debug_assertions)]
fn act(name: &str) -> Option<std::time::Duration> {
    let plan = std::env::var("AGENTLS_FAILPOINTS").ok()?;
    let action = plan.split(';').find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='))?;
    let (verb, number) = action.split_once(':').unwrap_or((action, "1"));
    match (verb, number.parse()) {
        ("panic", _) => panic_once(name),
        ("pause", Ok(millis)) => return Some(std::time::Duration::from_millis(millis)),
        ("abort", Ok(which)) if passed(name) == which => std::process::abort(),
        ("abort", Ok(_)) => {}
        _ => tracing::warn!(name, action, "unknown failpoint action"),
    }
    None
}

/// Counts the passings of a place, this one included.
#[cfg(debug_assertions)]
fn passed(name: &str) -> u64 {
    use std::{
        collections::BTreeMap,
        sync::{Mutex, PoisonError},
    };
    static PASSED: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());
    let mut passed = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
    let times = passed.entry(name.to_owned()).or_default();
    *times += 1;
    *times
}

/// Panics the first time that this place is passed.
#[cfg(debug_assertions)]
fn panic_once(name: &str) {
    assert!(passed(name) > 1, "the fail point {name}");
}

/// Passes the place called `name`.
#[cfg(not(debug_assertions))]
#[expect(clippy::unused_async, reason = "the same shape as in a debug build")]
pub async fn reach(_name: &str) {}

/// Passes the place called `name`.
#[cfg(not(debug_assertions))]
pub fn pass(_name: &str) {}

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
