//! Long sessions: the history is compacted, by itself and on wish, and nothing is lost by it.

pub mod breaker;
mod meanwhile;
mod model;
mod report;

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{parts, results},
    provider::{Answer, Double, Wire},
    server::Server,
};
use model::{Worker, facts};
pub use model::{asks_for_summary, shown, summary};

/// A configuration with a small window: about 20,000 tokens are usable.
pub fn small(double: &Double) -> Value {
    let mut config = config_for(double);
    let model = &mut config["providers"]["double"]["models"]["gpt-5"];
    (model["context"], model["maxOutput"]) = (json!(40_000), json!(4_000));
    config["compaction"] = json!({"keepTokens": 4_000});
    config["limits"] = json!({"maxSteps": 100});
    config
}

pub async fn steps(server: &Server, session: &str) -> Vec<Value> {
    let steps = server.call("session/steps", json!({"sessionId": session, "limit": 1_000})).await;
    steps["steps"].as_array().unwrap().clone()
}

#[tokio::test]
async fn sixty_steps_a_turn_over_several_compactions_lose_nothing() {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        let worker = Worker::default();
        let log = worker.log();
        let double = Double::start_model(wire, worker.model(60)).await;
        let home = Home::new(&small(&double));
        home.write(
            "facts.txt",
            (0..400).map(|n| format!("line {n} of many, NEEDLE-{:05}\n", n * 7)).collect::<String>(),
        );
        let server = home.start().await;
        let session = server.session().await;
        for turn in 1..=3 {
            let end = server.prompt(&session, &format!("Turn {turn}: read on. FACT-90{turn}")).await;
            assert_eq!(end["stopReason"], "endTurn", "{wire:?}");
        }
        let log = log.lock().unwrap();
        assert!(log.summaries.len() >= 3, "{wire:?}: {} compactions", log.summaries.len());
        // The double has judged each request: valid, and the prefix frozen between boundaries. Each fits, too.
        for request in double.requests() {
            assert!(request.bytes < 36_000 * 4, "{wire:?}: {} bytes", request.bytes);
        }
        for (number, summary) in log.summaries.iter().enumerate() {
            let behind: Vec<_> = facts(&summary.behind).union(&facts(&summary.text)).cloned().collect();
            for fact in &summary.planted {
                assert!(behind.contains(fact), "{wire:?}, compaction {number}: {fact} is lost");
            }
        }
        assert_eq!(log.recalled.as_deref(), Some("line 333 of many, NEEDLE-02331"), "{wire:?}");
    }
}

#[tokio::test]
async fn a_person_compacts_and_the_order_behind_the_boundary_is_fixed() {
    let script = vec![
        Answer::new().call("c1", "todo", &json!({"items": [{"text": "ship it", "status": "active"}]})),
        Answer::new().call("c2", "bash", &json!({"command": "seq 1 4000"})),
        Answer::new().text("Counted."),
        Answer::new().text("Half past."),
        Answer::new().text(&summary("TIME-WISH")).aside(),
        Answer::new().text("Going on.").new_prefix(),
    ];
    let double = Double::start(Wire::Responses, script).await;
    let mut config = config_for(&double);
    config["compaction"] = json!({"keepTokens": 200});
    let home = Home::new(&config);
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Count.").await;
    server.prompt(&session, "What time is it?").await;

    let dry = server.call("session/compact", json!({"sessionId": session, "dryRun": true})).await;
    assert!(dry["after"].as_u64() < dry["before"].as_u64() && dry["summaryMessageId"].is_null(), "{dry}");
    assert_eq!(double.requests().len(), 4, "a dry run calls nobody");

    let wish = json!({"sessionId": session, "instructions": "keep the times of day"});
    let done = server.call("session/compact", wish).await;
    assert_eq!((&done["boundarySeq"], &done["evidence"]), (&json!(7), &json!(2)), "{done}");
    assert!(double.requests()[4].body.to_string().contains("keep the times of day"));
    let messages = server.messages(&session).await;
    let summary = messages.last().unwrap();
    assert_eq!((&summary["summary"], &summary["id"]), (&json!(true), &done["summaryMessageId"]));
    assert_eq!(parts(&messages, "compaction")[0]["after"], done["after"]);

    server.prompt(&session, "Go on.").await;
    let sent = shown(&double.requests()[5].body);
    let places: Vec<_> = [
        "was compacted",
        "TIME-WISH",
        "[Compacted tool result]",
        "Still to do",
        "What time is it?",
        "Half past.",
        "Go on.",
    ]
    .iter()
    .map(|words| sent.find(words).unwrap_or_else(|| panic!("`{words}` is missing in {sent}")))
    .collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(!sent.contains("Counted."), "what is summarised is not sent");
    let ledger = steps(&server, &session).await;
    assert_eq!(ledger[4]["finish"], "compaction");
}

#[tokio::test]
async fn a_session_with_nothing_to_win_is_left_as_it_is() {
    let double = Double::start(Wire::Responses, vec![Answer::new().text("Hello.")]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    for prompted in [false, true] {
        if prompted {
            server.prompt(&session, "Hello?").await;
        }
        for dry in [true, false] {
            let done = server.call("session/compact", json!({"sessionId": session, "dryRun": dry})).await;
            assert_eq!(done["before"], done["after"], "{done}");
            assert_eq!(done["boundarySeq"], 0);
        }
    }
    assert_eq!(server.messages(&session).await.len(), 2);
    let error = server.start("session/compact", json!({"sessionId": "ses_none"})).error().await;
    assert_eq!(error["data"]["kind"], "sessionNotFound");
}

#[tokio::test]
async fn old_outputs_become_evidence_when_that_wins_enough() {
    // Six outputs of about 12,000 tokens: the newest 40,000 tokens stay.
    let fill = |n| format!("head -c 48000 /dev/zero | tr '\\0' {n} | fold -w 99");
    let read = |n| Answer::new().call(&format!("c{n}"), "bash", &json!({"command": fill(n)}));
    let mut script: Vec<Answer> = (1..=6).map(read).collect();
    script.push(Answer::new().text("All read."));
    script.push(Answer::new().text("Indeed.").new_prefix());
    script.push(Answer::new().text("Still."));
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Read all.").await;
    server.prompt(&session, "Really?").await;
    server.prompt(&session, "Still?").await;
    let sent = results(&double.requests()[7].body);
    let compacted: Vec<bool> = sent.iter().map(|text| text.starts_with("[Compacted tool result]")).collect();
    assert_eq!(compacted, [true, true, false, false, false, false]);
    let messages = server.messages(&session).await;
    let calls = parts(&messages, "tool");
    assert!(calls[0]["compactedAt"].is_i64() && calls[2]["compactedAt"].is_null());
    let evidence = server.call("part/evidence", json!({"partId": calls[0]["id"]})).await;
    assert_eq!(evidence["text"], sent[0]);
    let whole = server.call("part/read", json!({"partId": calls[0]["id"]})).await;
    assert!(whole["bytes"].as_u64() >= Some(48_000), "the output itself is still there");
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_compaction_leaves_the_history_as_it_was() {
    for (failpoint, summaries) in [("summary.written=abort", 0), ("summary.stored=abort", 1)] {
        let worker = Worker::default();
        let double = Double::start_model(Wire::Responses, worker.model(60)).await;
        let home = Home::new(&small(&double));
        home.write("facts.txt", "line\n".repeat(100));
        let mut server = crate::support::server::Client::default().failpoints(failpoint).start(&home).await;
        let session = server.session().await;
        drop(server.start_prompt(&session, "Read on."));
        server.exit_code().await;
        let server = home.start().await;
        let count = |messages: &[Value]| messages.iter().filter(|message| message["summary"] == true).count();
        let messages = server.messages(&session).await;
        assert_eq!(count(&messages), summaries, "{failpoint}");
        let end = server.prompt(&session, "Go on.").await;
        assert_eq!(end["stopReason"], "endTurn");
        assert!(count(&server.messages(&session).await) > summaries);
    }
}
