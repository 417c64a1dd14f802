//! What is not as it should be: rows, files, other programs' databases.

use std::fs;

use rusqlite::Connection;
use serde_json::json;

use super::{
    CHILD, LONG, MESSAGE, REASONING, change, copy, exported, fixture, import, import_from, rows, text,
};
use crate::support::home::Home;

#[test]
fn a_row_that_cannot_be_read_is_named_and_costs_that_row() {
    for (damage, named) in [
        (
            format!("UPDATE message SET data = '{{\"role\":' WHERE id = '{MESSAGE}'"),
            format!("message {MESSAGE}"),
        ),
        (format!("UPDATE message SET data = '[7]' WHERE id = '{MESSAGE}'"), format!("message {MESSAGE}")),
        (format!("UPDATE message SET data = 7 WHERE id = '{MESSAGE}'"), format!("message {MESSAGE}")),
        (format!("UPDATE part SET data = 'null' WHERE id = '{REASONING}'"), format!("part {REASONING}")),
        (format!("UPDATE part SET data = x'00ff' WHERE id = '{REASONING}'"), format!("part {REASONING}")),
        (
            format!("UPDATE part SET data = '{{\"type\":\"hologram\"}}' WHERE id = '{REASONING}'"),
            format!("part {REASONING} of session {CHILD}: a part of the unknown type `hologram`"),
        ),
    ] {
        let home = Home::new(&json!({}));
        let database = copy(&home);
        change(&database, &damage);
        let printed = import_from(&home, &database);
        assert!(printed.contains(&format!("skipped {named}")), "{named}: {printed}");
        assert!(printed.contains("5 sessions imported") && printed.contains(", 1 row skipped"), "{printed}");
        let once = rows(&home);
        let printed = import_from(&home, &database);
        assert!(printed.contains("5 sessions unchanged"), "{damage}: {printed}");
        assert_eq!(rows(&home), once);
    }
}

#[test]
fn half_an_emoji_is_repaired_and_odd_columns_read_as_missing() {
    let home = Home::new(&json!({}));
    let database = copy(&home);
    change(
        &database,
        &format!(
            "UPDATE part SET data = '{{\"type\":\"text\",\"text\":\"cut \\ud83d\"}}' WHERE id = '{REASONING}';
             UPDATE session SET model = '[]', agent = NULL, tokens_input = 'many', title = '' WHERE id = '{CHILD}';
             UPDATE project SET worktree = '/'"
        ),
    );
    let printed = import_from(&home, &database);
    assert!(!printed.contains("skipped"), "{printed}");
    let connection = Connection::open(home.data().join("agentls.db")).unwrap();
    let session = "SELECT agent, model_provider || '/' || model_id, usage ->> '$.input', title FROM session WHERE id = ?1";
    let read = connection.query_row(session, [CHILD], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?, row.get(3)?))
    });
    let expected: (String, String, i64, String) =
        ("build".into(), "mockr/mock-model".into(), 1_000, "New session".into());
    assert_eq!(read.unwrap(), expected, "as its messages say");
    let cut = connection
        .query_row(
            "SELECT CAST(data AS TEXT) FROM body JOIN part ON part.key = part WHERE part.id = ?1",
            [REASONING],
            |row| row.get::<_, String>(0),
        )
        .unwrap();
    assert_eq!(cut, "cut \u{fffd}");
}

#[test]
fn an_id_that_is_taken_here_costs_that_row() {
    let home = Home::new(&json!({}));
    let mut export = exported(&fixture(), CHILD);
    let file = home.write("one.json", export.to_string());
    import(&home, &["--json", file.to_str().unwrap()]);
    export["info"]["id"] = "ses_another".into();
    export["messages"][1]["info"]["id"] = "msg_another".into();
    let file = home.write("two.json", export.to_string());
    let output = import(&home, &["--json", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains(&format!("skipped message {MESSAGE}")), "{output:?}");
    assert!(text(&output.stdout).contains("imported ses_another"), "{output:?}");
}

#[test]
fn a_session_that_was_made_here_is_never_overwritten() {
    let home = Home::new(&json!({}));
    import_from(&home, &fixture());
    change(
        &home.data().join("agentls.db"),
        &format!("DELETE FROM import WHERE session = (SELECT key FROM session WHERE id = '{LONG}')"),
    );
    let printed = import_from(&home, &fixture());
    assert!(printed.contains(&format!("left alone {LONG}")), "{printed}");
}

#[test]
fn what_is_not_opencodes_is_said_in_one_line_with_code_1() {
    let home = Home::new(&json!({}));
    let other = home.workspace().join("other.db");
    change(&other, "CREATE TABLE session (id TEXT, name TEXT)");
    let newer = copy(&home);
    change(&newer, "ALTER TABLE part RENAME COLUMN data TO content");
    let half = home.workspace().join("half.db");
    fs::write(&half, &fs::read(fixture()).unwrap()[..4_000]).unwrap();
    let files = [
        (home.workspace().join("missing.db"), "No such file"),
        (home.workspace(), "it is not a file"),
        (home.write("empty.db", ""), "it is no SQLite database"),
        (
            home.write("diary.db", "Dear diary, this is not a database.\n".repeat(100)),
            "it is no SQLite database",
        ),
        (other, "there is no column session.directory"),
        (newer, "there is no column part.data"),
        (half, "half.db"),
    ];
    for (path, expected) in files {
        let output = import(&home, &["--db", path.to_str().unwrap()]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{}: {said}", path.display());
        assert!(
            said.lines().count() == 1 && said.contains(path.to_str().unwrap()) && said.contains(expected),
            "{said}"
        );
    }
    let output = import(&home, &["--db", fixture().to_str().unwrap(), "--session", "ses_none"]);
    assert!(output.status.code() == Some(1) && text(&output.stderr).contains("there is no session ses_none"));
}

#[test]
fn a_file_that_is_no_export_is_refused_and_a_cut_one_gives_what_it_has() {
    let home = Home::new(&json!({}));
    for json in ["", "[]", "{", "{}", r#"{"info":7,"messages":[]}"#, r#"{"messages":[],"info":{}}"#, "\u{0}"]
    {
        let file = home.write("export.json", json);
        let output = import(&home, &["--json", file.to_str().unwrap()]);
        let said = text(&output.stderr);
        assert!(
            output.status.code() == Some(1) && said.contains("is not an export of opencode"),
            "{json}: {said}"
        );
    }
    let file = home.write("export.json", r#"{"info":{"id":"ses_1"}}"#);
    let said = text(&import(&home, &["--json", file.to_str().unwrap()]).stderr).to_owned();
    assert!(said.contains("its `info`: missing field `directory`. Name the database with --db"), "{said}");
    let whole = exported(&fixture(), CHILD).to_string();
    let (cut, _) = whole.rsplit_once("\"parts\"").unwrap();
    let file = home.write("export.json", cut);
    let output = import(&home, &["--json", file.to_str().unwrap()]);
    assert!(text(&output.stderr).contains("skipped what follows"), "{output:?}");
    assert!(text(&output.stdout).contains("1 session imported, 1 message "), "{output:?}");
    let file = home.write("export.json", whole);
    let output = import(&home, &["--json", file.to_str().unwrap()]);
    assert!(text(&output.stdout).contains("1 session added to, 1 message "), "{output:?}");
}

#[test]
fn a_live_database_is_read_with_its_log_and_left_as_it_is() {
    let home = Home::new(&json!({}));
    let database = copy(&home);
    let live = Connection::open(&database).unwrap();
    live.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0").unwrap();
    live.execute("UPDATE session SET title = 'in the log' WHERE id = ?1", [LONG]).unwrap();
    let before = fs::read(&database).unwrap();
    let printed = import_from(&home, &database);
    assert!(printed.contains("\"in the log\""), "{printed}");
    assert_eq!(fs::read(&database).unwrap(), before);
    live.execute("UPDATE session SET title = 'still writable' WHERE id = ?1", [LONG]).unwrap();
}

/// A copy of the genuine database in WAL mode in a folder where no shared memory can be made: as root may write
/// everywhere, a link to nowhere stands in its place.
fn without_shared_memory(home: &Home) -> std::path::PathBuf {
    let database = copy(home);
    change(&database, "PRAGMA journal_mode = WAL");
    std::os::unix::fs::symlink("nowhere", home.workspace().join("opencode.db-shm")).unwrap();
    database
}

#[test]
fn a_log_that_cannot_be_read_is_said_and_without_one_the_file_is_enough() {
    let home = Home::new(&json!({}));
    let database = without_shared_memory(&home);
    fs::write(home.workspace().join("opencode.db-wal"), "what was written last").unwrap();
    let output = import(&home, &["--db", database.to_str().unwrap()]);
    let said = text(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("opencode.db has a write-ahead log"), "{said}");
    fs::remove_file(home.workspace().join("opencode.db-wal")).unwrap();
    assert!(import_from(&home, &database).contains("5 sessions imported"));
}

#[test]
fn a_row_that_is_too_large_and_a_session_of_the_newer_engine_are_named() {
    let home = Home::new(&json!({}));
    let database = copy(&home);
    change(
        &database,
        &format!(
            "UPDATE part SET data = json_object('type', 'text', 'text', hex(zeroblob(9000000))) WHERE id = '{REASONING}';
             INSERT INTO session (id, project_id, slug, directory, title, version, time_created, time_updated)
               VALUES ('ses_newer', 'global', 's', '/', 't', '2', 1, 1);
             INSERT INTO session_message VALUES ('m', 'ses_newer', 'user', 1, 1, 1, '{{}}')"
        ),
    );
    let printed = import_from(&home, &database);
    assert!(
        printed.contains(&format!("skipped part {REASONING} of session {CHILD}: larger than")),
        "{printed}"
    );
    assert!(printed.contains("skipped session ses_newer: it is of opencode's newer engine"), "{printed}");
    assert!(printed.contains("5 sessions imported"), "{printed}");
}
