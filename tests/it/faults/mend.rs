//! `agentls doctor`: what it finds, and that `--repair` saves what can be read of a damaged database and says what cannot.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::Duration,
};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    invariants, matrix,
    provider::{Answer, Double, Wire},
};

/// Bytes of a page of our databases.
const PAGE: usize = 4096;

fn database(home: &Home) -> PathBuf {
    home.data().join("agentls.db")
}

fn command(home: &Home, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentls"));
    command
        .args(arguments)
        .current_dir(home.workspace())
        .env_clear()
        .env("HOME", home.workspace())
        .env("AGENTLS_DATA_DIR", home.data())
        .env("AGENTLS_CONFIG_DIR", home.config_dir())
        .stdin(Stdio::null());
    command
}

fn agentls(home: &Home, arguments: &[&str]) -> Output {
    command(home, arguments).output().expect("the binary was built")
}

/// What a command prints as JSON, and its exit code.
fn printed(home: &Home, arguments: &[&str]) -> (Value, Option<i32>) {
    let output = agentls(home, arguments);
    let text = String::from_utf8_lossy(&output.stdout);
    let value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    (value, output.status.code())
}

fn repaired(home: &Home) -> Value {
    let (report, code) = printed(home, &["doctor", "--repair", "--json"]);
    assert_eq!(code, Some(0), "{report}");
    report
}

/// Small numbers without a pattern, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % most.max(1)
    }
}

fn model(request: &Value) -> Answer {
    let newest = request["input"].as_array().and_then(|items| items.last()).unwrap_or(&Value::Null);
    if newest["type"] == "function_call_output" || newest.to_string().contains("GO ON") {
        return Answer::new().text(&"Here is what I found. ".repeat(40)).new_prefix();
    }
    let look = Answer::new().reasoning("I look.").text("Looking.");
    look.call("call_1", "read", &json!({"path": "a.txt"})).new_prefix()
}

/// A database with real content, made by the real program; its bytes.
async fn content(double: &Double) -> Vec<u8> {
    let home = Home::new(&config_for(double));
    home.write("a.txt", "a line of some file that the model looks at\n".repeat(300));
    let server = home.start().await;
    for _ in 0..4 {
        let session = server.session().await;
        for round in 0..5 {
            server.prompt(&session, &format!("Look at the file, round {round}.")).await;
        }
    }
    assert_eq!(server.shut_down().await, Some(0));
    let path = database(&home);
    let connection = Connection::open(&path).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    fs::read(path).unwrap()
}

/// A home with this database.
fn home_with(double: &Double, bytes: &[u8]) -> Home {
    let home = Home::new(&config_for(double));
    fs::write(database(&home), bytes).unwrap();
    home
}

/// Damages bytes in one of several ways; says in which.
fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) -> String {
    let pages = bytes.len() / PAGE;
    let page = 1 + dice.below(pages - 1);
    match dice.below(6) {
        0 => {
            for _ in 0..40 {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
            "40 bits flipped anywhere".to_owned()
        }
        1 => {
            let count = 1 + dice.below(6);
            for _ in 0..count {
                let page = 1 + dice.below(pages - 1);
                bytes[page * PAGE..(page + 1) * PAGE].fill(0);
            }
            format!("{count} pages zeroed")
        }
        2 => {
            bytes.truncate(page * PAGE + dice.below(PAGE));
            format!("cut off in page {page} of {pages}")
        }
        3 => {
            let count = dice.below(100);
            bytes[..count].fill(0xAB);
            format!("the first {count} bytes overwritten")
        }
        4 => {
            let from = page * PAGE + dice.below(PAGE - 64);
            bytes[from..from + 64].fill(0xFF);
            format!("64 bytes overwritten in page {page}")
        }
        _ => {
            bytes[..PAGE].fill(0);
            "the first page zeroed".to_owned()
        }
    }
}

#[tokio::test]
async fn what_can_be_read_of_a_damaged_database_is_saved_and_the_sessions_go_on() {
    let double = Double::start_model(Wire::Responses, model).await;
    let whole = content(&double).await;
    let seeds = matrix::times(18, 600);
    let mut saved = 0;
    for seed in 1..=seeds {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed as u64));
        let mut bytes = whole.clone();
        let how = damage(&mut bytes, &mut dice);
        let home = home_with(&double, &bytes);
        eprintln!("seed {seed}: {how}");
        let report = repaired(&home);
        if report["repaired"] == true {
            let kept = fs::read(report["kept"].as_str().unwrap()).unwrap();
            assert!(kept == bytes, "seed {seed}: the old database is another");
            let lines = fs::read_to_string(report["report"].as_str().unwrap()).unwrap();
            for loss in report["losses"].as_array().unwrap() {
                assert!(lines.contains(loss["what"].as_str().unwrap()), "{loss}");
            }
        }
        invariants::hold(&home, &[]).await;
        saved += goes_on(&home, seed).await;
        let (found, code) = printed(&home, &["doctor", "--json"]);
        assert_eq!(code, Some(0), "seed {seed}: {found}");
    }
    matrix::held("mend", "databases damaged and repaired", seeds, &format!("INV, {saved} messages saved"));
}

/// Each session takes a prompt. Returns how many messages there were.
async fn goes_on(home: &Home, seed: usize) -> usize {
    let server = home.start().await;
    let page = server.call("session/list", json!({"limit": 100})).await;
    let mut messages = 0;
    for session in page["sessions"].as_array().unwrap() {
        let id = session["id"].as_str().unwrap();
        messages += server.messages(id).await.len();
        let end = server.prompt(id, "GO ON.").await;
        assert_eq!(end["stopReason"], "endTurn", "seed {seed}");
    }
    assert_eq!(server.shut_down().await, Some(0));
    messages
}

/// Every row of every table but what a repair is to change.
fn dump(home: &Home) -> Vec<String> {
    let database = Connection::open(database(home)).unwrap();
    let mut lines = Vec::new();
    for table in
        ["project", "session", "message", "part", "body", "prompt", "turn", "step", "todo", "baseline"]
    {
        let sql = format!("SELECT * FROM {table}");
        let mut select = database.prepare(&sql).unwrap();
        let columns = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<String> =
                (0..columns).map(|at| format!("{:?}", row.get_ref(at).unwrap())).collect();
            lines.push(format!("{table}: {}", values.join(" | ")));
        }
    }
    lines.sort();
    lines
}

#[tokio::test]
async fn nothing_of_a_healthy_database_is_lost_or_changed() {
    let double = Double::start_model(Wire::Responses, model).await;
    let whole = content(&double).await;
    let home = home_with(&double, &whole);
    assert_eq!(repaired(&home), json!({"repaired": false, "freedBytes": 0}));
    assert!(fs::read(database(&home)).unwrap() == whole);
    let before = dump(&home);
    // A lost index entry is all that is wrong: every row has to come over as it was.
    let connection = Connection::open(database(&home)).unwrap();
    let root: i64 = connection
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'session_by_activity'", [], |row| {
            row.get(0)
        })
        .unwrap();
    drop(connection);
    let mut bytes = fs::read(database(&home)).unwrap();
    let page = usize::try_from(root - 1).unwrap() * PAGE;
    bytes[page..page + PAGE].fill(0);
    fs::write(database(&home), bytes).unwrap();
    let report = repaired(&home);
    assert_eq!((&report["repaired"], &report["losses"]), (&json!(true), &json!([])));
    assert_eq!(dump(&home), before);
}

/// What is wrong with a row, and what the report says of it.
const WRONG: &[(&str, &str)] = &[
    ("UPDATE message SET role = 'robot' WHERE session = 1 AND seq = 2", "role could not be read"),
    (
        "UPDATE part SET status = 'odd' WHERE key = (SELECT min(key) FROM part WHERE type = 'tool')",
        "status could not be read",
    ),
    ("UPDATE part SET metadata = '{' WHERE key = 3", "metadata could not be read"),
    (
        "DELETE FROM body WHERE part = (SELECT min(key) FROM part WHERE type = 'tool') AND field = 2",
        "bytes are lost",
    ),
    ("DELETE FROM message WHERE session = 2 AND seq = 3", "message 3: its row is lost"),
    ("DELETE FROM part WHERE key = 5", "part with key 5: lost"),
    ("DELETE FROM session WHERE key = 1", "its row and its id are lost"),
    (
        "UPDATE body SET start = start + 9 WHERE part = (SELECT min(key) FROM part WHERE type = 'tool') AND field = 2",
        "9 bytes are lost",
    ),
    ("UPDATE session SET cwd = CAST(x'ff' AS TEXT) WHERE key = 2", "cwd could not be read"),
];

#[tokio::test]
async fn a_wrong_row_is_set_right_and_told() {
    let double = Double::start_model(Wire::Responses, model).await;
    let whole = content(&double).await;
    for (sql, told) in WRONG {
        let home = home_with(&double, &whole);
        let connection = Connection::open(database(&home)).unwrap();
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(connection);
        let (found, code) = printed(&home, &["doctor", "--json"]);
        assert_eq!(code, Some(1), "{sql}: {found}");
        let report = repaired(&home);
        assert!(report["losses"].to_string().contains(told), "{sql}: {report:#}");
        invariants::hold(&home, &[]).await;
        goes_on(&home, 0).await;
    }
}

#[tokio::test]
async fn a_database_in_use_is_not_repaired() {
    let double = Double::start_model(Wire::Responses, model).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.session().await;
    let refused = agentls(&home, &["doctor", "--repair"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another process uses the database"));
    assert_eq!(server.shut_down().await, Some(0));
    let (report, _) = printed(&home, &["doctor", "--repair", "--json"]);
    assert_eq!(report["repaired"], false);
}

#[tokio::test]
async fn a_repair_that_is_killed_leaves_the_old_database_in_its_place() {
    let double = Double::start_model(Wire::Responses, model).await;
    let mut bytes = content(&double).await;
    let end = bytes.len();
    bytes[end - 3 * PAGE..end - PAGE].fill(0);
    let home = home_with(&double, &bytes);
    for round in 0..matrix::times(6, 100) {
        let mut running = command(&home, &["doctor", "--repair"]).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(7 * (round as u64 % 60)));
        drop(running.kill());
        drop(running.wait());
        let now = fs::read(database(&home)).unwrap();
        if now != bytes {
            let (found, code) = printed(&home, &["doctor", "--json"]);
            assert_eq!(code, Some(0), "it is whole when it is another: {found}");
            fs::write(database(&home), &bytes).unwrap();
        }
    }
    repaired(&home);
    invariants::hold(&home, &[]).await;
}

// The command waits for a provider that runs beside it.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_interrupted_is_told_wherever_the_session_is_seen() {
    let held = Answer::new().call("c1", "bash", &json!({"command": "touch held; sleep 600"}));
    let double = Double::start(Wire::Responses, vec![held]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.allow_all();
    let session = server.session().await;
    drop(server.start_prompt(&session, "Run it."));
    home.wait_for_file("held").await;
    server.crash();

    let server = home.start().await;
    let listed = server.call("session/list", json!({})).await;
    let note = listed["sessions"][0]["recovered"]["note"].as_str().unwrap().to_owned();
    assert!(note.contains("1 tool call open: bash (touch held; sleep 600)"), "{note}");
    assert!(note.ends_with("Nothing was run again."), "{note}");
    let told = server.update(&session, "what was recovered", |update| update["kind"] == "recovered").await;
    assert_eq!(told["note"], note.as_str());
    let page = server.call("session/messages", json!({"sessionId": session})).await;
    assert_eq!(page["recovered"]["note"], note.as_str());
    assert_eq!(server.shut_down().await, Some(0));
    let shown = agentls(&home, &["sessions"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains(&note), "{shown:?}");
    double.then(Answer::new().text("Yes."));
    let shown = agentls(&home, &["run", "Go on.", "--session", &session]);
    assert!(String::from_utf8_lossy(&shown.stderr).contains(&note), "{shown:?}");
}
