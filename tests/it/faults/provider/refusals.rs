//! F-03: a provider that refuses: waited for as long as it says within bounds, or told at once.

use std::time::{Duration, Instant, SystemTime};

use futures::future::join_all;
use serde_json::{Value, json};

use super::{WIRES, acknowledged, home_with, model, newest_case, prompt_of, repeating, session_by};
use crate::support::{
    home::Home,
    invariants::{self, Acknowledged},
    matrix,
    provider::{Answer, Double, Wire},
    server::Server,
};

/// A case that every double answers in words.
const AFTERWARDS: usize = 10_000;

/// The words of each refusal.
const WORDS: &str = "No, and here is why.";

fn refusal(status: u16) -> Answer {
    Answer::status(status).body(&json!({"error": {"message": WORDS}}).to_string())
}

/// When the requests of a case came.
fn arrivals(double: &Double, case: usize) -> Vec<Instant> {
    let requests = double.requests().into_iter();
    requests.filter(|request| newest_case(&request.body) == case).map(|request| request.arrived).collect()
}

/// What the server said about a wait.
fn retries_shown(server: &Server, session: &str) -> Vec<Value> {
    let updates = server.updates(session).into_iter();
    updates.filter(|update| update["status"] == "retrying").collect()
}

/// A double for each wire that answers its cases so, and a server for them.
async fn setup(answer: fn(usize) -> Answer, timeouts: Value) -> (Vec<Double>, Home, Server) {
    let mut doubles = Vec::new();
    for wire in WIRES {
        let first = move |case| if case == AFTERWARDS { Answer::new().text("Well.") } else { answer(case) };
        doubles.push(Double::start_model(wire, model(first)).await);
    }
    let home = home_with(&doubles.iter().collect::<Vec<_>>(), timeouts);
    let server = home.start().await;
    (doubles, home, server)
}

/// The session goes on, and what was acknowledged is there.
async fn goes_on(server: &Server, session: &str, case: usize) -> Vec<Acknowledged> {
    assert_eq!(server.prompt(session, &prompt_of(AFTERWARDS)).await["stopReason"], "endTurn");
    vec![acknowledged(session, case), acknowledged(session, AFTERWARDS)]
}

/// How a provider asks for patience, and how long it has to be given at least.
fn patience(case: usize) -> Option<(Answer, Duration)> {
    let limited = |after: &str| refusal(429).header("retry-after", after);
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
    let millis = Duration::from_millis;
    let cases = [
        (refusal(429), millis(500)),
        (limited("0"), millis(500)),
        (limited("1"), millis(1_000)),
        (limited("1.5"), millis(1_500)),
        (limited(&date), millis(1_900)),
        (limited("Sat, 01 Jan 2000 00:00:00 GMT"), millis(500)),
        (limited("soon"), millis(500)),
        (refusal(429).header("retry-after-ms", "700"), millis(700)),
        (refusal(408), millis(500)),
        (refusal(500), millis(500)),
        (refusal(502), millis(500)),
        (refusal(503).header("retry-after", "1"), millis(1_000)),
        (refusal(504), millis(500)),
        (refusal(529), millis(500)),
    ];
    cases.into_iter().nth(case)
}

#[tokio::test]
async fn f_03_what_waiting_may_cure_is_waited_for_and_shown() {
    let (doubles, home, server) = setup(|case| patience(case).unwrap().0, json!({})).await;
    let cases =
        (0..WIRES.len()).flat_map(|wire| (0..).map_while(move |case| Some((wire, case, patience(case)?.1))));
    let sessions = cases.map(async |(wire, case, least)| {
        let session = session_by(&server, wire).await;
        let end = server.prompt(&session, &prompt_of(case)).await;
        assert_eq!(end["stopReason"], "endTurn", "case {case}");
        let arrivals = arrivals(&doubles[wire], case);
        assert_eq!(arrivals.len(), 2, "case {case}");
        let waited = arrivals[1] - arrivals[0];
        assert!(waited >= least, "case {case}: {waited:?} instead of {least:?}");
        let shown = retries_shown(&server, &session);
        assert_eq!(shown.len(), 1, "case {case}: {shown:?}");
        assert!(
            shown[0]["retryAt"].is_u64() && shown[0]["detail"].as_str().unwrap().contains(WORDS),
            "{shown:?}"
        );
        goes_on(&server, &session, case).await
    });
    let said = join_all(sessions).await.concat();
    assert_eq!(server.shut_down().await, Some(0));
    invariants::hold(&home, &said).await;
    matrix::held(
        "F-03",
        "429 with Retry-After of 0, 1, a fraction, a date, a past date, a word, none; 408, 5xx, on three wires",
        said.len() / 2,
        "waited for as long as it says, `retrying {retryAt}` shown, answered",
    );
}

/// What no waiting cures: the status and the kind of the error.
const FINAL: [(u16, &str); 18] = [
    (300, "providerRejected"),
    (301, "providerRejected"),
    (302, "providerRejected"),
    (307, "providerRejected"),
    (400, "providerRejected"),
    (401, "providerAuth"),
    (402, "providerRejected"),
    (403, "providerAuth"),
    (404, "providerRejected"),
    (405, "providerRejected"),
    (406, "providerRejected"),
    (409, "providerRejected"),
    (410, "providerRejected"),
    (413, "providerRejected"),
    (415, "providerRejected"),
    (422, "providerRejected"),
    (431, "providerRejected"),
    (451, "providerRejected"),
];

#[tokio::test]
async fn f_03_other_refusals_are_told_at_once_and_never_tried_again() {
    let (doubles, home, server) = setup(|case| refusal(FINAL[case].0), json!({})).await;
    let cases = (0..WIRES.len()).flat_map(|wire| (0..FINAL.len()).map(move |case| (wire, case)));
    let sessions = cases.map(async |(wire, case)| {
        let (status, kind) = FINAL[case];
        let session = session_by(&server, wire).await;
        let error = server.start_prompt(&session, &prompt_of(case)).error().await;
        assert_eq!(error["data"]["kind"], kind, "{status}: {error}");
        assert!(error["message"].as_str().unwrap().contains(WORDS), "{status}: {error}");
        assert_eq!(arrivals(&doubles[wire], case).len(), 1, "{status} was tried again");
        assert!(retries_shown(&server, &session).is_empty(), "{status}");
        goes_on(&server, &session, case).await
    });
    let said = join_all(sessions).await.concat();
    assert_eq!(server.shut_down().await, Some(0));
    invariants::hold(&home, &said).await;
    matrix::held(
        "F-03",
        "18 other statuses of 3xx and 4xx on three wires",
        said.len() / 2,
        "typed with the provider's words, 0 retries; the next prompt works",
    );
}

#[tokio::test]
async fn f_03_a_wait_beyond_the_bound_is_refused_at_once_and_the_bound_is_15_minutes_at_most() {
    for (bound, after, waits) in [
        (json!({}), "3600", false),
        (json!({}), "301", false),
        (json!({}), "299", true),
        (json!({"retryMs": 86_400_000}), "901", false),
        (json!({"retryMs": 86_400_000}), "890", true),
    ] {
        let limited = refusal(429).header("retry-after", after);
        let double = Double::start(Wire::Responses, vec![limited]).await;
        let home = home_with(&[&double], bound);
        let server = home.start().await;
        let session = server.session().await;
        let prompt = server.start_prompt(&session, &prompt_of(0));
        if waits {
            let retrying = |update: &Value| update["status"] == "retrying";
            server.update(&session, "wait", retrying).await;
            let began = Instant::now();
            assert_eq!(server.call("session/cancel", json!({"sessionId": session})).await["cancelled"], true);
            assert_eq!(prompt.result().await["stopReason"], "cancelled");
            assert!(began.elapsed() < Duration::from_secs(2), "the wait was not left: {:?}", began.elapsed());
        } else {
            let error = prompt.error().await;
            assert_eq!(error["data"]["kind"], "providerRateLimited", "{after}: {error}");
            assert!(error["data"]["retryAt"].is_u64(), "{after}: {error}");
        }
        assert_eq!(double.requests().len(), 1, "{after}");
        assert_eq!(server.shut_down().await, Some(0));
        invariants::hold(&home, &[acknowledged(&session, 0)]).await;
    }
    matrix::held(
        "F-03",
        "Retry-After of 299 s to an hour, two bounds",
        5,
        "refused at once, or waited for and cancellable",
    );
}

/// In the gate the wait is left after some attempts; the full run waits for the last one.
#[tokio::test]
async fn f_03_a_provider_that_never_recovers_is_asked_six_times_at_growing_distances() {
    let attempts = matrix::times(3, 6);
    let down = || repeating(|case, _| (case != AFTERWARDS).then(|| refusal(503)));
    let double = Double::start_model(Wire::Chat, down()).await;
    let home = home_with(&[&double], json!({}));
    let server = home.start().await;
    let session = server.session().await;
    let prompt = server.start_prompt(&session, &prompt_of(0));
    double.wait_for_requests(attempts).await;
    if attempts == 6 {
        assert_eq!(prompt.error().await["data"]["kind"], "providerUnavailable");
    } else {
        server.call("session/cancel", json!({"sessionId": session})).await;
        assert_eq!(prompt.result().await["stopReason"], "cancelled");
    }
    let arrivals = arrivals(&double, 0);
    assert_eq!(arrivals.len(), attempts);
    for (number, pair) in arrivals.windows(2).enumerate() {
        let least = Duration::from_millis(500 << number);
        assert!(pair[1] - pair[0] >= least, "attempt {number} came after {:?}", pair[1] - pair[0]);
    }
    let said = goes_on(&server, &session, 0).await;
    assert_eq!(server.shut_down().await, Some(0));
    invariants::hold(&home, &said).await;
    matrix::held(
        "F-03",
        "503 for ever",
        attempts,
        "asked at distances of 0.5, 1, 2, 4, 8 s and more, six times at most",
    );
}
