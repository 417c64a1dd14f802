//! Tools about the conversation itself: how full the window is, and going on in another session.

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{output, parts, said, texts},
    provider::{Answer, Double, Wire, script::Tokens},
    server::{Client, Server},
};

const NOTE: &str = "The parser is done. Open: its tests.";

/// A model that proposes a new session when it is asked to, and says a word otherwise.
async fn proposing() -> Double {
    Double::start_model(Wire::Responses, |body: &Value| {
        let input = body["input"].to_string();
        match () {
            () if input.contains("function_call_output") => Answer::new().text("So be it."),
            () if input.contains("Propose it.") => {
                Answer::new().call("c1", "newSession", &json!({"title": "Parser tests", "note": NOTE}))
            }
            () => Answer::new().text("Going on."),
        }
    })
    .await
}

/// What the tool told the model.
async fn told(server: &Server, session: &str) -> String {
    let messages = server.messages(session).await;
    output(parts(&messages, "tool")[0]).to_owned()
}

/// The session that was made from this one.
async fn child(server: &Server, parent: &str) -> Option<Value> {
    let all = server.call("session/list", json!({})).await["sessions"].take();
    all.as_array().unwrap().iter().find(|session| session["parentId"] == parent).cloned()
}

#[tokio::test]
async fn a_session_that_the_person_accepts_begins_with_the_note() {
    for (choice, starts) in [("Start it now", true), ("Make it, do not start", false)] {
        let double = proposing().await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        let session = server.session().await;
        let prompt = server.start_prompt(&session, "Propose it.");
        let question = server.question("session/askQuestion").await;
        let shown = server.call("session/get", json!({"sessionId": session})).await;
        assert_eq!(shown["session"]["status"], "waiting");
        let asked = &question.params["questions"][0];
        assert!(asked["question"].as_str().unwrap().contains(NOTE), "the person reads the note");
        assert_eq!(asked["options"], json!(["Start it now", "Make it, do not start", "No"]));
        server.answer(&question, json!({"answers": [choice]}));
        assert_eq!(prompt.result().await["stopReason"], "endTurn");
        let made = child(&server, &session).await.unwrap();
        let id = made["id"].as_str().unwrap();
        assert!(told(&server, &session).await.contains(id));
        let parent = server.call("session/get", json!({"sessionId": session})).await["session"].take();
        for same in ["cwd", "agent", "model", "projectId"] {
            assert_eq!(made[same], parent[same], "{same}");
        }
        assert_eq!(made["title"], "Parser tests");
        let created = json!({"sessionId": id, "change": "created"});
        let is = |it: &Value| it["method"] == "session/didChange" && it["params"] == created;
        server.wait_for("didChange", is).await;

        server.wait_until_idle(id).await;
        let messages = server.messages(id).await;
        assert_eq!(said(&messages), [NOTE]);
        assert_eq!(texts(&messages, "text").contains(&"Going on."), starts, "{choice}");
        server.prompt(id, "Go.").await;
        let messages = server.messages(id).await;
        assert_eq!(said(&messages), [NOTE, "Go."]);
        let turns = messages.iter().filter(|message| message["role"] == "assistant").count();
        assert_eq!(turns, if starts { 2 } else { 1 }, "note and prompt are answered together");
    }
}

#[tokio::test]
async fn what_the_person_declines_is_not_made_and_the_model_is_told() {
    for (answer, words) in [("No", "wants to go on here"), ("Fix it first", "The person says: Fix it first")]
    {
        let double = proposing().await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        server.always_answer("session/askQuestion", move |_| json!({"answers": [answer]}));
        let session = server.session().await;
        assert_eq!(server.prompt(&session, "Propose it.").await["stopReason"], "endTurn");
        assert!(told(&server, &session).await.contains(words));
        assert_eq!(child(&server, &session).await, None);
    }
}

#[tokio::test]
async fn without_a_person_no_session_is_made() {
    let double = proposing().await;
    let home = Home::new(&config_for(&double));
    let server = Client::headless().start(&home).await;
    let session = server.session().await;
    assert_eq!(server.prompt(&session, "Propose it.").await["stopReason"], "endTurn");
    assert!(told(&server, &session).await.starts_with("nobody is there"));
    assert_eq!(child(&server, &session).await, None);
}

#[tokio::test]
async fn the_model_learns_how_full_its_window_is() {
    let tokens = Tokens { input: 4_000, cache_read: 1_000, output: 20, ..Tokens::default() };
    let script = vec![
        Answer::new().call("c1", "read", &json!({"path": "wide.txt"})),
        Answer::new().call("c2", "contextUsage", &json!({})).tokens(tokens),
        Answer::new().text("Plenty of room."),
    ];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    home.write("wide.txt", "a line of words\n".repeat(600));
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "How full?").await;
    let messages = server.messages(&session).await;
    let calls = parts(&messages, "tool");
    let told = output(calls[1]);
    assert!(told.starts_with("used: 50"), "counted 5020 and the call's own result: {told}");
    assert!(told.contains(" of 200000 tokens"), "{told}");
    let widest = told.lines().nth(3).unwrap();
    let handle = calls[0]["id"].as_str().unwrap();
    assert!(widest.contains("read") && widest.contains(handle), "{told}");
    assert!(told.contains("summary: none"), "{told}");
}
