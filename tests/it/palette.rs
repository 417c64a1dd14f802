//! Commands of an editor's palette: the result for the client, and a page for the person before it.

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    home::Home,
    server::{Client, Server},
};

/// Executes a command; its result, and the page that the editor was asked to show.
async fn execute(server: &Server, command: &str, argument: Value) -> (Value, String) {
    let params = json!({"command": command, "arguments": [argument]});
    let result = server.call("workspace/executeCommand", params).await;
    let question = server.question("window/showDocument").await;
    let uri = question.params["uri"].as_str().unwrap();
    let page = fs::read_to_string(uri.strip_prefix("file://").unwrap()).unwrap();
    server.answer(&question, json!({"success": true}));
    (result, page)
}

#[tokio::test]
async fn what_the_model_sees_and_its_compaction_are_pages() {
    let config = json!({"permission": {"*": "allow"}, "compaction": {"keepTokens": 0}});
    let home = Home::new(&config);
    let shows = json!({"window": {"showDocument": {"support": true}}});
    let server = Client::default().capabilities(shows).start(&home).await;
    let session = server.session().await;
    server.prompt(&session, "run `seq 1 2000`").await;

    let asked = json!({"sessionId": session});
    let (report, page) = execute(&server, "agentls.context.show", asked.clone()).await;
    assert!(page.starts_with("# What the model sees\n\noffline/explorer: "), "{page}");
    let handle = report["items"].as_array().unwrap().iter().find(|item| item["tool"] == "bash").unwrap();
    assert!(
        page.contains(&format!("| bash | seq 1 2000 | `{}` |", handle["partId"].as_str().unwrap())),
        "{page}"
    );

    let dry = json!({"sessionId": session, "dryRun": true});
    let (_, page) = execute(&server, "agentls.session.compact", dry).await;
    assert!(page.contains("would hold about"), "{page}");
    let (compacted, page) = execute(&server, "agentls.session.compact", asked.clone()).await;
    assert!(page.contains(&format!("holds {} now. 1 calls left", compacted["after"])), "{page}");
    let (_, page) = execute(&server, "agentls.context.show", asked).await;
    assert!(page.contains("| summary and what follows it |"), "{page}");
}

/// An editor without a plugin of ours: it shows pages and messages with buttons, and works in the workspace.
async fn plain_editor(home: &Home) -> Server {
    let shows = json!({"window": {"showDocument": {"support": true}, "showMessage": {}}});
    Client::default().capabilities(shows).options(json!({"trust": "trusted"})).start(home).await
}

#[tokio::test]
async fn a_palette_needs_no_arguments() {
    let home = Home::new(&json!({"permission": {"*": "allow"}}));
    home.write("shop.txt", "apples\n");
    let server = plain_editor(&home).await;
    let (answer, page) = execute(&server, "agentls.session.prompt", json!("Where are the apples?")).await;
    assert_eq!(answer["stopReason"], "endTurn");
    assert!(page.contains("shop.txt:1"), "{page}");
    let (report, _) = execute(&server, "agentls.context.show", Value::Null).await;
    assert!(report["used"].as_u64() > Some(0), "{report}");
    let (exported, page) = execute(&server, "agentls.session.export", Value::Null).await;
    assert_eq!(exported["text"], page);
}

#[tokio::test]
async fn code_actions_ask_and_fix_and_a_dialog_grants_and_refuses() {
    let home = Home::new(&json!({"permission": {"*": "allow", "edit": "ask"}}));
    let path = home.write("shop.txt", "one pear\ntwo pears\n");
    let server = plain_editor(&home).await;
    let uri = format!("file://{}", path.display());
    let range = json!({"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 3}});
    let diagnostic =
        json!({"range": range, "message": "replace \"two pears\" with \"two apples\" in shop.txt"});
    let asked =
        json!({"textDocument": {"uri": uri}, "range": range, "context": {"diagnostics": [diagnostic]}});
    let offered = server.call("textDocument/codeAction", asked).await;
    let command = |at: usize| offered[at]["command"].clone();

    for (button, text) in [("Refuse", "one pear\ntwo pears\n"), ("Allow once", "one pear\ntwo apples\n")] {
        let fix = server.start("workspace/executeCommand", command(0));
        let question = server.question("window/showMessageRequest").await;
        assert!(question.params["message"].as_str().unwrap().contains("+two apples"), "{}", question.params);
        let titles = question.params["actions"].as_array().unwrap();
        assert!(titles.iter().any(|action| action["title"] == button), "{titles:?}");
        server.answer(&question, json!({"title": button}));
        fix.result().await;
        assert_eq!(home.read("shop.txt"), text);
    }

    let ask = server.start("workspace/executeCommand", command(2));
    let question = server.question("window/showMessageRequest").await;
    server.answer(&question, question.params["actions"][0].clone());
    assert_eq!(ask.result().await["stopReason"], "endTurn");
    let ask = server.start("workspace/executeCommand", command(2));
    server.answer(&server.question("window/showMessageRequest").await, Value::Null);
    assert_eq!(ask.result().await, Value::Null, "a closed dialog asks nothing");
}
