//! The bytes between a client and the server: threads that write and read, so that neither ever waits for a test.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdout},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};

use serde_json::{Value, json};

use super::record::Record;

/// Both ends of the pipe.
#[derive(Clone)]
pub(super) struct Pipe {
    out: Arc<Mutex<Option<mpsc::Sender<Vec<u8>>>>>,
    readers: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Pipe {
    /// Takes over the child's pipes.
    pub(super) fn new(child: &mut Child, record: &Arc<Record>) -> Self {
        let mut stdin = child.stdin.take().expect("stdin is a pipe");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let mut stderr = child.stderr.take().expect("stderr is a pipe");
        let (out, waiting) = mpsc::channel::<Vec<u8>>();
        std::thread::spawn(move || {
            for bytes in waiting {
                if stdin.write_all(&bytes).and_then(|()| stdin.flush()).is_err() {
                    return; // The server is gone: some tests are about that.
                }
            }
        });
        let frames = {
            let record = Arc::clone(record);
            std::thread::spawn(move || read_frames(stdout, &record))
        };
        let log = {
            let record = Arc::clone(record);
            std::thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(read @ 1..) = stderr.read(&mut chunk) {
                    record.wrote_to_stderr(&chunk[..read]);
                }
            })
        };
        Self { out: Arc::new(Mutex::new(Some(out))), readers: Arc::new(Mutex::new(vec![frames, log])) }
    }

    /// Sends a message in a frame.
    pub(super) fn send(&self, message: &Value) {
        let body = message.to_string();
        self.send_raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    pub(super) fn send_raw(&self, bytes: &[u8]) {
        let out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(out) = out.as_ref() {
            // The writer ends with the server.
            drop(out.send(bytes.to_vec()));
        }
    }

    /// Answers a request of the server's.
    pub(super) fn answer(&self, id: &Value, result: Value) {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
    }

    /// Closes the server's stdin once all is written.
    pub(super) fn close(&self) {
        self.out.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Waits until everything that a dead server wrote is read.
    pub(super) fn join(&self) {
        self.close();
        for reader in self.readers.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            assert!(reader.join().is_ok() || std::thread::panicking(), "a reader of the pipe panicked");
        }
    }
}

/// Reads frames until the end, and notes what is none. A frame that the server's death cut off is no fault.
fn read_frames(stdout: ChildStdout, record: &Record) {
    let mut stdout = BufReader::new(stdout);
    loop {
        match read_frame(&mut stdout) {
            Ok(Some(body)) => match serde_json::from_slice(&body) {
                Ok(message) => record.take(message),
                Err(error) => {
                    record.problem(format!("not JSON ({error}): {}", String::from_utf8_lossy(&body)));
                }
            },
            Ok(None) => break,
            Err(problem) => {
                record.problem(problem);
                break;
            }
        }
    }
    record.end();
}

/// The next body; `None` at the end.
fn read_frame(stdout: &mut impl BufRead) -> Result<Option<Vec<u8>>, String> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        match stdout.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return Ok(None),
            Ok(_) if !line.ends_with(b"\n") => return Ok(None),
            Ok(_) => {}
        }
        let line = String::from_utf8_lossy(&line);
        match line.trim_end().split_once(':') {
            None if line == "\r\n" => break,
            Some(("Content-Length", value)) => length = value.trim().parse().ok(),
            _ => return Err(format!("no header of a frame: {line:?}")),
        }
    }
    let length: usize = length.ok_or("a frame without Content-Length")?;
    let mut body = vec![0; length];
    Ok(stdout.read_exact(&mut body).is_ok().then_some(body))
}
