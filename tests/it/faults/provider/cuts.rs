//! F-01: the connection breaks at every event and at every byte of an answer with text, reasoning and calls.

use std::{collections::HashSet, fs};

use agentls::provider::{Api, BlockKind, Event, Key, Settings, replay};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::{DONE, WIRES, acknowledged, home_with, model, prompt_of};
use crate::support::{
    invariants, look, matrix,
    provider::{
        Answer, Double, Wire,
        faults::{At, Harm},
        script::Tokens,
    },
    server::Server,
};

/// Events of the recording at least.
const EVENTS: usize = 200;

/// Cases that one session goes through, one prompt after the other.
const IN_A_SESSION: usize = 20;

/// Sessions that run at the same time.
const AT_ONCE: usize = 24;

/// Cases of one server, whose client remembers all that it was told.
const IN_A_SERVER: usize = 1_500;

/// Each run of the recording's command leaves a line in it.
const RUNS: &str = "runs.txt";

/// An answer as it was written once, event by event.
#[derive(Clone)]
struct Recording {
    wire: Wire,
    events: Vec<Bytes>,
}

impl Recording {
    fn new(wire: Wire) -> Self {
        let mut answer = Answer::new()
            .reasoning(&"First I look at what there is, then at what is missing. ".repeat(6))
            .text(&"Grüße 🦀: I list the files and then I write. ".repeat(8))
            .call("call_1", "list", &json!({"path": ".", "depth": 1}))
            .call(
                "call_2",
                "bash",
                &json!({"command": format!("echo one more run of the recording >> {RUNS}")}),
            )
            .call("call_3", "glob", &json!({"pattern": "**/*.no-such-extension-anywhere"}))
            .tokens(Tokens { input: 900, cache_read: 100, output: 200, reasoning: 50, ..Tokens::default() });
        answer.response_id = "resp_recorded".into();
        answer.render(wire);
        assert!(answer.frames.len() >= EVENTS, "{wire:?}: {} events", answer.frames.len());
        Self { wire, events: answer.frames }
    }

    fn bytes(&self) -> Vec<u8> {
        self.events.concat()
    }

    /// How many bytes come before the place.
    fn before(&self, at: At) -> usize {
        match at {
            At::Event(number) => self.events.iter().take(number).map(Bytes::len).sum(),
            At::Byte(at) => at,
            At::Head | At::Each(_) => panic!("no place for a cut"),
        }
    }

    /// What a client has of the blocks when so many bytes have come: their kind and their text.
    fn kept(&self, bytes: usize) -> Vec<(String, String)> {
        let (events, _) = replay(&self.settings(), "gpt-5", &[&self.bytes()[..bytes]]);
        let mut blocks: Vec<(String, String)> = Vec::new();
        for event in events {
            match event {
                Event::Open { kind, .. } => blocks.push((name(&kind), String::new())),
                Event::Delta { block, text } => blocks[block as usize].1.push_str(&text),
                Event::Close { .. } | Event::Finish { .. } => {}
            }
        }
        blocks
    }

    fn settings(&self) -> Settings {
        let api = match self.wire {
            Wire::Responses => Api::Responses,
            Wire::Chat => Api::Chat,
            Wire::Anthropic => Api::Anthropic,
        };
        let (base_url, headers, options) = (String::new(), Vec::new(), serde_json::Map::new());
        Settings {
            name: "double".into(),
            api,
            base_url,
            key: Key::NotNeeded,
            headers,
            secret_headers: Vec::new(),
            store: false,
            options,
        }
    }
}

fn name(kind: &BlockKind) -> String {
    match kind {
        BlockKind::Text => "text".to_owned(),
        BlockKind::Reasoning => "reasoning".to_owned(),
        BlockKind::Call { tool, .. } => tool.clone(),
    }
}

/// Cuts the recording at each of the places; fails unless what came is kept, and no tool runs but in a whole answer.
async fn cut(recording: &Recording, places: &[At]) {
    let (events, cuts) = (recording.events.clone(), places.to_vec());
    let answer = move |case: usize| Answer::raw(events.clone()).fault(cuts[case], Harm::Cut);
    let double = Double::start_model(recording.wire, model(answer)).await;
    double.forget_bodies();
    let home = home_with(&[&double], json!({}));
    let server = home.start().await;
    server.allow_all();
    let cases: Vec<usize> = (0..places.len()).collect();
    let sessions = cases.chunks(IN_A_SESSION).map(async |cases| {
        let session = server.session().await;
        for case in cases {
            let end = server.prompt(&session, &prompt_of(*case)).await;
            assert_eq!(end["stopReason"], "endTurn", "{:?} at {:?}", recording.wire, places[*case]);
        }
        check(&server, &session, recording, places).await;
        cases.iter().map(|case| acknowledged(&session, *case)).collect::<Vec<_>>()
    });
    let acknowledged: Vec<_> = stream::iter(sessions).buffer_unordered(AT_ONCE).concat().await;
    assert_eq!(server.shut_down().await, Some(0));

    let total = recording.bytes().len();
    let whole = places.iter().filter(|at| recording.before(**at) == total).count();
    let runs = fs::read_to_string(home.workspace().join(RUNS)).unwrap_or_default().lines().count();
    assert_eq!(runs, whole, "{:?}: a tool ran for an answer that was cut, or twice", recording.wire);
    invariants::hold(&home, &acknowledged).await;
}

/// Looks at what is stored of each case of a session.
async fn check(server: &Server, session: &str, recording: &Recording, places: &[At]) {
    let messages = server.messages(session).await;
    let mut answers: Vec<(usize, Vec<&Value>)> = Vec::new();
    for message in &messages {
        if message["role"] == "user" {
            let text = look::said(std::slice::from_ref(message)).concat();
            let case = (0..places.len()).find(|case| text == prompt_of(*case)).unwrap();
            answers.push((case, Vec::new()));
        } else {
            answers.last_mut().unwrap().1.push(message);
        }
    }
    for (case, answers) in answers {
        let bytes = recording.before(places[case]);
        let at = format!("{:?} cut at {:?}", recording.wire, places[case]);
        let kept = recording.kept(bytes);
        let (last, first) = answers.split_last().unwrap();
        assert_eq!(look::texts(std::slice::from_ref(last), "text"), [DONE], "{at}");
        if kept.is_empty() {
            assert!(first.is_empty(), "{at}: {answers:?}");
            continue;
        }
        assert_eq!(first.len(), 1, "{at}: {answers:?}");
        assert_eq!(stored(first[0]), kept, "{at}");
        let whole = bytes == recording.bytes().len();
        let error = if whole { Value::Null } else { json!("providerUnavailable") };
        assert_eq!(first[0]["error"]["kind"], error, "{at}");
        let status = if whole { "completed" } else { "error" };
        let calls = look::parts(std::slice::from_ref(first[0]), "tool");
        assert!(calls.iter().all(|call| call["status"] == status), "{at}: {calls:?}");
    }
}

/// What is stored of an answer's blocks: their kind and their text.
fn stored(message: &Value) -> Vec<(String, String)> {
    let parts = message["parts"].as_array().unwrap().iter();
    let text = |body: &Value| body["text"].as_str().unwrap_or_default().to_owned();
    parts
        .filter_map(|part| match part["type"].as_str().unwrap() {
            "tool" => Some((part["tool"].as_str().unwrap().to_owned(), text(&part["input"]))),
            kind @ ("text" | "reasoning") => Some((kind.to_owned(), text(&part["text"]))),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn f_01_an_answer_that_is_cut_anywhere_is_kept_and_no_tool_runs_for_it() {
    let mut done = HashSet::new();
    for wire in WIRES {
        let recording = Recording::new(wire);
        let (events, bytes) = (recording.events.len(), recording.bytes().len());
        // The gate: each event on one wire, every so many events on the others, and a sample of bytes on all. In full
        // every byte on one wire; the deltas of an answer are so much alike that a seventh of the others' will do.
        let (step, stride) = if wire == Wire::Responses { (1, 1) } else { (matrix::times(17, 1), 7) };
        let mut places: Vec<At> = (0..=events).step_by(step).map(At::Event).collect();
        places.extend((1..bytes).step_by(matrix::times(997, stride)).map(At::Byte));
        places.push(At::Event(events));
        for places in places.chunks(IN_A_SERVER) {
            cut(&recording, places).await;
        }
        done.extend(places.iter().map(|at| (format!("{wire:?}"), recording.before(*at))));
    }
    let done = done.len();
    matrix::held(
        "F-01",
        "provider cut at every event of an answer of over 200 events on three wires, at every byte on one and at every 7th on two",
        done,
        "what came is kept, 0 tools replayed or run twice, INV",
    );
}
