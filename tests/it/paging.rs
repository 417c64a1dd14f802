//! A long session, read in pages from both ends: no gap, no repeat, bodies by range.

use std::collections::HashSet;

use agentls::{
    store::{Lessee, NewMessage, NewPart, Store},
    transcript::{Body, MessageId, ModelRef, Part, PartId, PartKind, Role, SessionId, StopReason, TurnId},
};
use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    provider::{Double, Wire},
    server::Server,
};

const MESSAGES: usize = 2_000;

/// What the message of this number says: far more than a preview shows, in characters of two bytes.
fn text(number: usize) -> String {
    format!("{number}: {}", "ä".repeat(3_000))
}

/// A session of many messages, written before a server is started.
async fn long_session(home: &Home) -> String {
    let server = home.start().await;
    let session = server.session().await;
    server.shut_down().await;
    let store = Store::open(&home.data(), Lessee::this_process("it")).unwrap();
    let id = SessionId::from(session.as_str());
    let (turn, _) = store.begin_upkeep(&id).await.unwrap().into_inner();
    let written = (1..=MESSAGES).map(|number| store.add_message(&id, message(number)));
    for written in futures::future::join_all(written).await {
        written.unwrap();
    }
    store.end_turn(&id, &turn, Some(StopReason::EndTurn), None).await.unwrap();
    session
}

fn message(number: usize) -> NewMessage {
    let id = MessageId::random();
    let kind = PartKind::Text(Body::whole(text(number)));
    let part = Part { id: PartId::random(), message_id: id.clone(), index: 0, kind };
    NewMessage {
        id,
        role: if number % 2 == 1 { Role::User } else { Role::Assistant },
        parent_id: None,
        turn: TurnId::random(),
        agent: "build".into(),
        model: ModelRef { provider: "double".into(), id: "gpt-5".into() },
        complete: true,
        parts: vec![NewPart::from(part)],
    }
}

/// Follows the pages of a session into one direction; the messages in the order in which they came.
async fn follow(server: &Server, session: &str, cursor: &str, from: Option<Value>) -> Vec<Value> {
    let (mut messages, mut from) = (Vec::new(), from);
    loop {
        let mut params = json!({"sessionId": session, "limit": 77});
        if let Some(from) = from {
            params[cursor] = from;
        }
        let mut page = server.call("session/messages", params).await;
        let mut news = std::mem::take(page["messages"].as_array_mut().unwrap());
        if cursor == "before" {
            news.reverse();
        }
        messages.append(&mut news);
        let more = if cursor == "before" { "hasBefore" } else { "hasAfter" };
        if page[more] == false {
            return messages;
        }
        from = messages.last().map(|message| message["id"].clone());
    }
}

fn seqs(messages: &[Value]) -> Vec<usize> {
    messages.iter().map(|message| usize::try_from(message["seq"].as_u64().unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn two_thousand_messages_are_paged_both_ways_without_gap_or_repeat() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let session = long_session(&home).await;
    let server = home.start().await;

    let backwards = follow(&server, &session, "before", None).await;
    assert_eq!(seqs(&backwards), (1..=MESSAGES).rev().collect::<Vec<_>>());
    let oldest = backwards.last().unwrap()["id"].clone();
    let forwards = follow(&server, &session, "after", Some(oldest)).await;
    assert_eq!(seqs(&forwards), (2..=MESSAGES).collect::<Vec<_>>());
    let ids: HashSet<_> = backwards.iter().map(|message| message["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), MESSAGES);

    for message in &backwards {
        let body = &message["parts"][0]["text"];
        let whole = text(seqs(std::slice::from_ref(message))[0]);
        assert_eq!((&body["truncated"], &body["bytes"]), (&json!(true), &json!(whole.len())));
        assert!(whole.starts_with(body["text"].as_str().unwrap()));
    }
    body_is_read_by_range(&server, &backwards[0]).await;

    let stale = json!({"sessionId": session, "before": "msg_that_never_was"});
    assert_eq!(server.start("session/messages", stale).error().await["data"]["kind"], "staleCursor");
}

async fn body_is_read_by_range(server: &Server, message: &Value) {
    let (mut read, whole) = (String::new(), text(seqs(std::slice::from_ref(message))[0]));
    loop {
        // An odd limit falls into the middle of characters.
        let params = json!({"partId": message["parts"][0]["id"], "field": "text", "offset": read.len(), "limit": 1_001});
        let range = server.call("part/read", params).await;
        assert_eq!((&range["offset"], &range["bytes"]), (&json!(read.len()), &json!(whole.len())));
        read.push_str(range["text"].as_str().unwrap());
        if range["eof"] == true {
            break;
        }
    }
    assert_eq!(read, whole);
}

#[tokio::test]
async fn session_lists_are_paged_newest_first_without_gap_or_repeat() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let mut made = Vec::new();
    for _ in 0..23 {
        made.push(server.session().await);
    }
    made.reverse();
    let (mut listed, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page = server.call("session/list", json!({"limit": 5, "cursor": cursor})).await;
        let ids = page["sessions"].as_array().unwrap().iter();
        listed.extend(ids.map(|session| session["id"].as_str().unwrap().to_owned()));
        let Some(next) = page.get("nextCursor") else { break };
        cursor = next.clone();
    }
    assert_eq!(listed, made);
    let stale = server.start("session/list", json!({"cursor": "no cursor"})).error().await;
    assert_eq!(stale["data"]["kind"], "staleCursor");
}
