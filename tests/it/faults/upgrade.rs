//! Databases of older and newer versions: they open, are backed up and migrated whatever happens meanwhile, or are read
//! only.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};

use super::life::{Life, Told};
use crate::support::{
    home::Home,
    look::{output, parts, said},
    matrix,
    server::{Client, Server},
    version_one,
};

fn backup(home: &Home) -> PathBuf {
    home.data().join("agentls.db.v1.bak")
}

fn version(path: PathBuf) -> i64 {
    let database = Connection::open(path).unwrap();
    let verdict: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

/// The backup is a whole database of version 1, for its owner only, and nothing unfinished lies about.
fn is_backed_up(home: &Home) {
    assert_eq!(version(backup(home)), 1);
    let database = Connection::open(backup(home)).unwrap();
    let messages: i64 = database.query_row("SELECT count(*) FROM message", [], |row| row.get(0)).unwrap();
    assert_eq!(messages, 402);
    drop(database);
    assert_eq!(fs::metadata(backup(home)).unwrap().permissions().mode() & 0o777, 0o600);
    let names = fs::read_dir(home.data()).unwrap().map(|entry| entry.unwrap().file_name());
    let unfinished: Vec<_> = names.filter(|name| name.to_string_lossy().ends_with(".part")).collect();
    assert!(unfinished.is_empty(), "{unfinished:?}");
}

#[tokio::test]
async fn a_database_of_version_1_opens_with_all_that_is_in_it_and_a_backup() {
    let life = Life::new().await;
    version_one::make(&life.home);
    let server = life.start(Client::default()).await;
    let listed = server.call("session/list", json!({})).await;
    let titles: Vec<_> = listed["sessions"].as_array().unwrap().iter().map(|it| &it["title"]).collect();
    assert_eq!(titles, ["Cut short", "New session", "A long talk"]);
    is_backed_up(&life.home);
    assert_eq!(version(life.home.data().join("agentls.db")), 4);

    let messages = server.messages("ses_long").await;
    assert_eq!(messages.len(), 400);
    assert_eq!(output(parts(&messages, "tool")[0]), "line one\nli");
    let evidence = server.call("part/evidence", json!({"partId": "prt_c7"})).await;
    assert!(evidence["text"].is_string(), "{evidence}");
    let died = server.call("session/get", json!({"sessionId": "ses_died"})).await;
    assert!(died["session"]["recovered"]["note"].as_str().unwrap().contains("1 tool call"), "{died}");
    assert_eq!(
        server.call("session/steps", json!({"sessionId": "ses_long"})).await["steps"][0]["finish"],
        "endTurn"
    );

    life.check_on(&server, &version_one::acknowledged()).await;
    assert_eq!(said(&server.messages("ses_died").await), ["Run it.", "And then?", "Go on."]);
    server.shut_down().await;
    matrix::held("Upgrade", "a database of version 1", 1, "backed up, migrated, all of it there");
}

#[tokio::test]
async fn two_processes_that_migrate_at_once_both_go_on() {
    let times = matrix::times(2, 20);
    for _ in 0..times {
        let life = Life::new().await;
        version_one::make(&life.home);
        let servers = [life.start(Client::default()).await, life.start(Client::default()).await];
        let list = |server: &Server| server.start("session/list", json!({})).result();
        for listed in futures::future::join_all(servers.iter().map(list)).await {
            assert_eq!(listed["sessions"].as_array().unwrap().len(), 3);
        }
        is_backed_up(&life.home);
        for server in servers {
            assert_eq!(server.shut_down().await, Some(0));
        }
        life.check(&version_one::acknowledged()).await;
    }
    matrix::held("Upgrade", "migrated from two processes at once", times, "one backup, INV");
}

#[tokio::test]
async fn an_upgrade_on_a_failing_disk_fails_with_a_word_for_it_and_changes_nothing() {
    let stride = matrix::times(90, 1);
    let mut cases = 0;
    for (operation, error) in
        [("write", "ENOSPC"), ("write", "EIO"), ("sync", "EIO"), ("read", "EIO"), ("open", "EIO")]
    {
        for number in (1..).step_by(stride) {
            let life = Life::new().await;
            version_one::make(&life.home);
            let failed = life.home.workspace().join("failed");
            let client = Client::default()
                .env("AGENTLS_DISK", &format!("{operation}:{number}:{error}"))
                .env("AGENTLS_DISK_FAILED", &failed.to_string_lossy());
            let server = life.start(client).await;
            let mut told = Told::by(&server);
            told.ask("session/list", json!({})).await.expect("asked again, it works");
            for (method, failure) in &told.failures {
                super::disk::is_typed(method, failure);
            }
            server.shut_down().await;
            if !failed.exists() {
                break;
            }
            is_backed_up(&life.home);
            life.check(&version_one::acknowledged()).await;
            cases += 1;
        }
    }
    matrix::held(
        "Upgrade",
        "migrated while the n-th operation of the disk fails",
        cases,
        "typed error, then INV",
    );
}

#[tokio::test]
async fn without_room_for_the_backup_nothing_is_changed_and_the_next_try_works() {
    let life = Life::new().await;
    version_one::make(&life.home);
    let full = life.home.write("full", "");
    let order = format!("write:1:ENOSPC:{}", full.display());
    let server = life.start(Client::default().env("AGENTLS_DISK", &order)).await;
    for _ in 0..2 {
        let failure = server.start("session/list", json!({})).error().await;
        assert_eq!(failure["data"]["kind"], "storageFull", "{failure}");
    }
    assert!(!backup(&life.home).exists());
    assert_eq!(version(life.home.data().join("agentls.db")), 1);
    fs::remove_file(full).unwrap();
    assert_eq!(server.call("session/list", json!({})).await["sessions"].as_array().unwrap().len(), 3);
    is_backed_up(&life.home);
    life.check_on(&server, &version_one::acknowledged()).await;
    server.shut_down().await;
}

#[tokio::test]
async fn a_newer_database_is_read_in_full_and_every_write_is_told_why_not() {
    let life = Life::new().await;
    version_one::make(&life.home);
    let server = life.start(Client::default()).await;
    server.call("session/list", json!({})).await;
    server.shut_down().await;
    let path = life.home.data().join("agentls.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA user_version = 99; CREATE TABLE newer (x)")
        .unwrap();

    let server = life.start(Client::default()).await;
    let long = |more: Value| {
        let mut params = json!({"sessionId": "ses_long"});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    assert_eq!(server.messages("ses_long").await.len(), 400);
    for (method, params) in [
        ("session/list", json!({"archived": true})),
        ("session/get", long(json!({}))),
        ("session/steps", long(json!({}))),
        ("session/queue", long(json!({}))),
        ("session/context", long(json!({}))),
        ("session/nextRequest", long(json!({}))),
        ("session/export", long(json!({"format": "markdown"}))),
        ("part/read", json!({"partId": "prt_c7"})),
        ("part/evidence", json!({"partId": "prt_c7"})),
        ("server/status", json!({})),
    ] {
        server.call(method, params).await;
    }
    for (method, params) in [
        ("session/new", json!({"cwd": life.home.workspace()})),
        ("session/prompt", long(json!({"parts": [{"type": "text", "text": "Hello."}]}))),
        ("session/compact", long(json!({}))),
        ("session/rename", long(json!({"title": "Another"}))),
        ("session/archive", long(json!({"archived": true}))),
        ("session/fork", long(json!({}))),
        ("session/delete", long(json!({}))),
    ] {
        let failure = server.start(method, params).error().await;
        assert_eq!(
            (&failure["data"]["kind"], &failure["data"]["version"]),
            (&json!("storageNewer"), &json!(99)),
            "{method}: {failure}"
        );
    }
    server.shut_down().await;
    assert_eq!(version(path), 99);
}
