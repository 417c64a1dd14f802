//! F-04: answers that make no sense, or make it in an odd way.

use bytes::Bytes;
use futures::{StreamExt, future::join_all, stream};
use serde_json::{Value, json};

use super::{DONE, WIRES, acknowledged, home_with, model, peak_memory, prompt_of, session_by};
use crate::support::{
    home::Home,
    invariants, look, matrix,
    provider::{
        Answer, Double, Wire,
        faults::{At, Harm},
        socket::{Forever, Socket},
    },
};

/// What an answer says whose bytes are odd: one, two, three and four bytes a character, and what stands outside them.
const WORDS: &str = "a é € 🦀 \u{feff}\u{2028}e\u{301} \"\\ and so on, and so on, until it is at its end";

/// The most that the row may add to the server's memory, in bytes.
const MEMORY: u64 = 32 * 1024 * 1024;

/// The kind of what is no answer.
const REJECTED: Option<&str> = Some("providerRejected");

/// The kind of what breaks off.
const UNAVAILABLE: Option<&str> = Some("providerUnavailable");

/// Stands for an answer that breaks off in the middle: it is kept, and another one continues it.
const BROKE_OFF: Option<&str> = Some("");

fn words() -> Answer {
    Answer::new().text(WORDS)
}

/// An answer of [`WORDS`] with this event somewhere in its middle.
fn with_event(event: &'static [u8]) -> Answer {
    words().fault(At::Event(3), Harm::Insert(Bytes::from_static(event)))
}

fn body(bytes: impl Into<Vec<u8>>) -> Answer {
    Answer::raw(vec![Bytes::from(bytes.into())])
}

/// The odd answers, and the kind of the error that each leads to; none for those that can be read.
fn odd(case: usize) -> Option<(Answer, Option<&'static str>)> {
    let html = "<!DOCTYPE html><title>Sign in to the network</title>";
    let cases = [
        (words().crlf(), None),
        (words().fault(At::Each(1), Harm::Split), None),
        (words().crlf().fault(At::Each(3), Harm::Split), None),
        (with_event(b": a comment\r\n\r\n"), None),
        (with_event(b"event: news\ndata: {\"type\":\"response.news\",\"x\":[1]}\n\n"), None),
        (with_event(b"id: 7\nretry: 5\n\n"), None),
        (words().header("content-type", "text/plain"), None),
        (words().header("content-encoding", "identity"), None),
        (with_event(b"data: {\"type\": oops\n\n"), REJECTED),
        (with_event(b"data: [1,2]\n\n"), REJECTED),
        (with_event(b"data: \xff\xfe\xfd\n\n"), REJECTED),
        (body(html), UNAVAILABLE),
        (Answer::status(200).header("content-type", "text/html; charset=utf-8").body(html), REJECTED),
        (Answer::status(200).header("content-type", "application/json").body("{\"id\":1}"), REJECTED),
        (words().header("content-encoding", "gzip"), REJECTED),
        (body(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xab\x56\x4a\x00".repeat(300)), UNAVAILABLE),
        (body(Vec::new()), UNAVAILABLE),
        (body(vec![0; 100_000]), UNAVAILABLE),
        (body(b"data: ".to_vec()), UNAVAILABLE),
        (body(b"\n".repeat(100_000)), UNAVAILABLE),
        (words().fault(At::Event(7), Harm::End), BROKE_OFF),
        (with_event(b"data: {\"x\":\"\\ud83d\"}\n\n"), None),
    ];
    cases.into_iter().nth(case)
}

#[tokio::test]
async fn f_04_an_odd_answer_is_read_and_nonsense_is_a_typed_error() {
    let mut doubles = Vec::new();
    for wire in WIRES {
        let first = |case| odd(case).map_or_else(|| Answer::new().text(DONE), |(answer, _)| answer);
        doubles.push(Double::start_model(wire, model(first)).await);
    }
    let home = home_with(&doubles.iter().collect::<Vec<_>>(), json!({"retryMs": 0}));
    let server = home.start().await;
    let afterwards = 10_000;
    let cases =
        (0..WIRES.len()).flat_map(|wire| (0..).map_while(move |case| Some((wire, case, odd(case)?.1))));
    let sessions = cases.map(async |(wire, case, kind)| {
        let session = session_by(&server, wire).await;
        let reply = server.start_prompt(&session, &prompt_of(case)).wait().await;
        let messages = server.messages(&session).await;
        let said = look::texts(&messages[1..], "text").concat();
        let shown = format!("{:?}, case {case}: {reply:?}, {said:?}", WIRES[wire]);
        match kind {
            None => assert_eq!(
                (reply.unwrap()["stopReason"].as_str(), said.as_str()),
                (Some("endTurn"), WORDS),
                "{shown}"
            ),
            // What came before the connection ended is kept, and the answer goes on.
            BROKE_OFF => assert!(said.ends_with(DONE), "{shown}"),
            Some(kind) => assert_eq!(reply.unwrap_err()["data"]["kind"], kind, "{shown}"),
        }
        assert_eq!(server.prompt(&session, &prompt_of(afterwards)).await["stopReason"], "endTurn");
        [acknowledged(&session, case), acknowledged(&session, afterwards)]
    });
    let said = join_all(sessions).await.concat();
    assert_eq!(server.shut_down().await, Some(0));
    invariants::hold(&home, &said).await;
    matrix::held(
        "F-04",
        "bad JSON, unknown events, CRLF, characters split at every byte, HTML, gzip, wrong types, on three wires",
        said.len() / 2,
        "read, or a typed error; the next prompt works",
    );
}

/// One byte is another one: at every so many bytes in the gate, at each in the full run.
#[tokio::test]
async fn f_04_a_byte_that_is_corrupted_costs_an_event_or_the_answer_and_nothing_else() {
    let mut done = 0;
    for wire in WIRES {
        let mut good = words();
        good.response_id = "resp_1".into();
        good.render(wire);
        let (events, bytes) = (good.frames.clone(), good.frames.concat().len());
        let places: Vec<usize> = (0..bytes).step_by(matrix::times(61, 1)).collect();
        let others = [b"\xff", b"}", b"\n", b"\"", b"\0"];
        let corrupt = {
            let places = places.clone();
            move |case: usize| match places.get(case) {
                Some(at) => Answer::raw(events.clone())
                    .fault(At::Byte(*at), Harm::Corrupt(Bytes::from_static(others[case % others.len()]))),
                None => Answer::new().text(DONE),
            }
        };
        let double = Double::start_model(wire, model(corrupt)).await;
        let home = home_with(&[&double], json!({"retryMs": 0}));
        let server = home.start().await;
        let cases: Vec<usize> = (0..places.len()).collect();
        let sessions = cases.chunks(20).map(async |cases| {
            let session = server.session().await;
            for case in cases {
                let at = format!("{wire:?} at byte {}", places[*case]);
                match server.start_prompt(&session, &prompt_of(*case)).wait().await {
                    Ok(end) => assert_eq!(end["stopReason"], "endTurn", "{at}"),
                    Err(error) => {
                        let kind = error["data"]["kind"].as_str().unwrap();
                        assert!(["providerRejected", "providerUnavailable"].contains(&kind), "{at}: {error}");
                    }
                }
            }
            assert_eq!(server.prompt(&session, &prompt_of(places.len())).await["stopReason"], "endTurn");
            cases.iter().map(|case| acknowledged(&session, *case)).collect::<Vec<_>>()
        });
        let said = stream::iter(sessions).buffer_unordered(16).concat().await;
        assert_eq!(server.shut_down().await, Some(0));
        invariants::hold(&home, &said).await;
        done += said.len();
    }
    matrix::held(
        "F-04",
        "one corrupted byte of an answer, on three wires",
        done,
        "typed or read; the next prompt works, INV",
    );
}

/// An event of 20 MB, and one that never ends.
#[tokio::test]
async fn f_04_an_event_of_20_megabytes_costs_no_more_memory_than_the_row_allows() {
    for wire in WIRES {
        let large = |case: usize| match case {
            0 => body(format!("data: {{\"type\":\"x\",\"delta\":\"{}\"}}\n\n", "x".repeat(20_000_000))),
            1 => Answer::raw(vec![Bytes::from(vec![b'x'; 1_000_000]); 20]),
            _ => Answer::new().text(DONE),
        };
        let double = Double::start_model(wire, model(large)).await;
        let home = home_with(&[&double], json!({}));
        let server = home.start().await;
        let session = server.session().await;
        server.prompt(&session, &prompt_of(2)).await;
        let before = peak_memory(server.pid());
        for case in 0..2 {
            let error = server.start_prompt(&session, &prompt_of(case)).error().await;
            assert_eq!(error["data"]["kind"], "providerRejected", "{wire:?}: {error}");
            assert!(error["message"].as_str().unwrap().contains("larger than"), "{wire:?}: {error}");
        }
        let grown = peak_memory(server.pid()).saturating_sub(before);
        assert!(grown <= MEMORY, "{wire:?}: {grown} bytes more");
        assert_eq!(server.prompt(&session, &prompt_of(3)).await["stopReason"], "endTurn");
        assert_eq!(server.shut_down().await, Some(0));
        invariants::hold(&home, &[acknowledged(&session, 0), acknowledged(&session, 1)]).await;
    }
    matrix::held(
        "F-04",
        "an event of 20 MB, and one that never ends, on three wires",
        6,
        "typed, at most 32 MB more memory",
    );
}

/// What comes below HTTP: its name, the beginning, and what follows for ever.
type Broken = (&'static str, Vec<u8>, Option<Forever>);

fn broken_http() -> Vec<Broken> {
    let stream = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
    let text = |more: &str| format!("{stream}{more}").into_bytes();
    vec![
        ("nothing", Vec::new(), None),
        ("no HTTP", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), None),
        ("a status that is no number", b"HTTP/1.1 OK OK\r\n\r\n".to_vec(), None),
        ("half a head", text("x-half: "), None),
        ("headers without end", text(""), Some(|number| format!("x-{number}: y\r\n").into_bytes())),
        ("a header without end", text("x-long: "), Some(|_| vec![b'y'; 4_096])),
        ("huge headers", [text(""), [b"x-huge: ".to_vec(), vec![b'z'; 8_000_000]].concat()].concat(), None),
        ("a chunk whose size is no number", text("transfer-encoding: chunked\r\n\r\nzz\r\ndata:\r\n"), None),
        (
            "a chunk of a huge size",
            text("transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\ndata:\r\n"),
            None,
        ),
        (
            "a chunk that is longer than it says",
            text("transfer-encoding: chunked\r\n\r\n2\r\ndata:\r\n"),
            None,
        ),
        ("a length that is too large", text("content-length: 5000\r\n\r\n: hi\n\n"), None),
        ("two lengths", text("content-length: 5\r\ncontent-length: 6\r\n\r\n: hi\n\n"), None),
        ("go-aheads without end", Vec::new(), Some(|_| b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())),
    ]
}

#[tokio::test]
async fn f_04_what_is_no_http_is_a_typed_error_and_bounded() {
    let double = Double::start_model(Wire::Chat, model(|_| Answer::new().text(DONE))).await;
    let cases = broken_http();
    let mut sockets = Vec::new();
    for (_, first, forever) in &cases {
        sockets.push(Socket::start(first.clone(), *forever).await);
    }
    let home = home_beside(&double, &sockets, json!({"retryMs": 0, "firstEventMs": 3_000, "idleMs": 3_000}));
    let server = home.start().await;
    let warm = server.session().await;
    server.prompt(&warm, &prompt_of(0)).await;
    let before = peak_memory(server.pid());
    let sessions = cases.iter().enumerate().map(async |(number, (name, ..))| {
        let model = json!({"model": {"provider": format!("socket{number}"), "id": "gpt-5"}});
        let session = server.session_with(model).await;
        let error = server.start_prompt(&session, &prompt_of(1)).error().await;
        let kind = error["data"]["kind"].as_str().unwrap();
        assert!(["providerUnavailable", "providerStalled"].contains(&kind), "{name}: {error}");
        let good = json!({"model": {"provider": "double", "id": "gpt-5"}});
        let end = server.start_prompt_with(&session, &prompt_of(2), good).result().await;
        assert_eq!(end["stopReason"], "endTurn", "{name}");
        [acknowledged(&session, 1), acknowledged(&session, 2)]
    });
    let said = join_all(sessions).await.concat();
    let grown = peak_memory(server.pid()).saturating_sub(before);
    assert!(grown <= MEMORY, "{grown} bytes more");
    assert_eq!(server.shut_down().await, Some(0));
    invariants::hold(&home, &said).await;
    matrix::held(
        "F-04",
        "what is no HTTP: headers without end, huge ones, chunked nonsense, wrong lengths, no HTTP at all",
        cases.len(),
        "typed, at most 32 MB more memory; the next prompt works",
    );
}

/// A home with the double and, beside it, a provider for each socket: `socket0`, `socket1`, …
pub(super) fn home_beside(double: &Double, sockets: &[Socket], timeouts: Value) -> Home {
    let mut config = crate::support::home::config_for(double);
    config["timeouts"] = timeouts;
    for (number, socket) in sockets.iter().enumerate() {
        let mut provider = config["providers"]["double"].clone();
        provider["api"] = json!("chat");
        provider["baseUrl"] = json!(socket.base_url());
        config["providers"][format!("socket{number}")] = provider;
    }
    Home::new(&config)
}
