//! A database or a configuration that is not as it should be: the program starts, names what is wrong, and leaves what
//! is not its own alone.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{byte_client::Program, home::Home};

/// Sends a request that fails; the failure's data.
fn failure(program: &mut Program, method: &str, params: &Value) -> Value {
    program.request("failing", method, params);
    let answer = program.answer(&json!("failing"));
    assert_eq!(answer["error"]["code"], -32803, "{answer}");
    assert!(answer["error"]["data"]["cure"].is_string(), "{answer}");
    answer["error"]["data"].clone()
}

/// What does not need the database works, and the program ends as it should.
fn goes_on(mut program: Program) {
    assert!(!program.ask("tool/list", &json!({}))["tools"].as_array().unwrap().is_empty());
    program.ask("shutdown", &Value::Null);
    program.tell("exit", &Value::Null);
    assert_eq!(program.end(), Some(0));
}

fn new_session(home: &Home) -> Value {
    json!({"cwd": home.workspace()})
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_alone() {
    let home = Home::new(&json!({}));
    let text = "Dear diary, this is not a database, and never was one.\n".repeat(100);
    let path = home.data().join("agentls.db");
    fs::write(&path, &text).unwrap();
    let mut program = Program::introduced(&home);
    for _ in 0..2 {
        assert_eq!(failure(&mut program, "session/list", &json!({}))["kind"], "storageDamaged");
    }
    assert_eq!(fs::read_to_string(path).unwrap(), text);
    goes_on(program);
}

#[test]
fn another_programs_database_is_left_alone() {
    let home = Home::new(&json!({}));
    let path = home.data().join("agentls.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (7)")
        .unwrap();
    let before = fs::read(&path).unwrap();
    let mut program = Program::introduced(&home);
    assert_eq!(failure(&mut program, "session/new", &new_session(&home))["kind"], "storageDamaged");
    goes_on(program);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_database_with_broken_pages_is_named_and_ends_nothing() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    program.ask("session/new", &new_session(&home));
    goes_on(program);
    let path = home.data().join("agentls.db");
    let mut bytes = fs::read(&path).unwrap();
    // The first page says what the file is; everything behind it is lost.
    bytes.get_mut(4096..).unwrap().fill(0xAB);
    fs::write(&path, bytes).unwrap();

    let mut program = Program::introduced(&home);
    for (method, params) in [("session/list", json!({})), ("session/new", new_session(&home))] {
        assert_eq!(failure(&mut program, method, &params)["kind"], "storageDamaged", "{method}");
    }
    goes_on(program);
}

#[test]
fn a_newer_database_is_read_and_not_written() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    let session = program.ask("session/new", &new_session(&home))["session"]["id"].clone();
    goes_on(program);
    Connection::open(home.data().join("agentls.db"))
        .unwrap()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();

    let mut program = Program::introduced(&home);
    assert_eq!(program.ask("session/list", &json!({}))["sessions"][0]["id"], session);
    let refused = failure(&mut program, "session/new", &new_session(&home));
    assert_eq!((&refused["kind"], &refused["version"]), (&json!("storageNewer"), &json!(99)));
    let prompt = json!({"sessionId": session, "parts": [{"type": "text", "text": "hello"}]});
    assert_eq!(failure(&mut program, "session/prompt", &prompt)["kind"], "storageNewer");
    goes_on(program);
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let home = Home::new(&json!({}));
    // A folder where the file should be: refused whatever rights the test has.
    fs::create_dir(home.data().join("agentls.db")).unwrap();
    let mut program = Program::introduced(&home);
    let kind = failure(&mut program, "session/list", &json!({}))["kind"].clone();
    assert_eq!(kind, "storageReadonly");
    fs::remove_dir(home.data().join("agentls.db")).unwrap();
    assert_eq!(program.ask("session/list", &json!({}))["sessions"], json!([]), "it is tried again");
    goes_on(program);
}

#[test]
fn a_mistake_in_the_configuration_is_named_with_its_line_and_the_rest_holds() {
    let home = Home::new(&json!({}));
    let file = home.config_dir().join("config.jsonc");
    write(
        &file,
        "{\n  // mine\n  \"timeouts\": {\"idleMs\": \"soon\"},\n  \"limits\": {\"maxSteps\": 7},\n  \"modle\": \"x\"\n}\n",
    );
    let mut program = Program::introduced(&home);
    let report = program.ask("config/get", &new_session(&home));
    assert_eq!(report["config"]["limits"]["maxSteps"], 7);
    let mistakes = report["mistakes"].as_array().unwrap();
    let named = |line: usize, word: &str| {
        let place = format!("{}:{line}:", file.display());
        mistakes.iter().filter_map(Value::as_str).any(|it| it.starts_with(&place) && it.contains(word))
    };
    assert!(mistakes.len() == 2 && named(3, "idleMs") && named(5, "modle"), "{mistakes:#?}");
    goes_on(program);
}

#[test]
fn a_configuration_that_cannot_be_read_at_all_is_told_to_the_person() {
    let home = Home::new(&json!({}));
    let file = home.config_dir().join("config.jsonc");
    write(&file, "{\n  \"model\": \"offline/explorer\",\n  \"limits\": {\"maxSteps\" 7}\n}\n");
    let mut program = Program::introduced(&home);
    let told = program.until(|message| message["method"] == "window/logMessage");
    let place = format!("{}:3:", file.display());
    let message = told.last().unwrap()["params"]["message"].as_str().unwrap();
    assert!(message.contains(&place), "{message}");
    let report = program.ask("config/get", &new_session(&home));
    assert_eq!(report["config"]["limits"]["maxSteps"], 200);
    assert!(report["mistakes"][0].as_str().unwrap().starts_with(&place), "{report}");
    program.ask("session/new", &new_session(&home));
    goes_on(program);
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
