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

/// What may wait for the client, and what a busy debug build needs beside it for the same text: what it parses, what it
/// collects of the answer, what it writes to the database.
const BUFFERED: u64 = 8 * 1024 * 1024;
const WORK: u64 = 40 * 1024 * 1024;

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

/// Growth of so many deltas, each a piece of text of 32 bytes, in an answer of several texts so that none is huge.
fn deltas(count: usize) -> Answer {
    const TEXTS: usize = 64;
    let text = "a piece of text, 32 bytes long. ".repeat(count / TEXTS / 8);
    let mut answer = (0..TEXTS).fold(Answer::new(), |answer, _| answer.text(&text));
    answer.render(Wire::Responses);
    Answer::raw(answer.frames.chunks(64).map(|events| Bytes::from(events.concat())).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_10_a_reader_that_stops_holds_nothing_up_and_finds_everything_right() {
    let count = matrix::times(100_000, 1_000_000);
    let double = Double::start(Wire::Responses, vec![deltas(count)]).await;
    let home = Home::new(&config_for(&double));
    let (held, acknowledged) = tokio::task::block_in_place(|| stop_reading(&home, count));
    invariants::hold(&home, &[acknowledged]).await;
    let seen = format!("{held} MB more in memory; turn and database went on, the state was right after");
    matrix::held("R-10", "deltas for a reader that has stopped", count, &seen);
}

/// Reads nothing until the turn has ended in the database.
fn stop_reading(home: &Home, count: usize) -> (u64, Acknowledged) {
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
    assert!(peak - before <= BUFFERED + WORK, "{before} bytes before, {now} after, {peak} in between");

    let (messages, answer) = reader.until("prompt");
    assert_eq!(answer["result"]["stopReason"], "endTurn");
    let updates = messages.iter().filter(|message| message["method"] == "session/update");
    let last = updates.clone().filter(|update| update["params"]["update"]["kind"] == "status").next_back();
    assert_eq!(last.unwrap()["params"]["update"]["status"], "idle", "the last state is the true one");
    let buffered: usize = messages.iter().map(|message| message.to_string().len()).sum();
    let allowed = usize::try_from(BUFFERED).unwrap() + 256 * 1024;
    assert!(buffered <= allowed, "{buffered} bytes waited in the server and in the pipe");
    let page = reader.ask("session/messages", &json!({"sessionId": session}));
    let answer = page["messages"].as_array().unwrap().last().unwrap();
    let bytes: u64 =
        answer["parts"].as_array().unwrap().iter().filter_map(|part| part["text"]["bytes"].as_u64()).sum();
    assert_eq!(bytes, count as u64 / 64 / 8 * 32 * 64, "all of it is stored");
    let session = session.as_str().unwrap().to_owned();
    ((now.max(before) - before) / 1_000_000, Acknowledged { session, text })
}
