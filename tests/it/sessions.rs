//! Sessions as a whole: titles, the ledger, limits, fork, archive, rename, delete, export.

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{body, parts, said, texts},
    provider::{Answer, Double, Wire, script::Tokens},
    server::Server,
};

async fn server_for(script: Vec<Answer>) -> (Double, Home, Server) {
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    (double, home, server)
}

async fn session_of(server: &Server, session: &str) -> Value {
    server.call("session/get", json!({"sessionId": session})).await["session"].take()
}

fn answer(text: &str) -> Answer {
    Answer::new().text(text)
}

#[tokio::test]
async fn the_ledger_usage_and_cost_add_up() {
    let tokens = Tokens { input: 1_000, cache_read: 2_000, output: 100, ..Tokens::default() };
    let script =
        vec![Answer::new().call("call_1", "list", &json!({})).tokens(tokens), answer("Done.").tokens(tokens)];
    let (_double, _home, server) = server_for(script).await;
    let session = server.session().await;
    let end = server.prompt(&session, "List.").await;
    assert_eq!(end["usage"]["input"], 2_000);
    assert_eq!(end["usage"]["cacheRead"], 4_000);
    // A dollar for a million of input, ten for output, half a dollar from the cache.
    let cost = 2.0 * (1_000.0 + 100.0 * 10.0 + 2_000.0 * 0.5) / 1e6;
    let paid = |usage: &Value| (usage["costUsd"].as_f64().unwrap() - cost).abs() < 1e-12;
    assert!(paid(&end["usage"]), "{end}");
    assert!(paid(&session_of(&server, &session).await["usage"]));
    let steps = server.call("session/steps", json!({"sessionId": session})).await;
    let steps = steps["steps"].as_array().unwrap();
    assert_eq!(steps.iter().map(|step| step["seq"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(steps[0]["finish"], "toolCalls");
    assert_eq!(steps[1]["finish"], "endTurn");
    assert!(
        steps.iter().all(|step| step["cacheRead"] == 2_000 && step["requestBytes"].as_u64() > Some(1_000))
    );
    let used = server.updates(&session);
    let used = used.iter().rfind(|update| update["kind"] == "usage").unwrap();
    assert_eq!(used["context"], json!({"used": 3_100, "limit": 200_000}));
}

#[tokio::test]
async fn a_session_is_named_after_its_first_prompt() {
    let (_double, _home, server) = server_for(vec![answer("Yes."), answer("Yes.")]).await;
    let session = server.session().await;
    server.prompt(&session, "\n  Repair the clock\nIt is slow.").await;
    server.prompt(&session, "Another thing").await;
    assert_eq!(session_of(&server, &session).await["title"], "Repair the clock");
}

#[tokio::test]
async fn a_directory_finds_its_sessions_however_it_is_written_and_when_it_is_gone() {
    let (_double, home, server) = server_for(Vec::new()).await;
    let (place, link) = (home.workspace().join("place"), home.workspace().join("link"));
    std::fs::create_dir(&place).unwrap();
    std::os::unix::fs::symlink(&place, &link).unwrap();
    server.call("session/new", json!({"cwd": link})).await;
    let found = async |cwd: String| {
        let page = server.call("session/list", json!({"cwd": cwd})).await;
        page["sessions"].as_array().unwrap().len()
    };
    let place = place.display();
    for cwd in [format!("{place}"), format!("{place}/"), format!("{place}/."), format!("{}", link.display())]
    {
        assert_eq!(found(cwd.clone()).await, 1, "{cwd}");
    }
    assert_eq!(found(home.workspace().display().to_string()).await, 0);
    std::fs::remove_dir(home.workspace().join("place")).unwrap();
    assert_eq!(found(format!("{place}")).await, 1);
}

#[tokio::test]
async fn a_small_model_finds_a_better_name_and_its_cost_is_in_the_ledger() {
    let double = Double::start(Wire::Responses, vec![answer("Yes.")]).await;
    let small = Double::start(
        Wire::Chat,
        vec![answer("\"A slow clock\"").tokens(Tokens { input: 10, output: 5, ..Tokens::default() })],
    )
    .await;
    let mut config = crate::support::home::config_with(&[&double, &small]);
    config["smallModel"] = "double2/gpt-5-mini".into();
    let home = Home::new(&config);
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "My clock is slow.").await;
    server.update(&session, "the better name", |update| update["title"] == "A slow clock").await;
    assert_eq!(session_of(&server, &session).await["title"], "A slow clock");
    let steps = server.call("session/steps", json!({"sessionId": session})).await;
    assert!(steps["steps"].as_array().unwrap().iter().any(|step| step["finish"] == "title"), "{steps}");
}

#[tokio::test]
async fn the_last_step_allowed_answers_without_tools() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    for step in 0..2 {
        double.then(Answer::new().call(&format!("call_{step}"), "list", &json!({"depth": step + 1})));
    }
    double.then(answer("That is how far I came."));
    double.then(answer("On."));
    let mut config = config_for(&double);
    config["limits"] = json!({"maxSteps": 3});
    let home = Home::new(&config);
    let server = home.start().await;
    let session = server.session().await;
    let end = server.prompt(&session, "Go on for ever.").await;
    assert_eq!((&end["stopReason"], &end["steps"]), (&json!("maxSteps"), &json!(3)));
    let last = body(&double, 2);
    assert_eq!(last["tool_choice"], "none");
    assert_eq!(last["tools"], body(&double, 0)["tools"], "tools stay, or the prefix would change");
    assert!(last["input"].as_array().unwrap().last().unwrap().to_string().contains("limit of 3 steps"));
    assert_eq!(server.prompt(&session, "Go on.").await["stopReason"], "endTurn");
}

#[tokio::test]
async fn an_answer_at_the_output_limit_says_so() {
    let (_double, _home, server) = server_for(vec![answer("Half an ans").cut_short()]).await;
    let session = server.session().await;
    assert_eq!(server.prompt(&session, "Talk.").await["stopReason"], "maxTokens");
}

#[tokio::test]
async fn a_fork_has_the_history_up_to_its_message_and_goes_its_own_way() {
    let script = vec![
        Answer::new().call("call_1", "list", &json!({})),
        answer("One."),
        answer("Two."),
        answer("Other."),
    ];
    let (double, _home, server) = server_for(script).await;
    let session = server.session().await;
    server.prompt(&session, "First.").await;
    let until = server.messages(&session).await.last().unwrap()["id"].clone();
    server.prompt(&session, "Second.").await;

    let forked = server.call("session/fork", json!({"sessionId": session, "messageId": until})).await;
    let fork = forked["session"]["id"].as_str().unwrap().to_owned();
    assert_eq!(forked["session"]["parentId"], session);
    assert_eq!(texts(&server.messages(&fork).await, "text"), ["First.", "One."]);
    server.prompt(&fork, "Another way.").await;
    assert!(!body(&double, 3).to_string().contains("Second."));
    assert_eq!(said(&server.messages(&session).await), ["First.", "Second."], "the source is as it was");
    assert_eq!(said(&server.messages(&fork).await), ["First.", "Another way."]);
}

#[tokio::test]
async fn a_session_is_renamed_archived_and_deleted_and_lists_say_so() {
    let (_double, _home, server) = server_for(vec![answer("Yes.")]).await;
    let session = server.session().await;
    server.prompt(&session, "Hello.").await;
    let id = json!({"sessionId": session});
    let named = server.call("session/rename", json!({"sessionId": session, "title": "Mine"})).await;
    assert_eq!(named["session"]["title"], "Mine");

    server.call("session/archive", json!({"sessionId": session, "archived": true})).await;
    let count = async |archived: bool| {
        let listed = server.call("session/list", json!({"archived": archived})).await;
        listed["sessions"].as_array().unwrap().len()
    };
    assert_eq!((count(false).await, count(true).await), (0, 1));
    server.call("session/archive", json!({"sessionId": session, "archived": false})).await;
    assert_eq!((count(false).await, count(true).await), (1, 0));

    assert_eq!(server.call("session/delete", id.clone()).await, json!({"deleted": true}));
    assert_eq!(server.start("session/get", id).error().await["data"]["kind"], "sessionNotFound");
    assert_eq!(count(false).await, 0);
    let changes: Vec<_> = server
        .notifications()
        .into_iter()
        .filter(|it| it["method"] == "session/didChange")
        .map(|it| it["params"]["change"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(changes.first().map(String::as_str), Some("created"));
    assert_eq!(changes.last().map(String::as_str), Some("deleted"));
    assert!(changes.iter().any(|change| change == "archived"));
}

#[tokio::test]
async fn deleting_a_running_session_stops_its_turn_first() {
    let stalled = answer("Long and longer").stall(crate::support::provider::Stall::After(6));
    let (_double, _home, server) = server_for(vec![stalled]).await;
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Talk.");
    server.update(&session, "delta", |update| update["kind"] == "partDelta").await;
    server.call("session/delete", json!({"sessionId": session})).await;
    assert_eq!(prompt.result().await["stopReason"], "cancelled");
}

#[tokio::test]
async fn an_export_holds_all_that_was_said_and_done() {
    let script = vec![Answer::new().call("call_1", "list", &json!({})), answer("It is *listed*.")];
    let (_double, home, server) = server_for(script).await;
    home.write("present.txt", "");
    let session = server.session().await;
    server.prompt(&session, "List.").await;
    let export =
        |format: &str| server.call("session/export", json!({"sessionId": session, "format": format}));
    let markdown = export("markdown").await["text"].take();
    let json_text = export("json").await["text"].take();
    for text in [&markdown, &json_text] {
        let text = text.as_str().unwrap();
        assert!(["List.", "present.txt", "It is *listed*."].iter().all(|it| text.contains(it)), "{text}");
    }
    let exported: Value = serde_json::from_str(json_text.as_str().unwrap()).expect("it is JSON");
    let messages = exported["messages"].as_array().expect("it has the messages");
    assert_eq!(parts(messages, "tool").len(), 1);

    let path = home.workspace().join("export.md");
    let params = json!({"sessionId": session, "format": "markdown", "path": path});
    assert_eq!(server.call("session/export", params).await["path"], json!(path));
    assert_eq!(home.read("export.md"), markdown.as_str().unwrap());
}

#[tokio::test]
async fn a_session_says_how_its_newest_turn_ended_and_what_is_left_to_do() {
    let todo =
        json!({"items": [{"text": "Look.", "status": "done"}, {"text": "Leap.", "status": "pending"}]});
    let script = vec![Answer::new().call("call_1", "todo", &todo), Answer::new().text("Planned.")];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let asked = json!({"sessionId": session});
    let seen = server.call("session/get", asked.clone()).await;
    assert_eq!((&seen["session"]["lastTurn"], &seen["todo"]), (&Value::Null, &json!([])));
    server.prompt(&session, "Plan.").await;
    let seen = server.call("session/get", asked.clone()).await;
    assert_eq!(
        (&seen["session"]["lastTurn"]["stopReason"], &seen["todo"]),
        (&"endTurn".into(), &todo["items"])
    );

    double.then(Answer::status(401));
    server.start_prompt(&session, "Go.").error().await;
    assert_eq!(server.shut_down().await, Some(0));
    let server = home.start().await;
    let listed = server.call("session/list", json!({})).await;
    let last = &listed["sessions"][0]["lastTurn"];
    assert_eq!(
        (&last["error"]["kind"], &last["stopReason"]),
        (&"providerAuth".into(), &Value::Null),
        "{last}"
    );
}
