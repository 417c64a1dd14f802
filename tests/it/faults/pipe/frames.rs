//! P-01: frames of any bytes, and recorded sessions with mistakes in them. The program goes on, whatever comes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::random::Random;
use crate::support::{
    byte_client::{PATIENCE, Program, frame, request},
    home::Home,
    invariants, matrix, processes,
};

/// What the program is told to refuse as too large: the least that it can be told. A length that lies is soon made good.
const LIMIT: usize = 64 * 1024;

/// The longest lie that is still believed by somebody: up to 16 times the limit is drained, and a program that was told
/// no limit has a larger one.
const LIE: usize = 20 * LIMIT;

/// White space that completes whatever a lying header promised.
const RESYNC: usize = LIE + LIMIT;

/// Frames between two good requests.
const ROUND: usize = 100;

/// Frames that one program gets.
const LIFE: usize = 5_000;

/// How long a good request may take behind all that; on a busy machine it takes more, and no more than that.
const HANG: Duration = Duration::from_secs(1);

const MEMORY: u64 = 64 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p_01_no_frame_ends_the_program_or_makes_it_wait() {
    let frames = matrix::times(20_000, 1_000_000);
    let home = Home::new(&json!({"limits": {"frameBytes": LIMIT}, "permission": {"*": "deny"}}));
    let (mut slowest, mut largest) = (Duration::ZERO, 0);
    for seed in 0..frames / LIFE {
        let (slow, large) = tokio::task::block_in_place(|| live(&home, seed as u64));
        (slowest, largest) = (slowest.max(slow), largest.max(large));
    }
    invariants::hold(&home, &[]).await;
    let seen = format!(
        "0 exits; a good request in between took at most {} ms, memory at most {} MB",
        slowest.as_millis(),
        largest / 1_000_000
    );
    matrix::held("P-01", "random and mutated frames", frames, &seen);
}

/// One program's life: how long a good request took at most, and its memory.
fn live(home: &Home, seed: u64) -> (Duration, u64) {
    let mut random = Random::new(seed + 1);
    // Every other one is not introduced first: what comes is all it hears.
    let mut program = if seed.is_multiple_of(2) { Program::introduced(home) } else { Program::start(home) };
    let recorded = recorded(home);
    let blank = (" ".repeat(1_023) + "\n").repeat(RESYNC / 1_024).into_bytes();
    let mut slowest = Duration::ZERO;
    for round in 0..LIFE / ROUND {
        let mut bytes = Vec::new();
        for _ in 0..ROUND {
            bytes.extend(mutated(&recorded, &mut random));
        }
        bytes.extend_from_slice(&blank);
        let context = format!("seed {seed}, round {round}");
        assert!(program.try_send(&bytes), "{context}: the program reads no more");
        let good = format!("good {seed} {round}");
        let began = Instant::now();
        program.send(&request(&good, "server/status", &json!({})));
        slowest = slowest.max(answered(&program, &good, began, &context));
    }
    let (_, peak) = processes::memory(program.pid());
    assert!(peak <= MEMORY, "seed {seed}: {peak} bytes");
    (slowest, peak)
}

/// Waits for the answer to the good request.
fn answered(program: &Program, good: &str, began: Instant, context: &str) -> Duration {
    while let Some(message) = program.receive(PATIENCE) {
        if message.get("method").is_none() && message["id"] == good {
            let taken = began.elapsed();
            // Rounds of a debug build on a machine that compiles beside it are measured, not judged, up to this.
            let patience = HANG * u32::try_from(matrix::times(10, 1)).unwrap();
            assert!(taken <= patience, "{context}: {taken:?}");
            return taken;
        }
    }
    panic!("{context}: a good request has no answer");
}

/// What a client says in a session, without the words that end the program.
fn recorded(home: &Home) -> Vec<Vec<u8>> {
    let cwd = home.workspace();
    let text = json!([{"type": "text", "text": "hello ü😀"}]);
    let document = json!({"uri": format!("file://{}/a.txt", cwd.display()), "version": 2});
    let requests = [
        ("initialize", json!({"processId": null, "capabilities": {"workspace": {"applyEdit": true}}})),
        ("session/new", json!({"cwd": cwd, "title": "a title"})),
        ("session/list", json!({"cwd": cwd, "limit": 5, "search": "ü"})),
        ("session/prompt", json!({"sessionId": "ses_1", "parts": text, "clientId": "c"})),
        ("session/messages", json!({"sessionId": "ses_1", "before": "msg_1", "limit": 3, "bodies": "full"})),
        ("part/read", json!({"partId": "prt_1", "field": "text", "offset": 1, "limit": 10})),
        ("session/export", json!({"sessionId": "ses_1", "format": "markdown"})),
        ("workspace/executeCommand", json!({"command": "agentls.session.list", "arguments": [{}]})),
        ("server/status", json!({})),
    ];
    let notifications = [
        ("initialized", json!({})),
        ("$/cancelRequest", json!({"id": 3})),
        (
            "textDocument/didOpen",
            json!({"textDocument": {"uri": document["uri"], "languageId": "x", "version": 1, "text": "a\nb"}}),
        ),
        (
            "textDocument/didChange",
            json!({"textDocument": document, "contentChanges": [
            {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 1}}, "text": "x"}]}),
        ),
        ("textDocument/didClose", json!({"textDocument": {"uri": document["uri"]}})),
    ];
    let answers = [json!({"jsonrpc": "2.0", "id": "agentls-1", "result": {"optionId": "once"}})];
    let asked = requests.iter().enumerate().map(
        |(id, (method, params))| json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}),
    );
    let told = notifications
        .iter()
        .map(|(method, params)| json!({"jsonrpc": "2.0", "method": method, "params": params}));
    asked.chain(told).chain(answers).map(|message: Value| frame(message.to_string())).collect()
}

/// A recorded frame with something wrong in it, or bytes that were never one.
fn mutated(recorded: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = random.of(recorded).clone();
    match random.below(10) {
        0 => bytes = (0..random.below(200)).map(|_| random.byte()).collect(),
        1 => bytes.truncate(random.below(bytes.len())),
        2 => {
            let at = random.below(bytes.len());
            bytes.drain(..at);
        }
        3 => bytes = lying_length(&bytes, random),
        4 => {
            let other = random.of(recorded);
            let at = random.below(bytes.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[random.below(other.len())..]);
        }
        5 => bytes = frame(replaced(&bytes, random)),
        6 => bytes = frame((0..random.below(300)).map(|_| random.byte()).collect::<Vec<_>>()),
        _ => {
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                bytes[at] =
                    if random.below(2) == 0 { random.byte() } else { *random.of(b"{}[]\",:\\\r\n0e-\0") };
            }
        }
    }
    bytes
}

/// The frame behind another length.
fn lying_length(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let body = body(bytes);
    let length = match random.below(4) {
        0 => random.below(body.len() + 1),
        1 => body.len() + random.below(100),
        2 => random.below(LIE),
        _ => usize::MAX - random.below(1_000),
    };
    let mut bytes = format!("Content-Length: {length}\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The frame's JSON with a value of another type in some place.
fn replaced(bytes: &[u8], random: &mut Random) -> String {
    let mut message: Value = serde_json::from_slice(body(bytes)).expect("what was recorded is JSON");
    let values =
        [json!(null), json!(-1), json!(1e300), json!([]), json!({}), json!("\u{0}\u{202e}"), json!(true)];
    let places = places(&message, "");
    *message.pointer_mut(random.of::<String>(&places)).expect("it was found there") =
        random.of(&values).clone();
    message.to_string()
}

/// Pointers to every value in it.
fn places(value: &Value, here: &str) -> Vec<String> {
    let inside =
        |(name, value): (String, &Value)| places(value, &format!("{here}/{}", name.replace('/', "~1")));
    let below: Vec<String> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), value)).flat_map(inside).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).flat_map(inside).collect()
        }
        _ => Vec::new(),
    };
    [here.to_owned()].into_iter().chain(below).collect()
}

fn body(bytes: &[u8]) -> &[u8] {
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("it is a frame");
    &bytes[at + 4..]
}
