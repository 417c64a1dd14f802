//! What the store keeps, tells and lists has a cap, and this is what happens there (invariant 9).

use super::*;
use crate::{
    store::{
        backlog::{Backlog, Entry},
        follow::{News, Watch},
    },
    transcript::{Seq, Update, change::FileChange},
};

/// A session in which a turn runs that has said `texts`, each in a message.
async fn told(desk: &Desk, texts: &[String]) -> Session {
    let session = desk.session().await;
    desk.prompt(&session, None, "x").await;
    let turn = desk.begin(&session).await.turn;
    for text in texts {
        let said =
            NewMessage { complete: true, ..answer(&turn, vec![PartKind::Text(Body::whole(text.clone()))]) };
        desk.store.add_message(&session.id, said).await.unwrap();
    }
    desk.store.end_turn(&session.id, &turn, Some(StopReason::EndTurn), None).await.unwrap();
    session
}

#[tokio::test]
async fn what_waits_for_the_disk_beyond_its_cap_is_given_up() {
    let desk = Desk::new();
    let (one, other) = (desk.session().await.id, desk.session().await.id);
    let backlog = Backlog::new(desk.store.lessee().clone());
    let large = |bytes: usize| {
        let change = Change::Append(PartId::random(), Field::Text, "x".repeat(bytes));
        Entry::Changes(vec![change].into())
    };
    let full = StoreError::Full("no room".into());
    backlog.keep(one.clone(), large(backlog::MOST_BYTES), &full);
    backlog.keep(other.clone(), large(1), &full);
    assert_eq!(backlog.refuse(&one), Err(full));
    assert_eq!(backlog.refuse(&other), Ok(()), "nothing of it waits");
}

#[tokio::test]
async fn the_oldest_changes_of_the_list_are_forgotten() {
    let desk = Desk::new();
    let (store, kept) = (&desk.store, notices::KEPT);
    let session = desk.session().await.id;
    let changing = move |tx: &rusqlite::Connection| {
        (0..kept + 7)
            .try_for_each(|_| notices::add(tx, &dead_process(), &session, crate::transcript::Change::Updated))
    };
    store.write(move |tx| changing(tx)).await.unwrap();
    let rows = store
        .read(|tx| Ok(tx.query_row("SELECT count(*) FROM notice", [], |row| row.get::<_, i64>(0))?))
        .await
        .unwrap();
    assert_eq!(rows, kept);
}

#[tokio::test]
async fn a_claim_that_nobody_followed_up_is_void_after_its_life() {
    let desk = Desk::new();
    let session = desk.session().await;
    desk.prompt(&session, None, "mine").await;
    let other = Lessee { host: "elsewhere".into(), ..Lessee::this_process("second") };
    desk.opened_again_by(other).claim(&session.id, Claim::Take).await.unwrap();
    assert!(matches!(desk.store.begin_turn(&session.id, text_part).await, Err(StoreError::Leased(_))));
    desk.sql(format!("UPDATE claim SET made_at = made_at - {}", claims::LIFE_MS)).await;
    desk.begin(&session).await;
}

#[tokio::test]
async fn one_look_at_a_followed_session_is_bounded_and_the_next_goes_on() {
    let desk = Desk::new();
    let many: Vec<String> = (0..40).map(|number| format!("text {number}")).collect();
    let session = told(&desk, &many).await;
    let watch = Watch::open(&desk.store).unwrap();
    let mut cursor = watch.begin(&session.id, Some(Seq(0))).unwrap();
    let mut look = || {
        let look = watch.look(&session.id, &mut cursor).unwrap();
        let messages =
            look.news.iter().filter(|it| matches!(it, News::Update(_, Update::Message(_)))).count();
        (messages, look.more)
    };
    assert_eq!(look(), (follow::MOST_MESSAGES as usize, true));
    assert_eq!(look(), (41 - follow::MOST_MESSAGES as usize, false), "the prompt and 40 answers");
}

#[tokio::test]
async fn a_long_body_is_told_to_a_second_window_by_its_beginning_and_much_text_in_several_looks() {
    let desk = Desk::new();
    let long = "x".repeat(follow::MOST_BODY + 1_000);
    let session = told(&desk, &vec![long; 12]).await;
    let watch = Watch::open(&desk.store).unwrap();
    let mut cursor = watch.begin(&session.id, Some(Seq(0))).unwrap();
    let (mut looks, mut shown) = (0, Vec::new());
    loop {
        let look = watch.look(&session.id, &mut cursor).unwrap();
        looks += 1;
        let messages = look.news.iter().filter_map(|news| match news {
            News::Update(_, Update::Message(message)) => Some(message),
            _ => None,
        });
        let texts: Vec<usize> = messages
            .flat_map(|message| &message.parts)
            .filter_map(|part| match &part.kind {
                PartKind::Text(body) => Some(body.text.len()),
                _ => None,
            })
            .collect();
        assert!(texts.iter().sum::<usize>() <= follow::MOST_TEXT + follow::MOST_BODY);
        shown.extend(texts);
        if !look.more {
            break;
        }
    }
    assert!(looks > 1);
    assert_eq!(shown.iter().max(), Some(&follow::MOST_BODY));
    assert_eq!(shown.len(), 13, "the prompt and 12 answers");
}

#[tokio::test]
async fn a_text_that_grew_a_lot_is_told_in_several_looks() {
    let desk = Desk::new();
    let session = desk.session().await;
    desk.prompt(&session, None, "x").await;
    let turn = desk.begin(&session).await.turn;
    let long = "x".repeat(400_000);
    let said = answer(&turn, vec![PartKind::Text(Body::whole(long.clone()))]);
    desk.store.add_message(&session.id, said).await.unwrap();
    let other = desk.opened_again_by(Lessee { host: "elsewhere".into(), ..Lessee::this_process("second") });
    let watch = Watch::open(&other).unwrap();
    let mut cursor = watch.begin(&session.id, Some(Seq(0))).unwrap();
    let mut told = follow::MOST_BODY;
    loop {
        let look = watch.look(&session.id, &mut cursor).unwrap();
        for news in look.news {
            if let News::Update(_, Update::PartDelta { text, .. }) = news {
                assert!(text.len() as u64 <= follow::growth::MOST_GROWTH);
                told += text.len();
            }
        }
        if !look.more {
            break;
        }
    }
    assert_eq!(told, long.len());
}

#[tokio::test]
async fn of_very_many_changed_files_a_thousand_are_listed() {
    let desk = Desk::new();
    let session = desk.session().await;
    desk.prompt(&session, None, "x").await;
    let turn = desk.begin(&session).await.turn;
    let change = |number: usize| {
        let path = format!("/project/{number:04}");
        let file = FileChange { path, before: None, after: Some("a".into()) };
        Change::Changed(NewChange { turn: turn.clone(), file, kept: true, counts: (1, 0) })
    };
    let all = (0..changes::MOST_LISTED + 5).map(change).collect();
    desk.store.apply(&session.id, all).await.unwrap();
    let listed = desk.store.changes_of(&session.id, &turn).await.unwrap().files;
    assert_eq!(listed.len(), changes::MOST_LISTED);
    assert_eq!(listed[0].path, "/project/0000");
}

#[tokio::test]
async fn of_many_wrong_rows_some_are_told_and_the_others_counted() {
    let desk = Desk::new();
    for _ in 0..7 {
        desk.session().await;
    }
    desk.sql("UPDATE session SET title = CAST(x'ff' AS TEXT)").await;
    let told = desk.store.read(mend::oddities).await.unwrap();
    let of_sessions: Vec<_> = told.iter().filter(|line| line.starts_with("session")).collect();
    assert_eq!(of_sessions.len(), 6, "{told:?}");
    assert_eq!(of_sessions[5], "session: 2 more such rows");
}

#[tokio::test]
async fn figures_that_no_session_can_have_are_not_believed() {
    let desk = Desk::new();
    let session = told(&desk, &["a".to_owned()]).await;
    desk.sql(format!("UPDATE part SET tokens = {}", i64::MAX)).await;
    let lost = messages::MOST_LOST;
    desk.sql(format!("UPDATE session SET last_seq = {}", 3 + lost)).await;
    let weights = desk.store.weights(&session.id, (Seq(1), Seq(2)), u64::MAX).await.unwrap();
    assert!(weights.iter().all(|weight| weight.tokens == live::MOST_TOKENS.unsigned_abs()), "{weights:?}");
    let id = session.id.clone();
    let last = desk.store.read(move |tx| messages::last_seq(tx, sessions::key(tx, &id)?)).await.unwrap();
    assert_eq!(last, 2);
}

#[tokio::test]
async fn a_long_history_is_forked_and_deleted_in_steps_that_leave_nothing_out() {
    let desk = Desk::new();
    let many = usize::try_from(sessions::DELETE_STEP.max(transfer::STEP)).unwrap() + 20;
    let texts: Vec<String> = (0..many).map(|number| format!("said {number}")).collect();
    let session = told(&desk, &texts).await;
    let new = NewSessionRow {
        id: SessionId::random(),
        root: "/project".into(),
        project_name: "project".into(),
        parent_id: Some(session.id.clone()),
        title: None,
        cwd: "/project".into(),
        agent: "build".into(),
        model: model(),
    };
    let fork = desk.store.fork(&session.id, None, new).await.unwrap().into_inner();
    let copied = desk.store.messages_from(&fork.id, Seq(1), 2_000).await.unwrap();
    let said: Vec<&str> = copied
        .iter()
        .flat_map(|message| &message.parts)
        .filter_map(|part| match &part.kind {
            PartKind::Text(body) => Some(body.text.as_str()),
            _ => None,
        })
        .collect();
    assert!(
        said.ends_with(&texts.iter().map(String::as_str).collect::<Vec<_>>()),
        "{} messages",
        copied.len()
    );
    desk.store.delete_session(&session.id).await.unwrap();
    desk.store.delete_session(&fork.id).await.unwrap();
    let left =
        desk.store.read(|tx| Ok(tx.query_row("SELECT count(*) FROM part", [], |row| row.get::<_, i64>(0))?));
    assert_eq!(left.await.unwrap(), 0);
}
