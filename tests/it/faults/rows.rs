//! A damaged row costs that row and is named, never the session: every column of what a session is made of, with every
//! value that does not belong there.

use rusqlite::{Connection, ErrorCode, params_from_iter};
use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{output, parts, texts},
    matrix,
    provider::{Answer, Double, Wire},
    server::Server,
};

/// Texts that are damaged: not UTF-8, an unknown word that is no JSON either, and nothing.
const TEXTS: &[&str] = &["CAST(x'6eff6e' AS TEXT)", "'{robot'", "''", "NULL"];

/// Numbers that are no size, no place and no time.
const NUMBERS: &[&str] = &["-1", "9223372036854775807", "-9223372036854775808", "NULL"];

const BYTES: &[&str] = &["x''", "x'ff00fe'"];

/// Each table with a row of the session in question.
const ROWS: &[(&str, &str)] = &[
    ("session", "key = ?1"),
    ("message", "session = ?1 AND seq = 2"),
    ("message", "session = ?1 AND seq = 1"),
    ("part", "session = ?1 AND type = 'tool'"),
    ("part", "session = ?1 AND seq = 1 AND type = 'text'"),
    ("part", "session = ?1 AND type = 'reasoning'"),
    ("body", "part IN (SELECT key FROM part WHERE session = ?1 AND type = 'tool') AND field = 2"),
    ("body", "part IN (SELECT key FROM part WHERE session = ?1 AND type = 'tool') AND field = 1"),
    ("prompt", "session = ?1"),
    ("turn", "session = ?1"),
    ("step", "session = ?1 AND seq = 1"),
];

/// Columns that say that the session is not there, so that it must not be.
const GONE: &[(&str, &str)] = &[("session", "deleted_at"), ("session", "archived_at")];

struct Case {
    table: &'static str,
    row: &'static str,
    column: String,
    value: &'static str,
}

fn cases(database: &Connection) -> Vec<Case> {
    let mut cases = Vec::new();
    for (table, row) in ROWS {
        let sql = "SELECT name, type FROM pragma_table_info(?1)";
        let mut columns = database.prepare(sql).unwrap();
        let columns = columns.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        for (column, kind) in columns.map(Result::unwrap).collect::<Vec<(String, String)>>() {
            let values = match kind.as_str() {
                "INTEGER" => NUMBERS,
                "BLOB" => BYTES,
                _ => TEXTS,
            };
            let damages = values.iter().filter(|_| !GONE.contains(&(*table, column.as_str())));
            cases.extend(damages.map(|value| Case { table, row, column: column.clone(), value }));
        }
    }
    cases
}

fn open(home: &Home) -> Connection {
    let database = Connection::open(home.data().join("agentls.db")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    database.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    database
}

/// Looks at a file when it is asked to, recalls when it is asked to, and is done when it has a result.
fn model(request: &Value) -> Answer {
    let newest = request["input"].as_array().and_then(|items| items.last()).unwrap_or(&Value::Null);
    let asked = newest.to_string();
    if newest["type"] == "function_call_output" {
        Answer::new().text("Done.").new_prefix()
    } else if asked.contains("LOOK") {
        let look = Answer::new().reasoning("I look.").text("Looking.");
        look.call("call_1", "read", &json!({"path": "a.txt"})).new_prefix()
    } else {
        Answer::new().call("call_9", "recall", &json!({"ref": "history"})).new_prefix()
    }
}

/// A session with something in every table.
async fn session(server: &Server, home: &Home) -> (String, i64) {
    let session = server.session().await;
    server.prompt(&session, "LOOK at a.txt.").await;
    let sql = "SELECT key FROM session WHERE id = ?1";
    let key = open(home).query_row(sql, [&session], |row| row.get(0)).unwrap();
    (session, key)
}

/// Damages a row. False when the database itself does not take such a value.
fn damage(home: &Home, case: &Case, key: i64) -> bool {
    let Case { table, row, column, value } = case;
    let rest = if *table == "body" { " AND start = 0" } else { "" };
    let sql = format!("UPDATE {table} SET {column} = {value} WHERE {row}{rest}");
    match open(home).execute(&sql, [key]) {
        Ok(changed) => {
            assert!(changed > 0, "{sql}");
            true
        }
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch)
            ) =>
        {
            false
        }
        Err(error) => panic!("{sql}: {error}"),
    }
}

/// The id under which the session is listed: another one where its own was damaged.
async fn listed(server: &Server, known: &[String], session: &str) -> String {
    let page = server.call("session/list", json!({"limit": 500})).await;
    let ids: Vec<&str> =
        page["sessions"].as_array().unwrap().iter().filter_map(|it| it["id"].as_str()).collect();
    if ids.contains(&session) {
        return session.to_owned();
    }
    let new = ids.iter().find(|id| !known.iter().any(|known| known == *id));
    (*new.unwrap_or_else(|| panic!("{session} is not listed"))).to_owned()
}

/// Everything that can be asked of a session is answered.
async fn works(server: &Server, session: &str) -> Vec<Value> {
    let of = |more: Value| {
        let mut params = more;
        params["sessionId"] = session.into();
        params
    };
    let messages = server.messages(session).await;
    for (method, params) in [
        ("session/get", json!({})),
        ("session/messages", json!({"limit": 1})),
        ("session/context", json!({})),
        ("session/nextRequest", json!({"text": "And now?"})),
        ("session/steps", json!({})),
        ("session/queue", json!({})),
        ("session/export", json!({"format": "json"})),
        ("session/export", json!({"format": "markdown"})),
    ] {
        server.call(method, of(params)).await;
    }
    paged(server, session, messages.len()).await;
    let end = server.prompt(session, "Recall.").await;
    assert_eq!(end["stopReason"], "endTurn");
    let after = server.messages(session).await;
    let calls = parts(&after, "tool");
    let recall = calls.iter().rev().find(|call| call["tool"] == "recall").expect("it recalled");
    assert_eq!(recall["status"], "completed", "{}", output(recall));
    after
}

/// A client that pages backwards one by one sees every message.
async fn paged(server: &Server, session: &str, messages: usize) {
    let mut before = Value::Null;
    for seen in 1.. {
        let params = json!({"sessionId": session, "limit": 1, "before": before});
        let page = server.call("session/messages", params).await;
        before = page["messages"][0]["id"].clone();
        if page["hasBefore"] == false {
            assert_eq!(seen, messages.max(1));
            return;
        }
        assert!(seen <= messages, "paging does not end");
    }
}

#[tokio::test]
async fn a_damaged_column_costs_its_row_and_never_the_session() {
    let double = Double::start_model(Wire::Responses, model).await;
    let home = Home::new(&config_for(&double));
    home.write("a.txt", "one\ntwo\n");
    let server = home.start().await;
    let mut known = vec![session(&server, &home).await.0];
    let all = cases(&open(&home));
    let stride = all.len().div_ceil(matrix::times(30, all.len()));
    let mut done = 0;
    for case in all.iter().step_by(stride.max(1)) {
        let (id, key) = session(&server, &home).await;
        known.push(id.clone());
        if !damage(&home, case, key) {
            continue;
        }
        eprintln!("{} ({}): {} = {}", case.table, case.row, case.column, case.value);
        let id = listed(&server, &known, &id).await;
        works(&server, &id).await;
        done += 1;
        // The next case has a list of its own to find its session in.
        server.call("session/delete", json!({"sessionId": id})).await;
        known.truncate(1);
    }
    assert_eq!(server.shut_down().await, Some(0));
    matrix::held("rows", "columns of stored rows damaged, one by one", done, "session whole but for the row");
}

/// Each damage with the words that name it, in the message that it stands in.
const NAMED: &[(&str, &str)] = &[
    ("UPDATE message SET role = 'robot' WHERE session = ?1 AND seq = 2", "`role` is `robot`"),
    ("UPDATE message SET usage = '{' WHERE session = ?1 AND seq = 2", "`usage` is of another shape"),
    ("UPDATE message SET id = CAST(x'ff' AS TEXT) WHERE session = ?1 AND seq = 2", "`id` is"),
    ("UPDATE part SET type = 'hologram' WHERE session = ?1 AND type = 'tool'", "`type` is `hologram`"),
    ("UPDATE part SET status = 'done?' WHERE session = ?1 AND type = 'tool'", "`status` is `done?`"),
    ("UPDATE part SET metadata = '[' WHERE session = ?1 AND type = 'tool'", "`metadata` is of another shape"),
    ("UPDATE part SET bytes = -5 WHERE session = ?1 AND type = 'tool'", "`bytes` is `-5`"),
    (
        "DELETE FROM body WHERE part = (SELECT key FROM part WHERE session = ?1 AND type = 'tool') AND field = 2",
        "output are missing",
    ),
    (
        "UPDATE body SET start = start + 7 WHERE field = 2
        AND part = (SELECT key FROM part WHERE session = ?1 AND type = 'tool')",
        "7 bytes of its output are missing",
    ),
    ("DELETE FROM message WHERE session = ?1 AND seq = 2", "message 2 is missing"),
];

#[tokio::test]
async fn what_is_damaged_is_named_in_its_place_and_logged_once() {
    let double = Double::start_model(Wire::Responses, model).await;
    let home = Home::new(&config_for(&double));
    home.write("a.txt", "one\ntwo\n");
    let server = home.start().await;
    for (sql, words) in NAMED {
        let (id, key) = session(&server, &home).await;
        let whole = server.messages(&id).await;
        assert_eq!(open(&home).execute(sql, params_from_iter([key])).unwrap(), 1, "{sql}");
        let messages = server.messages(&id).await;
        assert_eq!(messages.len(), whole.len(), "{sql}");
        let error = &messages[1]["error"];
        assert_eq!(error["kind"], "storageDamaged", "{sql}: {messages:#?}");
        assert!(error["message"].as_str().unwrap().contains(words), "{sql}: {error}");
        // The rest is as it was.
        assert_eq!(messages[0], whole[0], "{sql}");
        assert_eq!(messages[2], whole[2], "{sql}");
        let said = texts(&messages, "text");
        assert!(texts(&whole, "text").iter().all(|text| said.contains(text)), "{sql}: {said:?}");
        works(&server, &id).await;
    }
    assert_eq!(server.shut_down().await, Some(0));
    let log = std::fs::read_to_string(home.data().join("agentls.log")).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("hologram")).collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
}

#[tokio::test]
async fn bytes_that_are_missing_from_the_middle_of_a_body_are_jumped_over_and_never_made_up() {
    let double = Double::start_model(Wire::Responses, model).await;
    let home = Home::new(&config_for(&double));
    let line = "a line of a file that is long enough to be stored in several chunks\n";
    home.write("a.txt", line.repeat(600));
    let server = home.start().await;
    let (id, key) = session(&server, &home).await;
    let messages = server.messages(&id).await;
    let call = parts(&messages, "tool")[0];
    let (part, bytes) = (call["id"].clone(), call["output"]["bytes"].as_u64().unwrap());
    // The one chunk becomes two with a hole between them.
    let database = open(&home);
    let chunk = "part = (SELECT key FROM part WHERE session = ?1 AND type = 'tool') AND field = 2";
    database
        .execute(
            &format!(
                "INSERT INTO body SELECT part, field, 5000, substr(data, 5001) FROM body WHERE {chunk} AND start = 0"
            ),
            [key],
        )
        .unwrap();
    let cut = format!("UPDATE body SET data = substr(data, 1, 4000) WHERE {chunk} AND start = 0");
    database.execute(&cut, [key]).unwrap();

    let (mut offset, mut read, mut ranges) = (0, 0, Vec::new());
    loop {
        let params = json!({"partId": part, "field": "output", "offset": offset, "limit": 3_000});
        let range = server.call("part/read", params).await;
        let (at, text) = (range["offset"].as_u64().unwrap(), range["text"].as_str().unwrap().to_owned());
        assert!(at >= offset && range["bytes"] == bytes, "{range}");
        read += text.len() as u64;
        ranges.push(at);
        offset = at + text.len() as u64;
        if range["eof"] == true {
            break;
        }
    }
    assert_eq!(read, bytes - 1_000);
    assert!(ranges.contains(&5_000) && !ranges.iter().any(|at| (4_000..5_000).contains(at)), "{ranges:?}");
    let messages = server.messages(&id).await;
    assert!(output(parts(&messages, "tool")[0]).contains("1000 bytes are missing here"));
    works(&server, &id).await;
}
