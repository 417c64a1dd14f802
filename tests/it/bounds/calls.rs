//! What a model can ask for too much of: each call above a cap is cut or fails, says so, and the turn goes on.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{output, parts, texts},
    provider::{Answer, Double, Wire},
};

/// A call, and a word of what the model reads of it.
fn calls_above_caps() -> Vec<(&'static str, Value, &'static str)> {
    let long = |bytes: usize| "x".repeat(bytes);
    let item = |text: String| json!({"text": text, "status": "pending"});
    let pattern = "(?:\\p{L}{1000}){1000}";
    vec![
        ("bash", json!({"command": format!("echo {}", long(11 * 1024))}), "xxx"),
        ("edit", json!({"path": "large.txt", "oldText": "a", "newText": "b"}), "large"),
        ("edit", json!({"path": "same.txt", "oldText": "same", "newText": "b"}), "…"),
        ("read", json!({"path": "large.png"}), "large"),
        ("list", json!({"path": "many"}), "more"),
        ("grep", json!({"pattern": pattern}), "pattern"),
        ("recall", json!({"ref": "prt_1", "pattern": pattern}), ""),
        (
            "question",
            json!({"questions": vec![json!({"question": "?", "options": ["a", "b"]}); 11]}),
            "questions",
        ),
        ("todo", json!({"items": vec![item("a".to_owned()); 201]}), "items"),
        ("todo", json!({"items": [item(long(1_001))]}), "…"),
        ("newSession", json!({"title": long(201), "note": "n"}), "title"),
        ("newSession", json!({"title": "t", "note": long(65 * 1024)}), "note"),
    ]
}

#[tokio::test]
async fn calls_above_a_cap_fail_or_are_cut_and_say_so() {
    let wanted = calls_above_caps();
    let asked = wanted.iter().enumerate().fold(Answer::new(), |answer, (number, (tool, arguments, _))| {
        answer.call(&format!("c{number}"), tool, arguments)
    });
    let double = Double::start(Wire::Responses, vec![asked, Answer::new().text("I see.")]).await;
    let home = Home::new(&config_for(&double));
    home.write("large.txt", "a".repeat(17 * 1024 * 1024));
    home.write("same.txt", "same\n".repeat(30));
    home.write("large.png", [b"\x89PNG\r\n\x1a\n".as_slice(), &vec![0; 6 * 1024 * 1024]].concat());
    for number in 0..2_010 {
        home.write(format!("many/{number}"), "");
    }
    let server = home.start().await;
    server.allow_all();
    let session = server.session().await;
    assert_eq!(server.prompt(&session, "Too much.").await["stopReason"], "endTurn");
    let messages = server.messages(&session).await;
    let calls = parts(&messages, "tool");
    assert_eq!(calls.len(), wanted.len());
    for (call, (tool, _, word)) in calls.iter().zip(&wanted) {
        let read = output(call);
        assert!(read.to_lowercase().contains(word), "{tool}: no `{word}` in {read:.300}");
        let title = call["title"].as_str().unwrap_or_default();
        assert!(title.len() <= 200, "{tool}: {title}");
    }
    assert_eq!(texts(&messages, "text").last(), Some(&"I see."));
}

#[tokio::test]
async fn an_answer_that_does_not_end_is_refused_at_the_cap_and_what_came_is_kept() {
    let piece = json!({"choices": [{"index": 0, "delta": {"content": "x".repeat(1024 * 1024)}}]});
    let piece = bytes::Bytes::from(format!("data: {piece}\n\n"));
    let double =
        Double::start(Wire::Chat, vec![Answer::raw(vec![piece; 40]), Answer::new().text("Here.")]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let failed = server.start_prompt(&session, "Talk.").error().await;
    assert_eq!(failed["data"]["kind"], "providerRejected", "{failed}");
    let page = server.call("session/messages", json!({"sessionId": session})).await;
    let kept = page["messages"][1]["parts"][1]["text"]["bytes"].as_u64().unwrap();
    assert!(kept > 2 * 1024 * 1024 && kept <= 4 * 1024 * 1024, "{kept}");
}

#[tokio::test]
async fn calls_above_those_that_run_at_once_wait_for_their_place() {
    let command = |number: usize| json!({"command": format!("echo {number} >> begun; while [ ! -e go ]; do sleep 0.02; done"), "timeoutMs": 30_000});
    let calls = (0..20)
        .fold(Answer::new(), |answer, number| answer.call(&format!("c{number}"), "bash", &command(number)));
    let double = Double::start(Wire::Responses, vec![calls, Answer::new().text("All done.")]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.allow_all();
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Run them.");
    home.wait_for_file("begun").await;
    let begun = || home.read("begun").lines().count();
    while begun() < 16 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(begun(), 16);
    home.write("go", "");
    assert_eq!(prompt.result().await["stopReason"], "endTurn");
    assert_eq!(begun(), 20);
    let messages: Vec<Value> = server.messages(&session).await;
    assert_eq!(texts(&messages, "text").last(), Some(&"All done."));
}
