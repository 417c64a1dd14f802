//! Projects: what a client gets is a plain copy, what it sends is checked, and everybody hears of a change.

use std::fs;

use serde_json::{Value, json};

use crate::support::{home::Home, server::Server};

/// The keys that a project may have.
const KEYS: [&str; 11] = [
    "id",
    "root",
    "name",
    "icon",
    "vcs",
    "sandboxes",
    "trust",
    "wouldRun",
    "createdAt",
    "updatedAt",
    "openedAt",
];

async fn list(server: &Server) -> Vec<Value> {
    server.call("project/list", json!({})).await["projects"].as_array().unwrap().clone()
}

async fn new_session(server: &Server, cwd: &std::path::Path) {
    server.call("session/new", json!({"cwd": cwd})).await;
}

fn told(server: &Server) -> Vec<Value> {
    let told = server.notifications().into_iter().filter(|it| it["method"] == "project/didChange");
    told.map(|mut it| it["params"]["project"].take()).collect()
}

#[tokio::test]
async fn a_project_is_recognised_by_its_root_and_listed_by_activity() {
    let home = Home::new(&json!({}));
    let server = home.start().await;
    home.write("a/.git/HEAD", "ref: refs/heads/main\n");
    home.write("a/.git/worktrees/w/gitdir", "/wt/w/.git\n");
    home.write("a/.git/worktrees/w/HEAD", "ref: refs/heads/topic\n");
    home.write("a/src/lib.rs", "");
    home.write("b/x", "");
    for cwd in ["a/src", "b", "a"] {
        new_session(&server, &home.workspace().join(cwd)).await;
    }
    let projects = list(&server).await;
    let names: Vec<_> = projects.iter().map(|project| &project["name"]).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(projects[0]["root"], home.workspace().join("a").display().to_string());
    assert_eq!((&projects[0]["vcs"], &projects[1]["vcs"]), (&json!("git"), &Value::Null));
    assert_eq!(projects[0]["sandboxes"], json!([{"path": "/wt/w", "branch": "topic"}]));
    assert!(projects[0]["openedAt"].as_i64() >= projects[0]["createdAt"].as_i64());
    let told: Vec<_> = told(&server).iter().map(|project| project["name"].clone()).collect();
    assert_eq!(told, ["a", "b"], "each once, when it is new");
}

#[tokio::test]
async fn what_a_person_changes_is_answered_told_and_kept() {
    let home = Home::new(&json!({}));
    let server = home.start().await;
    server.session().await;
    let id = list(&server).await[0]["id"].clone();
    let icon = json!({"kind": "emoji", "value": "🦀"});
    let change = json!({"projectId": id, "name": "  My\u{202e} shop ", "icon": icon});
    let changed = server.call("project/update", change).await["project"].take();
    assert_eq!((&changed["name"], &changed["icon"]), (&json!("My shop"), &icon));
    let told = |it: &Value| it["method"] == "project/didChange" && it["params"]["project"] == changed;
    server.wait_for("project/didChange", told).await;
    server.shut_down().await;

    let server = home.start().await;
    server.session().await;
    let kept = server.call("project/get", json!({"projectId": id})).await["project"].take();
    assert_eq!((&kept["name"], &kept["icon"]), (&json!("My shop"), &icon));
    let bare = server.call("project/update", json!({"projectId": id, "icon": null})).await["project"].take();
    assert_eq!((&bare["name"], bare.get("icon")), (&json!("My shop"), None));
}

#[tokio::test]
async fn a_client_with_a_list_is_told_what_another_process_changes() {
    let home = Home::new(&json!({}));
    let (first, second) = (home.start().await, home.start().await);
    assert!(list(&second).await.is_empty());
    first.session().await;
    let heard = async |what: &str, wanted: fn(&Value) -> bool| {
        let is_it = |it: &Value| it["method"] == "project/didChange" && wanted(&it["params"]["project"]);
        second.wait_for(what, is_it).await;
    };
    heard("that it is new", |project| project["name"] == "workspace").await;
    let id = list(&first).await[0]["id"].clone();
    let icon = json!({"kind": "emoji", "value": "🦀"});
    let change = json!({"projectId": id, "name": "Shop", "icon": icon});
    first.call("project/update", change).await;
    heard("another name", |project| project["name"] == "Shop" && project["icon"]["value"] == "🦀").await;
    let keys = told(&second);
    assert!(keys.iter().all(|it| it.as_object().unwrap().keys().all(|key| KEYS.contains(&key.as_str()))));
    first.call("project/trust", json!({"projectId": id, "trust": "untrusted"})).await;
    let changes = told(&first).len();
    heard("another trust", |project| project["updatedAt"].as_i64() > project["createdAt"].as_i64()).await;
    assert_eq!(told(&first).len(), changes, "who did it is told once");
}

#[tokio::test]
async fn hostile_input_does_not_survive() {
    let home = Home::new(&json!({}));
    let server = home.start().await;
    server.session().await;
    let id = list(&server).await[0]["id"].clone();
    let with = |members: Value| {
        let mut params = json!({"projectId": id});
        params.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        params
    };
    let deep = (0..100).fold(json!(1), |inner, _| json!({"a": inner}));
    for members in [
        json!({"icon": {"kind": "emoji", "value": "🦀".repeat(250_000)}}),
        json!({"icon": {"kind": "image", "value": format!("data:image/png;base64,{}", "A".repeat(1_000_000))}}),
        json!({"icon": {"kind": "image", "value": "https://example.com/track.png"}}),
        json!({"icon": {"kind": "image", "value": "data:image/svg+xml;base64,PHN2Zy8+"}}),
        json!({"icon": {"kind": "color", "value": "red;background:url(x)"}}),
        json!({"icon": {"kind": "emoji", "value": {"toString": "x"}}}),
        json!({"icon": {"kind": {"__proto__": {}}, "value": "x"}}),
        json!({"icon": deep}),
        json!({"name": deep}),
        json!({"name": "\u{200b}\u{202e}"}),
        json!({"name": "n".repeat(1_000_000)}),
    ] {
        let refused = server.start("project/update", with(members)).error().await;
        assert_eq!(refused["code"], -32602, "{refused}");
    }
    let smuggled = with(json!({
        "name": "fine", "root": "/", "trust": "trusted", "wouldRun": [], "__proto__": {"polluted": true},
        "constructor": {"prototype": {"polluted": true}},
        "icon": {"kind": "color", "value": "#00ff00", "__proto__": {"polluted": true}, "extra": deep},
    }));
    let changed = server.call("project/update", smuggled).await["project"].take();
    let kept = list(&server).await.remove(0);
    assert_eq!(kept, changed);
    assert_eq!(kept["icon"], json!({"kind": "color", "value": "#00ff00"}));
    assert_eq!(kept["root"], home.workspace().display().to_string());
    assert!(kept.as_object().unwrap().keys().all(|key| KEYS.contains(&key.as_str())), "{kept}");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_reason() {
    let home = Home::new(&json!({}));
    let server = home.start().await;
    let gone = server.start("project/get", json!({"projectId": "prj_none"})).error().await;
    assert_eq!(gone["data"]["kind"], "projectNotFound");
    let cwd = home.workspace();
    for params in [
        json!({"trust": "trusted"}),
        json!({"trust": "trusted", "projectId": "prj_none", "cwd": cwd}),
        json!({"trust": "perhaps", "cwd": cwd}),
        json!({"trust": "trusted", "cwd": "relative"}),
        json!({"cwd": cwd}),
    ] {
        let refused = server.start("project/trust", params.clone()).error().await;
        assert_eq!(refused["code"], -32602, "{params}");
    }
    for number in 0..=256 {
        home.write(format!(".agentls/agents/{number}.md"), "");
    }
    let refused = server.start("project/trust", json!({"cwd": cwd, "trust": "trusted"})).error().await;
    assert!(refused["message"].as_str().unwrap().contains(".agentls/agents holds more than 256 files"));
    fs::remove_dir_all(cwd.join(".agentls")).unwrap();
    server.call("project/trust", json!({"cwd": cwd, "trust": "trusted"})).await;
}
