//! Importing again: nothing changes, what is new is added, what was cut short goes on.

use std::{process::Stdio, time::Duration};

use rusqlite::Connection;
use serde_json::json;

use super::{
    CHILD, LONG, MESSAGE, REASONING, change, command, copy, exported, fixture, import, import_from, rows,
    text,
};
use crate::support::home::Home;

/// The last messages of the long session, from this one on, were written "later".
const LATER: &str =
    "FROM message WHERE session_id = 'ses_e0449122effeHFobMnGoKtr5Ma' AND time_created >= 1795224454117";

#[test]
fn importing_twice_changes_nothing() {
    let home = Home::new(&json!({}));
    import_from(&home, &fixture());
    let once = rows(&home);
    let printed = import_from(&home, &fixture());
    assert!(printed.contains("5 sessions unchanged"), "{printed}");
    assert_eq!(rows(&home), once);
    let file = home.write("export.json", exported(&fixture(), LONG).to_string());
    let output = import(&home, &["--json", file.to_str().unwrap()]);
    assert!(text(&output.stdout).contains("1 session unchanged"), "{output:?}");
    assert_eq!(rows(&home), once);
}

#[test]
fn what_has_grown_there_is_added_here_in_order() {
    let (home, whole) = (Home::new(&json!({})), Home::new(&json!({})));
    let database = copy(&home);
    // The compaction is new: its order, its summary and what follows.
    change(&database, &format!("DELETE FROM part WHERE message_id IN (SELECT id {LATER}); DELETE {LATER}"));
    import_from(&home, &database);
    std::fs::copy(fixture(), &database).unwrap();
    let printed = import_from(&home, &database);
    assert!(
        printed.contains("added to ses_e0449122effeHFobMnGoKtr5Ma \"Looking at the files\": 6 messages"),
        "{printed}"
    );
    import_from(&whole, &fixture());
    assert_eq!(rows(&home), rows(&whole));
}

#[test]
fn an_answer_that_was_still_being_written_there_is_taken_again_when_it_has_ended() {
    let (home, whole) = (Home::new(&json!({})), Home::new(&json!({})));
    let database = copy(&home);
    // As it was in the middle of the command that was aborted later.
    change(
        &database,
        "UPDATE message SET data = json_remove(data, '$.time.completed', '$.error') WHERE id = 'msg_1fbb74b30001L60VaXm687NM37';
         UPDATE part SET data = json_set(json_remove(data, '$.state.output', '$.state.metadata'), '$.state.status', 'running')
           WHERE message_id = 'msg_1fbb74b30001L60VaXm687NM37' AND data LIKE '{\"type\":\"tool\"%'",
    );
    import_from(&home, &database);
    let once = rows(&home);
    assert!(import_from(&home, &database).contains("5 sessions unchanged"));
    assert_eq!(rows(&home), once);
    let printed = import_from(&home, &fixture());
    assert!(
        printed.contains("1 session added to, 4 sessions unchanged, 1 message and 3 parts taken"),
        "{printed}"
    );
    import_from(&whole, &fixture());
    assert_eq!(rows(&home), rows(&whole));
}

#[test]
fn a_summary_finds_its_tail_although_its_order_came_with_an_earlier_import() {
    let (home, whole) = (Home::new(&json!({})), Home::new(&json!({})));
    let database = copy(&home);
    let later = LATER.replace(">=", ">");
    change(&database, &format!("DELETE FROM part WHERE message_id IN (SELECT id {later}); DELETE {later}"));
    import_from(&home, &database);
    import_from(&home, &fixture());
    import_from(&whole, &fixture());
    assert_eq!(rows(&home), rows(&whole));
}

#[test]
fn a_session_that_was_continued_here_is_left_alone() {
    let home = Home::new(&json!({}));
    let database = copy(&home);
    change(&database, &format!("DELETE FROM part WHERE message_id IN (SELECT id {LATER}); DELETE {LATER}"));
    import_from(&home, &database);
    let run = command(&home, &[]);
    let run = std::process::Command::new(run.get_program())
        .args(["run", "--session", LONG, "hello"])
        .current_dir(home.workspace())
        .envs(run.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))))
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let continued = rows(&home);
    let printed = import_from(&home, &fixture());
    assert!(
        printed.contains("left alone ses_e0449122effeHFobMnGoKtr5Ma") && printed.contains("continued here"),
        "{printed}"
    );
    assert_eq!(rows(&home), continued);
}

#[test]
fn an_import_that_was_killed_is_hidden_and_goes_on() {
    let (home, whole) = (Home::new(&json!({})), Home::new(&json!({})));
    let database = copy(&home);
    multiply(&database, 6);
    let mut kills = 0;
    for wanted in (20..).step_by(35) {
        let mut child = command(&home, &["--db", database.to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if messages(&home) >= wanted {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        match ended {
            Some(status) => {
                assert!(status.success());
                break;
            }
            None => kills += 1,
        }
        assert!(hidden(&home) <= 1, "only what is whole is shown, and one session is in the making");
    }
    assert!(kills >= 3, "{kills} kills");
    import_from(&whole, &database);
    assert_eq!(rows(&home), rows(&whole));
}

/// More sessions like the long one; in each, one message holds the parts of many, so that it takes several
/// transactions.
fn multiply(database: &std::path::Path, copies: u32) {
    for n in 0..copies {
        change(
            database,
            &format!(
                "CREATE TEMP TABLE s AS SELECT * FROM session WHERE id = '{LONG}';
                 UPDATE s SET id = id || '{n}', time_updated = time_updated + {n};
                 INSERT INTO session SELECT * FROM s;
                 CREATE TEMP TABLE m AS SELECT * FROM message WHERE session_id = '{LONG}';
                 UPDATE m SET id = id || '{n}', session_id = session_id || '{n}';
                 INSERT INTO message SELECT * FROM m;
                 CREATE TEMP TABLE p AS SELECT * FROM part WHERE session_id = '{LONG}';
                 UPDATE p SET id = id || '{n}', session_id = session_id || '{n}',
                   message_id = iif(data LIKE '{{\"type\":\"tool\"%', 'msg_1fbb7491d001aDM0QyrUISUOqI', message_id) || '{n}';
                 INSERT INTO part SELECT * FROM p;"
            ),
        );
    }
}

fn messages(home: &Home) -> i64 {
    count(home, "SELECT count(*) FROM message")
}

fn hidden(home: &Home) -> i64 {
    count(home, "SELECT count(*) FROM session WHERE deleted_at IS NOT NULL")
}

/// 0 while there is no database yet.
fn count(home: &Home, sql: &str) -> i64 {
    let path = home.data().join("agentls.db");
    let connection = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY);
    connection.and_then(|connection| connection.query_row(sql, [], |row| row.get(0))).unwrap_or(0)
}

#[test]
fn a_session_that_was_cut_short_is_not_listed_and_survives_other_programs() {
    let home = Home::new(&json!({}));
    import_from(&home, &fixture());
    let path = home.data().join("agentls.db");
    change(
        &path,
        &format!("UPDATE import SET complete = 0; UPDATE session SET deleted_at = 0 WHERE id = '{CHILD}'"),
    );
    let list = command(&home, &[]);
    let listed = std::process::Command::new(list.get_program())
        .args(["sessions", "--all"])
        .envs(list.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))))
        .output()
        .unwrap();
    assert!(!text(&listed.stdout).contains(CHILD), "{listed:?}");
    let printed = import_from(&home, &fixture());
    assert!(printed.contains(&format!("imported {CHILD}")), "{printed}");
}

#[tokio::test]
async fn more_than_is_read_or_held_at_once_comes_whole_and_in_order() {
    let home = Home::new(&json!({}));
    let database = copy(&home);
    // More messages than a page, more rows and more bytes than a transaction.
    let numbers = "WITH RECURSIVE n(n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM n WHERE n < 549)";
    let long = "said number ' || n || '. ' || hex(zeroblob(1000)) || '";
    change(
        &database,
        &format!(
            "{numbers} INSERT INTO message SELECT 'msg_zz' || n, session_id, time_created + 100000000 + n,
               time_updated, data FROM message, n WHERE id = '{MESSAGE}';
             {numbers} INSERT INTO part SELECT 'prt_zz' || n, 'msg_zz' || n, session_id, time_created, time_updated,
               '{{\"type\":\"text\",\"text\":\"{long}\"}}' FROM part, n WHERE id = '{REASONING}'"
        ),
    );
    assert!(import_from(&home, &database).contains("5 sessions imported"));
    let server = home.start().await;
    let exported = server.call("session/export", json!({"sessionId": CHILD, "format": "json"})).await;
    let mut rest = exported["text"].as_str().unwrap();
    for number in 100..550 {
        let said = format!("said number {number}. ");
        (_, rest) = rest.split_once(&said).unwrap_or_else(|| panic!("{said} is missing, or comes too early"));
    }
}
