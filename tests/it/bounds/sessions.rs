//! Sessions that hold too much of something: what is told of them is bounded, and nothing else is lost.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for, config_with},
    look::body,
    provider::{
        Answer, Double, Wire,
        faults::{At, Harm},
    },
};

#[tokio::test]
async fn a_long_first_prompt_is_named_after_its_beginning_and_a_long_name_is_cut() {
    let double = Double::start(Wire::Responses, vec![Answer::new().text("Yes.")]).await;
    let small = Double::start(Wire::Chat, vec![Answer::new().text(&"a name without end ".repeat(500))]).await;
    let mut config = config_with(&[&double, &small]);
    config["smallModel"] = "double2/gpt-5-mini".into();
    let home = Home::new(&config);
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, &"x".repeat(100_000)).await;
    let named =
        |update: &Value| update["title"].as_str().is_some_and(|title| title.starts_with("a name without"));
    let title = server.update(&session, "the better name", named).await["title"].take();
    assert!(title.as_str().unwrap().len() <= 80 && title.as_str().unwrap().ends_with('…'), "{title}");
    let asked = body(&small, 0)["messages"].to_string();
    assert_eq!(asked.matches("xx").count() * 2, 4_000);
}

#[tokio::test]
async fn of_very_many_calls_behind_a_boundary_some_stand_as_evidence_and_some_are_listed_one_by_one() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    for step in 0..5 {
        let calls = (0..100).fold(Answer::new(), |answer, call| {
            answer.call(
                &format!("call_{step}_{call}"),
                "todo",
                &json!({"items": [{"text": format!("{step} {call}"), "status": "done"}]}),
            )
        });
        double.then(calls);
    }
    double.then(Answer::new().text("Done."));
    let headings = ["Goal", "Done", "State", "Decisions", "Files", "Next"];
    double.then(
        Answer::new().text(&headings.map(|heading| format!("## {heading}\nsummed up\n")).join("\n")).aside(),
    );
    let mut config = config_for(&double);
    config["compaction"] = json!({"keepTokens": 0});
    let home = Home::new(&config);
    let server = home.start().await;
    server.allow_all();
    let session = server.session().await;
    server.prompt(&session, "Work.").await;
    let won = server.call("session/compact", json!({"sessionId": session})).await;
    assert_eq!(won["evidence"], 64, "{won}");
    let report = server.call("session/context", json!({"sessionId": session})).await;
    let items = report["items"].as_array().unwrap();
    assert_eq!(items.iter().filter(|item| item["kind"] == "earlier").count(), 1);
    assert!((400..450).contains(&items.len()), "{} items", items.len());
    assert_eq!(items[0]["kind"], "earlier");
}

#[tokio::test]
async fn changes_of_megabytes_are_shown_in_part_and_each_file_alone() {
    let written = (0..6).fold(Answer::new(), |answer, number| {
        let content = format!("{number} of many lines that a turn wrote\n").repeat(30_000);
        answer.call(
            &format!("call_{number}"),
            "write",
            &json!({"path": format!("{number}.txt"), "content": content}),
        )
    });
    let double = Double::start(Wire::Responses, vec![written, Answer::new().text("Written.")]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Write.").await;
    let changes = server.call("session/changes", json!({"sessionId": session})).await;
    let files = changes["files"].as_array().unwrap();
    let (noted, shown): (Vec<&Value>, Vec<&Value>) = files.iter().partition(|file| file["note"].is_string());
    let size: usize = shown.iter().map(|file| file["hunks"].to_string().len()).sum();
    assert_eq!(files.len(), 6);
    assert!(
        !noted.is_empty() && (4 << 20..8 << 20).contains(&size),
        "{} noted, {size} bytes shown",
        noted.len()
    );
    let path = &noted[0]["path"];
    let alone = server.call("session/changes", json!({"sessionId": session, "path": path})).await;
    assert_eq!(alone["files"][0]["note"], Value::Null);
    assert_eq!(alone["files"][0]["hunks"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_an_error_without_an_end_the_beginning_is_read_and_not_waited_for_longer() {
    let endless = |bytes: usize| {
        Answer::status(400).body(&"no such thing ".repeat(bytes / 14)).fault(At::Event(1), Harm::Silence)
    };
    let double = Double::start(Wire::Responses, vec![endless(100_000), endless(1_000)]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    for (waits, least) in [(false, Duration::ZERO), (true, Duration::from_secs(5))] {
        let session = server.session().await;
        let begun = Instant::now();
        let failed = server.start_prompt(&session, "Go.").error().await;
        assert_eq!(failed["data"]["kind"], "providerRejected", "{failed}");
        assert!(failed.to_string().contains("no such thing"), "{failed}");
        assert!(
            begun.elapsed() >= least && (waits || begun.elapsed() < Duration::from_secs(5)),
            "{:?}",
            begun.elapsed()
        );
    }
}
