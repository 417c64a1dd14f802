//! `session/context`: what the model still sees, told by the code that makes the request.

use serde_json::{Value, json};

use super::{model::Worker, small};
use crate::support::{
    home::{Home, config_for},
    provider::{Answer, Double, Wire, script::Tokens},
    server::Server,
};

async fn context(server: &Server, session: &str) -> Value {
    server.call("session/context", json!({"sessionId": session})).await
}

fn sum(report: &Value, fates: &[&str]) -> u64 {
    let items = report["items"].as_array().unwrap().iter();
    items
        .filter(|item| fates.contains(&item["fate"].as_str().unwrap()))
        .map(|item| item["tokens"].as_u64().unwrap())
        .sum()
}

#[tokio::test]
async fn an_empty_session_has_a_frame_and_nothing_else() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    home.write("AGENTS.md", "Be brief.");
    let server = home.start().await;
    let session = server.session().await;
    let report = context(&server, &session).await;
    assert_eq!(report["items"], json!([]));
    assert_eq!((&report["limit"], &report["usable"]), (&json!(200_000), &json!(180_000)));
    let names: Vec<_> =
        report["fragments"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.iter().any(|name| name.ends_with("AGENTS.md")) && names.contains(&"tools"), "{names:?}");
    assert_eq!(report["used"], report["estimated"]);
}

#[tokio::test]
async fn the_report_agrees_with_what_is_sent_and_with_what_the_provider_counted() {
    let counted = |input: u64| Tokens { input, output: 10, ..Tokens::default() };
    let script = vec![
        Answer::new().call("c1", "bash", &json!({"command": "seq 1 2000"})).tokens(counted(2_000)),
        Answer::new().text("Done.").tokens(counted(7_000)),
        Answer::new().text("Sure."),
    ];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Count.").await;
    let report = context(&server, &session).await;
    assert_eq!(report["used"], 7_010, "what the provider counted for the last request and its answer");
    assert_eq!(report["estimated"], 0);
    let (counted, estimate) =
        (report["countedTokens"].as_u64().unwrap(), report["countedEstimate"].as_u64().unwrap());
    assert_eq!(counted, 7_010);
    let sent = double.requests()[1].bytes as u64 / 4;
    assert!(estimate.abs_diff(sent) * 10 < sent, "{estimate} is about the {sent} of the request");
    let frame: u64 =
        report["fragments"].as_array().unwrap().iter().map(|one| one["tokens"].as_u64().unwrap()).sum();
    let told = frame + sum(&report, &["full", "evidence"]);
    assert!(told.abs_diff(7_010) <= 20, "{told}");
    let kinds: Vec<_> =
        report["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["text", "tool", "text"]);
}

#[tokio::test]
async fn each_piece_of_a_compacted_session_has_its_fate() {
    let double = Double::start_model(Wire::Responses, Worker::default().model(60)).await;
    let home = Home::new(&small(&double));
    home.write("facts.txt", "line\n".repeat(100));
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Read on.").await;
    server.prompt(&session, "Read on.").await;
    let report = context(&server, &session).await;
    assert!(report["boundarySeq"].as_u64().unwrap() > 60, "{}", report["boundarySeq"]);
    assert!(
        sum(&report, &["full"]) > 0 && sum(&report, &["evidence"]) > 0 && sum(&report, &["summarized"]) > 0
    );
    assert_eq!(sum(&report, &["outside"]), 0);
    assert!(report["used"].as_u64() <= report["usable"].as_u64());
    let items = report["items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["kind"] == "summary" && item["fate"] == "full"));
    let evidence = items.iter().find(|item| item["fate"] == "evidence").unwrap();
    let digest = server.call("part/evidence", json!({"partId": evidence["partId"]})).await;
    assert!(digest["text"].as_str().unwrap().starts_with("[Compacted tool result]\n"));
}
