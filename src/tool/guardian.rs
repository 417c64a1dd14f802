//! What tools have started ends also when this process is killed and can do nothing any more (Linux).
//!
//! The kernel ends the shells with it ([`super::process`]), not what they started. So before the first command a second
//! process is started, of the same program: the guardian. It waits for the end of a pipe that only this process holds, and
//! kills then whatever carries this process's mark in its environment, which children inherit wherever they hide in the
//! tree. Only what has cleared its environment gets away. In an orderly end nothing is left for it
//! ([`super::descendants`]), and it is ended itself.

use std::{
    fs,
    io::{self, ErrorKind, PipeWriter, Write},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The variable that marks what tools have started: an id for each process that did, the outermost first, with colons
/// between them.
pub(super) const MARK: &str = "AGENTLS_FAMILY";

/// The argument by which the program becomes a guardian.
pub const COMMAND: &str = "guardian";

/// This program, whatever stands at its path by now.
const PROGRAM: &str = "/proc/self/exe";

/// How long killed processes are looked after: new ones that they have started meanwhile are killed, too.
pub(in crate::tool) const PATIENCE: Duration = Duration::from_secs(2);

/// Between two looks.
const POLL: Duration = Duration::from_millis(5);

/// Whether this program knows [`COMMAND`].
static ALLOWED: OnceLock<()> = OnceLock::new();

/// The guardian of this process.
static GUARDIAN: Mutex<Option<Guardian>> = Mutex::new(None);

/// Lets tools start a guardian. For the program whose `main` calls [`keep`] when it is started with [`COMMAND`].
pub fn allow() {
    ALLOWED.get_or_init(|| ());
}

/// Sees to it that a guardian runs. The value of [`MARK`] for what is to be kept; `None` where there is no guardian.
pub(super) fn stand_by() -> Option<String> {
    ALLOWED.get()?;
    let mut guardian = GUARDIAN.lock().unwrap_or_else(PoisonError::into_inner);
    if guardian.as_mut().is_none_or(|guardian| !guardian.is_there()) {
        *guardian = Guardian::start()
            .inspect_err(|error| {
                tracing::warn!(%error, "no guardian: if this process is killed, what commands started goes on");
            })
            .ok();
    }
    Some(guardian.as_ref()?.mark.clone())
}

struct Guardian {
    mark: String,
    /// Its end is that of this process.
    pipe: PipeWriter,
}

impl Guardian {
    fn start() -> io::Result<Self> {
        let id = format!("{:016x}", getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?);
        let (reader, pipe) = io::pipe()?;
        // A guardian that somebody stopped is not waited for.
        rustix::io::ioctl_fionbio(&pipe, true)?;
        // Whoever collects the orphans collects it, too, when it ends before this process.
        Command::new(PROGRAM)
            .args([COMMAND, &id])
            // It needs no keys (invariant 13), and who ends what an outer process has started is not to end it.
            .env_clear()
            .current_dir("/")
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let mark = match std::env::var(MARK) {
            Ok(outer) => format!("{outer}:{id}"),
            Err(_) => id,
        };
        Ok(Self { mark, pipe })
    }

    /// Whether somebody still reads its pipe.
    fn is_there(&mut self) -> bool {
        match self.pipe.write_all(b".") {
            Ok(()) => true,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// Waits until the process at the other end of stdin is gone, then ends what carries its `id`. Blocks.
pub fn keep(id: &str) -> io::Result<()> {
    io::copy(&mut io::stdin().lock(), &mut io::sink())?;
    let began = Instant::now();
    while kill_marked(id) && began.elapsed() < PATIENCE {
        std::thread::sleep(POLL);
    }
    Ok(())
}

/// Kills each process that carries `id`. Whether there was one.
fn kill_marked(id: &str) -> bool {
    let mut found = false;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let number = entry.file_name().to_string_lossy().parse().ok().and_then(Pid::from_raw);
        // Held before it is looked at: it is this one that is killed, not the next with its number.
        let Some(process) = number.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else {
            continue;
        };
        if fs::read(entry.path().join("environ")).is_ok_and(|environment| carries(&environment, id)) {
            found |= pidfd_send_signal(&process, Signal::KILL).is_ok();
        }
    }
    found
}

/// Whether an environment as `/proc` shows it has the mark with this id.
fn carries(environment: &[u8], id: &str) -> bool {
    let marks = environment
        .split(|byte| *byte == 0)
        .filter_map(|variable| variable.strip_prefix(MARK.as_bytes())?.strip_prefix(b"="));
    marks.flat_map(|mark| mark.split(|byte| *byte == b':')).any(|mark| mark == id.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_among_those_of_outer_processes_and_nowhere_else() {
        let carried = |environment: &str| carries(environment.replace(' ', "\0").as_bytes(), "b2");
        assert!(carried("HOME=/ AGENTLS_FAMILY=b2"));
        assert!(carried("AGENTLS_FAMILY=a1:b2:c3 HOME=/"));
        assert!(!carried("AGENTLS_FAMILY=b22 HOME=b2"));
        assert!(!carried("XAGENTLS_FAMILY=b2"));
        assert!(!carried("AGENTLS_FAMILY_NAME=b2"));
        assert!(!carried(""));
    }
}
