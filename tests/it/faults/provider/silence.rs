//! F-02: a provider that falls silent: before the head of its answer, before the first event, between two, before the end.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use super::{WIRES, acknowledged, home_with, prompt_of, repeating, session_by};
use crate::support::{
    invariants, look, matrix,
    provider::{
        Answer, Double,
        faults::{At, Harm},
    },
    server::Server,
};

/// Each deadline of the row.
const DEADLINE: Duration = Duration::from_millis(1_500);

/// How much later than its deadline an error may come, in this row's own words.
const LATE: Duration = Duration::from_secs(1);

/// Where an answer of a few words falls silent, and what the error calls that wait.
const PLACES: [(&str, At, &str); 4] = [
    ("before the head", At::Head, "firstEvent"),
    ("before the first event", At::Event(0), "firstEvent"),
    ("between two events", At::Event(6), "betweenEvents"),
    ("before the end", At::Event(LAST), "betweenEvents"),
];

/// Stands for the last event: an answer has fewer.
const LAST: usize = usize::MAX;

/// The answer of a case, which is the number of its place.
fn silent(case: usize) -> Answer {
    let answer = Answer::new().text("It was a dark and stormy night.");
    match PLACES[case].1 {
        At::Event(LAST) => answer.without_end().fault(At::Event(LAST), Harm::Silence),
        at => answer.fault(at, Harm::Silence),
    }
}

/// Waits for the error and for how it is shown. Every attempt is silent: the error is the last word.
async fn check(server: &Server, session: &str, case: usize) {
    let (place, at, phase) = PLACES[case];
    let began = Instant::now();
    let started = server.start_prompt(session, &prompt_of(case));
    let words = match phase {
        "connect" => "a connection was waited for",
        "firstEvent" => "the beginning of the answer was waited for",
        _ => "more of the answer was waited for",
    };
    let before_output = matches!(at, At::Head | At::Event(0));
    let told = |update: &Value| {
        let retrying = update["status"] == "retrying" && !update["retryAt"].is_null();
        let shown = retrying && update["detail"].as_str().is_some_and(|detail| detail.contains(words));
        let stored = update["message"]["error"]["kind"] == "providerStalled";
        if before_output { shown } else { stored }
    };
    server.update(session, "word of the silence", told).await;
    let waited = began.elapsed();
    assert!((DEADLINE..DEADLINE + LATE).contains(&waited), "{place}: {waited:?}");

    let error = started.error().await;
    assert_eq!(error["data"]["kind"], "providerStalled", "{place}: {error}");
    assert_eq!(error["data"]["phase"], phase, "{place}");
    assert_eq!(error["data"]["retryable"], true, "{place}");
    let messages = server.messages(session).await;
    let answers: Vec<_> = messages.iter().filter(|message| message["role"] == "assistant").collect();
    assert!(
        answers.iter().all(|answer| answer["error"]["kind"] == "providerStalled"),
        "{place}: {answers:?}"
    );
    let kept = look::texts(&messages[1..2], "text").concat();
    assert_eq!(kept.is_empty(), before_output, "{place}: {kept}");
    assert!(answers.len() <= 4, "{place}: an answer is continued three times at most");
}

#[tokio::test]
async fn f_02_silence_ends_at_the_deadline_of_its_phase_and_says_which() {
    let silent = || repeating(|case, _| PLACES.get(case).map(|_| silent(case)));
    let mut doubles = Vec::new();
    for wire in WIRES {
        doubles.push(Double::start_model(wire, silent()).await);
    }
    let deadline = DEADLINE.as_millis();
    // Two attempts: the second wait would be longer than all waiting may be.
    let timeouts = json!({"firstEventMs": deadline, "idleMs": deadline, "retryMs": 800});
    let home = home_with(&doubles.iter().collect::<Vec<_>>(), timeouts);
    let server = home.start().await;
    let rounds = matrix::times(1, 20);
    let mut said = Vec::new();
    for _ in 0..rounds {
        let cases = (0..WIRES.len()).flat_map(|wire| (0..PLACES.len()).map(move |case| (wire, case)));
        let sessions = cases.map(async |(wire, case)| {
            let session = session_by(&server, wire).await;
            check(&server, &session, case).await;
            let afterwards = PLACES.len();
            assert_eq!(server.prompt(&session, &prompt_of(afterwards)).await["stopReason"], "endTurn");
            [acknowledged(&session, case), acknowledged(&session, afterwards)]
        });
        said.extend(join_all(sessions).await.concat());
    }
    assert_eq!(server.shut_down().await, Some(0));
    invariants::hold(&home, &said).await;
    matrix::held(
        "F-02",
        "silence before the head, before the first event, between events and before the end, on three wires",
        said.len() / 2,
        "`providerStalled` with its phase within 1 s of the deadline, shown; the next prompt works",
    );
}
