//! An imported session goes on here, with a provider that never saw it.

use serde_json::{Value, json};

use super::{CHILD, MESSAGE, REASONING, change, copy, fixture, import_from};
use crate::support::{
    home::{Home, config_for},
    look,
    provider::{Answer, Double, Wire},
};

#[tokio::test]
async fn every_imported_session_goes_on_on_each_wire() {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        // The double refuses what a real provider would refuse, and fails the test for it.
        let double = Double::start(wire, Vec::new()).await;
        let home = Home::new(&config_for(&double));
        import_from(&home, &fixture());
        let server = home.start().await;
        let listed = server.call("session/list", json!({})).await;
        let sessions: Vec<_> =
            listed["sessions"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
        assert_eq!(sessions.len(), 5);
        for (asked, session) in sessions.iter().enumerate() {
            let session = session.as_str().unwrap();
            double.then(Answer::new().text("Here I am.").new_prefix());
            let outcome = server.prompt(session, "Go on, please.").await;
            assert_eq!(outcome["stopReason"], "endTurn", "{wire:?} {session}");
            let sent = look::body(&double, asked);
            assert!(contains(&sent, "Go on, please."), "{wire:?} {session}");
            let newest = server.messages(session).await;
            assert_eq!(look::texts(&newest[newest.len() - 1..], "text"), ["Here I am."]);
        }
    }
}

/// Whether a text stands anywhere in a request.
fn contains(request: &Value, text: &str) -> bool {
    match request {
        Value::String(value) => value.contains(text),
        Value::Array(values) => values.iter().any(|value| contains(value, text)),
        Value::Object(members) => members.values().any(|value| contains(value, text)),
        _ => false,
    }
}

#[tokio::test]
async fn what_no_provider_would_take_stands_in_no_request() {
    let part = |json: Value, at: u32| {
        format!(
            "INSERT INTO part SELECT 'prt_zz{at}', message_id, session_id, 0, 0, '{json}' FROM part
             WHERE id = '{REASONING}';"
        )
    };
    let call = |state: Value| json!({"type": "tool", "tool": "bash", "callID": "call_1", "state": state});
    let image = |mime: &str, url: &str| json!({"type": "file", "mime": mime, "filename": "i", "url": url});
    let rows = [
        call(json!({"status": "pending", "input": {}, "raw": ""})),
        call(json!({"status": "running", "input": {"command": "sleep 9"}, "time": {"start": 1}})),
        call(json!({"status": "completed", "input": "no object", "output": "",
                    "attachments": [image("image/tiff", "data:image/tiff;base64,AA=="), image("image/png", "gone")]})),
        json!({"type": "text", "text": " "}),
    ];
    let files = [
        image("image/svg+xml", "data:image/svg+xml,%3Csvg/%3E"),
        image("image/png", "file:///gone.png"),
        image("application/pdf", "data:application/pdf;base64,JVBERgA="),
    ];
    let answer: String = rows.into_iter().zip(0..).map(|(row, at)| part(row, at)).collect();
    let asked: String = files.into_iter().zip(10..).map(|(row, at)| part(row, at)).collect();
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        let double = Double::start(wire, vec![Answer::new().text("Here I am.")]).await;
        let home = Home::new(&config_for(&double));
        let database = copy(&home);
        change(&database, &answer);
        change(&database, &asked);
        change(&database, &format!("UPDATE part SET message_id = '{MESSAGE}' WHERE id LIKE 'prt_zz1_'"));
        let printed = import_from(&home, &database);
        assert!(!printed.contains("skipped"), "{printed}");
        let server = home.start().await;
        assert_eq!(server.prompt(CHILD, "Go on, please.").await["stopReason"], "endTurn", "{wire:?}");
    }
}
