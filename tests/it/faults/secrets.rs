//! S-04: keys are nowhere at rest and in no child, wherever they come from.

use std::{fs, path::Path};

use serde_json::json;

use crate::support::{
    home::{Home, config_for},
    look::{body, results},
    matrix,
    provider::{Answer, Double, Wire},
    server::Client,
};

/// A key in a variable, one that the client gives, one in a configured header.
const CANARIES: [&str; 3] = ["sk-canary-variable-1", "sk-canary-client-2", "sk-canary-header-3"];

/// Files below a folder in which a canary stands, and the canary.
fn sightings(folder: &Path) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(sightings(&entry.path()));
            continue;
        }
        let content = fs::read(entry.path()).unwrap();
        let holds = |canary: &&str| content.windows(canary.len()).any(|bytes| bytes == canary.as_bytes());
        let seen = CANARIES.into_iter().filter(|canary| holds(canary));
        found.extend(seen.map(|canary| (entry.path().display().to_string(), canary)));
    }
    found
}

#[tokio::test]
async fn s_04_no_key_is_at_rest_or_in_a_child() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let said = CANARIES.join(" ");
    let calls = [
        ("bash", json!({"command": "env"})),
        ("bash", json!({"command": "cat keys.txt keys.txt; exit 3"})),
        ("read", json!({"path": "keys.txt"})),
        ("grep", json!({"pattern": "canary"})),
        ("bash", json!({"command": "printf sk-canary-var; sleep 0.5; echo iable-1; sleep 0.2"})),
        ("edit", json!({"path": "keys.txt", "oldText": "old", "newText": "new"})),
    ];
    let call = |answer: Answer, (at, (tool, input)): (usize, &(&str, serde_json::Value))| {
        answer.call(&format!("call_{at}"), tool, input)
    };
    double.then(calls.iter().enumerate().fold(Answer::new(), call));
    double.then(Answer::new().text("Done."));
    double.then(
        Answer::status(401).body(&json!({"error": {"message": format!("wrong key {said}")}}).to_string()),
    );
    double.then(Answer::status(400).body(&format!("<html>{said}</html>")));
    let mut config = config_for(&double);
    config["providers"]["double"]["apiKeyEnv"] = json!("CANARY_VARIABLE");
    config["providers"]["double"]["headers"] = json!({"x-secret": CANARIES[2]});
    let home = Home::new(&config);
    home.write("keys.txt", format!("{said}\nold\n"));
    let server = Client::default()
        .failpoints("tool/list=panic")
        .env("CANARY_VARIABLE", CANARIES[0])
        .env("OF_NO_NAME", &format!("see {}", CANARIES[0]))
        .env("GITHUB_TOKEN", "canary-by-its-name-4")
        .options(json!({"trust": "trusted", "clientAbilities": {"permission": true},
                        "credentials": {"other": CANARIES[1]}}))
        .start(&home)
        .await;
    server.allow_all();
    let session = server.session().await;
    let title = json!({"sessionId": session, "title": format!("About {said}")});
    let named = server.call("session/rename", title).await["session"]["title"].take();
    assert_eq!(named, "About [redacted] [redacted] [redacted]");
    let asked = format!("Look for {}.", CANARIES[0]);
    assert_eq!(server.prompt(&session, &asked).await["stopReason"], "endTurn");
    let changed = server.call("session/changes", json!({"sessionId": session})).await;
    let note = changed["files"][0]["note"].as_str().unwrap_or_default();
    assert!(note.contains("a key that is not kept"), "{changed}");
    assert_eq!(
        home.read("keys.txt"),
        format!("{said}\nnew\n"),
        "what is the person's own is as they have it"
    );
    for _ in 0..2 {
        server.start_prompt(&session, "Look.").error().await;
    }

    let told = results(&body(&double, 1));
    assert_eq!(told.len(), calls.len());
    let clean = |text: &str| !CANARIES.iter().any(|canary| text.contains(canary));
    assert!(told[0].contains("PATH=") && clean(&told[0]), "{}", told[0]);
    assert!(["CANARY_VARIABLE", "OF_NO_NAME", "GITHUB_TOKEN"].iter().all(|name| !told[0].contains(name)));
    assert!(told.iter().all(|result| clean(result)), "{told:#?}");
    assert!(told[1].contains("[redacted] [redacted] [redacted]"), "{}", told[1]);
    let messages = server.messages(&session).await;
    assert!(clean(&json!(messages).to_string()), "not in errors either: {messages:#?}");
    for format in ["json", "markdown"] {
        let exported = server.call("session/export", json!({"sessionId": session, "format": format})).await;
        assert!(clean(&exported.to_string()), "{format}");
    }
    let shown = server.call("session/nextRequest", json!({"sessionId": session})).await;
    assert!(clean(&shown.to_string()));

    let panicked = server.start("tool/list", json!({})).error().await;
    assert!(panicked["code"] == -32603 && clean(&panicked.to_string()), "{panicked}");
    let told = json!(server.notifications()).to_string();
    assert!(
        clean(&told) && told.contains("[redacted]"),
        "not in what clients are told while it happens either"
    );

    let seen = sightings(&home.data());
    assert!(seen.is_empty(), "while it runs, in the database, its log and the server's: {seen:?}");
    server.shut_down().await;
    let seen = sightings(&home.data());
    assert!(seen.is_empty(), "and afterwards: {seen:?}");
    let seen = "0 in database, log files, crash reports, exports, notifications, requests as shown, children";
    matrix::held(
        "S-04",
        "keys in variables, of the client, in headers, outputs, prompts, titles, changed files and errors",
        CANARIES.len(),
        seen,
    );
}
