//! Processes as the kernel shows them: who runs, what a process holds.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The command lines of the living processes with this word in it. A process that has ended and that nobody has
/// collected has none.
pub fn with_word(word: &str) -> Vec<String> {
    let lines = fs::read_dir("/proc").expect("/proc is there").flatten();
    let lines = lines.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(word))
        .collect()
}

/// Whether a process runs. One that has ended and that nobody has collected does not.
pub fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// Resident memory of a process in bytes, and the most that it ever was.
pub fn memory(pid: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is there");
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("the kernel tells it");
        let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kibibytes * 1024
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// Waits until `gone`; how long that took since `began`.
pub async fn wait_until(began: Instant, patience: Duration, gone: impl Fn() -> bool) -> Duration {
    while !gone() {
        assert!(began.elapsed() < patience, "not after {patience:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}

/// A process that stands for an editor: the server is told its id.
pub struct Editor(Child);

impl Editor {
    pub fn open() -> Self {
        let editor = Command::new("sleep").arg("3600").stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Self(editor.expect("a process can be started"))
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Editor {
    /// Kills it; nothing of it is left.
    fn drop(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it can be waited for");
    }
}
