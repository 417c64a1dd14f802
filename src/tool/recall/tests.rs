use serde_json::{Value, json};

use super::*;
use crate::{
    store::{Field, NewMessage, NewPart, NewSessionRow, Store},
    tool::fixture::{Desk, SESSION},
    transcript::{
        Body, FilePart, MessageId, ModelRef, Part, PartKind, Role, SessionId, Timestamp, ToolPart, ToolState,
        TurnId,
    },
};

/// A session with entries that a test writes.
struct Session {
    desk: Desk,
    store: Store,
    id: SessionId,
}

impl Session {
    async fn new() -> Self {
        let desk = Desk::new(&[]);
        let session = Self { store: desk.store(), desk, id: SESSION.into() };
        session.create(&session.id).await;
        session
    }

    async fn create(&self, id: &SessionId) {
        let new = NewSessionRow {
            id: id.clone(),
            root: "/project".into(),
            project_name: "project".into(),
            parent_id: None,
            title: None,
            cwd: "/project".into(),
            agent: "build".into(),
            model: ModelRef { provider: "p".into(), id: "m".into() },
        };
        self.store.create_session(new).await.unwrap();
        self.store.begin_upkeep(id).await.unwrap();
    }

    async fn add(&self, role: Role, kind: PartKind) -> String {
        self.add_to(&self.id, role, kind, vec![]).await
    }

    async fn add_to(
        &self,
        session: &SessionId,
        role: Role,
        kind: PartKind,
        bodies: Vec<(Field, Vec<u8>)>,
    ) -> String {
        let (message, id) = (MessageId::random(), PartId::random());
        let part = Part { id: id.clone(), message_id: message.clone(), index: 0, kind };
        let new = NewMessage {
            id: message,
            role,
            parent_id: None,
            turn: TurnId::random(),
            agent: "build".into(),
            model: ModelRef { provider: "p".into(), id: "m".into() },
            complete: true,
            parts: vec![NewPart { part, bodies }],
        };
        self.store.add_message(session, new).await.unwrap();
        id.to_string()
    }

    async fn call(&self, tool: &str, input: &str, output: &str) -> String {
        self.add(Role::Assistant, call(tool, input, output)).await
    }

    async fn recall(&self, input: Value) -> String {
        self.desk.text(Recall, input).await
    }
}

fn call(tool: &str, input: &str, output: &str) -> PartKind {
    PartKind::Tool(ToolPart {
        call_id: "c".into(),
        tool: tool.into(),
        title: Some(format!("Run {tool}")),
        input: Body::whole(input),
        state: ToolState::Completed {
            started_at: Timestamp(1),
            ended_at: Timestamp(2),
            output: Body::whole(output),
        },
        compacted_at: None,
        attachments: vec![],
    })
}

fn said(text: &str) -> PartKind {
    PartKind::Text(Body::whole(text))
}

#[tokio::test]
async fn a_range_is_numbered_as_in_the_original_and_names_the_rest() {
    let session = Session::new().await;
    let output: String = (1..=10).map(|n| format!("line {n}\n")).collect();
    let part = session.call("bash", "{}", &output).await;
    let read = async |offset: u32, limit: u32| {
        session.recall(json!({"ref": part, "offset": offset, "limit": limit})).await
    };
    assert_eq!(read(4, 2).await, "     4\tline 4\n     5\tline 5\n(2 lines; go on with offset 6)");
    assert_eq!(read(10, 9).await, "    10\tline 10\n(1 of 10 lines; the end)");
    assert_eq!(read(11, 9).await, "(no such line; there are 10)");
}

#[tokio::test]
async fn a_pattern_finds_its_lines_and_a_bad_one_is_named() {
    let session = Session::new().await;
    let part = session.call("bash", "{}", "ok\nerror: x\r\nok\n").await;
    let found = session.recall(json!({"ref": part, "pattern": "^error: x$"})).await;
    assert_eq!(found, "     2\terror: x\n(1 of 3 lines; the end)");
    let bad = session.desk.error(Recall, json!({"ref": part, "pattern": "("})).await;
    assert!(bad.starts_with("pattern: "), "{bad}");
}

#[tokio::test]
async fn every_kind_of_part_is_read_by_its_main_body() {
    let session = Session::new().await;
    let text = session.add(Role::User, said("the port is 8123")).await;
    let thought =
        session.add(Role::Assistant, PartKind::Reasoning(Body::whole("so it is 8123").into())).await;
    let file = |mime: &str| {
        PartKind::File(FilePart {
            mime: mime.into(),
            name: Some("a".into()),
            uri: None,
            bytes: 4,
            shown: None,
        })
    };
    let data = vec![(Field::Data, b"8123".to_vec())];
    let note = session.add_to(&session.id, Role::User, file("text/plain"), data.clone()).await;
    for part in [text, thought, note] {
        assert!(session.recall(json!({"ref": part})).await.contains("8123"));
    }
    let image = session.add_to(&session.id, Role::User, file("image/png"), data).await;
    assert_eq!(session.recall(json!({"ref": image})).await, "(a is no text: 4 bytes)");
    let mut failed = call("bash", "{}", "");
    if let PartKind::Tool(tool) = &mut failed {
        tool.state =
            ToolState::Error { started_at: None, ended_at: Timestamp(1), message: "exit 8123".into() };
    }
    let failed = session.add(Role::Assistant, failed).await;
    assert!(session.recall(json!({"ref": failed})).await.contains("exit 8123"));
}

#[tokio::test]
async fn nothing_of_another_session_is_read_or_found() {
    let session = Session::new().await;
    let other = SessionId::from("ses_y");
    session.create(&other).await;
    let theirs = session.add_to(&other, Role::User, said("secret word"), vec![]).await;
    for part in [theirs.as_str(), "prt_nowhere", "", "HISTORY"] {
        let refused = session.desk.error(Recall, json!({"ref": part})).await;
        assert!(refused.contains("nothing of this session"), "{refused}");
    }
    let found = session.recall(json!({"ref": "history", "pattern": "secret"})).await;
    assert_eq!(found, "(nothing matches)");
}

#[tokio::test]
async fn one_answer_is_bounded_and_a_line_without_end_is_read_in_pieces() {
    let session = Session::new().await;
    let whole = "0123456789abcdef".repeat(1 << 16);
    let part = session.call("bash", "{}", &whole).await;
    let (mut offset, mut read_back) = (1, String::new());
    loop {
        let answer = session.recall(json!({"ref": part, "offset": offset})).await;
        assert!(answer.len() <= answer::MOST_BYTES);
        let pieces = answer.lines().filter_map(|line| line.split_once('\t'));
        read_back.extend(pieces.map(|(_, piece)| piece));
        match answer.rsplit_once("go on with offset ") {
            Some((_, next)) => offset = next.trim_end_matches(')').parse().unwrap(),
            None => break,
        }
    }
    assert!(read_back == whole, "{} of {} bytes", read_back.len(), whole.len());
}

#[tokio::test]
async fn what_is_no_longer_stored_is_said_to_be_gone() {
    let session = Session::new().await;
    let part = session.call("bash", "{}", "12 passed\n").await;
    session.store.write(|tx| Ok(tx.execute("DELETE FROM body WHERE field = 2", [])?)).await.unwrap();
    assert_eq!(session.recall(json!({"ref": part})).await, "(its 10 bytes are no longer stored)");
}

#[tokio::test]
async fn the_history_is_listed_oldest_first_with_handles() {
    let session = Session::new().await;
    let asked = session.add(Role::User, said("Which port?\nPlease look.")).await;
    let called = session.call("bash", r#"{"command":"ss"}"#, "LISTEN 8123\n").await;
    let answered = session.add(Role::Assistant, said("It is 8123.")).await;
    let list = session.recall(json!({"ref": "history"})).await;
    let expected = format!(
        "     1\tmessage 1 user {asked} \"Which port?\" (24 bytes)\n     \
              2\tmessage 2 assistant {called} bash: Run bash (12 bytes)\n     \
              3\tmessage 3 assistant {answered} \"It is 8123.\" (11 bytes)\n(3 entries up to 3; the end)"
    );
    assert_eq!(list, expected);
    let page = session.recall(json!({"ref": "history", "offset": 2, "limit": 1})).await;
    assert!(page.starts_with("     2\t") && page.ends_with("(1 entries; go on with offset 3)"), "{page}");
}

#[tokio::test]
async fn a_pattern_over_the_history_finds_texts_inputs_and_outputs_but_not_earlier_recalls() {
    let session = Session::new().await;
    let asked = session.add(Role::User, said("Remember\nthe blue lamp")).await;
    let called = session.call("bash", r#"{"command":"grep lamp"}"#, "a\nb\n3 lamps\n").await;
    let recalled = session.call("recall", r#"{"pattern":"lamp"}"#, "3 lamps\n").await;
    let found = session.recall(json!({"ref": "history", "pattern": "lamp"})).await;
    assert!(found.contains(&asked) && found.contains("\n     2\tthe blue lamp\n"), "{found}");
    assert!(found.contains(&called) && found.contains("\n input\t{\"command\":\"grep lamp\"}\n"), "{found}");
    assert!(found.contains("\n     3\t3 lamps\n") && !found.contains(&recalled), "{found}");
    let rest = session.recall(json!({"ref": "history", "pattern": "lamp", "offset": 2})).await;
    assert!(!rest.contains(&asked) && rest.contains(&called), "{rest}");
}

#[tokio::test]
async fn a_search_that_finds_too_much_is_bounded_and_goes_on() {
    let session = Session::new().await;
    for n in 0..40 {
        session.call("bash", "{}", &format!("{} match {n}\n", "x".repeat(900)).repeat(50)).await;
    }
    let (mut offset, mut entries) = (1, 0);
    loop {
        let found = session.recall(json!({"ref": "history", "pattern": "match", "offset": offset})).await;
        assert!(found.len() <= answer::MOST_BYTES, "{} bytes", found.len());
        assert!(found.contains("… (+30 lines match"), "{found}");
        entries += found.lines().filter(|line| line.starts_with("entry ")).count();
        match found.rsplit_once("go on with offset ") {
            Some((_, next)) => offset = next.trim_end_matches(')').parse().unwrap(),
            None => break,
        }
    }
    assert_eq!(entries, 40);
}
