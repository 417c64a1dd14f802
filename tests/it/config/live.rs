//! The configuration is read live: an edit counts for the next turn, and a mistake is told once.

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    provider::{Answer, Double, Wire},
    server::{Client, Server},
};

fn run(n: usize, command: &str) -> Answer {
    Answer::new().call(&format!("c{n}"), "bash", &json!({"command": command}))
}

/// The messages for a person until now that name the configuration.
fn told(server: &Server, method: &str) -> Vec<String> {
    let all = server.notifications().into_iter().filter(|it| it["method"] == method);
    let texts = all.map(|it| it["params"]["message"].as_str().unwrap().to_owned());
    texts.filter(|text| text.starts_with("configuration: ")).collect()
}

async fn config(server: &Server, home: &Home) -> Value {
    server.call("config/get", json!({"cwd": home.workspace()})).await
}

#[tokio::test]
async fn an_edit_counts_for_the_next_turn_and_never_for_the_running_one() {
    let script = vec![
        run(1, "touch begun; while [ ! -e edited ]; do sleep 0.02; done"),
        run(2, "touch second"),
        run(3, "touch third"),
        Answer::new().text("Done."),
        run(4, "touch fourth"),
        Answer::new().text("Refused."),
    ];
    let double = Double::start(Wire::Responses, script).await;
    let mut settings = config_for(&double);
    settings["permission"] = json!({"*": "allow"});
    let home = Home::new(&settings);
    let server = home.start().await;
    server.allow_all();
    let session = server.session().await;
    let turn = server.start_prompt(&session, "Go.");
    home.wait_for_file("begun").await;
    settings["permission"] = json!({"bash": "deny"});
    settings["limits"] = json!({"maxSteps": 1});
    home.configure(&settings);
    assert_eq!(config(&server, &home).await["config"]["limits"]["maxSteps"], 1, "it is read at once");
    home.write("edited", "");
    let outcome = turn.result().await;
    assert_eq!((&outcome["stopReason"], &outcome["steps"]), (&json!("endTurn"), &json!(4)));
    assert!(home.workspace().join("third").exists(), "the running turn keeps its rules");

    let outcome = server.prompt(&session, "Again.").await;
    assert_eq!(outcome["stopReason"], "maxSteps");
    assert!(!home.workspace().join("fourth").exists(), "the next turn has the new ones");
}

#[tokio::test]
async fn a_new_mistake_is_told_once_in_the_clients_window() {
    let double = Double::start(Wire::Responses, vec![Answer::new().text("a"), Answer::new().text("b")]).await;
    let mut settings = config_for(&double);
    let home = Home::new(&settings);
    let capabilities = json!({"window": {"showMessage": {}}});
    let server = Client::default().capabilities(capabilities).start(&home).await;
    let session = server.session().await;
    settings["modle"] = json!("x");
    home.configure(&settings);
    server.prompt(&session, "One.").await;
    server.prompt(&session, "Two.").await;
    config(&server, &home).await;
    let told = told(&server, "window/showMessage");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("`modle`") && told[0].ends_with("Did you mean `model`?"), "{told:?}");
}

#[tokio::test]
async fn a_saved_file_is_looked_at_at_once() {
    let home = Home::new(&json!({}));
    let server = home.start().await;
    let file = home.write(".agentls/config.jsonc", "{\"agant\": 1}");
    let document = json!({"textDocument": {"uri": format!("file://{}", file.display())}});
    server.notify("textDocument/didSave", document);
    server.wait_for("message", |it| it["method"] == "window/logMessage").await;
    assert!(told(&server, "window/logMessage")[0].contains("config.jsonc:1:2: `agant`"));
}

#[tokio::test]
async fn changed_settings_replace_the_clients_layer() {
    let home = Home::new(&json!({"limits": {"maxSteps": 5}}));
    let options = json!({"config": {"agent": "plan", "limits": {"maxSteps": 6}}});
    let server = Client::default().options(options).start(&home).await;
    let before = config(&server, &home).await;
    assert_eq!(
        (&before["config"]["limits"]["maxSteps"], &before["sources"]["agent"]),
        (&json!(6), &json!("client"))
    );
    let changed = json!({"settings": {"agentls": {"timeouts": {"idleMs": 9}}, "editor": {}}});
    server.notify("workspace/didChangeConfiguration", changed);
    let after = config(&server, &home).await;
    assert_eq!(after["config"]["limits"]["maxSteps"], 5, "{after}");
    assert_eq!(
        (&after["config"]["timeouts"]["idleMs"], &after["config"]["agent"]),
        (&json!(9), &json!("build"))
    );
    server.notify("workspace/didChangeConfiguration", json!({"settings": null}));
    assert_eq!(config(&server, &home).await["config"]["timeouts"]["idleMs"], 9, "nothing was said of it");
}

#[tokio::test]
async fn each_value_says_its_file_and_line() {
    let home = Home::new(&json!({}));
    let user = home.config_dir().join("config.jsonc");
    std::fs::write(&user, "{\n  \"permission\": {\n    \"bash\": {\"git *\": \"allow\"}\n  }\n}").unwrap();
    let project = home.write(".agentls/config.jsonc", "{\n\n\"limits\": {\"maxSteps\": 9}}");
    let report = config(&home.start().await, &home).await;
    let source = |key: &str| (report["sources"][key].clone(), report["lines"][key].clone());
    assert_eq!(source("permission.bash.git *"), (json!(user), json!(3)));
    assert_eq!(source("limits.maxSteps"), (json!(project), json!(3)));
    assert_eq!(source("limits.frameBytes"), (Value::Null, Value::Null), "a default has no source");
}

#[tokio::test]
async fn the_size_of_a_frame_and_the_level_of_the_log_follow_the_configuration() {
    let home = Home::new(&json!({"limits": {"frameBytes": 65_536}, "log": {"level": "error"}}));
    let server = home.start().await;
    config(&server, &home).await;
    let large = "x".repeat(70_000);
    let refused = server.start("session/list", json!({"search": large})).error().await;
    assert_eq!(refused["data"]["kind"], "frameTooLarge", "{refused}");
    let log = || std::fs::read_to_string(home.data().join("agentls.log")).unwrap_or_default();
    home.configure(&json!({"modle": 1, "log": {"level": "error"}}));
    config(&server, &home).await;
    assert!(!log().contains("modle"), "a warning is not logged at that level: {}", log());
    home.configure(&json!({"modlle": 1}));
    config(&server, &home).await;
    assert!(log().contains("modlle"), "{}", log());
    let error = server.start("session/list", json!({"search": large})).wait().await;
    assert!(error.is_ok_and(|list| list["sessions"].is_array()), "the default size holds again");
}
