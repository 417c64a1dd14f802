//! Compactions beside everything else: in a running turn, stopped, shown as progress, piece by piece, of damaged rows.

use std::time::Duration;

use serde_json::{Value, json};

use super::{asks_for_summary, facts, model::summary, shown, small};
use crate::support::{
    home::{Home, config_for},
    provider::{Answer, Double, Stall, Wire},
    server::{Client, Server},
};

/// About 5,000 tokens of output.
fn read(id: &str, from: u32) -> Answer {
    let command = format!("seq -f 'line number %g' {from} {}", from + 1_000);
    Answer::new().call(id, "bash", &json!({"command": command}))
}

/// A session with something to compact. Two requests are made for it.
async fn filled(server: &Server, double: &Double) -> String {
    let session = server.session().await;
    double.then(read("c1", 10_000));
    double.then(Answer::new().text("Read."));
    server.prompt(&session, "Read.").await;
    session
}

fn keeping_little(double: &Double) -> Value {
    let mut config = config_for(double);
    config["compaction"] = json!({"keepTokens": 200});
    config
}

#[tokio::test]
async fn in_a_running_turn_it_is_made_at_the_next_safe_boundary() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&keeping_little(&double));
    let server = home.start().await;
    server.allow_all();
    let session = filled(&server, &double).await;
    double.then(Answer::new().call(
        "c2",
        "bash",
        &json!({"command": "touch held; while [ ! -e go ]; do sleep 0.01; done"}),
    ));
    double.then(Answer::new().text(&summary("in between")).aside());
    double.then(Answer::new().text("Went on.").new_prefix());
    let turn = server.start_prompt(&session, "Wait.");
    home.wait_for_file("held").await;
    let compacting = server.start("session/compact", json!({"sessionId": session}));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(double.requests().len(), 3, "not before the call has its result");
    home.write("go", "");
    let done = compacting.result().await;
    assert!(done["after"].as_u64() < done["before"].as_u64(), "{done}");
    assert_eq!(turn.result().await["stopReason"], "endTurn");
    let updates = server.updates(&session);
    let told = updates.iter().find(|update| update["kind"] == "compacted").unwrap();
    assert_eq!((&told["boundarySeq"], &told["after"]), (&done["boundarySeq"], &done["after"]));
}

#[tokio::test]
async fn a_compaction_that_is_stopped_changes_nothing() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&keeping_little(&double));
    let server = home.start().await;
    let session = filled(&server, &double).await;
    for way in ["$/cancelRequest", "session/cancel"] {
        double.then(Answer::new().text(&summary("half")).stall(Stall::After(3)).aside());
        let seen = server.notifications().len();
        let compacting = server.start("session/compact", json!({"sessionId": session}));
        server.wait_after(seen, "compacting", |note| note.to_string().contains("\"compacting\"")).await;
        double.wait_for_requests(if way == "session/cancel" { 4 } else { 3 }).await;
        if way == "session/cancel" {
            server.call("session/cancel", json!({"sessionId": session})).await;
            assert_eq!(compacting.error().await["data"]["kind"], "interrupted");
        } else {
            server.cancel_request(&compacting);
            assert_eq!(compacting.error().await["code"], -32800);
        }
        server.wait_until_idle(&session).await;
        assert!(server.messages(&session).await.iter().all(|message| message["summary"].is_null()));
    }
    double.then(Answer::new().text(&summary("whole")).aside());
    let done = server.call("session/compact", json!({"sessionId": session})).await;
    assert!(done["summaryMessageId"].is_string());
}

#[tokio::test]
async fn it_is_shown_as_progress_and_as_a_status() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&keeping_little(&double));
    let client = Client::default().capabilities(json!({"window": {"workDoneProgress": true}}));
    let server = client.start(&home).await;
    server.always_answer("window/workDoneProgress/create", |_| Value::Null);
    let session = filled(&server, &double).await;
    double.then(Answer::new().text(&summary("all")).aside());
    let seen = server.notifications().len();
    let call = server.start("session/compact", json!({"sessionId": session}));
    // The turn before may still be ending its own.
    let begins = |note: &Value| note["params"]["value"]["kind"] == "begin";
    let token = server.wait_after(seen, "the progress", begins).await["params"]["token"].clone();
    let ends = |note: &Value| note["params"]["token"] == token && note["params"]["value"]["kind"] == "end";
    server.wait_after(seen, "the end of the progress", ends).await;
    call.result().await;
    let statuses: Vec<_> = server
        .updates(&session)
        .into_iter()
        .filter_map(|update| update["status"].as_str().map(str::to_owned))
        .collect();
    assert!(
        statuses.contains(&"compacting".to_owned()) && statuses.last().unwrap() == "idle",
        "{statuses:?}"
    );
}

#[tokio::test]
async fn a_history_that_no_request_can_hold_is_summarised_piece_by_piece() {
    let double = Double::start_model(Wire::Responses, {
        let mut after = false;
        move |body: &Value| {
            let sent = shown(body);
            if asks_for_summary(body) {
                after = true;
                let facts = facts(&sent).into_iter().collect::<Vec<_>>().join(" ");
                return Answer::new().text(&summary(&facts)).aside().new_prefix();
            }
            let answer = Answer::new().text("I see.");
            if after { answer.new_prefix() } else { answer }
        }
    })
    .await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    for n in 1..=8 {
        server.prompt(&session, &format!("FACT-{n} {}", "much to read ".repeat(2_500))).await;
    }
    server.shut_down().await;

    home.configure(&small(&double));
    let server = home.start().await;
    assert_eq!(server.prompt(&session, "What do you know?").await["stopReason"], "endTurn");
    let requests = double.requests();
    let asked: Vec<_> = requests.iter().filter(|request| asks_for_summary(&request.body)).collect();
    assert!((2..=8).contains(&asked.len()), "{} requests", asked.len());
    assert!(asked.iter().all(|request| request.bytes < 36_000 * 4));
    let behind = facts(&shown(&requests.last().unwrap().body));
    assert_eq!(behind, (1..=8).map(|n| format!("FACT-{n}")).collect());
}

#[tokio::test]
async fn damaged_rows_cost_themselves_and_not_the_session() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&keeping_little(&double));
    let server = home.start().await;
    let session = filled(&server, &double).await;
    double.then(Answer::new().text(&summary("all")).aside());
    server.call("session/compact", json!({"sessionId": session})).await;
    server.shut_down().await;
    let damages = [
        "UPDATE part SET metadata = '{' WHERE type = 'compaction'",
        "UPDATE part SET metadata = '{\"compaction\":{\"tail\":-7,\"evidence\":3}}' WHERE type = 'compaction'",
        "UPDATE part SET metadata = '{\"compaction\":{\"tail\":999}}' WHERE type = 'compaction'",
        "UPDATE part SET evidence = '[]' WHERE type = 'tool'",
        "DELETE FROM body WHERE part IN (SELECT key FROM part WHERE type = 'tool') AND field = 2",
        "DELETE FROM body WHERE part IN (SELECT part.key FROM part JOIN message USING (session, seq) WHERE summary = 1)",
        "DELETE FROM part WHERE type = 'compaction'",
        "UPDATE live_window SET start = 5000, reshaped = -1, failures = -1",
    ];
    for damage in damages {
        rusqlite::Connection::open(home.data().join("agentls.db")).unwrap().execute_batch(damage).unwrap();
        let server = home.start().await;
        let report = server.call("session/context", json!({"sessionId": session})).await;
        assert!(report["items"].is_array(), "{damage}: {report}");
        double.then(Answer::new().text("Going on.").new_prefix());
        let end = server.prompt(&session, "Go on.").await;
        assert_eq!(end["stopReason"], "endTurn", "{damage}");
        let calls = server.messages(&session).await;
        let call = crate::support::look::parts(&calls, "tool")[0]["id"].clone();
        let evidence = server.call("part/evidence", json!({"partId": call})).await;
        assert!(evidence["text"].as_str().unwrap().starts_with("[Compacted tool result]"), "{damage}");
        server.shut_down().await;
    }
}
