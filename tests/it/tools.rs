//! Tools through a whole turn: what the model is shown, what it can get back, what the editor sees.

use serde_json::json;

use crate::support::{
    home::{Home, config_for},
    look::{body, output, parts, results},
    provider::{Answer, Double, Wire},
    server::Client,
};

fn done() -> Answer {
    Answer::new().text("Done.")
}

#[tokio::test]
async fn a_long_output_is_shown_at_both_ends_and_recall_reads_its_middle() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    double.then(Answer::new().call("call_1", "bash", &json!({"command": "seq 1 9000"})));
    double.then(done());
    server.prompt(&session, "Count.").await;
    let shown = results(&body(&double, 1)).remove(0);
    assert!(shown.contains("\n9000") && !shown.contains("\n4500\n"), "both ends: {} bytes", shown.len());

    let messages = server.messages(&session).await;
    let part = parts(&messages, "tool")[0]["id"].as_str().unwrap().to_owned();
    assert!(shown.contains(&part), "the handle is named");
    double.then(Answer::new().call("call_2", "recall", &json!({"ref": part, "offset": 4500, "limit": 2})));
    double.then(done());
    server.prompt(&session, "And the middle?").await;
    let recalled = results(&body(&double, 3)).remove(1);
    assert!(recalled.contains("4500\t4500\n") && recalled.contains("4501\t4501\n"), "{recalled}");
}

#[tokio::test]
async fn a_wrong_call_is_a_result_that_names_the_fault_and_the_turn_goes_on() {
    let script = vec![
        Answer::new()
            .call("call_1", "teleport", &json!({}))
            .call("call_2", "read", &json!({"file": "x"}))
            .raw_call("call_3", "read", "")
            .call("call_4", "read", &json!({"path": "no-such-file"})),
        done(),
    ];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let end = server.prompt(&session, "Try.").await;
    assert_eq!(end["stopReason"], "endTurn");
    let told = results(&body(&double, 1));
    for (told, named) in told.iter().zip(["teleport", "path", "path", "no-such-file"]) {
        assert!(told.contains(named), "{told}");
    }
}

#[tokio::test]
async fn files_and_images_of_a_prompt_reach_the_model() {
    let double = Double::start(Wire::Responses, vec![done()]).await;
    let home = Home::new(&config_for(&double));
    let path = home.write("notes.txt", "one\ntwo\nthree\n");
    let server = home.start().await;
    let session = server.session().await;
    let uri = format!("file://{}", path.display());
    let pixel =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let parts = json!([
        {"type": "text", "text": "What is it?"},
        {"type": "file", "uri": uri, "range": {"start": {"line": 1, "character": 0}, "end": {"line": 2, "character": 0}}},
        {"type": "image", "mime": "image/png", "base64": pixel},
    ]);
    server.call("session/prompt", json!({"sessionId": session, "parts": parts})).await;
    let sent = body(&double, 0)["input"].to_string();
    assert!(sent.contains("two\\n") && !sent.contains("three"), "{sent}");
    assert!(sent.contains(&format!("data:image/png;base64,{pixel}")), "{sent}");

    let messages = server.messages(&session).await;
    let files = crate::support::look::parts(&messages, "file");
    let image = files.iter().find(|file| file["mime"] == "image/png").unwrap();
    let read = server.call("part/read", json!({"partId": image["id"]})).await;
    assert_eq!(read["base64"], pixel);
}

#[tokio::test]
async fn changes_of_one_file_in_one_answer_are_all_there_asked_for_or_not() {
    let lines: String = (1..=9).map(|number| format!("line {number}\n")).collect();
    let patch = "--- a/n.txt\n+++ b/n.txt\n@@ -5 +5 @@\n-line 5\n+five\n";
    for asked in [false, true] {
        let edit = |id: &str, old: &str, new: &str| {
            (id.to_owned(), json!({"path": "n.txt", "oldText": old, "newText": new}))
        };
        let (first, second) = (edit("call_1", "line 2", "two"), edit("call_2", "line 8", "eight"));
        let script = vec![
            Answer::new().call(&first.0, "edit", &first.1).call(&second.0, "edit", &second.1).call(
                "call_3",
                "patch",
                &json!({"patch": patch}),
            ),
            done(),
        ];
        let double = Double::start(Wire::Responses, script).await;
        let mut config = config_for(&double);
        config["permission"] = json!({"*": if asked { "ask" } else { "allow" }});
        let home = Home::new(&config);
        home.write("n.txt", &lines);
        let server = home.start().await;
        server.allow_all();
        let session = server.session().await;
        server.prompt(&session, "Change it.").await;
        let changed = lines.replace("line 2", "two").replace("line 5", "five").replace("line 8", "eight");
        assert_eq!(home.read("n.txt"), changed, "asked: {asked}: {:?}", results(&body(&double, 1)));
    }
}

#[tokio::test]
async fn an_unsaved_buffer_is_what_read_sees_and_an_edit_goes_through_the_editor() {
    let edit = json!({"path": "a.txt", "oldText": "unsaved", "newText": "edited"});
    let script = vec![
        Answer::new().call("call_1", "read", &json!({"path": "a.txt"})),
        Answer::new().call("call_2", "edit", &edit),
        done(),
    ];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let path = home.write("a.txt", "on disk\n");
    let server = home.start().await;
    server.always_answer("workspace/applyEdit", |_| json!({"applied": true}));
    let uri = format!("file://{}", path.display());
    let document = json!({"uri": uri, "languageId": "text", "version": 1, "text": "on disk\n"});
    server.notify("textDocument/didOpen", json!({"textDocument": document}));
    let change =
        json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": "unsaved\n"}]});
    server.notify("textDocument/didChange", change);
    let session = server.session().await;
    server.prompt(&session, "Edit it.").await;

    let told = results(&body(&double, 2));
    assert!(told[0].contains("unsaved") && !told[0].contains("on disk"), "{told:?}");
    assert_eq!(server.questions_asked("workspace/applyEdit"), 1);
    assert_eq!(home.read("a.txt"), "on disk\n", "the person saves, not we");
}

#[tokio::test]
async fn an_unsaved_buffer_is_not_clobbered_for_a_client_that_cannot_edit() {
    let script =
        vec![Answer::new().call("call_1", "write", &json!({"path": "a.txt", "content": "ours\n"})), done()];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let path = home.write("a.txt", "on disk\n");
    let server = Client::default().capabilities(json!({})).start(&home).await;
    let uri = format!("file://{}", path.display());
    let document = json!({"uri": uri, "languageId": "text", "version": 1, "text": "on disk\n"});
    server.notify("textDocument/didOpen", json!({"textDocument": document}));
    let change =
        json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": "unsaved\n"}]});
    server.notify("textDocument/didChange", change);
    let session = server.session().await;
    server.prompt(&session, "Write it.").await;
    let messages = server.messages(&session).await;
    let call = parts(&messages, "tool")[0];
    assert_eq!(call["status"], "error", "{}", output(call));
    assert_eq!(home.read("a.txt"), "on disk\n");
}

#[tokio::test]
async fn a_child_sees_neither_the_provider_key_nor_the_pipe() {
    let script = vec![
        Answer::new().call("call_1", "bash", &json!({"command": "env; echo \"stray output\" >&2"})),
        done(),
    ];
    let double = Double::start(Wire::Responses, script).await;
    let mut config = config_for(&double);
    config["providers"]["double"]["apiKeyEnv"] = "CANARY".into();
    let home = Home::new(&config);
    let server = Client::default().env("CANARY", "sk-canary-0123456789").start(&home).await;
    server.allow_all();
    let session = server.session().await;
    server.prompt(&session, "Look around.").await;
    assert_eq!(double.requests()[0].headers["authorization"], "Bearer sk-canary-0123456789");
    let messages = server.messages(&session).await;
    let seen = output(parts(&messages, "tool")[0]);
    assert!(seen.contains("PATH=") && !seen.contains("canary"), "{seen}");
}
