//! What fails, how it is told, and that nothing is lost by it.

use std::time::Duration;

use agentls::provider::{Api, Deadlines, Key, Phase, ProviderError, Settings, connect};
use bytes::Bytes;
use serde_json::json;

use super::{KEY, WIRES, ask, blocks, hear, rich_answer, settings, soon, user};
use crate::support::provider::{Answer, Double, Stall, Wire};

#[tokio::test]
async fn a_missing_key_is_known_before_anything_is_sent() {
    let settings =
        Settings { key: Key::Missing("set DOUBLE_KEY".into()), ..settings(Api::Chat, "http://127.0.0.1:9") };
    let (_, error) = ask(&connect(settings), &[user("hi")], soon()).await;
    assert_eq!(error, Some(ProviderError::Auth("set DOUBLE_KEY".into())));
}

#[tokio::test]
async fn refusals_are_told_apart_and_carry_the_wait_but_not_the_key() {
    let words = format!(r#"{{"error":{{"message":"your key {KEY} is bad","type":"x"}}}}"#);
    let limited = |answer: Answer| answer.body("slow down");
    let date = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(100));
    for (wire, api) in WIRES {
        let error = async |answer: Answer| hear(wire, api, answer).await.1.expect("it fails");
        for status in [401, 403] {
            let ProviderError::Auth(message) = error(Answer::status(status).body(&words)).await else {
                panic!()
            };
            assert!(message.contains("your key [redacted] is bad"), "{message}");
        }
        let seconds = error(limited(Answer::status(429).header("retry-after", "7"))).await;
        assert_eq!(seconds.retry_after(), Some(Duration::from_secs(7)));
        let wait =
            error(limited(Answer::status(429).header("retry-after", &date))).await.retry_after().unwrap();
        assert!((95..=100).contains(&wait.as_secs()), "{wait:?}");
        assert!(matches!(error(Answer::status(500)).await, ProviderError::Unavailable { .. }));
        let overloaded = error(Answer::status(529).header("retry-after-ms", "1500")).await;
        assert_eq!(overloaded.retry_after(), Some(Duration::from_millis(1_500)));
        assert!(matches!(error(Answer::status(413)).await, ProviderError::Rejected { status: 413, .. }));
        let huge = error(Answer::status(400).body(&"x".repeat(1_000_000))).await;
        assert!(huge.to_string().len() <= 2_000);
    }
}

#[tokio::test]
async fn a_cut_answer_keeps_what_came_and_may_be_tried_again() {
    for (wire, api) in WIRES {
        let whole = hear(wire, api, rich_answer()).await.0;
        for events in 0..8 {
            let (heard, error) = hear(wire, api, rich_answer().cut_after(events)).await;
            assert!(
                matches!(error, Some(ProviderError::Unavailable { .. })),
                "{wire:?} after {events}: {error:?}"
            );
            assert!(whole.starts_with(&heard), "{wire:?} after {events}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_ends_early_but_cleanly_is_cut_too() {
    for (wire, api) in WIRES {
        let (_, error) = hear(wire, api, Answer::raw(vec![Bytes::from(": hello\n\n")])).await;
        assert!(error.is_some_and(|error| error.retryable()), "{wire:?}");
    }
}

#[tokio::test]
async fn silence_ends_at_the_deadline_of_its_phase() {
    let short = Duration::from_millis(150);
    let deadlines = Deadlines { connect: Duration::from_secs(5), first_event: short, idle: short };
    for (wire, api) in WIRES {
        for (stall, phase) in [
            (Stall::Head, Phase::FirstEvent),
            (Stall::After(0), Phase::FirstEvent),
            (Stall::After(4), Phase::Idle),
        ] {
            let double = Double::start(wire, vec![rich_answer().stall(stall)]).await;
            let started = std::time::Instant::now();
            let (_, error) = ask(&connect(settings(api, &double.base_url())), &[user("hi")], deadlines).await;
            assert_eq!(error, Some(ProviderError::Stalled { phase, waited: short }), "{wire:?} {stall:?}");
            assert!(started.elapsed() < Duration::from_secs(1));
        }
    }
}

#[tokio::test]
async fn a_connection_that_never_stands_ends_at_its_deadline() {
    // A listener that takes no part in the TLS handshake.
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let short = Duration::from_millis(150);
    let deadlines = Deadlines { connect: short, ..soon() };
    let (_, error) = ask(&connect(settings(Api::Chat, &base)), &[user("hi")], deadlines).await;
    assert_eq!(error, Some(ProviderError::Stalled { phase: Phase::Connect, waited: short }));
}

#[tokio::test]
async fn a_port_where_nobody_listens_may_be_tried_again() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (_, error) = ask(&connect(settings(Api::Chat, &base)), &[user("hi")], soon()).await;
    assert!(matches!(error, Some(ProviderError::Unavailable { .. })), "{error:?}");
}

#[tokio::test]
async fn answers_that_make_no_sense_are_refused_with_their_words() {
    for (wire, api) in WIRES {
        let html =
            Answer::status(200).header("content-type", "text/html").body("<title>Captive portal</title>");
        let bad_json = Answer::raw(vec![Bytes::from("data: {\"type\": oops\n\n")]);
        for (answer, words) in [(html, "Captive portal"), (bad_json, "oops")] {
            match hear(wire, api, answer).await.1 {
                Some(ProviderError::Rejected { status: 200, message }) => {
                    assert!(message.contains(words), "{message}");
                }
                other => panic!("{wire:?}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_large_event_is_taken_and_an_endless_one_is_refused() {
    const MIB: usize = 1024 * 1024;
    let delta = |text: &str| json!({"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]});
    let large = Bytes::from(format!("data: {}\n\ndata: [DONE]\n\n", delta(&"x".repeat(3 * MIB))));
    let (events, error) = hear(Wire::Chat, Api::Chat, Answer::raw(vec![large])).await;
    assert_eq!((blocks(&events)[0].1.len(), error), (3 * MIB, None));
    let endless = vec![Bytes::from(vec![b'x'; MIB]); 40];
    let (_, error) = hear(Wire::Chat, Api::Chat, Answer::raw(endless)).await;
    assert!(matches!(error, Some(ProviderError::Rejected { status: 200, .. })), "{error:?}");
}

#[tokio::test]
async fn a_redirect_does_not_take_the_key_elsewhere() {
    let elsewhere = Double::start(Wire::Chat, Vec::new()).await;
    let answer =
        Answer::status(307).header("location", &format!("{}/chat/completions", elsewhere.base_url()));
    let (_, error) = hear(Wire::Chat, Api::Chat, answer).await;
    assert!(matches!(error, Some(ProviderError::Rejected { status: 307, .. })), "{error:?}");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn the_bare_error_of_a_gateway_is_told_in_its_own_words() {
    let bare =
        "event: error\ndata: {\"code\":500,\"message\":\"no such format\",\"type\":\"server_error\"}\n\n";
    for (wire, api) in WIRES {
        let (_, error) = hear(wire, api, Answer::raw(vec![Bytes::from(bare)])).await;
        let error = error.expect("it fails");
        assert!(error.retryable() && error.to_string().contains("no such format"), "{wire:?}: {error:?}");
    }
}
