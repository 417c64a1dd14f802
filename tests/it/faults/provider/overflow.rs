//! F-06: a provider that always says the request is too large, and a summariser that fails, grows, or says nothing.

use serde_json::json;

use crate::{
    compaction::{
        breaker::{prompt, reader, summaries_asked, two_reads},
        small, steps, summary,
    },
    support::{
        home::Home,
        invariants::{self, Acknowledged},
        matrix,
        provider::{Answer, Double, Wire},
    },
};

type Useless = Box<dyn Fn() -> Answer + Send + Sync>;

#[tokio::test]
async fn f_06_three_useless_summaries_in_a_row_are_the_end_until_a_person_says_otherwise() {
    let too_long = "word ".repeat(60_000);
    let grown = "all that there was ".repeat(4_000);
    let useless: [(&str, Useless); 6] = [
        ("empty", Box::new(|| Answer::new().text("   "))),
        ("off the template", Box::new(|| Answer::new().text("I did a lot."))),
        ("endless", Box::new(move || Answer::new().text(&too_long))),
        ("refused", Box::new(|| Answer::status(400).body(r#"{"error":{"message":"no"}}"#))),
        ("grown", Box::new(move || Answer::new().text(&summary(&grown)))),
        ("a call", Box::new(|| Answer::new().call("x", "bash", &json!({"command": "touch ran"})))),
    ];
    let kinds = useless.len();
    for (name, answer) in useless {
        let double = Double::start_model(Wire::Responses, reader(move |_| answer())).await;
        let home = Home::new(&small(&double));
        let server = home.start().await;
        let session = server.session().await;
        let error = prompt(&server, &session).await;
        assert_eq!(error["data"]["kind"], "compactionStuck", "{name}: {error}");
        assert!(error["data"]["need"].as_u64() > error["data"]["have"].as_u64(), "{name}: {error}");
        assert_eq!(summaries_asked(&double), 3, "{name}");
        let before = server.messages(&session).await;
        assert!(
            before.iter().all(|message| message["summary"].is_null()),
            "{name}: the history is as it was"
        );
        assert!(!home.workspace().join("ran").exists(), "{name}: calls of a summary are not run");
        server.shut_down().await;

        let server = home.start().await;
        assert_eq!(prompt(&server, &session).await["data"]["kind"], "compactionStuck", "{name}");
        assert_eq!(summaries_asked(&double), 3, "{name}: the breaker survives a restart");
        let error = server.start("session/compact", json!({"sessionId": session})).error().await;
        assert_eq!(error["data"]["kind"], "compactionStuck", "{name}: {error}");
        let (words, cure) = (error["message"].to_string(), error["data"]["cure"].to_string());
        assert!(words.contains("stays as it was") && !cure.contains("by hand"), "{name}: {error}");
        assert_eq!(summaries_asked(&double), 5, "{name}: a person may try again");
        let failed = steps(&server, &session).await;
        assert_eq!(failed.iter().filter(|step| step["finish"] == "compactionFailed").count(), 5, "{name}");
        assert_eq!(server.shut_down().await, Some(0));
        invariants::hold(&home, &[Acknowledged { session, text: "Read on.".into() }]).await;
    }
    matrix::held(
        "F-06",
        "summaries that are empty, off the template, endless, refused, a call, or that win nothing",
        kinds,
        "3 calls, typed, survives a restart",
    );
}

#[tokio::test]
async fn f_06_a_provider_that_always_overflows_is_called_three_times_and_not_again_after_a_restart() {
    let words = r#"{"error":{"code":"context_length_exceeded","message":"Your input exceeds the context window of this model."}}"#;
    let double =
        Double::start_model(Wire::Responses, move |_| Answer::status(400).body(words).aside().new_prefix())
            .await;
    let home = Home::new(&small(&double));
    let server = home.start().await;
    let session = server.session().await;
    double.then(two_reads());
    double.then(Answer::new().text("Read."));
    server.prompt(&session, "Read.").await;
    let error = prompt(&server, &session).await;
    assert_eq!(error["data"]["kind"], "compactionStuck", "{error}");
    assert_eq!(double.requests().len(), 2 + 3);
    assert_eq!(server.shut_down().await, Some(0));
    let said = Acknowledged { session: session.clone(), text: "Read on.".into() };
    invariants::hold(&home, &[said]).await;
    let server = home.start().await;
    for _ in 0..3 {
        assert_eq!(prompt(&server, &session).await["data"]["kind"], "compactionStuck");
    }
    assert_eq!(summaries_asked(&double), 3, "the breaker survives a restart");
    let requests = double.requests().len();
    matrix::held(
        "F-06",
        "a provider that always overflows",
        requests,
        "3 calls for a summary, typed, survives a restart",
    );
}
