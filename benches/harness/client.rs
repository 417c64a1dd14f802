//! A client of the smallest kind: frames over the pipe of a child process.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    figures::millis,
    place::Place,
    process::{self, Memory},
};

/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server, and this end of its pipe.
pub(crate) struct Client {
    child: Child,
    stdin: ChildStdin,
    frames: Receiver<Frame>,
    requests: u64,
    killed: bool,
}

/// A message of the server.
pub(crate) struct Frame {
    /// When its last byte was read.
    pub(crate) at: Instant,
    /// It.
    pub(crate) message: Value,
}

impl Client {
    /// Starts a server for `place` and says `initialize`. Also says how long that took.
    pub(crate) fn start(place: &Place) -> (Self, Duration) {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_agentls"))
            .arg("serve")
            .envs(place.variables())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let stdin = child.stdin.take().expect("stdin is a pipe");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let (sender, frames) = channel();
        std::thread::spawn(move || {
            let mut stdout = BufReader::with_capacity(256 * 1024, stdout);
            while let Some(message) = read(&mut stdout) {
                if sender.send(Frame { at: Instant::now(), message }).is_err() {
                    return;
                }
            }
        });
        let mut client = Self { child, stdin, frames, requests: 0, killed: false };
        let root = format!("file://{}", place.workspace().display());
        let options = json!({"agentls": {"trust": "trusted"}});
        let params =
            json!({"processId": null, "capabilities": {}, "rootUri": root, "initializationOptions": options});
        let id = client.send("initialize", &params);
        let reply = client.frame();
        assert_eq!(reply.message["id"], id, "{}", reply.message);
        let taken = reply.at - started;
        client.notify("initialized", &json!({}));
        (client, taken)
    }

    /// Sends a request; its id.
    pub(crate) fn send(&mut self, method: &str, params: &Value) -> u64 {
        self.requests += 1;
        let id = self.requests;
        self.write(&frame(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})));
        id
    }

    /// Writes bytes that are frames already.
    pub(crate) fn write(&mut self, frames: &[u8]) {
        self.stdin.write_all(frames).expect("the server reads");
    }

    /// The next message of the server.
    pub(crate) fn frame(&self) -> Frame {
        self.frames.recv_timeout(PATIENCE).expect("the server answers")
    }

    /// The next message of the server, if one comes in that time.
    pub(crate) fn frame_within(&self, wait: Duration) -> Option<Frame> {
        self.frames.recv_timeout(wait).ok()
    }

    /// Kills the server: nothing is written any more.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the server is running");
        self.child.wait().expect("the server ends");
        self.killed = true;
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request and waits for its result; what else comes meanwhile is let pass.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        let id = self.send(method, params);
        loop {
            let frame = self.frame();
            if frame.message["id"] == id {
                assert!(frame.message["error"].is_null(), "{method}: {}", frame.message["error"]);
                return frame.message["result"].clone();
            }
        }
    }

    /// Sends a request and waits for its result; the milliseconds that took.
    pub(crate) fn timed(&mut self, method: &str, params: &Value) -> (f64, Value) {
        let started = Instant::now();
        let result = self.call(method, params);
        (millis(started.elapsed()), result)
    }

    /// A new session in `place`; its id.
    pub(crate) fn session(&mut self, place: &Place) -> String {
        let made = self.call("session/new", &json!({"cwd": place.workspace()}));
        made["session"]["id"].as_str().expect("a session has an id").to_owned()
    }

    /// Memory of the server.
    pub(crate) fn memory(&self) -> Memory {
        process::memory(self.child.id()).expect("the server is running")
    }

    /// Processor time of the server until now, without its children.
    pub(crate) fn processor(&self) -> Duration {
        process::processor(self.child.id()).expect("the server is running")
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.write(&frame(&json!({"jsonrpc": "2.0", "method": method, "params": params})));
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.killed {
            return;
        }
        self.send("shutdown", &Value::Null);
        self.notify("exit", &Value::Null);
        self.child.wait().expect("the server ends");
    }
}

/// A message in its frame.
pub(crate) fn frame(message: &Value) -> Vec<u8> {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn read(stdout: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        if stdout.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().expect("a length is a number"),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stdout.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("a frame is JSON"))
}
