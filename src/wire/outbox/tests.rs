use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::wire::frame::{Decoded, Decoder};

fn event(stream: &str, parts: &[&str], what: &str) -> Event {
    Event {
        stream: stream.into(),
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        before: format!(r#"{{"stream":"{stream}","n":"#),
        after: format!(r#","what":"{what}"}}"#),
    }
}

fn delta(stream: &str, part: &str, text: &str) -> Delta {
    Delta {
        stream: stream.into(),
        part: part.into(),
        field: "text",
        before: format!(r#"{{"stream":"{stream}","n":"#),
        after: format!(r#","part":"{part}","text":"#),
        text: text.into(),
        tail: "}",
    }
}

/// All that the outbox writes once it is closed.
async fn written(outbox: &Outbox) -> Vec<Value> {
    outbox.close();
    let mut bytes = Vec::new();
    outbox.write_to(&mut bytes).await.unwrap();
    decode(&bytes)
}

fn decode(bytes: &[u8]) -> Vec<Value> {
    let mut decoder = Decoder::default();
    decoder.feed(bytes);
    std::iter::from_fn(|| decoder.decode())
        .map(|decoded| match decoded {
            Decoded::Body(body) => serde_json::from_slice(&body).unwrap(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn a_growing_text_merges_but_never_across_its_streams_events() {
    let outbox = Outbox::default();
    outbox.delta(delta("s", "p", "a"));
    outbox.send(b"1".to_vec());
    outbox.delta(delta("s", "p", "b\n"));
    outbox.delta(delta("s", "q", "x"));
    outbox.event(event("s", &["p"], "state"));
    outbox.delta(delta("s", "p", "c"));
    assert_eq!(
        written(&outbox).await,
        [
            json!({"stream": "s", "n": 1, "part": "p", "text": "ab\n"}),
            json!(1),
            json!({"stream": "s", "n": 2, "part": "q", "text": "x"}),
            json!({"stream": "s", "n": 3, "what": "state"}),
            json!({"stream": "s", "n": 4, "part": "p", "text": "c"}),
        ]
    );
}

#[tokio::test]
async fn a_reader_that_stopped_costs_eight_megabytes_and_gets_the_state() {
    let outbox = Outbox::default();
    let grown = "x".repeat(100);
    for _ in 0..1_000_000 {
        outbox.delta(delta("s", "p", &grown));
    }
    outbox.event(event("s", &["p"], "state"));
    assert!(outbox.waiting() <= 8 * 1024 * 1024, "{}", outbox.waiting());
    let written = written(&outbox).await;
    assert_eq!(written.last().unwrap()["what"], "state");
    let numbers: Vec<_> = written.iter().map(|frame| frame["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn growth_left_out_is_left_out_until_the_state() {
    let outbox = Outbox::default();
    outbox.send(vec![b' '; 8 * 1024 * 1024]);
    outbox.delta(delta("s", "p", "lost"));
    outbox.change(|queue| assert!(matches!(queue.next(Instant::now()), Next::Body(_))));
    outbox.delta(delta("s", "p", "would leave a hole"));
    outbox.event(event("s", &["p"], "state"));
    outbox.delta(delta("s", "p", "more"));
    let written = written(&outbox).await;
    assert_eq!((written.len(), &written[1]["text"]), (2, &json!("more")));
}

#[tokio::test]
async fn states_above_the_cap_leave_a_gap_and_the_newest_is_kept() {
    let outbox = Outbox::default();
    outbox.event(event("s", &[], "first"));
    outbox.send(json!("x".repeat(9 * 1024 * 1024)).to_string().into_bytes());
    for number in 0..100_000 {
        outbox.event(event("s", &["p"], &format!("state {number}")));
        outbox.delta(delta("s", "q", "grown"));
    }
    assert!(outbox.waiting() < 10 * 1024 * 1024, "{}", outbox.waiting());
    outbox.event(event("other", &[], "its only one"));
    let mut written = written(&outbox).await;
    let mut rest = written.split_off(2);
    rest.sort_by_key(|event| event["stream"].to_string());
    assert_eq!(written[0], json!({"stream": "s", "n": 1, "what": "first"}));
    assert_eq!(
        rest,
        [
            json!({"stream": "other", "n": 1, "what": "its only one"}),
            json!({"stream": "s", "n": 100_001, "what": "state 99999"}),
        ]
    );
}

#[test]
fn the_numbers_of_too_many_streams_are_forgotten_and_still_rise() {
    let mut queue = Queue::default();
    let mut number = |stream: &str| {
        queue.event(event(stream, &[], "x"));
        let Next::Body(body) = queue.next(Instant::now()) else { panic!("it is written at once") };
        serde_json::from_slice::<Value>(&body).unwrap()["n"].as_u64().unwrap()
    };
    assert_eq!((number("first"), number("first"), number("first")), (1, 2, 3));
    for stream in 1..queue::STREAMS {
        number(&stream.to_string());
    }
    assert_eq!(number("one too many"), 4, "above every number that was forgotten");
    assert_eq!(number("first"), 4, "a gap or none, and never a number twice");
}

#[test]
fn growth_goes_out_at_once_and_then_in_steps_of_forty_milliseconds() {
    let mut queue = Queue::default();
    let start = Instant::now();
    let mut texts = Vec::new();
    for millis in 0..200 {
        queue.delta(delta("s", "p", "x"));
        if let Next::Body(body) = queue.next(start + Duration::from_millis(millis)) {
            texts.push(serde_json::from_slice::<Value>(&body).unwrap()["text"].as_str().unwrap().len());
        }
    }
    assert_eq!(texts, [1, 40, 40, 40, 40]);
}

#[tokio::test]
async fn what_is_said_about_a_new_stream_waits_for_its_reply() {
    let outbox = Outbox::default();
    let after = crate::wire::reply::AfterReply::default();
    after
        .scope(async {
            let creation = outbox.creation();
            outbox.began("new");
            outbox.began("other");
            outbox.send_about("new", b"\"created\"".to_vec());
            outbox.event(event("new", &[], "x"));
            outbox.event(event("other", &[], "y"));
            creation.made("new");
        })
        .await;
    outbox.send(b"\"reply\"".to_vec());
    after.run();
    let written = written(&outbox).await;
    assert_eq!(written[..2], [json!("reply"), json!("created")]);
    assert_eq!((&written[2]["what"], &written[3]["what"]), (&json!("x"), &json!("y")));
}

#[tokio::test]
async fn a_creation_that_failed_holds_nothing_back() {
    let outbox = Outbox::default();
    let creation = outbox.creation();
    outbox.began("s");
    outbox.event(event("s", &[], "x"));
    drop(creation);
    assert_eq!(written(&outbox).await.len(), 1);
}

#[tokio::test]
async fn when_nobody_reads_nothing_is_kept() {
    let outbox = Outbox::default();
    let (client, server) = tokio::io::duplex(16);
    drop(client);
    outbox.send(b"1".to_vec());
    assert!(outbox.write_to(server).await.is_err());
    outbox.broken().await;
    outbox.send(vec![b' '; 1 << 20]);
    assert_eq!(outbox.waiting(), 0);
}

#[tokio::test]
async fn reading_pauses_while_replies_wait_but_not_for_growth() {
    let outbox = Outbox::default();
    for part in ["p", "q", "r", "s", "t"] {
        outbox.delta(delta("s", part, &"x".repeat(1 << 20)));
    }
    assert!(outbox.waiting() > READ_PAUSE);
    outbox.room().await;
    outbox.send(vec![b' '; READ_PAUSE]);
    let room = tokio::spawn({
        let outbox = outbox.clone();
        async move { outbox.room().await }
    });
    tokio::task::yield_now().await;
    assert!(!room.is_finished());
    outbox.close();
    outbox.write_to(tokio::io::sink()).await.unwrap();
    room.await.unwrap();
}

/// Remembers how large each write is.
#[derive(Default)]
struct Writes(Vec<usize>);

impl tokio::io::AsyncWrite for Writes {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        self.0.push(bytes.len());
        std::task::Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn many_frames_are_written_together_but_not_all_at_once() {
    let (outbox, frame) = (Outbox::default(), 10_000);
    (0..50).for_each(|_| outbox.send(vec![b' '; frame]));
    outbox.close();
    let mut writes = Writes::default();
    outbox.write_to(&mut writes).await.unwrap();
    assert!(writes.0.iter().sum::<usize>() > 50 * frame);
    assert!(writes.0.iter().all(|bytes| *bytes < BATCH + frame + 100), "{:?}", writes.0);
    assert!(writes.0.len() < 50, "{:?}", writes.0);
}
