//! Two windows on one database: one writes a session (invariant 8), the other reads, and may take over.

use serde_json::json;

use crate::support::{
    home::{Home, config_for},
    look::{body, output, parts, said},
    provider::{Answer, Double, Wire},
};

fn held_call() -> Answer {
    let command = "touch held; until [ -e go ]; do sleep 0.02; done; echo done";
    Answer::new().call("call_1", "bash", &json!({"command": command}))
}

#[tokio::test]
async fn the_second_server_reads_a_running_session_and_is_told_who_runs_it() {
    let script = vec![held_call(), Answer::new().text("Elsewhere."), Answer::new().text("Done.")];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let (first, second) = (home.start().await, home.start().await);
    first.allow_all();
    let session = first.session().await;
    let other = second.session().await;
    let prompt = first.start_prompt(&session, "Run it.");
    home.wait_for_file("held").await;

    let seen = second.call("session/get", json!({"sessionId": session})).await;
    assert_eq!(seen["session"]["status"], "running");
    assert_eq!(seen["session"]["owner"]["pid"], first.pid());
    assert_eq!(said(&second.messages(&session).await), ["Run it."]);
    let listed = second.call("session/list", json!({})).await;
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 2);

    let error = second.start_prompt(&session, "Me too.").error().await;
    assert_eq!(error["data"]["kind"], "sessionBusy", "{error}");
    assert_eq!(error["data"]["owner"]["pid"], first.pid());
    assert_eq!(second.prompt(&other, "Elsewhere?").await["stopReason"], "endTurn");

    home.write("go", "");
    assert_eq!(prompt.result().await["stopReason"], "endTurn");
    assert_eq!(said(&first.messages(&session).await), ["Run it."], "the refused prompt is not answered");
    double.then(Answer::new().text("Here."));
    assert_eq!(second.prompt(&session, "And now?").await["stopReason"], "endTurn");
}

#[tokio::test]
async fn the_second_server_takes_over_from_a_dead_one() {
    let double = Double::start(Wire::Responses, vec![held_call()]).await;
    let home = Home::new(&config_for(&double));
    let (first, second) = (home.start().await, home.start().await);
    first.allow_all();
    let session = first.session().await;
    // Its database is open before the other one dies: recovery at the start cannot help.
    second.call("session/get", json!({"sessionId": session})).await;
    drop(first.start_prompt(&session, "Run it."));
    home.wait_for_file("held").await;
    first.crash();

    double.then(Answer::new().text("I am here now."));
    double.then(Answer::new().text("And stay."));
    assert_eq!(second.prompt(&session, "Who is there?").await["stopReason"], "endTurn");
    let messages = second.messages(&session).await;
    assert!(output(parts(&messages, "tool")[0]).starts_with("Interrupted"));
    assert!(body(&double, 1).to_string().contains("Interrupted before it finished"));
    // The double compares: what was sent of the open call is what is stored of it.
    assert_eq!(second.prompt(&session, "Still?").await["stopReason"], "endTurn");
    assert!(messages.iter().all(|message| !message["completedAt"].is_null()));
    let seen = second.call("session/get", json!({"sessionId": session})).await;
    assert_eq!(seen["session"]["status"], "idle");
}
