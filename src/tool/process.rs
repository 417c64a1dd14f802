//! A child process in a group of its own, and its end.
//!
//! Nothing that a tool starts outlives a stop: the group gets TERM, after two seconds KILL; a dropped call
//! kills at once; who left the group ends with this process (`descendants`). When this process is killed, the kernel
//! kills the shell and the `guardian` what it has started (Linux). A sandbox holds all of it where the system has one (`sandbox`). No secret of ours
//! is in its environment (invariant 13), stdin is empty, and stdout is never inherited (invariant 10).

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::{
    net::unix::pipe,
    process::{Child, Command},
};

use super::{
    beneath::Folder,
    descendants::{self, Owned},
    environment::{Environment, for_git},
    sandbox::{Ruleset, Sandbox},
};

/// Between TERM and KILL.
pub(in crate::tool) const GRACE: Duration = Duration::from_secs(2);

/// How often a stopped group is looked at.
const POLL: Duration = Duration::from_millis(20);

/// A running command line.
pub(super) struct Running {
    /// The shell.
    pub(super) child: Child,
    /// What it and its children write, stdout and stderr in the order of writing.
    pub(super) output: pipe::Receiver,
    /// All of them.
    pub(super) group: Group,
}

/// Starts `bash -c command` in `cwd`, held by `sandbox`.
pub(super) fn start(
    command: &str,
    cwd: Folder,
    sandbox: &Sandbox,
    environment: &Environment,
) -> io::Result<Running> {
    let (reader, writer) = io::pipe()?;
    let mut bash = Command::new(bash_program());
    bash.args(["-c", command])
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .envs([("PAGER", "cat"), ("GIT_PAGER", "cat"), ("GIT_TERMINAL_PROMPT", "0"), ("TERM", "dumb")])
        .envs(for_git(std::env::var_os("GIT_CONFIG_COUNT")))
        .process_group(0)
        .kill_on_drop(true);
    for (name, _) in std::env::vars_os().filter(|(name, value)| environment.keeps_back(name, value)) {
        bash.env_remove(name);
    }
    #[cfg(target_os = "linux")]
    if let Some(mark) = super::guardian::stand_by() {
        bash.env(super::guardian::MARK, mark);
    }
    prepare(&mut bash, cwd.into(), sandbox.ruleset()?);
    let (child, shell) = descendants::spawn(&mut bash)?;
    let group = Group { pid: shell.pid(), armed: true, _shell: shell };
    Ok(Running { child, output: pipe::Receiver::from_owned_fd(reader.into())?, group })
}

/// Where bash is. Looked up once, so that no child has to try each directory; relative directories do not count,
/// for what a project brings is not what the person installed (invariant 12).
fn bash_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join("bash"))
            .find(|program| {
                program.is_file() && rustix::fs::access(program, rustix::fs::Access::EXEC_OK).is_ok()
            })
            .unwrap_or_else(|| PathBuf::from("bash"))
    })
}

/// What the child does before it becomes the shell: it binds its life to ours, goes to the folder that was opened for
/// it, whatever stands at its path by then, and locks itself in.
#[allow(unsafe_code)]
fn prepare(command: &mut Command, folder: OwnedFd, mut ruleset: Option<Ruleset>) {
    // SAFETY: between fork and exec only async-signal-safe calls are allowed. These are plain system calls, which
    // allocate nothing and take no lock; errors are numbers.
    unsafe {
        command.pre_exec(move || {
            #[cfg(target_os = "linux")]
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            rustix::process::fchdir(&folder)?;
            ruleset.take().map_or(Ok(()), Ruleset::enforce)
        });
    }
}

/// A process group that is killed when this is dropped, unless it was let go.
pub(super) struct Group {
    pid: Pid,
    armed: bool,
    /// Nobody but tokio collects the shell while the group is in use.
    _shell: Owned,
}

impl Group {
    /// Whether a process of it runs.
    fn is_alive(&self) -> bool {
        test_kill_process_group(self.pid).is_ok()
    }

    /// TERM, then KILL after two seconds. Resolves when nothing of the group runs, soon after KILL at the
    /// latest.
    pub(super) async fn stop(mut self, child: &mut Child) {
        self.signal(Signal::TERM);
        if tokio::time::timeout(GRACE, self.ended(child)).await.is_err() {
            self.signal(Signal::KILL);
            if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
                tracing::warn!(pid = self.pid.as_raw_nonzero(), "a killed process does not end");
            }
        }
        self.armed = false;
    }

    /// Lets what still runs go on, and says what that is.
    pub(super) fn let_go(mut self) -> Vec<String> {
        self.armed = false;
        // Mostly nothing runs any more, and one call says so: a look at all processes takes milliseconds.
        if test_kill_process_group(self.pid) == Err(rustix::io::Errno::SRCH) {
            return Vec::new();
        }
        let members = members(self.pid);
        if members.is_empty() && cfg!(not(target_os = "linux")) {
            return vec!["background processes".to_owned()];
        }
        members
    }

    async fn ended(&self, child: &mut Child) {
        if let Err(error) = child.wait().await {
            tracing::warn!(%error, "waiting for a process failed");
        }
        while self.is_alive() {
            tokio::time::sleep(POLL).await;
        }
    }

    fn signal(&self, signal: Signal) {
        match kill_process_group(self.pid, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => tracing::warn!(%error, "a process group could not be signalled"),
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.armed {
            self.signal(Signal::KILL);
        }
    }
}

/// The processes of a group as `name (pid)`, as far as the system tells (Linux's `/proc`).
fn members(group: Pid) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut members: Vec<String> = entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_string_lossy().parse::<i32>().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // `pid (name) state parent group …`; the name may contain anything, parentheses too.
            let (name, rest) = stat.rsplit_once(')')?;
            let name = name.split_once('(')?.1;
            let mut fields = rest.split_whitespace();
            let (state, _parent, its_group) = (fields.next()?, fields.next()?, fields.next()?);
            let belongs = its_group.parse() == Ok(group.as_raw_nonzero().get()) && state != "Z";
            belongs.then(|| format!("{name} ({pid})"))
        })
        .collect();
    members.sort();
    members
}
