//! The second window follows live: what one server does in a session reaches another server's client as its own updates.

use std::{process::Command, time::Duration};

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{parts, said, texts},
    provider::{Answer, Double, Stall, Wire},
    screen::Screen,
    server::Server,
};

/// Two servers on one database, and a session that the first has made.
async fn two_windows(double: &Double) -> (Home, Server, Server, String) {
    let home = Home::new(&config_for(double));
    let (first, second) = (home.start().await, home.start().await);
    let session = first.session().await;
    (home, first, second, session)
}

/// Lets a client open a session: it follows from then on.
async fn open(server: &Server, session: &str) -> Vec<Value> {
    server.messages(session).await
}

fn is_idle(update: &Value) -> bool {
    update["kind"] == "status" && update["status"] == "idle"
}

fn signal(server: &Server, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &server.pid().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Makes the owners' last heartbeats look long ago. False when the database is locked.
fn age_heartbeats(home: &Home) -> bool {
    let database = rusqlite::Connection::open(home.data().join("agentls.db")).unwrap();
    database.busy_timeout(Duration::from_secs(3)).unwrap();
    database.execute("UPDATE lease SET heartbeat = heartbeat - 60000", []).is_ok()
}

#[tokio::test]
async fn what_a_client_is_told_of_another_windows_turns_makes_the_log() {
    let todo = json!({"items": [{"text": "look", "status": "done"}]});
    let script = vec![
        Answer::new()
            .reasoning("First I look.")
            .text("I look.")
            .call("call_1", "list", &json!({}))
            .call("call_2", "todo", &todo),
        Answer::new().text("There is nothing in it, as far as I can see.").delay(Duration::from_millis(60)),
        Answer::new().text("Short."),
    ];
    let double = Double::start(Wire::Responses, script).await.caching();
    let home = Home::new(&config_for(&double));
    let (first, second) = (home.start().await, home.start().await);
    first.allow_all();
    let session = first.session().await;
    assert_eq!(open(&second, &session).await.len(), 0);

    first.prompt(&session, "What is here?").await;
    first.prompt(&session, "Again.").await;
    let last = |update: &Value| is_idle(update);
    second.update(&session, "idle", last).await;
    let complete =
        |update: &Value| update["message"]["seq"] == 5 && !update["message"]["completedAt"].is_null();
    second.update(&session, "the last answer", complete).await;

    let updates = second.updates(&session);
    let log = second.messages(&session).await;
    assert_eq!(log.len(), 5);
    Screen::of(&updates).assert_shows(&log);
    let kinds: Vec<_> = updates.iter().map(|update| update["kind"].as_str().unwrap()).collect();
    for kind in ["status", "title", "usage", "todo", "partDelta", "part", "message"] {
        assert!(kinds.contains(&kind), "{kind} is missing: {kinds:?}");
    }
    let usage = updates.iter().find(|update| update["kind"] == "usage").unwrap();
    assert_eq!(usage["context"]["limit"], 200_000, "{usage}");
    // The first client is told by the turn itself, and nothing of it twice.
    let mine = first.updates(&session);
    let ends = mine.iter().filter(|update| is_idle(update)).count();
    assert_eq!(ends, 2);
    Screen::of(&mine).assert_shows(&log);
}

#[tokio::test]
async fn a_client_that_opens_a_session_in_the_middle_of_an_answer_goes_on_from_there() {
    let words = (0..40).map(|n| format!("ünd{n} ")).collect::<String>();
    let script = vec![Answer::new().text(&words).delay(Duration::from_millis(30))];
    let double = Double::start(Wire::Responses, script).await;
    let (_home, first, second, session) = two_windows(&double).await;
    let prompt = first.start_prompt(&session, "Count.");
    first.update(&session, "some text", |update| update["kind"] == "partDelta").await;
    let seen = open(&second, &session).await;
    assert_eq!(said(&seen), ["Count."]);
    // It reads it once more while it follows: what is told next begins with the state.
    second.update(&session, "growth", |update| update["kind"] == "partDelta").await;
    open(&second, &session).await;
    prompt.result().await;
    second.update(&session, "idle", is_idle).await;
    let log = second.messages(&session).await;
    assert_eq!(texts(&log, "text").last(), Some(&words.as_str()));
    Screen::of(&second.updates(&session)).assert_shows(&log[1..]);
}

#[tokio::test]
async fn what_a_command_becomes_is_told_to_the_other_window_before_it_is_answered() {
    let words = (0..20).map(|n| format!("{n} ")).collect::<String>();
    let script = vec![Answer::new().text(&words).delay(Duration::from_millis(30))];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    std::fs::create_dir(home.config_dir().join("commands")).unwrap();
    let template = "It says:\n!`until [ -e go ]; do sleep 0.02; done; echo found`";
    std::fs::write(home.config_dir().join("commands/look.md"), template).unwrap();
    let (first, second) = (home.start().await, home.start().await);
    first.allow_all();
    let session = first.session().await;
    open(&second, &session).await;
    let prompt = first.start_prompt(&session, "/look");
    let typed = |update: &Value| update["message"]["role"] == "user";
    second.update(&session, "what was typed", typed).await;
    home.write("go", "");
    let expanded = |update: &Value| {
        update["part"]["type"] == "command" && update["part"]["text"]["text"] == "It says:\nfound"
    };
    second.update(&session, "what it became", expanded).await;
    assert!(first.updates(&session).iter().all(|update| !is_idle(update)), "it is not answered yet");
    prompt.result().await;
    second.update(&session, "idle", is_idle).await;
    Screen::of(&second.updates(&session)).assert_shows(&second.messages(&session).await);
}

#[tokio::test]
async fn a_client_with_a_list_is_told_of_other_windows_sessions() {
    let double = Double::start(Wire::Responses, vec![Answer::new().text("Done.")]).await;
    let home = Home::new(&config_for(&double));
    let (first, second) = (home.start().await, home.start().await);
    second.call("session/list", json!({})).await;
    let session = first.session().await;
    let changed = async |change: &str| {
        let wanted = |it: &Value| {
            it["method"] == "session/didChange"
                && it["params"]["sessionId"] == session
                && it["params"]["change"] == change
        };
        second.wait_for(change, wanted).await;
    };
    changed("created").await;
    first.prompt(&session, "Do it.").await;
    changed("updated").await;
    first.call("session/archive", json!({"sessionId": session})).await;
    changed("archived").await;
    first.call("session/delete", json!({"sessionId": session})).await;
    changed("deleted").await;
    let own = first.notifications().into_iter().filter(|it| it["params"]["change"] == "archived").count();
    assert_eq!(own, 1, "its own changes are not told again");
}

/// Whoever shows a session shows it in a list, too: that it runs, and that it is gone.
#[tokio::test]
async fn a_client_that_has_opened_a_session_is_told_of_the_list_while_another_window_runs_it() {
    let stalled = Answer::new().text("Long and longer").stall(Stall::After(6));
    let double = Double::start(Wire::Responses, vec![stalled]).await;
    let (_home, first, second, session) = two_windows(&double).await;
    open(&second, &session).await;
    let running = first.start_prompt(&session, "Talk.");
    let changed = |change: &'static str| {
        let session = session.clone();
        move |it: &Value| {
            it["method"] == "session/didChange"
                && it["params"] == json!({"sessionId": session, "change": change})
        }
    };
    second.wait_for("the turn's begin", changed("updated")).await;
    let page = second.call("session/list", json!({})).await;
    assert_eq!(page["sessions"][0]["status"], "running");
    first.call("session/cancel", json!({"sessionId": session})).await;
    running.result().await;
    first.call("session/delete", json!({"sessionId": session})).await;
    second.wait_for("its end", changed("deleted")).await;
}

#[tokio::test]
async fn a_renamed_session_and_a_waiting_prompt_are_told() {
    let stalled = Answer::new().text("Long and longer").stall(Stall::After(6));
    let double = Double::start(Wire::Responses, vec![stalled]).await;
    let (_home, first, second, session) = two_windows(&double).await;
    open(&second, &session).await;
    let running = first.start_prompt(&session, "Talk.");
    let waiting = first.start_prompt(&session, "And then this.");
    let queued = |update: &Value| update["prompts"][0]["text"] == "And then this.";
    second.update(&session, "the queue", queued).await;
    first.call("session/rename", json!({"sessionId": session, "title": "Another name"})).await;
    second.update(&session, "the title", |update| update["title"] == "Another name").await;
    first.cancel_request(&waiting);
    waiting.error().await;
    first.cancel_request(&running);
    running.error().await;
}

#[tokio::test]
async fn nothing_runs_while_nothing_is_followed() {
    let double = Double::start(Wire::Responses, vec![]).await;
    let (_home, _first, second, session) = two_windows(&double).await;
    second.call("session/get", json!({"sessionId": session})).await;
    let quiet = wakings(&second).await;
    open(&second, &session).await;
    let following = wakings(&second).await;
    assert!(quiet < 4 && following >= 5, "{quiet} without, {following} with something to follow");
}

/// How often the server's threads had to wait for something in a second.
async fn wakings(server: &Server) -> u64 {
    let count = || -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
        let statuses =
            tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("status")).ok());
        let number = |status: String| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            line.trim().parse().ok()
        };
        statuses.filter_map(number).sum()
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = count();
    tokio::time::sleep(Duration::from_secs(1)).await;
    count().saturating_sub(before)
}

#[tokio::test]
async fn the_owners_death_is_told_and_what_it_left_open_is_ended() {
    let stalled = Answer::new().text("Long and longer").stall(Stall::After(6));
    let double = Double::start(Wire::Responses, vec![stalled]).await;
    let (_home, first, second, session) = two_windows(&double).await;
    open(&second, &session).await;
    drop(first.start_prompt(&session, "Talk."));
    second.update(&session, "some text", |update| update.to_string().contains("Long")).await;
    first.crash();
    second.update(&session, "idle", is_idle).await;
    let failed = second.update(&session, "the error", |update| update["kind"] == "error").await;
    assert_eq!(failed["error"]["kind"], "interrupted");
    let seen = second.call("session/get", json!({"sessionId": session})).await;
    assert_eq!(seen["session"]["status"], "idle");
    assert!(seen["session"]["recovered"]["note"].as_str().unwrap().contains("Nothing was run again"));
    let log = second.messages(&session).await;
    Screen::of(&second.updates(&session)).assert_shows(&log);
    double.then(Answer::new().text("Here."));
    assert_eq!(second.prompt(&session, "Go on.").await["stopReason"], "endTurn");
}

#[tokio::test]
async fn a_prompt_that_interrupts_takes_the_session_over_and_waiting_prompts_are_answered() {
    let stalled = Answer::new().text("Long and longer").stall(Stall::After(6));
    let script = vec![stalled, Answer::new().text("Mine now."), Answer::new().text("Yours, too.")];
    let double = Double::start(Wire::Responses, script).await;
    let (_home, first, second, session) = two_windows(&double).await;
    let running = first.start_prompt(&session, "Talk.");
    first.update(&session, "some text", |update| update["kind"] == "partDelta").await;
    let waiting = first.start_prompt(&session, "And then this.");
    first.update(&session, "the queue", |update| update["prompts"][0]["text"] == "And then this.").await;

    let taken = second.start_prompt_with(&session, "Stop, do this.", json!({"delivery": "interrupt"}));
    assert_eq!(taken.result().await["stopReason"], "endTurn");
    assert_eq!(running.result().await["stopReason"], "cancelled");
    assert_eq!(waiting.result().await["stopReason"], "endTurn");
    let log = second.messages(&session).await;
    assert_eq!(said(&log), ["Talk.", "Stop, do this.", "And then this."]);
    first.update(&session, "the last answer", |update| update.to_string().contains("Yours, too.")).await;
    first.wait_until_idle(&session).await;
    assert_eq!(first.messages(&session).await, log);
}

#[tokio::test]
async fn any_window_can_stop_a_turn() {
    let stalled = || Answer::new().text("Long and longer").stall(Stall::After(6));
    let double = Double::start(Wire::Responses, vec![stalled(), stalled()]).await;
    let (_home, first, second, session) = two_windows(&double).await;
    let running = first.start_prompt(&session, "Talk.");
    first.update(&session, "some text", |update| update["kind"] == "partDelta").await;
    let queued = first.start_prompt(&session, "And then this.");
    first.update(&session, "the queue", |update| update["prompts"][0]["text"] == "And then this.").await;
    let stopped = second.call("session/cancel", json!({"sessionId": session})).await;
    assert_eq!(stopped, json!({"cancelled": true}), "though the owner goes on with the next prompt");
    assert_eq!(running.result().await["stopReason"], "cancelled");
    double.wait_for_requests(2).await;
    assert_eq!(
        second.call("session/cancel", json!({"sessionId": session})).await,
        json!({"cancelled": true})
    );
    assert_eq!(queued.result().await["stopReason"], "cancelled");
    let stopped = second.call("session/cancel", json!({"sessionId": session})).await;
    assert_eq!(stopped, json!({"cancelled": false}));
}

#[tokio::test]
async fn a_hung_owner_loses_the_session_and_can_write_nothing_more() {
    let held = json!({"command": "touch held; until [ -e go ]; do sleep 0.02; done; echo late"});
    let script = vec![Answer::new().call("call_1", "bash", &held), Answer::new().text("Taken over.")];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let (first, second) = (home.start().await, home.start().await);
    first.allow_all();
    let session = first.session().await;
    let running = first.start_prompt(&session, "Run it.");
    home.wait_for_file("held").await;
    // One that is stopped in the middle of a transaction would hold the whole database: then a bit later.
    loop {
        signal(&first, "STOP");
        if age_heartbeats(&home) {
            break;
        }
        signal(&first, "CONT");
    }
    assert_eq!(second.prompt(&session, "Who is there?").await["stopReason"], "endTurn");
    let log = second.messages(&session).await;
    assert_eq!(said(&log), ["Run it.", "Who is there?"]);
    assert!(parts(&log, "tool").iter().all(|call| call["status"] == "error"));

    home.write("go", "");
    signal(&first, "CONT");
    assert_eq!(running.error().await["data"]["kind"], "interrupted");
    first.wait_until_idle(&session).await;
    assert_eq!(second.messages(&session).await, log, "the one that lost the session wrote into it");
    assert_eq!(double.requests().len(), 2, "it asked the model, too");
    first.update(&session, "the other's answer", |update| update.to_string().contains("Taken over.")).await;
    Screen::of(&first.updates(&session)).assert_shows(&log);
}

#[tokio::test]
async fn a_heartbeat_that_only_looks_old_costs_a_living_owner_nothing() {
    let stalled = Answer::new().text("Long and longer").stall(Stall::After(6));
    let double = Double::start(Wire::Responses, vec![stalled]).await;
    let (home, first, second, session) = two_windows(&double).await;
    let running = first.start_prompt(&session, "Talk.");
    first.update(&session, "some text", |update| update["kind"] == "partDelta").await;
    // As after a night with the lid closed.
    assert!(age_heartbeats(&home));
    let refused = second.start_prompt(&session, "Mine?").error().await;
    assert_eq!(refused["data"]["kind"], "sessionBusy");
    assert_eq!(refused["data"]["owner"]["pid"], first.pid());
    first.call("session/cancel", json!({"sessionId": session})).await;
    assert_eq!(running.result().await["stopReason"], "cancelled");
}
