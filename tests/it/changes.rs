//! Reviewing what a turn changed in files: without git, hunk by hunk, after the turn.

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::body,
    provider::{Answer, Double, Wire},
    server::Server,
};

fn lines(changed: &[(usize, &str)]) -> String {
    let line = |number: usize| {
        let other = changed.iter().find(|(at, _)| *at == number);
        other.map_or_else(|| format!("line {number}\n"), |(_, text)| format!("{text}\n"))
    };
    (1..=30).map(line).collect()
}

fn edit(call: &str, path: &str, old: &str, new: &str) -> Answer {
    let input = json!({"path": path, "oldText": format!("{old}\n"), "newText": format!("{new}\n")});
    Answer::new().call(call, "edit", &input)
}

/// A turn that edits `a.txt` at two places, writes `new.txt` and deletes `old.txt`.
fn work() -> Vec<Answer> {
    let patch = "*** Begin Patch\n*** Delete File: old.txt\n*** End Patch";
    vec![
        edit("call_1", "a.txt", "line 3", "three"),
        edit("call_2", "a.txt", "line 20", "twenty"),
        Answer::new().call("call_3", "write", &json!({"path": "sub/new.txt", "content": "new\n"})).call(
            "call_4",
            "patch",
            &json!({"patch": patch}),
        ),
        Answer::new().text("Done."),
    ]
}

async fn after_work(home: &Home) -> (Server, String, Value) {
    home.write("a.txt", lines(&[]));
    home.write("old.txt", "old\n");
    let server = home.start().await;
    let session = server.session().await;
    let end = server.prompt(&session, "Change it.").await;
    (server, session, end["messageId"].clone())
}

async fn changes(server: &Server, session: &str) -> Value {
    server.call("session/changes", json!({"sessionId": session})).await
}

fn file<'a>(changes: &'a Value, path: &str) -> &'a Value {
    let files = changes["files"].as_array().expect("there are files");
    files.iter().find(|file| file["path"] == path).unwrap_or_else(|| panic!("no {path}: {changes}"))
}

#[tokio::test]
async fn what_a_turn_changed_is_listed_by_file_and_hunk_and_told_while_it_runs() {
    let double = Double::start(Wire::Responses, work()).await;
    let home = Home::new(&config_for(&double));
    let (server, session, message) = after_work(&home).await;
    let changes = changes(&server, &session).await;
    assert_eq!((&changes["messageId"], &changes["running"]), (&message, &false.into()));
    let edited = file(&changes, "a.txt");
    assert_eq!((&edited["status"], &edited["additions"]), (&"modified".into(), &2.into()));
    let [first, second] = edited["hunks"].as_array().unwrap().as_slice() else { panic!("{edited}") };
    assert_eq!((&first["oldStart"], &second["newStart"]), (&1.into(), &17.into()));
    assert!(first["text"].as_str().unwrap().contains("-line 3\n+three\n"), "{first}");
    assert_eq!(file(&changes, "sub/new.txt")["status"], "created");
    assert_eq!(file(&changes, "old.txt")["status"], "deleted");
    assert!(edited["uri"].as_str().unwrap().ends_with("/workspace/a.txt"), "{edited}");

    let told: Vec<_> =
        server.updates(&session).into_iter().filter(|update| update["kind"] == "changes").collect();
    assert_eq!(told.len(), 3, "one for each step that changed files");
    assert_eq!(told[2]["files"].as_array().unwrap().len(), 3);
    let read = |side: &'static str| json!({"sessionId": session, "messageId": message, "path": "a.txt", "side": side});
    assert_eq!(server.call("change/read", read("before")).await["text"], lines(&[]));
    assert_eq!(server.call("change/read", read("after")).await["text"], home.read("a.txt"));
}

#[tokio::test]
async fn a_rejected_hunk_goes_the_others_stay_and_the_model_is_told() {
    let double = Double::start(Wire::Responses, work()).await;
    let home = Home::new(&config_for(&double));
    let (server, session, message) = after_work(&home).await;
    let hunk = changes(&server, &session).await["files"][0]["hunks"][0]["id"].clone();
    let judge = |path: &str, hunk: &Value, verdict: &str| json!({"sessionId": session, "messageId": message, "path": path, "hunkId": hunk, "verdict": verdict});
    let seen = server.call("session/review", judge("a.txt", &hunk, "rejected")).await;
    assert_eq!(home.read("a.txt"), lines(&[(20, "twenty")]));
    assert_eq!(seen["files"][0]["hunks"][0]["verdict"], "rejected");
    let again = server.start("session/review", judge("a.txt", &hunk, "rejected")).error().await;
    assert_eq!(again["code"], -32602, "{again}");

    server.call("session/review", judge("sub/new.txt", &Value::Null, "rejected")).await;
    assert!(!home.workspace().join("sub/new.txt").exists());
    server.call("session/review", judge("old.txt", &Value::Null, "rejected")).await;
    assert_eq!(home.read("old.txt"), "old\n");
    server.call("session/review", judge("a.txt", &Value::Null, "accepted")).await;
    let seen = changes(&server, &session).await;
    let verdicts: Vec<_> =
        seen["files"][0]["hunks"].as_array().unwrap().iter().map(|it| &it["verdict"]).collect();
    assert_eq!(verdicts, ["rejected", "accepted"]);

    double.then(Answer::new().text("I see."));
    let params = json!({"sessionId": session, "text": "Go on."});
    let preview = server.call("session/nextRequest", params).await;
    server.prompt(&session, "Go on.").await;
    let sent = body(&double, 4);
    assert_eq!(serde_json::from_str::<Value>(preview["body"].as_str().unwrap()).unwrap(), sent);
    let sent = sent.to_string();
    assert!(sent.contains("took back") && sent.contains("a.txt (1 place)"), "{sent}");
    double.then(Answer::new().text("Nothing new."));
    server.prompt(&session, "And?").await;
    assert_eq!(body(&double, 5).to_string().matches("took back").count(), 1, "it is told once");
}

#[tokio::test]
async fn a_rejection_waits_for_the_end_of_the_turn() {
    let hold = json!({"command": "touch held; until [ -e go ]; do sleep 0.02; done"});
    let script = vec![
        edit("call_1", "a.txt", "line 3", "three"),
        Answer::new().call("call_2", "bash", &hold),
        edit("call_3", "b.txt", "line 7", "seven"),
        Answer::new().text("Done there."),
        Answer::new().text("Done."),
    ];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    home.write("a.txt", lines(&[]));
    home.write("b.txt", lines(&[]));
    let server = home.start().await;
    server.allow_all();
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Change it.");
    home.wait_for_file("held").await;
    let running = changes(&server, &session).await;
    assert_eq!(running["running"], true);
    let params = json!({"sessionId": session, "messageId": running["messageId"], "verdict": "rejected"});
    let review = server.start("session/review", params);
    changes(&server, &session).await;
    assert_eq!(home.read("a.txt"), lines(&[(3, "three")]), "nothing is taken back under a running turn");

    let other = server.session().await;
    server.prompt(&other, "Change that one.").await;
    let message = changes(&server, &other).await["messageId"].clone();
    let params = json!({"sessionId": other, "messageId": message, "verdict": "rejected"});
    server.call("session/review", params).await;
    assert_eq!(home.read("b.txt"), lines(&[]), "nobody waits for a turn of another session");
    home.write("go", "");
    assert_eq!(prompt.result().await["stopReason"], "endTurn");
    review.result().await;
    assert_eq!(home.read("a.txt"), lines(&[]));
}

#[tokio::test]
async fn what_was_changed_again_is_not_overwritten_and_a_restart_keeps_the_review() {
    let double = Double::start(Wire::Responses, work()).await;
    let home = Home::new(&config_for(&double));
    let (server, session, message) = after_work(&home).await;
    home.write("a.txt", lines(&[(3, "drei"), (20, "twenty"), (28, "theirs")]));
    assert_eq!(server.shut_down().await, Some(0));

    let server = home.start().await;
    let seen = changes(&server, &session).await;
    let hunks = seen["files"][0]["hunks"].as_array().unwrap();
    assert_eq!((&hunks[0]["applies"], &hunks[1]["applies"]), (&false.into(), &true.into()), "{seen}");
    let judge = |at: usize| json!({"sessionId": session, "messageId": message, "path": "a.txt", "hunkId": hunks[at]["id"], "verdict": "rejected"});
    let error = server.start("session/review", judge(0)).error().await;
    assert!(error["message"].as_str().unwrap().contains("changed since"), "{error}");
    server.call("session/review", judge(1)).await;
    assert_eq!(home.read("a.txt"), lines(&[(3, "drei"), (28, "theirs")]));
}

#[tokio::test]
async fn all_that_can_be_taken_back_is_and_the_rest_is_named() {
    let double = Double::start(Wire::Responses, work()).await;
    let home = Home::new(&config_for(&double));
    let (server, session, message) = after_work(&home).await;
    home.write("a.txt", "theirs\n");
    let params = json!({"sessionId": session, "messageId": message, "verdict": "rejected"});
    let error = server.start("session/review", params).error().await;
    let told = error["message"].as_str().unwrap();
    let (reason, done) = told.split_once("Taken back: ").unwrap_or_else(|| panic!("{told}"));
    assert!(reason.contains("a.txt was changed since") && !done.contains("a.txt"), "{told}");
    assert!(done.contains("sub/new.txt") && done.contains("old.txt"), "{told}");
    assert_eq!((home.read("a.txt"), home.read("old.txt")), ("theirs\n".to_owned(), "old\n".to_owned()));
    assert!(!home.workspace().join("sub/new.txt").exists());
    let seen = changes(&server, &session).await;
    let verdict = |path| file(&seen, path)["hunks"][0]["verdict"].clone();
    assert_eq!(["a.txt", "sub/new.txt", "old.txt"].map(verdict), ["open", "rejected", "rejected"]);
}

#[tokio::test]
async fn a_file_that_is_too_long_is_named_and_a_session_without_changes_has_none() {
    let script = vec![
        Answer::new().text("Hello."),
        edit("call_1", "long.txt", "here", "there"),
        Answer::new().text("Done."),
    ];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    home.write("long.txt", format!("here\n{}", "a long line of a long file\n".repeat(50_000)));
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Hello?").await;
    assert_eq!(changes(&server, &session).await, json!({"running": false, "files": []}));
    server.prompt(&session, "Edit.").await;
    let seen = changes(&server, &session).await;
    assert!(seen["files"][0]["note"].as_str().unwrap().contains("too long"), "{seen}");
    assert_eq!(seen["files"][0]["hunks"], json!([]));
}
