//! a client that stops reading costs itself the growth of texts, nobody the turn.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::turn_ends;
use crate::support::{
    byte_client::request,
    home::{Home, config_for},
    invariants::{self, Acknowledged},
    matrix, processes,
    provider::{Answer, Double, Wire},
};

/// What may wait for the client, and what lies in the pipe to it.
const BUFFERED: usize = 8 * 1024 * 1024 + 256 * 1024;

/// Memory of a turn in its own text: what is parsed, collected, stored and shown of it at once.
const TIMES_ITS_TEXT: u64 = 9;

/// A program whose output is read when the test wants to, and not before.
struct Reader {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Reader {
    fn start(home: &Home) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_agentls"))
            .arg("serve")
            .env("AGENTLS_DATA_DIR", home.data())
            .env("AGENTLS_CONFIG_DIR", home.config_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut reader = Self { child, input, output };
        reader.ask("initialize", &json!({"capabilities": {}}));
        reader
    }

    fn send(&mut self, id: &str, method: &str, params: &Value) {
        self.input.write_all(&request(id, method, params)).unwrap();
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let length = line.trim().strip_prefix("Content-Length: ").expect("a frame").parse().unwrap();
        self.output.read_line(&mut line).unwrap();
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// Everything up to the answer to `id`, and the answer.
    fn until(&mut self, id: &str) -> (Vec<Value>, Value) {
        let mut before = Vec::new();
        loop {
            let message = self.read();
            if message["id"] == id {
                return (before, message);
            }
            before.push(message);
        }
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.send(method, method, params);
        self.until(method).1["result"].clone()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An answer of so many deltas of that many bytes each.
fn deltas(count: usize, bytes: usize) -> Answer {
    let event = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        format!("data: {}\n\n", json!({"choices": [choice]}))
    };
    let delta = event(json!({"content": "x".repeat(bytes)}), Value::Null);
    let together = Bytes::from(delta.repeat(100));
    let end = event(json!({}), json!("stop")) + "data: [DONE]\n\n";
    let mut writes = vec![together; count / 100];
    writes.push(Bytes::from(end));
    Answer::raw(writes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_10_a_reader_that_stops_holds_nothing_up_and_finds_everything_right() {
    let (count, bytes) = (matrix::times(100_000, 1_000_000), matrix::times(40, 4));
    let double = Double::start(Wire::Chat, vec![deltas(count, bytes)]).await;
    let home = Home::new(&config_for(&double));
    let (held, acknowledged) = tokio::task::block_in_place(|| stop_reading(&home, count, bytes));
    invariants::hold(&home, &[acknowledged]).await;
    let seen = format!("{held} MB waited; turn and database went on, the state was right after");
    matrix::held("R-10", "deltas for a reader that has stopped", count, &seen);
}

/// Reads nothing until the turn has ended in the database.
fn stop_reading(home: &Home, count: usize, size: usize) -> (usize, Acknowledged) {
    let mut reader = Reader::start(home);
    let session = reader.ask("session/new", &json!({"cwd": home.workspace()}))["session"]["id"].clone();
    let text = "Talk.".to_owned();
    let (before, _) = processes::memory(reader.child.id());
    let parts = [json!({"type": "text", "text": text})];
    reader.send("prompt", "session/prompt", &json!({"sessionId": session, "parts": parts}));
    let ended = || turn_ends(home).iter().any(|(reason, _)| reason.is_some());
    let began = std::time::Instant::now();
    while !ended() {
        assert!(
            began.elapsed() < Duration::from_secs(30) + Duration::from_micros(count as u64 * 500),
            "no end"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let (now, peak) = processes::memory(reader.child.id());
    let work = TIMES_ITS_TEXT * (count * size) as u64 + BUFFERED as u64;
    assert!(peak - before <= work, "{before} bytes before, {now} after, {peak} in between");

    let (messages, answer) = reader.until("prompt");
    assert_eq!(answer["result"]["stopReason"], "endTurn");
    let updates = messages.iter().filter(|message| message["method"] == "session/update");
    let last = updates.clone().rfind(|update| update["params"]["update"]["kind"] == "status");
    assert_eq!(last.unwrap()["params"]["update"]["status"], "idle", "the last state is the true one");
    let buffered: usize = messages.iter().map(|message| message.to_string().len()).sum();
    assert!(buffered <= BUFFERED, "{buffered} bytes waited in the server and in the pipe");
    let page = reader.ask("session/messages", &json!({"sessionId": session}));
    let answer = page["messages"].as_array().unwrap().last().unwrap();
    let parts = answer["parts"].as_array().unwrap().iter();
    let bytes: u64 = parts.filter_map(|part| part["text"]["bytes"].as_u64()).sum();
    assert_eq!(bytes, (count * size) as u64, "all of it is stored");
    let session = session.as_str().unwrap().to_owned();
    (buffered / 1_000_000, Acknowledged { session, text })
}
