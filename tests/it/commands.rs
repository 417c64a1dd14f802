//! Commands: what was typed is shown, what it stands for is what the model reads, and nothing runs before it may.

use serde_json::{Value, json};

use super::agents::write_own;
use crate::support::{
    home::{Home, config_for},
    look::{body, parts, said},
    provider::{Answer, Double, Wire},
    server::{Client, Server},
};

const PERMISSION: &str = "session/requestPermission";

/// A home with a command `review` of the user's own, and a double that has one answer.
async fn reviewing(template: &str) -> (Double, Home) {
    let double = Double::start(Wire::Responses, vec![Answer::new().text("Reviewed.")]).await;
    let mut config = config_for(&double);
    config["permission"] = json!({"*": "allow", "bash": "ask"});
    let home = Home::new(&config);
    write_own(&home, "commands/review.md", template);
    (double, home)
}

/// What the model read as the prompt, piece by piece.
fn read(double: &Double, request: usize) -> Vec<String> {
    let body = body(double, request);
    let items = body["input"].as_array().unwrap().iter().filter(|item| item["role"] == "user");
    let pieces = items.flat_map(|item| item["content"].as_array().unwrap().clone());
    pieces.filter_map(|piece| piece["text"].as_str().map(str::to_owned)).collect()
}

async fn refusal(server: &Server, session: &str, text: &str) -> Value {
    server.start_prompt(session, text).error().await
}

#[tokio::test]
async fn what_was_typed_is_shown_and_what_it_stands_for_is_read_and_both_are_stored() {
    let (double, home) = reviewing("---\nargumentHint: <file> [words]\n---\nReview @$1 for $2.\n").await;
    home.write("src/a.rs", "fn a() {}");
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "/review src/a.rs \"dead code\"").await;
    let sent = read(&double, 0);
    assert_eq!(sent[0], "Review @src/a.rs for dead code.");
    assert!(sent[1].contains("src/a.rs") && sent[1].contains("fn a() {}"), "{sent:?}");

    server.shut_down().await;
    double.then(Answer::new().text("Again."));
    let server = home.start().await;
    let messages = server.messages(&session).await;
    assert_eq!(said(&messages), ["/review src/a.rs \"dead code\""]);
    let command = parts(&messages, "command")[0];
    assert_eq!(
        (&command["name"], &command["text"]["text"]),
        (&json!("review"), &json!("Review @src/a.rs for dead code."))
    );
    assert!(parts(&messages, "file")[0]["uri"].as_str().unwrap().ends_with("/src/a.rs"));
    let listed = server.call("session/get", json!({"sessionId": session})).await;
    assert_eq!(listed["session"]["title"], "/review src/a.rs \"dead code\"");
    server.prompt(&session, "Go on.").await;
    assert_eq!(read(&double, 1)[0], sent[0], "the next turn reads the same");
    let exported = server.call("session/export", json!({"sessionId": session, "format": "json"})).await;
    assert!(exported["text"].as_str().unwrap().contains("Review @src/a.rs for dead code."));
}

#[tokio::test]
async fn a_text_that_calls_no_command_is_a_text() {
    let (double, home) = reviewing("Review.").await;
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "/usr/bin is full of /review").await;
    assert_eq!(read(&double, 0), ["/usr/bin is full of /review"]);
    assert!(parts(&server.messages(&session).await, "command").is_empty());
}

#[tokio::test]
async fn a_snippet_is_asked_for_runs_once_and_never_sees_an_argument() {
    let (double, home) = reviewing("Log:\n!`echo $1$(echo x >> runs)out`\nArguments: $1").await;
    let server = home.start().await;
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "/review ;echo!`touch`");
    let question = server.question(PERMISSION).await;
    assert_eq!(question.params["tool"], "bash");
    assert!(question.params["title"].as_str().unwrap().starts_with("echo $1"), "{}", question.params);
    assert!(!home.workspace().join("runs").exists(), "not before it may");
    server.answer(&question, json!({"optionId": "once"}));
    prompt.result().await;
    assert_eq!(read(&double, 0), ["Log:\nout\nArguments: ;echo!`touch`"]);
    assert_eq!(home.read("runs"), "x\n");
    let updates = server.updates(&session);
    let told = updates.iter().rfind(|update| update["part"]["type"] == "command").unwrap();
    assert!(told["part"]["text"]["text"].as_str().unwrap().starts_with("Log:\nout"));
    double.then(Answer::new().text("Again."));
    server.prompt(&session, "Go on.").await;
    assert_eq!(home.read("runs"), "x\n", "nothing is run again");
}

#[tokio::test]
async fn a_snippet_that_is_refused_is_not_run_and_the_prompt_not_answered() {
    let (double, home) = reviewing("A !`touch made` B !`touch made`").await;
    let server = home.start().await;
    server.always_answer(PERMISSION, |_| json!({"optionId": "refuse"}));
    let session = server.session().await;
    assert_eq!(server.prompt(&session, "/review").await["stopReason"], "permissionRejected");
    assert!(double.requests().is_empty() && !home.workspace().join("made").exists());
    assert_eq!(server.questions_asked(PERMISSION), 1, "after a refusal nothing else is asked");

    let headless = Client::headless().start(&home).await;
    let other = headless.session().await;
    assert_eq!(headless.prompt(&other, "/review").await["stopReason"], "permissionRejected");
    assert!(!home.workspace().join("made").exists(), "nobody was there to allow it");
    server.prompt(&session, "Never mind.").await;
    assert!(read(&double, 0)[0].contains("[`touch made` was not run"), "the model is told");
}

#[tokio::test]
async fn a_key_that_a_snippet_prints_is_neither_stored_nor_sent() {
    let double = Double::start(Wire::Responses, vec![Answer::new().text("Reviewed.")]).await;
    let mut config = config_for(&double);
    config["providers"]["double"]["apiKeyEnv"] = json!("DOUBLE_KEY");
    let home = Home::new(&config);
    write_own(&home, "commands/review.md", "See !`cat notes`.");
    home.write("notes", "the key is sk-canary-of-a-snippet");
    let server = Client::default().env("DOUBLE_KEY", "sk-canary-of-a-snippet").start(&home).await;
    let session = server.session().await;
    server.prompt(&session, "/review").await;
    assert!(read(&double, 0)[0].starts_with("See the key is "), "{:?}", read(&double, 0));
    assert!(!body(&double, 0).to_string().contains("sk-canary"));
    let messages = server.messages(&session).await;
    assert!(!parts(&messages, "command")[0].to_string().contains("sk-canary"));
}

#[tokio::test]
async fn a_command_of_a_project_reads_nothing_outside_of_it_and_none_reads_what_is_denied() {
    let (double, home) = reviewing("See @../mine.txt and @secret.env").await;
    let mut config = config_for(&double);
    config["permission"] = json!({"*": "allow", "read": {"*.env": "deny"}});
    home.configure(&config);
    std::fs::write(home.workspace().join("../mine.txt"), "my own words").unwrap();
    home.write(".agentls/commands/steal.md", "See @../mine.txt");
    let server = home.start().await;
    let session = server.session().await;
    let error = refusal(&server, &session, "/steal").await;
    assert_eq!(error["data"]["kind"], "pathOutside");
    assert!(error["data"]["target"].as_str().unwrap().ends_with("/mine.txt"));
    server.prompt(&session, "/review").await;
    assert!(read(&double, 0).iter().any(|piece| piece.contains("my own words")), "one's own command may");
    home.write("secret.env", "KEY=1");
    let error = refusal(&server, &session, "/review").await;
    assert_eq!(error["data"]["kind"], "permissionDenied");

    let untrusted = Client::headless().options(json!({"trust": "untrusted"})).start(&home).await;
    let listed = untrusted.call("command/list", json!({"cwd": home.workspace()})).await;
    let names: Vec<_> = listed["commands"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["review"]);
}

#[tokio::test]
async fn a_command_says_who_answers_and_lifts_no_agent_that_only_looks() {
    let (double, home) = reviewing("---\nagent: plan\nmodel: double/gpt-5-mini\n---\nPlan it.").await;
    write_own(&home, "commands/build.md", "---\nagent: build\n---\nBuild it.");
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "/review").await;
    assert!(body(&double, 0)["instructions"].as_str().unwrap().contains("plans a change"));
    assert_eq!(body(&double, 0)["model"], "gpt-5-mini");
    let shown = server.call("session/get", json!({"sessionId": session})).await;
    assert_eq!(shown["session"]["agent"], "build", "it answers this prompt alone");

    double.then(Answer::new().text("Planned.").new_prefix());
    let planning = server.session_with(json!({"agent": "plan"})).await;
    server.prompt(&planning, "/build").await;
    assert!(body(&double, 1)["instructions"].as_str().unwrap().contains("plans a change"));
}

#[tokio::test]
async fn commands_are_listed_and_one_that_cannot_be_used_says_why() {
    let (_double, home) =
        reviewing("---\ndescription: Reviews\nargumentHint: <file>\nagent: nobody\n---\nReview.").await;
    write_own(&home, "commands/broken.md", "---\nmodel: [\n---\nx");
    let server = home.start().await;
    let listed = server.call("command/list", json!({"cwd": home.workspace()})).await;
    let review = &listed["commands"][1];
    assert_eq!((&review["description"], &review["argumentHint"]), (&json!("Reviews"), &json!("<file>")));
    assert!(review["mistakes"][0].as_str().unwrap().contains("no agent `nobody`"));
    let session = server.session().await;
    for (text, said) in [("/broken", "cannot be used"), ("/review", "there is no agent `nobody`")] {
        let error = refusal(&server, &session, text).await;
        assert_eq!(error["code"], -32602);
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
}

#[tokio::test]
async fn a_request_is_shown_with_what_a_command_stands_for_and_its_snippets_are_not_run() {
    let (_double, home) = reviewing("See !`touch made`.").await;
    let server = home.start().await;
    let session = server.session().await;
    let shown = server.call("session/nextRequest", json!({"sessionId": session, "text": "/review"})).await;
    assert!(shown["body"].as_str().unwrap().contains("See !`touch made`."), "{shown}");
    assert!(!home.workspace().join("made").exists());
}
