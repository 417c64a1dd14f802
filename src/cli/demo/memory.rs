//! Memory of a process, as proc(5) tells it.

use std::{fmt, fs};

use crate::cli::figures;

/// Resident memory in bytes, where the system tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    /// Now: `VmRSS`.
    pub(super) now: Option<u64>,
    /// At most until now: `VmHWM`.
    pub(super) peak: Option<u64>,
}

impl Memory {
    /// Memory of a process.
    pub(super) fn of(pid: u32) -> Self {
        fs::read_to_string(format!("/proc/{pid}/status"))
            .map(|status| Self::told(&status))
            .unwrap_or_default()
    }

    /// From lines like `VmHWM:     5120 kB`.
    fn told(status: &str) -> Self {
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
            kilobytes.checked_mul(1024)
        };
        Self { now: bytes("VmRSS:"), peak: bytes("VmHWM:") }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (peak {})", told(self.now), told(self.peak))
    }
}

/// A size, where the system tells it.
pub(super) fn told(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "unknown on this system".to_owned(), figures::bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_where_it_is_told() {
        let memory = Memory::told("Name:\tagentls\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n");
        assert_eq!(memory.to_string(), "1.0 MiB (peak 2.0 MiB)");
        assert_eq!(Memory::told("nothing"), Memory::default());
    }
}
