//! A client of a server that runs as a child: requests over its pipe, its questions answered, every wait with an
//! end.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use agentls::wire::frame::{Decoded, Decoder};

/// The longest that a single answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often a child that is to end is looked at.
const POLL: Duration = Duration::from_millis(5);

/// What the server says beside its answers.
pub(super) trait Host {
    /// A notification came.
    fn notified(&mut self, method: &str, params: &Value) -> io::Result<()>;

    /// The server asks something; the answer.
    fn asked(&mut self, method: &str, params: &Value) -> io::Result<Value>;
}

/// A server as a child process. Killed when dropped.
pub(super) struct Client {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    last_id: u64,
    started: Instant,
}

impl Client {
    /// Starts `program serve` with directories of its own. Its stderr goes to the file `stderr`.
    pub(super) fn start(program: &Path, data: &Path, config: &Path, stderr: File) -> anyhow::Result<Self> {
        let started = Instant::now();
        let mut child = Command::new(program)
            .arg("serve")
            .env("AGENTLS_DATA_DIR", data)
            .env("AGENTLS_CONFIG_DIR", config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let output = child.stdout.take().context("the server has no stdout")?;
        let input = child.stdin.take();
        let (sender, messages) = channel();
        thread::Builder::new().name("server-output".to_owned()).spawn(move || read_all(output, &sender))?;
        Ok(Self { child, input, messages, last_id: 0, started })
    }

    /// The server's process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Since the process was started.
    pub(super) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Sends a request and waits for its answer; `host` hears all that comes before it.
    pub(super) fn request(
        &mut self,
        method: &str,
        params: &Value,
        host: &mut impl Host,
    ) -> anyhow::Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
        let answer = self.answer(id, host).with_context(|| format!("{method} was not answered"))?;
        if let Some(error) = answer.get("error") {
            bail!("{method} failed: {error}");
        }
        Ok(answer.get("result").cloned().unwrap_or_default())
    }

    /// Sends a notification.
    pub(super) fn notify(&mut self, method: &str, params: &Value) -> anyhow::Result<()> {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
    }

    /// `shutdown`, `exit`, and the exit code.
    pub(super) fn end(&mut self, host: &mut impl Host) -> anyhow::Result<ExitStatus> {
        self.request("shutdown", &Value::Null, host)?;
        self.notify("exit", &Value::Null)?;
        let asked = Instant::now();
        loop {
            match self.child.try_wait()? {
                Some(status) => return Ok(status),
                None if asked.elapsed() > PATIENCE => bail!("the server did not exit"),
                None => thread::sleep(POLL),
            }
        }
    }

    fn answer(&mut self, id: u64, host: &mut impl Host) -> anyhow::Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message = match self.messages.recv_timeout(left) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => bail!("nothing came for {} s", PATIENCE.as_secs()),
                Err(RecvTimeoutError::Disconnected) => bail!("the server closed its output"),
            };
            let params = message.get("params").unwrap_or(&Value::Null);
            match (message.get("method").and_then(Value::as_str), message.get("id")) {
                (Some(method), Some(question)) => {
                    let answer = host.asked(method, params)?;
                    self.send(&json!({"jsonrpc": "2.0", "id": question, "result": answer}))?;
                }
                (Some(method), None) => host.notified(method, params)?,
                (None, Some(answered)) if *answered == json!(id) => return Ok(message),
                (None, _) => bail!("an answer to nothing: {message}"),
            }
        }
    }

    fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        let body = message.to_string();
        let input = self.input.as_mut().context("the server has no stdin")?;
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).context("the server reads no more")?;
        input.flush().context("the server reads no more")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It has ended already in the ordinary course of things; then there is nothing to kill.
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Hands on every message until the output ends.
fn read_all(mut output: impl Read, sender: &Sender<Value>) {
    let mut decoder = Decoder::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match output.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(read) => read,
        };
        decoder.feed(buffer.get(..read).unwrap_or_default());
        while let Some(decoded) = decoder.decode() {
            // What is no frame or no JSON is a fault of the server: the answer it should have been is missed.
            let Decoded::Body(body) = decoded else { return };
            let Ok(message) = serde_json::from_slice(&body) else { return };
            if sender.send(message).is_err() {
                return;
            }
        }
    }
}
