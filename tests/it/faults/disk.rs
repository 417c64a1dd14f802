//! a disk that fails. Whatever was asked is answered with a storage error and its cure, the process lives, and what
//! is in memory is written when the disk works again.

use std::{path::Path, time::Duration};

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::life::{Life, Told, acknowledged};
use crate::support::{
    home::Home,
    look::{output, parts, said, texts},
    matrix,
    server::{Client, Server},
};

/// What may fail.
struct Failing {
    operation: &'static str,
    error: &'static str,
    /// The first one that is made to fail in the gate.
    first: usize,
    /// The distance to the next, in the gate and in full.
    steps: (usize, usize),
}

const fn failing(
    operation: &'static str,
    error: &'static str,
    first: usize,
    steps: (usize, usize),
) -> Failing {
    Failing { operation, error, first, steps }
}

/// Of the many writes each fails in one of the two ways.
const FAILURES: &[Failing] = &[
    failing("write", "EIO", 1, (250, 2)),
    failing("write", "ENOSPC", 2, (255, 2)),
    failing("read", "EIO", 8, (120, 1)),
    failing("read", "ENOSPC", 9, (125, 1)),
    failing("sync", "EIO", 1, (25, 1)),
    failing("sync", "ENOSPC", 4, (26, 1)),
    failing("truncate", "EIO", 1, (2, 1)),
    failing("open", "EIO", 1, (3, 1)),
    failing("open", "ENOSPC", 2, (3, 1)),
    failing("map", "ENOSPC", 1, (3, 1)),
    failing("delete", "EIO", 1, (1, 1)),
];

/// Fails unless an error says that it is about storage, and what a person can do.
pub fn is_typed(method: &str, error: &Value) {
    let kind = error["data"]["kind"].as_str().unwrap_or_default();
    assert!(kind.starts_with("storage"), "{method}: {error}");
    assert!(error["data"]["cure"].as_str().is_some_and(|cure| !cure.is_empty()), "{method}: {error}");
}

fn on_a_disk(order: &str, report: &Path) -> Client {
    Client::default().env("AGENTLS_DISK", order).env("AGENTLS_DISK_FAILED", &report.to_string_lossy())
}

/// One life on a disk whose n-th operation fails. Whether it did.
async fn nth_fails(operation: &str, error: &str, number: usize) -> bool {
    let life = Life::new().await;
    let (report, case) = (life.home.workspace().join("failed"), format!("{operation} {number} {error}"));
    let server = life.start(on_a_disk(&format!("{operation}:{number}:{error}"), &report)).await;
    let mut told = Told::by(&server);
    told.whole(&life).await;
    let failures = told.failures;
    assert!(!server.has_ended(), "{case}: it lives");
    assert!(failures.len() <= 4, "{case}: one failure of the disk is not the end of all: {failures:#?}");
    for (method, failure) in &failures {
        is_typed(method, failure);
        // One failure of the disk is no damage: another try may do.
        assert_ne!(failure["data"]["kind"], "storageDamaged", "{case}: {method}: {failure}");
    }
    let (struck, told) = (report.exists(), acknowledged(&server));
    eprintln!("{case}: {struck}, {} failures", failures.len());
    if struck {
        life.check_on(&server, &told).await;
    }
    assert_eq!(server.shut_down().await, Some(0), "{case}");
    life.check(&told).await;
    assert_eq!(journal_mode(&life.home), "wal", "{case}");
    // A checkpoint at the end is its business, too.
    report.exists()
}

fn journal_mode(home: &Home) -> String {
    let database = rusqlite::Connection::open(home.data().join("agentls.db")).unwrap();
    database.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_04_whichever_operation_of_the_disk_fails_it_is_named_and_nothing_is_lost() {
    let cases = stream::iter(FAILURES).map(|Failing { operation, error, first, steps }| async move {
        let mut cases = 0;
        for number in (matrix::times(*first, steps.1.min(*first))..).step_by(matrix::times(steps.0, steps.1))
        {
            if !nth_fails(operation, error, number).await {
                break;
            }
            cases += 1;
        }
        cases
    });
    let cases: usize = cases.buffer_unordered(3).collect::<Vec<_>>().await.into_iter().sum();
    matrix::held(
        "R-04",
        "the n-th read, write, sync … fails (EIO, ENOSPC)",
        cases,
        "typed error, no exit, INV",
    );
}

/// One life on a disk that fails from the n-th operation on, until it works again.
async fn fails_from(operation: &str, error: &str, number: usize) {
    let life = Life::new().await;
    let (report, case) =
        (life.home.workspace().join("failed"), format!("from {operation} {number} on: {error}"));
    let broken = life.home.write("broken", "");
    let server =
        life.start(on_a_disk(&format!("{operation}:{number}:{error}:{}", broken.display()), &report)).await;
    let mut told = Told::by(&server);
    told.whole(&life).await;
    let failures = told.failures;
    for (method, failure) in &failures {
        is_typed(method, failure);
    }
    eprintln!("{case}: {} failures", failures.len());
    assert!(!server.has_ended(), "{case}: it lives");
    if !acknowledged(&server).is_empty() {
        server.call("session/list", json!({})).await;
    }
    std::fs::remove_file(broken).unwrap();
    written(&life, &server).await;
    life.check_on(&server, &acknowledged(&server)).await;
    assert_eq!(server.shut_down().await, Some(0), "{case}");
}

/// Waits until what could not be written is. The session is idle before: its turn is over, only not stored.
async fn written(life: &Life, server: &Server) {
    // It may not have been able to make the database until now.
    server.call("session/list", json!({})).await;
    let written = async {
        while !life.open_ends().is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), written).await.expect("it is written when there is room");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_04_a_disk_that_stays_full_is_read_and_takes_what_waits_when_there_is_room() {
    let stride = matrix::times(16, 1);
    let cases: Vec<_> = [("write", "ENOSPC", 350), ("write", "EIO", 350), ("sync", "EIO", 70)]
        .into_iter()
        .flat_map(|(operation, error, most)| {
            // About as many of each.
            let stride = stride * most / 70;
            (5..most).step_by(stride).map(move |number| (operation, error, number))
        })
        .collect();
    let count = cases.len();
    stream::iter(cases)
        .for_each_concurrent(3, |(operation, error, number)| fails_from(operation, error, number))
        .await;
    matrix::held(
        "R-04",
        "all writes or syncs fail for a while",
        count,
        "reads work, all written afterwards, INV",
    );
}

/// What a turn brought forth while the disk was full is there when it has room again, and the turn ends as it did.
#[tokio::test]
async fn r_04_the_answer_and_the_results_that_met_a_full_disk_are_written_when_there_is_room() {
    let life = Life::new().await;
    let full = life.home.write("full", "");
    std::fs::remove_file(&full).unwrap();
    let report = life.home.workspace().join("failed");
    let server = life.start(on_a_disk(&format!("write:1:ENOSPC:{}", full.display()), &report)).await;
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Hold 1.");
    life.home.wait_for_file("held").await;
    life.home.write("full", "");
    life.home.write("go", "");
    let error = prompt.error().await;
    assert_eq!(error["data"]["kind"], "storageFull", "{error}");
    assert_eq!(said(&server.messages(&session).await), ["Hold 1."], "it can be read");
    let refused = server.start_prompt(&session, "And now?").error().await;
    assert_eq!(refused["data"]["kind"], "storageFull", "{refused}");

    std::fs::remove_file(full).unwrap();
    written(&life, &server).await;
    let messages = server.messages(&session).await;
    let call = parts(&messages, "tool")[0];
    assert_eq!((&call["status"], output(call)), (&json!("completed"), ""), "{call}");
    assert_eq!(server.prompt(&session, "Go on.").await["stopReason"], "endTurn");
    assert_eq!(said(&server.messages(&session).await), ["Hold 1.", "Go on."]);
    assert!(texts(&server.messages(&session).await, "text").contains(&"Done."));
    server.shut_down().await;
    life.check(&[]).await;
}

/// With a disk that was full before the start, and after a crash: all can be read, and recovery follows.
#[tokio::test]
async fn r_04_a_start_on_a_full_disk_reads_everything_and_recovers_when_there_is_room() {
    let life = Life::new().await;
    let server = life.start(Client::default()).await;
    let session = server.session().await;
    drop(server.start_prompt(&session, "Hold 1."));
    life.home.wait_for_file("held").await;
    server.crash();

    let full = life.home.write("full", "");
    let report = life.home.workspace().join("failed");
    let server = life.start(on_a_disk(&format!("write:1:ENOSPC:{}", full.display()), &report)).await;
    assert_eq!(said(&server.messages(&session).await), ["Hold 1."]);
    let error = server.start_prompt(&session, "And now?").error().await;
    assert_eq!(error["data"]["kind"], "storageFull", "{error}");
    std::fs::remove_file(full).unwrap();
    let recovered = async {
        loop {
            let seen = server.call("session/get", json!({"sessionId": session})).await;
            if seen["session"]["recovered"]["note"].is_string() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), recovered).await.expect("it recovers");
    life.check_on(&server, &acknowledged(&server)).await;
    server.shut_down().await;
}

/// Without room for what readers of a log share: a database that was closed has no log, so its file is all there is.
#[tokio::test]
async fn r_04_a_database_that_was_closed_is_read_on_a_full_disk_and_written_when_there_is_room() {
    let life = Life::new().await;
    let server = life.start(Client::default()).await;
    let session = server.session().await;
    server.prompt(&session, "Before.").await;
    assert_eq!(server.shut_down().await, Some(0));

    let full = life.home.write("full", "");
    let report = life.home.workspace().join("failed");
    let server = life.start(on_a_disk(&format!("map:1:ENOSPC:{}", full.display()), &report)).await;
    // Several at once, and beside a second window.
    let second = life.start(on_a_disk(&format!("map:1:ENOSPC:{}", full.display()), &report)).await;
    let reading = (0..8).map(|n| if n % 2 == 0 { &server } else { &second }).map(|it| it.messages(&session));
    for messages in futures::future::join_all(reading).await {
        assert_eq!(said(&messages), ["Before."]);
    }
    assert!(report.exists(), "the disk was full");
    let refused = server.start_prompt(&session, "And now?").error().await;
    assert_eq!(refused["data"]["kind"], "storageFull", "{refused}");
    is_typed("session/prompt", &refused);
    assert_eq!(said(&server.messages(&session).await), ["Before."], "reading goes on");

    std::fs::remove_file(full).unwrap();
    assert_eq!(server.prompt(&session, "After.").await["stopReason"], "endTurn");
    assert_eq!(said(&second.messages(&session).await), ["Before.", "After."]);
    assert_eq!(second.prompt(&session, "And again.").await["stopReason"], "endTurn");
    life.check_on(&server, &acknowledged(&server)).await;
    assert_eq!((server.shut_down().await, second.shut_down().await), (Some(0), Some(0)));
}
