//! A terminal for the program: a pseudo-terminal at whose other side a test reads and types.

use std::{
    ffi::OsStr,
    fs::File,
    io::{Read, Write},
    os::unix::ffi::OsStrExt,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{Mode, OFlags, open},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};

/// Longer than anything takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program at a terminal. Dropped, it is killed.
pub struct Terminal {
    child: Child,
    keyboard: File,
    shown: Arc<Mutex<String>>,
}

impl Terminal {
    /// Starts a program with a terminal for its input and all its output.
    pub fn start(mut command: Command) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are pseudo-terminals");
        grantpt(&keyboard).and_then(|()| unlockpt(&keyboard)).expect("it can be used");
        let name = ptsname(&keyboard, Vec::new()).expect("it has a name");
        let side = || {
            let path = OsStr::from_bytes(name.to_bytes());
            Stdio::from(open(path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("it can be opened"))
        };
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().expect("it starts");
        let keyboard = File::from(keyboard);
        let shown = Arc::new(Mutex::new(String::new()));
        let (mut screen, text) = (keyboard.try_clone().expect("it can be shared"), Arc::clone(&shown));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // It fails once nobody holds the program's side any more.
            while let Ok(read @ 1..) = screen.read(&mut buffer) {
                let piece = String::from_utf8_lossy(&buffer[..read]).into_owned();
                text.lock().unwrap_or_else(PoisonError::into_inner).push_str(&piece);
            }
        });
        Self { child, keyboard, shown }
    }

    /// What it has shown until now, with what was typed.
    pub fn shown(&self) -> String {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it has shown one of these behind `seen` bytes; which, and where that ends.
    pub fn wait_for(&self, seen: usize, wanted: &[&str]) -> (usize, usize) {
        let until = Instant::now() + PATIENCE;
        loop {
            let shown = self.shown();
            let found = wanted.iter().enumerate().filter_map(|(which, text)| {
                let at = shown.get(seen..)?.find(text)?;
                Some((seen + at + text.len(), which))
            });
            if let Some((end, which)) = found.min() {
                return (which, end);
            }
            assert!(Instant::now() < until, "none of {wanted:?} was shown: {shown}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Types a line.
    pub fn type_line(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").expect("it can be typed at");
    }

    /// Its exit code.
    pub fn exit_code(&mut self) -> Option<i32> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status.code();
            }
            assert!(Instant::now() < until, "it does not end: {}", self.shown());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended perhaps.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
