//! Every process that a tool has started, however it hid: kept in the family, reaped, and ended with this process.
//!
//! A group is not enough: whoever calls `setsid` or forks twice leaves it. So this process is the subreaper of its
//! descendants (Linux): an orphan becomes its child instead of `init`'s, and whatever a tool has started stands below
//! it in the tree of processes until the end. What is adopted has to be reaped, promptly, since `kill -0` answers for
//! the unreaped too; a thread of its own does that, which leaves tokio's children to tokio. Elsewhere than on Linux
//! only the groups of running commands are known. Nothing here needs the runtime, which may be what hangs.

use std::{
    collections::HashSet,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};

/// How long killed processes are waited for.
pub(in crate::tool) const PATIENCE: Duration = Duration::from_millis(400);

/// How often it is looked whether they are gone.
const POLL: Duration = Duration::from_millis(5);

/// The shells that tokio waits for, one for each running command.
static OWNED: Mutex<Option<HashSet<Pid>>> = Mutex::new(None);

fn owned() -> MutexGuard<'static, Option<HashSet<Pid>>> {
    OWNED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child that tokio waits for. Dropped, it is anybody's.
pub(super) struct Owned(Pid);

impl Owned {
    /// Its id, which is also that of its group.
    pub(super) fn pid(&self) -> Pid {
        self.0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(owned) = owned().as_mut() {
            owned.remove(&self.0);
        }
    }
}

/// Starts a child of tokio's.
pub(super) fn spawn(command: &mut Command) -> io::Result<(Child, Owned)> {
    family::keep_together();
    // Held across the start: a child that ends at once is not taken for an adopted one.
    let mut owned = owned();
    let child = command.spawn()?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::other("the process has no id"))?;
    owned.get_or_insert_default().insert(pid);
    drop(owned);
    family::watch();
    Ok((child, Owned(pid)))
}

/// Kills every process that a tool has started, and waits until none runs, but not long. Blocks.
pub fn end_all() {
    let began = Instant::now();
    loop {
        let running = family::running();
        if running.is_empty() {
            return;
        }
        for target in running {
            target.kill();
        }
        if began.elapsed() > PATIENCE {
            tracing::warn!("killed processes do not end");
            return;
        }
        std::thread::sleep(POLL);
    }
}

/// What can be killed.
enum Target {
    #[cfg(target_os = "linux")]
    Process(Pid),
    #[cfg(not(target_os = "linux"))]
    Group(Pid),
}

impl Target {
    fn kill(&self) {
        let killed = match self {
            #[cfg(target_os = "linux")]
            Self::Process(pid) => rustix::process::kill_process(*pid, Signal::KILL),
            #[cfg(not(target_os = "linux"))]
            Self::Group(pid) => rustix::process::kill_process_group(*pid, Signal::KILL),
        };
        match killed {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => tracing::warn!(%error, "a process could not be killed"),
        }
    }
}

#[cfg(target_os = "linux")]
mod family {
    //! The tree below this process, as `/proc` shows it.

    use std::{
        collections::{HashMap, HashSet},
        fs,
        sync::OnceLock,
        thread::{self, Thread},
        time::Duration,
    };

    use rustix::{
        io::Errno,
        process::{Pid, WaitId, WaitIdOptions, WaitOptions, getpid, set_child_subreaper, waitid, waitpid},
    };

    use super::{Target, owned};

    /// Between two looks while tokio has not yet collected a child that has ended.
    const NAP: Duration = Duration::from_millis(10);

    /// Stack of the thread that reaps, in bytes.
    const STACK: usize = 128 * 1024;

    static REAPER: OnceLock<Option<Thread>> = OnceLock::new();

    /// Makes orphans children of this process, from the first call on.
    pub(super) fn keep_together() {
        REAPER.get_or_init(|| {
            if let Err(error) = set_child_subreaper(Some(getpid())) {
                tracing::warn!(%error, "orphans of tools cannot be adopted");
                return None;
            }
            let reaper = thread::Builder::new().name("reaper".to_owned()).stack_size(STACK).spawn(reap);
            match reaper {
                Ok(reaper) => Some(reaper.thread().clone()),
                Err(error) => {
                    tracing::warn!(%error, "no thread to reap orphans of tools");
                    None
                }
            }
        });
    }

    /// There is a child again.
    pub(super) fn watch() {
        if let Some(Some(reaper)) = REAPER.get() {
            reaper.unpark();
        }
    }

    /// Collects adopted children as they end. Which child has ended is not asked of `waitid`: it would be tokio's at
    /// times, and whoever collects that one takes its exit code away.
    fn reap() {
        loop {
            match waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
                // Nobody below us: nobody to adopt either, until a tool starts a child.
                Err(Errno::CHILD) => thread::park(),
                Ok(_) if reap_adopted() => {}
                Ok(_) | Err(_) => thread::sleep(NAP),
            }
        }
    }

    /// Collects the adopted children that have ended; says whether there was one.
    fn reap_adopted() -> bool {
        let owned = owned();
        let mut reaped = false;
        for child in children() {
            if owned.as_ref().is_none_or(|owned| !owned.contains(&child)) {
                reaped |= matches!(waitpid(Some(child), WaitOptions::NOHANG), Ok(Some(_)));
            }
        }
        reaped
    }

    /// The children of this process, by the cheap list where the kernel keeps one.
    fn children() -> Vec<Pid> {
        let mut lists = fs::read_dir("/proc/self/task").into_iter().flatten().flatten().peekable();
        if lists.peek().is_some_and(|task| task.path().join("children").exists()) {
            let lists = lists.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
            return lists
                .flat_map(|list| list.split_whitespace().filter_map(parse).collect::<Vec<_>>())
                .collect();
        }
        let own = getpid();
        processes()
            .into_iter()
            .filter(|process| process.parent == Some(own))
            .map(|process| process.pid)
            .collect()
    }

    /// The processes below this one that have not ended.
    pub(super) fn running() -> Vec<Target> {
        if REAPER.get().is_none() {
            return Vec::new();
        }
        let all = processes();
        let mut below: HashMap<Pid, Vec<&Process>> = HashMap::new();
        for process in &all {
            if let Some(parent) = process.parent {
                below.entry(parent).or_default().push(process);
            }
        }
        let (mut open, mut seen, mut running) = (vec![getpid()], HashSet::new(), Vec::new());
        while let Some(parent) = open.pop() {
            for process in below.get(&parent).into_iter().flatten() {
                if seen.insert(process.pid) {
                    open.push(process.pid);
                    running.extend((!process.ended).then_some(Target::Process(process.pid)));
                }
            }
        }
        running
    }

    struct Process {
        pid: Pid,
        parent: Option<Pid>,
        ended: bool,
    }

    fn processes() -> Vec<Process> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                let pid = parse(&entry.file_name().to_string_lossy())?;
                let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
                // `pid (name) state parent …`; the name may contain anything, parentheses too.
                let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
                let (state, parent) = (fields.next()?, fields.next()?);
                Some(Process { pid, parent: parse(parent), ended: matches!(state, "Z" | "X") })
            })
            .collect()
    }

    fn parse(digits: &str) -> Option<Pid> {
        digits.parse().ok().and_then(Pid::from_raw)
    }
}

#[cfg(not(target_os = "linux"))]
mod family {
    //! The groups of running commands: more of the tree is not known here.

    use super::{Target, owned};

    pub(super) fn keep_together() {}

    pub(super) fn watch() {}

    pub(super) fn running() -> Vec<Target> {
        owned().iter().flatten().map(|pid| Target::Group(*pid)).collect()
    }
}
