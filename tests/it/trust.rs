//! An unknown workspace is read-only until somebody vouches for it, and only for as long as it is what they saw.

use std::{fs, os::unix::fs::symlink};

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{body, output, parts, results},
    provider::{Answer, Double, Wire},
    server::{Client, Server},
};

const PERMISSION: &str = "session/requestPermission";

/// A home where everything is allowed, and a provider whose model writes `n.txt` in each turn.
async fn writing(turns: usize) -> (Double, Home) {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    for turn in 0..turns {
        let write = json!({"path": "n.txt", "content": format!("turn {turn}")});
        double.then(Answer::new().call(&format!("call_{turn}"), "write", &write));
        double.then(Answer::new().text("Done."));
    }
    let home = Home::new(&config_for(&double));
    (double, home)
}

/// An editor with a person before it that says nothing of trust.
async fn silent(home: &Home) -> Server {
    Client::default().without_trust().start(home).await
}

async fn trust(server: &Server, home: &Home, word: &str) -> Value {
    let asked = json!({"cwd": home.workspace(), "trust": word});
    server.call("project/trust", asked).await["project"].take()
}

/// How a turn that wants to write ends.
async fn end(server: &Server, session: &str) -> Value {
    server.prompt(session, "Write.").await["stopReason"].take()
}

#[tokio::test]
async fn the_person_is_asked_once_told_what_would_count_and_asked_no_more() {
    let (_double, home) = writing(2).await;
    home.write(".agentls/agents/a.md", "Be kind.");
    let server = silent(&home).await;
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Write.");
    let question = server.question(PERMISSION).await;
    assert_eq!(question.params["tool"], "workspace");
    assert_eq!(question.params["title"], format!("Trust {}?", home.workspace().display()));
    assert_eq!(question.params["items"][1], json!({"label": ".agentls/agents/a.md (agent)", "rule": ""}));
    let options: Vec<_> = question.params["options"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(options, ["trust", "refuse"]);
    assert!(!home.workspace().join("n.txt").exists(), "not before it may");
    server.answer(&question, json!({"optionId": "trust"}));
    assert_eq!(prompt.result().await["stopReason"], "endTurn");
    assert_eq!(home.read("n.txt"), "turn 0");
    let trusted =
        |it: &Value| it["method"] == "project/didChange" && it["params"]["project"]["trust"] == "trusted";
    server.wait_for("project/didChange", trusted).await;
    assert_eq!(server.shut_down().await, Some(0));

    let server = silent(&home).await;
    let another = server.session().await;
    assert_eq!(end(&server, &another).await, "endTurn");
    assert_eq!((server.questions_asked(PERMISSION), home.read("n.txt").as_str()), (0, "turn 1"));
}

#[tokio::test]
async fn a_refusal_leaves_it_read_only_and_the_next_turn_asks_again() {
    let (_double, home) = writing(2).await;
    let server = silent(&home).await;
    server.always_answer(PERMISSION, |_| json!({"optionId": "refuse"}));
    let session = server.session().await;
    for asked in 1..=2 {
        assert_eq!(end(&server, &session).await, "permissionRejected");
        assert_eq!(server.questions_asked(PERMISSION), asked);
        server.prompt(&session, "Go on.").await;
    }
    assert!(!home.workspace().join("n.txt").exists());
}

#[tokio::test]
async fn where_nobody_is_there_it_is_read_and_nothing_else_whatever_the_policy() {
    let (double, home) = writing(0).await;
    home.write("a.txt", "content");
    let mut config = config_for(&double);
    config["headlessPermission"] = "allow".into();
    home.configure(&config);
    double.then(Answer::new().call("c1", "read", &json!({"path": "a.txt"})));
    double.then(Answer::new().call("c2", "bash", &json!({"command": "touch made"})));
    let server = Client::headless().without_trust().start(&home).await;
    let session = server.session().await;
    assert_eq!(end(&server, &session).await, "permissionRejected");
    assert!(results(&body(&double, 1))[0].contains("content"));
    let messages = server.messages(&session).await;
    let told = output(parts(&messages, "tool")[1]);
    assert!(told.contains("untrustedWorkspace") && told.contains("`agentls trust`"), "{told}");
    assert!(!home.workspace().join("made").exists());
}

#[tokio::test]
async fn a_client_that_does_not_trust_has_the_last_word() {
    let (_double, home) = writing(1).await;
    let server = silent(&home).await;
    assert_eq!(trust(&server, &home, "trusted").await["trust"], "trusted");
    server.shut_down().await;
    let options = json!({"clientAbilities": {"permission": true}, "trust": "untrusted"});
    let server = Client::default().options(options).start(&home).await;
    assert_eq!(trust(&server, &home, "trusted").await["trust"], "untrusted");
    let session = server.session().await;
    assert_eq!(end(&server, &session).await, "permissionRejected");
    assert_eq!(server.questions_asked(PERMISSION), 0);
}

#[tokio::test]
async fn a_client_vouches_for_its_own_folders_only() {
    let (_double, home) = writing(2).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let server = home.start().await;
    let below = home.write("deep/folder/x", "").parent().unwrap().to_owned();
    for (cwd, asked) in [(below.as_path(), 0), (elsewhere.path(), 1)] {
        let session = server.call("session/new", json!({"cwd": cwd})).await["session"]["id"].clone();
        server.always_answer(PERMISSION, |params| {
            assert_eq!(params["tool"], "workspace");
            json!({"optionId": "trust"})
        });
        assert_eq!(end(&server, session.as_str().unwrap()).await, "endTurn");
        assert_eq!(server.questions_asked(PERMISSION), asked, "{}", cwd.display());
    }
}

#[tokio::test]
async fn a_folder_that_joins_later_is_vouched_for_and_one_that_leaves_is_no_longer() {
    let (_double, home) = writing(3).await;
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(elsewhere.path().join(".agentls")).unwrap();
    fs::write(elsewhere.path().join(".agentls/config.jsonc"), r#"{"colour": "blue"}"#).unwrap();
    let server = home.start().await;
    server.always_answer(PERMISSION, |_| json!({"optionId": "refuse"}));
    let made = server.call("session/new", json!({"cwd": elsewhere.path()})).await;
    let session = made["session"]["id"].as_str().unwrap().to_owned();
    assert_eq!(end(&server, &session).await, "permissionRejected");
    server.prompt(&session, "Go on.").await;

    let folder = json!({"uri": format!("file://{}", elsewhere.path().display()), "name": "later"});
    let change = |key: &str| {
        let mut event = json!({"added": [], "removed": []});
        event[key] = json!([folder]);
        server.notify("workspace/didChangeWorkspaceFolders", json!({"event": event}));
    };
    let told = async |trust: &str| {
        let wanted =
            |it: &Value| it["method"] == "project/didChange" && it["params"]["project"]["trust"] == trust;
        server.wait_for(trust, wanted).await;
    };
    change("added");
    told("trusted").await;
    let wrong = |it: &Value| it["params"]["message"].as_str().is_some_and(|it| it.contains("colour"));
    server.wait_for("what is wrong with its configuration", wrong).await;
    assert_eq!(end(&server, &session).await, "endTurn");
    assert!(elsewhere.path().join("n.txt").exists());

    change("removed");
    told("untrusted").await;
    assert_eq!(end(&server, &session).await, "permissionRejected");
}

#[tokio::test]
async fn a_folder_that_joins_a_workspace_without_one_is_where_commands_work() {
    let (_double, home) = writing(0).await;
    let server = home.start().await;
    let uri =
        |path: &str| json!([{"uri": format!("file://{}{path}", home.workspace().display()), "name": "w"}]);
    fs::create_dir(home.workspace().join("inner")).unwrap();
    let event = json!({"event": {"added": uri("/inner"), "removed": uri("")}});
    server.notify("workspace/didChangeWorkspaceFolders", event);
    let asked = json!({"command": "agentls.session.new", "arguments": [{}]});
    let made = server.call("workspace/executeCommand", asked).await;
    assert!(made["session"]["cwd"].as_str().unwrap().ends_with("/inner"), "{made}");
}

#[tokio::test]
async fn what_is_changed_behind_trust_is_named_and_counts_no_more() {
    let (_double, home) = writing(1).await;
    let config = home.write(".agentls/config.jsonc", r#"{"permission": {"write": "ask"}}"#);
    home.write(".agentls/commands/c.md", "Do it.");
    let server = silent(&home).await;
    let agents = |value: Value| value["config"]["permission"].clone();
    let get = json!({"cwd": home.workspace()});
    assert_eq!(agents(server.call("config/get", get.clone()).await), json!({"*": "allow"}));
    let project = trust(&server, &home, "trusted").await;
    assert_eq!(agents(server.call("config/get", get.clone()).await), json!({"*": "allow", "write": "ask"}));

    fs::write(config, r#"{"permission": {"write": "deny"}}"#).unwrap();
    let seen = server.call("project/get", json!({"projectId": project["id"]})).await["project"].take();
    assert_eq!(seen["trust"], "changed");
    let brought = |path: &str, what: &str| json!({"path": path, "what": what});
    let mut changed = brought(".agentls/config.jsonc", "configuration");
    changed["change"] = "changed".into();
    assert_eq!(seen["wouldRun"], json!([changed, brought(".agentls/commands/c.md", "command")]));
    assert_eq!(agents(server.call("config/get", get).await), json!({"*": "allow"}));

    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Write.");
    let question = server.question(PERMISSION).await;
    let labels = question.params["items"].to_string();
    assert!(labels.contains(".agentls/config.jsonc (configuration, changed)"), "{labels}");
    server.answer(&question, json!({"optionId": "refuse"}));
    assert_eq!(prompt.result().await["stopReason"], "permissionRejected");
}

#[tokio::test]
async fn trust_is_for_the_real_path_and_for_no_repository_below_it() {
    let (_double, home) = writing(0).await;
    let server = silent(&home).await;
    home.write("inner/.git/HEAD", "ref: refs/heads/main\n");
    let link = home.data().parent().unwrap().join("link");
    symlink(home.workspace(), &link).unwrap();
    let by_link = json!({"cwd": link, "trust": "trusted"});
    let project = server.call("project/trust", by_link).await["project"].take();
    assert_eq!(project["root"], home.workspace().display().to_string());
    let inner = json!({"cwd": home.workspace().join("inner")});
    server.call("session/new", inner).await;
    let listed = server.call("project/list", json!({})).await["projects"].take();
    let seen: Vec<_> = listed.as_array().unwrap().iter().map(|it| (&it["name"], &it["trust"])).collect();
    assert_eq!(seen, [(&json!("inner"), &json!("untrusted")), (&json!("workspace"), &json!("trusted"))]);
}

#[tokio::test]
async fn trust_that_another_process_gives_or_takes_counts_at_once() {
    let (_double, home) = writing(2).await;
    let headless = Client::headless().without_trust().start(&home).await;
    let other = silent(&home).await;
    let session = headless.session().await;
    trust(&other, &home, "trusted").await;
    assert_eq!(end(&headless, &session).await, "endTurn");
    trust(&other, &home, "untrusted").await;
    assert_eq!(end(&headless, &session).await, "permissionRejected");
    assert_eq!(home.read("n.txt"), "turn 0");
}
