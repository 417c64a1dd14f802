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
