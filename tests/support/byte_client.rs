//! A client at the level of bytes: the real program between two pipes. It may send anything; what comes back has to be
//! frames and nothing else, and is seen in the order in which it came. (`server` is the client for everything else.)

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::home::Home;

/// How long an answer may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program's promise: gone within this time from the first sign of the end. A busy machine gets a little more.
const END: Duration = Duration::from_millis(2_500);

/// The program. Killed when dropped.
pub struct Program {
    child: Child,
    input: Option<ChildStdin>,
    incoming: Receiver<Value>,
}

impl Program {
    /// Starts it without a word to it.
    pub fn start(home: &Home) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_agentls"))
            .args(["serve", "--stdio"])
            .env("AGENTLS_DATA_DIR", home.data())
            .env("AGENTLS_CONFIG_DIR", home.config_dir())
            .env_remove("AGENTLS_FAILPOINTS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (sender, incoming) = channel();
        let stdout = child.stdout.take().unwrap();
        thread::spawn(move || deliver(stdout, &sender));
        Self { input: child.stdin.take(), child, incoming }
    }

    /// Starts it and introduces a client that can be asked for permission, and vouches for the workspace.
    pub fn introduced(home: &Home) -> Self {
        let mut program = Self::start(home);
        let options = json!({"agentls": {"clientAbilities": {"permission": true}, "trust": "trusted"}});
        let root = format!("file://{}", home.workspace().display());
        let params = json!({"capabilities": {}, "rootUri": root, "initializationOptions": options});
        assert_eq!(program.ask("initialize", &params)["serverInfo"]["name"], "agentls");
        program.tell("initialized", &json!({}));
        program
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        assert!(self.try_send(bytes), "the program reads no more");
    }

    /// Sends bytes as they are, unless the program reads no more.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        let input = self.input.as_mut().expect("the input is open");
        input.write_all(bytes).and_then(|()| input.flush()).is_ok()
    }

    /// Sends a request.
    pub fn request(&mut self, id: &str, method: &str, params: &Value) {
        self.send(&request(id, method, params));
    }

    /// Sends a notification.
    pub fn tell(&mut self, method: &str, params: &Value) {
        self.send(&frame(json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string()));
    }

    /// The next message; `None` when there is none for `wait`, or never will be.
    pub fn receive(&self, wait: Duration) -> Option<Value> {
        match self.incoming.recv_timeout(wait) {
            Ok(message) => {
                assert!(message.get("broken").is_none(), "stdout: {message}");
                Some(message)
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    /// The answer to a request; what comes before it is dropped.
    pub fn answer(&self, id: &Value) -> Value {
        self.until(|message| message.get("method").is_none() && message["id"] == *id).pop().unwrap()
    }

    /// Everything up to the first message that `last` is true of.
    pub fn until(&self, last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            let Some(message) = self.receive(PATIENCE) else {
                panic!("nothing more comes after {messages:#?}")
            };
            let found = last(&message);
            messages.push(message);
            if found {
                return messages;
            }
        }
    }

    /// Asks and gets the result.
    pub fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.request(method, method, params);
        let answer = self.answer(&json!(method));
        assert!(answer.get("result").is_some(), "{answer}");
        answer["result"].clone()
    }

    /// Closes the program's input.
    pub fn hang_up(&mut self) {
        self.input = None;
    }

    /// Takes away the reader of what the program writes, from the next message on.
    pub fn deafen(&mut self) {
        let (_, nobody) = channel();
        self.incoming = nobody;
    }

    /// Waits for the program's end, which has to come in time; its exit code, `None` when a signal ended it.
    pub fn end(mut self) -> Option<i32> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(began.elapsed() < END, "the program goes on");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself: that is no failure of the test.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A message's body with its header.
pub fn frame(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A request as a frame.
pub fn request(id: &str, method: &str, params: &Value) -> Vec<u8> {
    frame(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string())
}

/// Delivers what the program writes until its end, or until the first byte that belongs to no frame.
fn deliver(stdout: ChildStdout, to: &Sender<Value>) {
    let mut stdout = BufReader::new(stdout);
    loop {
        let message = match read_frame(&mut stdout) {
            Ok(Some(message)) => message,
            Ok(None) => return,
            Err(problem) => json!({"broken": problem}),
        };
        let broken = message.get("broken").is_some();
        if to.send(message).is_err() || broken {
            return;
        }
    }
}

fn read_frame(stdout: &mut BufReader<ChildStdout>) -> Result<Option<Value>, String> {
    let mut line = String::new();
    if stdout.read_line(&mut line).map_err(|problem| problem.to_string())? == 0 {
        return Ok(None);
    }
    let length = line.strip_prefix("Content-Length: ").and_then(|rest| rest.strip_suffix("\r\n"));
    let length = length.and_then(|digits| digits.parse::<usize>().ok()).ok_or(format!("header {line:?}"))?;
    let mut body = vec![0; length + 2];
    stdout.read_exact(&mut body).map_err(|problem| problem.to_string())?;
    let body = body.strip_prefix(b"\r\n").ok_or("no blank line")?;
    let message: Value = serde_json::from_slice(body).map_err(|problem| problem.to_string())?;
    if message["jsonrpc"] == "2.0" { Ok(Some(message)) } else { Err(format!("no JSON-RPC: {message}")) }
}
