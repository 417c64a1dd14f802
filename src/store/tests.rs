//! Promises of the store that span its tables.

mod caps;

use proptest::prelude::*;

use super::*;
use crate::transcript::{
    Body, Delivery, Message, MessageId, ModelRef, Part, PartId, PartKind, Role, Session, SessionId,
    StopReason, Timestamp, ToolPart, ToolState, TurnId, evidence::Record,
};

struct Desk {
    directory: tempfile::TempDir,
    store: Store,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Lessee::this_process("test")).unwrap();
        Self { directory, store }
    }

    /// The same database, as another process that is alive or dead sees it.
    fn opened_again_by(&self, lessee: Lessee) -> Store {
        Store::open(self.directory.path(), lessee).unwrap()
    }

    async fn session(&self) -> Session {
        let new = NewSessionRow {
            id: SessionId::random(),
            root: "/project".into(),
            project_name: "project".into(),
            parent_id: None,
            title: None,
            cwd: "/project".into(),
            agent: "build".into(),
            model: model(),
        };
        self.store.create_session(new).await.unwrap().into_inner()
    }

    async fn prompt(&self, session: &Session, client_id: Option<&str>, text: &str) -> Enqueued {
        self.store.enqueue(&session.id, prompt(client_id, text, Delivery::Queue)).await.unwrap().into_inner()
    }

    async fn begin(&self, session: &Session) -> Begun {
        self.store.begin_turn(&session.id, text_part).await.unwrap().unwrap().into_inner()
    }
}

fn dead_process() -> Lessee {
    Lessee { pid: u32::MAX, started: 1, ..Lessee::this_process("gone") }
}

fn model() -> ModelRef {
    ModelRef { provider: "p".into(), id: "m".into() }
}

fn prompt(client_id: Option<&str>, text: &str, delivery: Delivery) -> NewPrompt {
    NewPrompt {
        message_id: MessageId::random(),
        client_id: client_id.map(str::to_owned),
        digest: text.to_owned(),
        delivery,
        text: text.to_owned(),
        parts: text.to_owned(),
        agent: "build".into(),
        model: model(),
    }
}

fn text_part(text: &str, message: &MessageId) -> Option<Vec<NewPart>> {
    (!text.is_empty()).then(|| vec![part(message, 0, PartKind::Text(Body::whole(text))).into()])
}

fn part(message: &MessageId, index: u32, kind: PartKind) -> Part {
    Part { id: PartId::random(), message_id: message.clone(), index, kind }
}

fn open_call() -> PartKind {
    PartKind::Tool(ToolPart {
        call_id: "c".into(),
        tool: "bash".into(),
        title: None,
        input: Body::whole("{}"),
        state: ToolState::Running { started_at: Timestamp(1) },
        compacted_at: None,
        attachments: vec![],
    })
}

fn answer(turn: &TurnId, kinds: Vec<PartKind>) -> NewMessage {
    let id = MessageId::random();
    let parts = (0..).zip(kinds).map(|(index, kind)| part(&id, index, kind).into()).collect();
    NewMessage {
        id,
        role: Role::Assistant,
        parent_id: None,
        turn: turn.clone(),
        agent: "build".into(),
        model: model(),
        complete: false,
        parts,
    }
}

#[tokio::test]
async fn what_a_dead_process_left_open_gets_an_end_and_the_session_says_so() {
    let desk = Desk::new();
    let session = desk.session().await;
    let theirs = desk.opened_again_by(dead_process());
    theirs.enqueue(&session.id, prompt(None, "do it", Delivery::Queue)).await.unwrap();
    theirs.enqueue(&session.id, prompt(None, "then this", Delivery::Queue)).await.unwrap();
    let begun = theirs.begin_turn(&session.id, text_part).await.unwrap().unwrap().into_inner();
    theirs.add_message(&session.id, answer(&begun.turn, vec![open_call()])).await.unwrap();

    let ours = desk.opened_again_by(Lessee::this_process("test"));
    let found = ours.session(&session.id).await.unwrap();
    assert!(found.recovered.unwrap().contains("1 tool call open"));
    assert_eq!(found.owner, None);
    let end = ours.turn_end(&begun.turn).await.unwrap();
    assert_eq!(end.error.unwrap().kind, crate::transcript::FailureKind::Interrupted);
    let messages = ours.messages_from(&session.id, crate::transcript::Seq(1), 9).await.unwrap();
    let PartKind::Tool(tool) = &messages[1].parts[0].kind else { panic!("{messages:?}") };
    assert!(matches!(&tool.state, ToolState::Error { message, .. } if message.contains("not run again")));
    assert_eq!(ours.waiting_prompts(&session.id).await.unwrap()[0].text, "then this");
}

#[tokio::test]
async fn a_compaction_within_a_turn_that_a_dead_process_left_is_told_as_one() {
    let desk = Desk::new();
    let session = desk.session().await;
    let theirs = desk.opened_again_by(dead_process());
    theirs.enqueue(&session.id, prompt(None, "do it", Delivery::Queue)).await.unwrap();
    theirs.begin_turn(&session.id, text_part).await.unwrap().unwrap();
    theirs.show_status(&session.id, crate::transcript::Status::Compacting, None, None).await.unwrap();
    let ours = desk.opened_again_by(Lessee::this_process("test"));
    let note = ours.session(&session.id).await.unwrap().recovered.unwrap();
    assert!(note.contains("during a compaction; the history is as it was"), "{note}");
}

/// The next window that prompts meets what the dead one left, where it was open before that one died.
#[tokio::test]
async fn a_compaction_that_a_dead_process_left_is_told_as_one_by_the_turn_that_follows() {
    let desk = Desk::new();
    let session = desk.session().await;
    let ours = desk.opened_again_by(Lessee::this_process("test"));
    let theirs = desk.opened_again_by(dead_process());
    theirs.enqueue(&session.id, prompt(None, "do it", Delivery::Queue)).await.unwrap();
    theirs.begin_turn(&session.id, text_part).await.unwrap().unwrap();
    theirs.show_status(&session.id, crate::transcript::Status::Compacting, None, None).await.unwrap();
    ours.enqueue(&session.id, prompt(None, "go on", Delivery::Queue)).await.unwrap();
    let note =
        ours.begin_turn(&session.id, text_part).await.unwrap().unwrap().into_inner().recovered.unwrap();
    assert!(note.contains("during a compaction; the history is as it was"), "{note}");
}

#[tokio::test]
async fn what_a_dead_process_left_open_is_told_by_the_compaction_that_follows() {
    let desk = Desk::new();
    let session = desk.session().await;
    let ours = desk.opened_again_by(Lessee::this_process("test"));
    let theirs = desk.opened_again_by(dead_process());
    theirs.enqueue(&session.id, prompt(None, "do it", Delivery::Queue)).await.unwrap();
    let begun = theirs.begin_turn(&session.id, text_part).await.unwrap().unwrap().into_inner();
    theirs.add_message(&session.id, answer(&begun.turn, vec![open_call()])).await.unwrap();
    ours.begin_upkeep(&session.id).await.unwrap();
    let note = ours.session(&session.id).await.unwrap().recovered.unwrap();
    assert!(note.contains("1 tool call open"), "{note}");
}

#[tokio::test]
async fn a_session_that_a_living_process_runs_takes_no_prompt_from_another() {
    let desk = Desk::new();
    let session = desk.session().await;
    desk.prompt(&session, None, "mine").await;
    desk.begin(&session).await;
    let mut other = Lessee::this_process("second");
    other.pid = std::os::unix::process::parent_id();
    let refused = desk.opened_again_by(other).enqueue(&session.id, prompt(None, "x", Delivery::Queue)).await;
    let Err(StoreError::Leased(owner)) = refused else { panic!("{refused:?}") };
    assert_eq!((owner.pid, owner.client.as_str()), (std::process::id(), "test"));
}

#[tokio::test]
async fn a_client_id_means_one_prompt() {
    let desk = Desk::new();
    let session = desk.session().await;
    assert_eq!(desk.prompt(&session, Some("a"), "do it").await, Enqueued::New);
    assert!(matches!(desk.prompt(&session, Some("a"), "do it").await, Enqueued::Again { .. }));
    let begun = desk.begin(&session).await;
    desk.store.end_turn(&session.id, &begun.turn, Some(StopReason::EndTurn), None).await.unwrap();
    let again = desk.prompt(&session, Some("a"), "do it").await;
    assert_eq!(again, Enqueued::Answered { message_id: begun.message.id, turn: begun.turn });
    let other = desk.store.enqueue(&session.id, prompt(Some("a"), "something else", Delivery::Queue)).await;
    assert_eq!(other.unwrap_err(), StoreError::ClientIdConflict("a".into()));
}

#[tokio::test]
async fn an_interrupting_prompt_goes_first_and_the_rest_keep_their_order() {
    let desk = Desk::new();
    let session = desk.session().await;
    for (text, delivery) in [("1", Delivery::Queue), ("2", Delivery::Queue), ("!", Delivery::Interrupt)] {
        desk.store.enqueue(&session.id, prompt(None, text, delivery)).await.unwrap();
    }
    let order = desk.store.waiting_prompts(&session.id).await.unwrap();
    assert_eq!(order.iter().map(|prompt| prompt.text.as_str()).collect::<Vec<_>>(), ["!", "1", "2"]);
}

#[tokio::test]
async fn a_fork_holds_the_history_up_to_the_message_and_shares_nothing() {
    let desk = Desk::new();
    let session = desk.session().await;
    desk.prompt(&session, None, "first").await;
    let begun = desk.begin(&session).await;
    let message = answer(&begun.turn, vec![open_call(), PartKind::Text(Body::whole("said"))]);
    desk.store.add_message(&session.id, message).await.unwrap();
    let new = NewSessionRow {
        id: SessionId::random(),
        root: "/project".into(),
        project_name: "project".into(),
        parent_id: Some(session.id.clone()),
        title: Some("fork".into()),
        cwd: "/project".into(),
        agent: "build".into(),
        model: model(),
    };
    let fork = desk.store.fork(&session.id, None, new).await.unwrap().into_inner();
    let of = async |id: &SessionId| desk.store.messages_from(id, crate::transcript::Seq(1), 9).await.unwrap();
    let (source, copy) = (of(&session.id).await, of(&fork.id).await);
    assert_eq!(copy.len(), 2);
    assert!(source.iter().zip(&copy).all(|(a, b)| a.id != b.id && a.seq == b.seq));
    assert_eq!(copy[1].parts[1].kind, source[1].parts[1].kind);
    let PartKind::Tool(tool) = &copy[1].parts[0].kind else { panic!("{copy:?}") };
    assert!(tool.state.is_settled(), "an open call of the source has a result in the copy");
    desk.store.delete_session(&fork.id).await.unwrap();
    assert_eq!(of(&session.id).await.len(), 2);
}

#[tokio::test]
async fn a_deleted_session_is_gone_with_all_its_rows() {
    let desk = Desk::new();
    let session = desk.session().await;
    desk.prompt(&session, None, "x").await;
    let begun = desk.begin(&session).await;
    desk.store.end_turn(&session.id, &begun.turn, Some(StopReason::EndTurn), None).await.unwrap();
    desk.store.delete_session(&session.id).await.unwrap();
    assert_eq!(
        desk.store.session(&session.id).await,
        Err(StoreError::SessionNotFound(session.id.to_string()))
    );
    let left = desk.store.read(|tx| {
        let count = |table: &str| {
            tx.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
        };
        Ok(count("part")? + count("body")? + count("message")? + count("prompt")? + count("turn")?)
    });
    assert_eq!(left.await.unwrap(), 0);
}

#[tokio::test]
async fn a_page_of_whole_bodies_has_a_budget_and_previews_behind_it() {
    let desk = Desk::new();
    let session = desk.session().await;
    let (turn, _) = desk.store.begin_upkeep(&session.id).await.unwrap().into_inner();
    for _ in 0..4 {
        let new = answer(&turn, vec![PartKind::Text(Body::whole("x".repeat(10_000)))]);
        desk.store.add_message(&session.id, new).await.unwrap();
    }
    let (before, after, loading) = (None, None, Loading::Within(25_000));
    let query = PageQuery { session: session.id.clone(), before, after, limit: 10, loading };
    let page = desk.store.messages(query).await.unwrap();
    let read: Vec<usize> = page.messages.iter().map(|message| message.parts[0].text_bytes()).collect();
    assert_eq!(read, [10_000, 10_000, 5_000, 2_048]);
    let PartKind::Text(last) = &page.messages[3].parts[0].kind else { panic!("it is a text") };
    assert!(last.truncated() && last.bytes == 10_000);
}

#[tokio::test]
async fn p_04_any_page_is_the_range_that_was_asked_for() {
    const COUNT: usize = 40;
    let desk = Desk::new();
    let session = desk.session().await;
    let (turn, _) = desk.store.begin_upkeep(&session.id).await.unwrap().into_inner();
    let mut ids = Vec::new();
    for number in 0..COUNT {
        let new = answer(&turn, vec![PartKind::Text(Body::whole(number.to_string()))]);
        ids.push(desk.store.add_message(&session.id, new).await.unwrap().id.clone());
    }
    let asked = (prop::option::of(0..COUNT), prop::option::of(0..COUNT), 1..50_u32);
    let tried = desk.store.read(move |tx| {
        let mut runner = proptest::test_runner::TestRunner::new(crate::cases::cases());
        let outcome = runner.run(&asked, |(before, after, limit)| {
            let id = |at: Option<usize>| at.map(|at| ids[at].clone());
            let (session, loading) = (session.id.clone(), Loading::Preview(10));
            let query = PageQuery { session, before: id(before), after: id(after), limit, loading };
            let page = super::messages::page(tx, &query).unwrap();
            let (first, end) = (after.map_or(0, |at| at + 1), before.unwrap_or(COUNT));
            let all: Vec<_> = ids.get(first..end).unwrap_or_default().to_vec();
            // With `after` a page grows from there, else it ends before `before`.
            let most = all.len().min(limit as usize);
            let wanted = if after.is_some() { &all[..most] } else { &all[all.len() - most..] };
            let got: Vec<_> = page.messages.iter().map(|message| message.id.clone()).collect();
            prop_assert_eq!(&got, wanted);
            if let (Some(oldest), Some(newest)) = (got.first(), got.last()) {
                prop_assert_eq!(page.has_before, *oldest != ids[0]);
                prop_assert_eq!(page.has_after, *newest != ids[COUNT - 1]);
            }
            Ok(())
        });
        Ok(outcome.map_err(|error| error.to_string()))
    });
    assert_eq!(tried.await.unwrap(), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn paging_forwards_and_backwards_sees_each_message_once(count in 0_usize..23, limit in 1_u32..7) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            let desk = Desk::new();
            let session = desk.session().await;
            let (turn, _) = desk.store.begin_upkeep(&session.id).await.unwrap().into_inner();
            for n in 0..count {
                let new = answer(&turn, vec![PartKind::Text(Body::whole(n.to_string()))]);
                desk.store.add_message(&session.id, new).await.unwrap();
            }
            let page = async |before: Option<&Message>, after: Option<&Message>| {
                let query = PageQuery {
                    session: session.id.clone(),
                    before: before.map(|message| message.id.clone()),
                    after: after.map(|message| message.id.clone()),
                    limit,
                    loading: Loading::Preview(10),
                };
                desk.store.messages(query).await.unwrap()
            };
            let newest = page(None, None).await;
            let mut seen = newest.messages.clone();
            let mut more = newest.has_before;
            prop_assert!(!newest.has_after);
            while more {
                let older = page(seen.first(), None).await;
                prop_assert!(older.has_after && !older.messages.is_empty());
                more = older.has_before;
                seen.splice(0..0, older.messages);
            }
            let seqs: Vec<i64> = seen.iter().map(|message| message.seq.0).collect();
            prop_assert_eq!(&seqs, &(1..=i64::try_from(count).unwrap()).collect::<Vec<_>>());
            let mut forwards = seen.iter().take(1).cloned().collect::<Vec<_>>();
            while let Some(last) = forwards.last() {
                let newer = page(None, Some(last)).await;
                let more = newer.has_after;
                forwards.extend(newer.messages);
                if !more {
                    break;
                }
            }
            prop_assert_eq!(forwards, seen);
            Ok(())
        })?;
    }
}

impl Desk {
    /// A call of `bash` that ended, with the record that its tool left.
    async fn settled_call(&self, output: &str) -> (PartId, Record) {
        let session = self.session().await;
        self.prompt(&session, None, "x").await;
        let begun = self.begin(&session).await;
        let message =
            self.store.add_message(&session.id, answer(&begun.turn, vec![open_call()])).await.unwrap();
        let part = message.parts[0].id.clone();
        assert!(self.store.evidence(&part).await.is_err(), "an open call has none");
        let PartKind::Tool(mut tool) = message.parts[0].kind.clone() else { panic!() };
        let body = Body::whole(output);
        tool.state = ToolState::Completed { started_at: Timestamp(1), ended_at: Timestamp(2), output: body };
        let record = Record::of(&part, &tool, output);
        let settled = Change::Settled(part.clone(), tool, vec![], Some(record.clone()));
        self.store.apply(&session.id, vec![settled]).await.unwrap();
        (part, record)
    }

    async fn sql(&self, sql: impl Into<String>) {
        let sql = sql.into();
        self.store.write(move |tx| Ok(tx.execute_batch(&sql)?)).await.unwrap();
    }
}

#[tokio::test]
async fn evidence_of_any_stored_shape_reads_as_it_was_written() {
    let desk = Desk::new();
    let (part, record) = desk.settled_call(&"12 passed\n".repeat(200)).await;
    desk.sql("UPDATE part SET compacted_at = 3").await;
    let written = desk.store.evidence(&part).await.unwrap();
    assert_eq!(
        (written.record.as_ref(), written.recomputed, written.compacted),
        (Some(&record), false, true)
    );
    let json = serde_json::to_string(&record).unwrap();
    let with = |from: &str, to: &str| format!("'{}'", json.replace(from, to));
    let shapes = [
        "NULL".to_owned(),
        "''".to_owned(),
        "'not json'".to_owned(),
        "'[]'".to_owned(),
        "'\"text\"'".to_owned(),
        "'7'".to_owned(),
        "'null'".to_owned(),
        "'{}'".to_owned(),
        "CAST(x'ff00fe' AS TEXT)".to_owned(),
        format!("'[{}]'", "1,".repeat(1 << 20)),
        "'".to_owned() + &"[".repeat(100_000) + "'",
        with("\"version\":1", "\"version\":2"),
        with("\"version\":1", "\"version\":-1"),
        with("\"version\":1,", ""),
        with("\"bytes\":", "\"bytes\":-"),
        with("\"lines\":", "\"lines\":1.5e9,\"more\":"),
        with("\"sha256\":\"", "\"sha256\":\"zz"),
        with("\"excerpt\":\"", &("\"excerpt\":\"".to_owned() + &"x".repeat(1 << 20))),
    ];
    for shape in shapes {
        let name = crate::transcript::text::head(&shape, 60).to_owned();
        desk.sql(format!("UPDATE part SET evidence = {shape}")).await;
        let again = desk.store.evidence(&part).await.unwrap();
        assert_eq!((&again.text, again.recomputed), (&written.text, true), "{name}");
        assert!(!desk.store.evidence(&part).await.unwrap().recomputed, "{name}: it is stored again");
    }
}

#[tokio::test]
async fn evidence_of_a_result_that_is_gone_says_so_and_is_not_invented() {
    let large = "0123456789\n".repeat(60_000);
    // What is done to the row, and whether the proof is still known then.
    let losses = [
        ("DELETE FROM body WHERE field = 2", true),
        ("DELETE FROM body; UPDATE part SET evidence = '[]'", false),
        ("DELETE FROM body WHERE field = 2 AND start = 0; UPDATE part SET evidence = NULL", false),
        ("DELETE FROM body WHERE field = 2 AND start > 0; UPDATE part SET evidence = '{}'", false),
        ("DELETE FROM body; UPDATE part SET evidence = NULL, status = 'error'", false),
        (
            "DELETE FROM body; UPDATE part SET evidence = NULL, metadata = '{\"attachments\":7}', title = NULL",
            false,
        ),
    ];
    for (loss, known) in losses {
        let desk = Desk::new();
        let (part, record) = desk.settled_call(&large).await;
        desk.sql(loss).await;
        let left = desk.store.evidence(&part).await.unwrap();
        assert_eq!(left.record, known.then_some(record), "{loss}");
        assert_eq!(left.text.contains("\nproof: unavailable\n"), !known, "{loss}");
        assert!(left.text.starts_with("[Compacted tool result]\ntool: bash\n"), "{loss}");
    }
}

#[tokio::test]
async fn what_a_full_disk_would_not_take_is_written_in_order_when_there_is_room() {
    let desk = Desk::new();
    let (store, session) = (&desk.store, desk.session().await.id);
    store.enqueue(&session, prompt(None, "talk", Delivery::Queue)).await.unwrap();
    let begun = store.begin_turn(&session, text_part).await.unwrap().unwrap().into_inner();
    let said = answer(&begun.turn, vec![PartKind::Text(Body::whole("a"))]);
    let said = store.add_message(&session, said).await.unwrap().into_inner();
    let pages = |most: u32| {
        let sql = format!("PRAGMA max_page_count = {most}");
        store.write(move |tx| Ok(tx.query_row(&sql, [], |row| row.get::<_, i64>(0))?))
    };
    let append = |text: &str| {
        let part = said.parts[0].id.clone();
        store.apply(&session, vec![Change::Append(part, Field::Text, text.to_owned())])
    };
    pages(1).await.unwrap();
    let large = "b".repeat(100_000);
    // The second one would fit, but nothing is written before what waits.
    let (first, second) = tokio::join!(append(&large), append("c"));
    assert!(matches!((first, second), (Err(StoreError::Full(_)), Err(StoreError::Full(_)))));
    let ended = store.end_turn(&session, &begun.turn, Some(StopReason::EndTurn), None).await;
    assert!(matches!(ended, Err(StoreError::Full(_))));
    assert!(matches!(store.begin_upkeep(&session).await, Err(StoreError::Full(_))));

    pages(u32::MAX / 2).await.unwrap();
    store.begin_upkeep(&session).await.unwrap();
    let kept = store.read_part(&said.parts[0].id, Field::Text, 0, u64::MAX).await.unwrap();
    assert_eq!(kept.data, format!("a{large}c").into_bytes());
    assert_eq!(store.turn_end(&begun.turn).await.unwrap().stop_reason, Some(StopReason::EndTurn));
}
