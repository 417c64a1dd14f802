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
    server::Client,
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
    let edit = |number| json!({"path": format!("{number}.txt"), "oldText": "old", "newText": "new", "replaceAll": true});
    let edits = (0..5)
        .fold(Answer::new(), |answer, number| answer.call(&format!("call_{number}"), "edit", &edit(number)));
    let double = Double::start(Wire::Responses, vec![edits, Answer::new().text("Edited.")]).await;
    let home = Home::new(&config_for(&double));
    for file in 0..5 {
        let line = |number| format!("old {number} {}\n", "x".repeat(1_500));
        home.write(format!("{file}.txt"), (0..600).map(line).collect::<String>());
    }
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Edit.").await;
    let changes = server.call("session/changes", json!({"sessionId": session})).await;
    let files = changes["files"].as_array().unwrap();
    let (noted, shown): (Vec<&Value>, Vec<&Value>) = files.iter().partition(|file| file["note"].is_string());
    let size: usize = shown.iter().map(|file| file["hunks"].to_string().len()).sum();
    assert_eq!(files.len(), 5);
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

#[tokio::test]
async fn a_history_of_many_pages_is_exported_and_sent_whole() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    double.always(Answer::new().text("Yes."));
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    for number in 0..30 {
        server.prompt(&session, &format!("Prompt number {number}.")).await;
    }
    let exported = server.call("session/export", json!({"sessionId": session, "format": "json"})).await;
    let exported: Value = serde_json::from_str(exported["text"].as_str().unwrap()).unwrap();
    assert_eq!(exported["messages"].as_array().unwrap().len(), 60);
    server.shut_down().await;
    let server = home.start().await;
    server.prompt(&session, "And the last.").await;
    let sent = double.requests().last().unwrap().body["input"].to_string();
    let there = (0..30).filter(|number| sent.contains(&format!("Prompt number {number}.")));
    assert_eq!(there.count(), 30);
}

#[tokio::test]
async fn a_long_question_is_shown_in_a_dialog_by_its_beginning() {
    let command = format!("echo {} && echo {}", "x".repeat(4_000), "y".repeat(4_000));
    let script = vec![
        Answer::new().call("call_1", "bash", &json!({"command": command})),
        Answer::new().text("Refused."),
    ];
    let double = Double::start(Wire::Responses, script).await;
    let mut config = config_for(&double);
    config["permission"] = json!({"*": "ask"});
    let home = Home::new(&config);
    let plain = json!({"window": {"showMessage": {}}});
    let server =
        Client::default().capabilities(plain).options(json!({"trust": "trusted"})).start(&home).await;
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Echo.");
    let question = server.question("window/showMessageRequest").await;
    let message = question.params["message"].as_str().unwrap();
    assert!(
        message.len() > 4_000 && message.len() <= 4_096 && message.ends_with('…'),
        "{} bytes",
        message.len()
    );
    server.answer(&question, Value::Null);
    prompt.result().await;
    double.forget_script();
}
