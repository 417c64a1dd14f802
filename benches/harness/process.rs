//! What the kernel says of a running process.

use std::{fs, time::Duration};

/// Ticks of processor time in a second, as `/proc` counts them on every common machine (`USER_HZ`).
const TICKS: u64 = 100;

/// Memory of a process in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    pub(crate) peak: u64,
}

/// Memory of a process; none once it has ended.
pub(crate) fn memory(pid: u32) -> Option<Memory> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kibibytes * 1024)
    };
    Some(Memory { resident: field("VmRSS:")?, peak: field("VmHWM:")? })
}

/// Processor time that a process has used, without its children.
pub(crate) fn processor(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses, which may hold anything; user and system time are 14 and 15.
    let (_, behind) = stat.rsplit_once(')')?;
    let ticks: Vec<u64> =
        behind.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    Some(Duration::from_millis(ticks.iter().sum::<u64>() * 1_000 / TICKS))
}

/// How many threads (`task`) or descriptors (`fd`) a running process has.
pub(crate) fn entries(pid: u32, what: &str) -> u64 {
    let entries = fs::read_dir(format!("/proc/{pid}/{what}")).expect("the server is running");
    entries.count() as u64
}
