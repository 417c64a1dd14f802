//! How the process ends: who may end it, and that it does not take longer than promised.
//!
//! Invariant 11: only `exit`, EOF, a signal or the parent's death ends the process. The deadline is kept by a
//! plain thread, because the runtime may be what hangs.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    process::{Pid, getppid, test_kill_process},
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// From the first sign of the end to the process's last moment.
pub const GRACE: Duration = Duration::from_secs(2);

/// Before the process's last moment: what still runs of its children is killed, so that there is time left to store
/// what became of them.
pub(in crate::wire) const LAST_CHANCE: Duration = Duration::from_secs(1);

/// How often the parent is looked for.
pub(in crate::wire) const PARENT_CHECK: Duration = Duration::from_millis(400);

/// Ends the process with `code` when `limit` has passed, whatever the rest of it does. `end_children` is called a second
/// before, and again in the last moment.
pub fn enforce(limit: Duration, code: u8, end_children: fn()) -> io::Result<()> {
    let end = Instant::now() + limit;
    let thread = thread::Builder::new().name("deadline".into());
    #[expect(clippy::exit, reason = "the last resort when an orderly end takes too long")]
    thread.spawn(move || {
        thread::sleep(limit.saturating_sub(LAST_CHANCE));
        end_children();
        thread::sleep(end.saturating_duration_since(Instant::now()));
        end_children();
        std::process::exit(code.into());
    })?;
    Ok(())
}

/// Cancels `stop` on SIGTERM, SIGHUP or SIGINT.
pub async fn on_signal(stop: CancellationToken) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.cancel();
    Ok(())
}

/// Cancels `stop` when the process `pid` (the client's, as `initialize` names it) is gone, and keeps the
/// deadline from there, as [`enforce`] does. A `pid` that is gone already or that cannot be one is a client that does
/// not want this.
pub fn on_death_of(pid: u32, stop: CancellationToken, end_children: fn()) -> io::Result<()> {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw).filter(|pid| alive(*pid)) else {
        tracing::warn!(pid, "no such client process; its end will not be noticed");
        return Ok(());
    };
    let is_parent = getppid() == Some(pid);
    thread::Builder::new().name("parent-watch".into()).spawn(move || {
        // A parent that nobody has reaped still takes signals, but is a parent no longer.
        while alive(pid) && (!is_parent || getppid() == Some(pid)) {
            if stop.is_cancelled() {
                return;
            }
            thread::sleep(PARENT_CHECK);
        }
        stop.cancel();
        if let Err(problem) = enforce(GRACE.saturating_sub(PARENT_CHECK), 0, end_children) {
            tracing::error!(%problem, "no thread to keep the deadline");
        }
    })?;
    Ok(())
}

fn alive(pid: Pid) -> bool {
    // Somebody else's process may not be signalled, but it is there.
    !matches!(test_kill_process(pid), Err(Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_death_of_the_client_is_noticed() {
        let mut client = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        assert!(alive(Pid::from_child(&client)));
        client.kill().unwrap();
        client.wait().unwrap();
        assert!(!alive(Pid::from_raw(i32::try_from(client.id()).unwrap()).unwrap()));
    }

    #[test]
    fn an_impossible_client_process_stops_nothing() {
        let stop = CancellationToken::new();
        for pid in [0, u32::MAX] {
            on_death_of(pid, stop.clone(), || {}).unwrap();
        }
        assert!(!stop.is_cancelled());
    }
}
