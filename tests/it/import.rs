//! `agentls import opencode`: the genuine database of opencode 1.18, and what is wrong with others.

mod damage;
mod going_on;
mod repeated;
mod too_long;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{home::Home, look};

/// "Looking at the files": the session with everything in it.
const LONG: &str = "ses_e0449122effeHFobMnGoKtr5Ma";

/// The session that it started.
const CHILD: &str = "ses_e0448f05affeek4KY33TCEftcs";

/// What the child was asked, and a part of its answer.
const MESSAGE: &str = "msg_1fbb70faf001C5st3UiKh25LmV";
const REASONING: &str = "prt_1fbb710b4001djOq24vYrFT3Q8";

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/opencode/opencode-1.18.db")
}

/// A copy of the genuine database that a test may change.
fn copy(home: &Home) -> PathBuf {
    let path = home.workspace().join("opencode.db");
    std::fs::copy(fixture(), &path).unwrap();
    path
}

/// Runs SQL on a database, with foreign keys off as sqlite3 has them.
fn change(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    connection.execute_batch(sql).unwrap();
}

fn command(home: &Home, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentls"));
    command
        .args(["import", "opencode"])
        .args(arguments)
        .current_dir(home.workspace())
        .env_clear()
        .env("HOME", home.workspace())
        .env("AGENTLS_DATA_DIR", home.data())
        .env("AGENTLS_CONFIG_DIR", home.config_dir());
    command
}

fn import(home: &Home, arguments: &[&str]) -> Output {
    command(home, arguments).output().unwrap()
}

/// Imports a database, which has to succeed; what was printed.
fn import_from(home: &Home, database: &Path) -> String {
    let output = import(home, &["--db", database.to_str().unwrap()]);
    let printed = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{printed}");
    printed
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// All rows of ours, without the keys, times and ids that are given here.
fn rows(home: &Home) -> Vec<String> {
    let connection = Connection::open(home.data().join("agentls.db")).unwrap();
    let mut all = Vec::new();
    for sql in [
        "SELECT root, name FROM project ORDER BY root",
        "SELECT session.id, root, parent, title, titled, cwd, agent, model_provider, model_id, session.created_at,
                session.updated_at, archived_at, deleted_at, last_seq, messages, parts, bytes, usage
         FROM session JOIN project ON project.id = project ORDER BY session.id",
        "SELECT session.id, seq, message.id, role, message.parent, message.created_at, completed_at, message.agent,
                message.model_provider, message.model_id, summary, finish, error, message.usage
         FROM message JOIN session ON session.key = session ORDER BY 1, 2",
        "SELECT session.id, seq, idx, part.id, type, tool, call_id, status, part.title, part.bytes, input_bytes, tokens,
                started_at, ended_at, compacted_at, evidence, metadata
         FROM part JOIN session ON session.key = session ORDER BY 1, 2, 3",
        "SELECT part.id, field, start, hex(data) FROM body JOIN part ON part.key = part ORDER BY 1, 2, 3",
        "SELECT session.id, idx, text, status FROM todo JOIN session ON session.key = session ORDER BY 1, 2",
        "SELECT session.id, source, last_time, last_id, import.last_seq, writing, open_size, complete
         FROM import JOIN session ON session.key = session ORDER BY 1",
        "SELECT count(*) FROM lease",
    ] {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            (0..columns).map(|at| Ok(format!("{:?}", row.get_ref(at)?))).collect::<rusqlite::Result<Vec<_>>>()
        });
        all.extend(rows.unwrap().map(|row| row.unwrap().join("|")));
    }
    all
}

/// `opencode export` of a session, as the program prints it: the columns put back into the JSON.
fn exported(database: &Path, session: &str) -> Value {
    let connection = Connection::open(database).unwrap();
    let parsed = |json: String| serde_json::from_str::<Value>(&json).unwrap();
    let info = connection
        .query_row(
            "SELECT json_object('id', id, 'slug', slug, 'projectID', project_id, 'directory', directory, 'path', path,
                                'title', title, 'agent', agent, 'model', json(model), 'version', version, 'cost', cost,
                                'tokens', json_object('input', tokens_input, 'output', tokens_output,
                                    'reasoning', tokens_reasoning,
                                    'cache', json_object('read', tokens_cache_read, 'write', tokens_cache_write)),
                                'time', json_object('created', time_created, 'updated', time_updated))
             FROM session WHERE id = ?1",
            [session],
            |row| row.get(0).map(parsed),
        )
        .unwrap();
    let mut statement = connection
        .prepare("SELECT id, data FROM message WHERE session_id = ?1 ORDER BY time_created, id")
        .unwrap();
    let messages = statement
        .query_map([session], |row| Ok((row.get::<_, String>(0)?, row.get(1).map(parsed)?)))
        .unwrap();
    let messages: Vec<Value> = messages
        .map(|message| {
            let (id, mut info) = message.unwrap();
            info["id"] = id.clone().into();
            info["sessionID"] = session.into();
            let mut parts =
                connection.prepare("SELECT id, data FROM part WHERE message_id = ?1 ORDER BY id").unwrap();
            let parts = parts
                .query_map([&id], |row| Ok((row.get::<_, String>(0)?, row.get(1).map(parsed)?)))
                .unwrap();
            let parts = parts.map(|part| {
                let (part, mut data) = part.unwrap();
                data["id"] = part.into();
                data["messageID"] = id.clone().into();
                data
            });
            json!({"info": info, "parts": parts.collect::<Vec<_>>()})
        })
        .collect();
    json!({"info": info, "messages": messages})
}

#[tokio::test]
async fn the_genuine_database_is_listed_and_pages_through_whole_and_in_order() {
    let home = Home::new(&json!({}));
    let printed = import_from(&home, &fixture());
    assert!(printed.contains("5 sessions imported, 57 messages and 179 parts taken"), "{printed}");
    let server = home.start().await;
    let listed = server.call("session/list", json!({})).await["sessions"].take();
    let titles: Vec<_> =
        listed.as_array().unwrap().iter().map(|session| session["title"].as_str().unwrap()).collect();
    let expected =
        ["retried", "overflow", "aborted", "Looking at the files", "Count files (@general subagent)"];
    assert_eq!(titles, expected, "the newest activity first");
    let child = server.call("session/get", json!({"sessionId": CHILD})).await["session"].take();
    assert_eq!((&child["parentId"], &child["cwd"]), (&json!(LONG), &json!("/home/dev/genuine/project")));

    let mut ids: Vec<String> = Vec::new();
    loop {
        let mut params = json!({"sessionId": LONG, "limit": 7});
        if let Some(oldest) = ids.first() {
            params["before"] = oldest.as_str().into();
        }
        let page = server.call("session/messages", params).await;
        let older =
            page["messages"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned());
        ids.splice(0..0, older);
        if page["hasBefore"] == false {
            break;
        }
    }
    let there: Vec<String> = exported(&fixture(), LONG)["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["info"]["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, there);
}

#[tokio::test]
async fn what_tools_found_is_whole_and_a_compacted_part_answers_its_digest() {
    let home = Home::new(&json!({}));
    import_from(&home, &fixture());
    let server = home.start().await;
    let messages = server.messages(LONG).await;
    let calls = look::parts(&messages, "tool");
    assert!(calls.iter().all(|call| call["status"] == "completed" || call["status"] == "error"));
    let read = calls.iter().find(|call| call["title"] == "big5.txt").unwrap();
    let mut output = String::new();
    while output.len() < 47_246 {
        let params = json!({"partId": read["id"], "offset": output.len(), "limit": 20_000});
        output.push_str(server.call("part/read", params).await["text"].as_str().unwrap());
    }
    let there = exported(&fixture(), LONG);
    let parts = there["messages"].as_array().unwrap().iter().flat_map(|it| it["parts"].as_array().unwrap());
    let original = parts.clone().find(|part| part["id"] == read["id"]).unwrap();
    assert_eq!(output, original["state"]["output"]);

    let compacted: Vec<_> = calls.iter().filter(|call| call["compactedAt"].is_number()).collect();
    assert_eq!(compacted.len(), 16);
    for call in compacted {
        let evidence = server.call("part/evidence", json!({"partId": call["id"]})).await;
        let digest = evidence["text"].as_str().unwrap();
        let title = call["title"].as_str().or(call["tool"].as_str()).unwrap();
        assert!(
            digest
                .starts_with(&format!("[Compacted tool result]\ntool: {}\n", call["tool"].as_str().unwrap()))
        );
        assert!(digest.contains("\nproof: sha256=") && digest.contains(title), "{digest}");
        assert_eq!(evidence["source"], "stored", "made when it was imported");
    }
}

#[tokio::test]
async fn a_summary_knows_its_tail_files_keep_their_bytes_and_nothing_foreign_is_kept() {
    let home = Home::new(&json!({}));
    import_from(&home, &fixture());
    let connection = Connection::open(home.data().join("agentls.db")).unwrap();
    let boundary: (i64, String, i64) = connection
        .query_row(
            "SELECT tail.seq, tail.id, summary.seq FROM message AS summary
             JOIN part ON part.session = summary.session AND part.seq = summary.seq AND part.idx = 0
             JOIN message AS tail ON tail.session = summary.session AND tail.seq = part.metadata ->> '$.compaction.tail'
             WHERE summary.summary = 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    assert_eq!(boundary, (25, "msg_1fbb72b360016nj4lnKzT6cKmu".to_owned(), 34));
    let summaries: i64 =
        connection.query_row("SELECT count(*) FROM message WHERE summary = 1", [], |row| row.get(0)).unwrap();
    assert_eq!(summaries, 3);

    let server = home.start().await;
    let messages = server.messages(LONG).await;
    let files = look::parts(&messages, "file");
    assert_eq!(files[0]["uri"], "file:///home/dev/genuine/project/f4.txt");
    let image = server.call("part/read", json!({"partId": files[1]["id"]})).await;
    assert!(image["base64"].as_str().unwrap().starts_with("iVBORw0KGgo"), "{image}");
    drop(server);
    for word in ["bW9jaw==", "encrypted", "itemId"] {
        let hits: i64 = connection
            .query_row("SELECT count(*) FROM body WHERE instr(CAST(data AS TEXT), ?1) > 0", [word], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(hits, 0, "{word}");
    }
}

#[test]
fn an_export_gives_the_same_rows_as_the_database() {
    let (from_database, from_export) = (Home::new(&json!({})), Home::new(&json!({})));
    let database = fixture();
    let output = import(&from_database, &["--db", database.to_str().unwrap(), "--session", CHILD]);
    assert!(text(&output.stdout).contains("1 session imported"), "{output:?}");
    // The database names its parent; the export of this one does, too.
    let mut export = exported(&database, CHILD);
    export["info"]["parentID"] = LONG.into();
    let file = from_export.write("export.json", serde_json::to_string_pretty(&export).unwrap());
    let output = import(&from_export, &["--json", file.to_str().unwrap()]);
    assert!(text(&output.stdout).contains("1 session imported"), "{output:?}");
    assert_eq!(rows(&from_export), rows(&from_database));
}

#[test]
fn one_session_comes_with_those_that_it_started() {
    let home = Home::new(&json!({}));
    let output = import(&home, &["--db", fixture().to_str().unwrap(), "--session", LONG]);
    assert!(text(&output.stdout).contains("2 sessions imported, 40 messages"), "{output:?}");
}

#[test]
fn without_a_path_opencodes_own_place_is_looked_at() {
    let home = Home::new(&json!({}));
    let place = home.workspace().join("share/opencode");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::copy(fixture(), place.join("opencode.db")).unwrap();
    let output = command(&home, &[]).env("XDG_DATA_HOME", home.workspace().join("share")).output().unwrap();
    assert!(text(&output.stdout).contains("5 sessions imported"), "{output:?}");
}
