//! A prompt and its answer, on each of the three wires.

use serde_json::{Value, json};

use crate::{
    support::{
        home::{Home, config_for},
        provider::{Answer, Double},
    },
    wires::WIRES,
};

/// The texts of a message's parts of one type.
pub(crate) fn texts<'a>(message: &'a Value, kind: &str) -> Vec<&'a str> {
    let parts = message["parts"].as_array().expect("a message has parts").iter();
    parts.filter(|part| part["type"] == kind).filter_map(|part| part["text"]["text"].as_str()).collect()
}

#[tokio::test]
async fn a_prompt_is_answered_on_every_wire() {
    for (wire, _) in WIRES {
        let double = Double::start(wire, vec![Answer::new().text("Hello, world.")]).await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        let session = server.session().await;
        let end = server.prompt(&session, "hi").await;
        assert_eq!(end["stopReason"], "endTurn", "{wire:?}");
        assert_eq!(end["steps"], json!(1));
        let messages = server.messages(&session).await;
        assert_eq!(texts(&messages[0], "text"), ["hi"]);
        assert_eq!(texts(&messages[1], "text"), ["Hello, world."]);
        assert_eq!(server.shut_down().await, Some(0));
    }
}
