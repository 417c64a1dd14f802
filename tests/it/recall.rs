//! What was found early in a session is read back byte for byte, by the model and by a client; what is no longer there
//! is said to be gone.

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{body, output, parts, results},
    provider::{Answer, Double, Wire},
    server::Server,
};

/// A session whose first call printed 300 KB with a fact in the middle; the handle of that call.
async fn with_a_large_output(double: &Double, home: &Home, server: &Server) -> (String, String) {
    let lines = (1..=6_000).map(|n| match n {
        3_777 => "the vault's code is »7QX-41-ñandú« since Tuesday\n".to_owned(),
        n => format!("{n:06} nothing to see here, only a line of fifty bytes\n"),
    });
    home.write("large.txt", lines.collect::<String>());
    let session = server.session().await;
    double.then(Answer::new().call("call_1", "bash", &json!({"command": "cat large.txt"})));
    double.then(Answer::new().text("Seen."));
    server.prompt(&session, "Look at it.").await;
    let messages = server.messages(&session).await;
    let part = parts(&messages, "tool")[0]["id"].as_str().unwrap().to_owned();
    (session, part)
}

async fn recall(double: &Double, server: &Server, session: &str, input: Value) -> String {
    let seen = double.requests().len();
    double.then(Answer::new().call(&format!("call_r{seen}"), "recall", &input));
    double.then(Answer::new().text("I see."));
    server.prompt(session, "And now?").await;
    results(&body(double, seen + 1)).pop().unwrap()
}

#[tokio::test]
async fn a_fact_in_an_early_output_is_found_by_pattern_and_read_byte_for_byte_by_range() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.allow_all();
    let (session, part) = with_a_large_output(&double, &home, &server).await;

    let found =
        recall(&double, &server, &session, json!({"ref": "history", "pattern": "vault's code"})).await;
    assert!(found.contains(&part) && found.contains("  3777\tthe vault's code"), "{found}");
    let line = recall(&double, &server, &session, json!({"ref": part, "offset": 3777, "limit": 1})).await;
    let fact = "  3777\tthe vault's code is »7QX-41-ñandú« since Tuesday\n(1 lines; go on with offset 3778)";
    assert_eq!(line, fact);
    let listed = recall(&double, &server, &session, json!({"ref": "history", "limit": 2})).await;
    assert!(listed.contains("\"Look at it.\"") && listed.contains("go on with offset 3"), "{listed}");
    // The answers of `recall` hold the fact, too, and are not found again.
    let again = recall(&double, &server, &session, json!({"ref": "history", "pattern": "7QX-41"})).await;
    assert_eq!(again.matches("entry ").count(), 1, "{again}");
}

#[tokio::test]
async fn another_sessions_parts_are_not_read() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.allow_all();
    let (_, part) = with_a_large_output(&double, &home, &server).await;
    let other = server.session().await;
    let refused = recall(&double, &server, &other, json!({"ref": part})).await;
    assert!(refused.contains("nothing of this session"), "{refused}");
    let found = recall(&double, &server, &other, json!({"ref": "history", "pattern": "vault"})).await;
    assert_eq!(found, "(nothing matches)");
}

#[tokio::test]
async fn a_fork_reads_by_the_handles_of_the_session_that_it_came_from() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.allow_all();
    let (session, part) = with_a_large_output(&double, &home, &server).await;
    let fork = server.call("session/fork", json!({"sessionId": session})).await["session"]["id"].clone();
    let read = recall(&double, &server, fork.as_str().unwrap(), json!({"ref": part, "limit": 1})).await;
    assert!(read.ends_with("go on with offset 2)"), "{read}");
}

#[tokio::test]
async fn a_client_reads_evidence_and_bodies_and_is_told_what_has_none() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.allow_all();
    let (session, part) = with_a_large_output(&double, &home, &server).await;
    let messages = server.messages(&session).await;
    let text = parts(&messages, "text")[0]["id"].clone();

    let evidence = server.call("part/evidence", json!({"partId": part})).await;
    assert_eq!(evidence["source"], "notCompacted");
    let digest = evidence["text"].as_str().unwrap();
    assert!(digest.len() <= 1_024 && digest.ends_with(&format!("\nrecall: {part}")), "{digest}");
    assert_eq!(evidence["record"]["lines"], 6_000);
    let refused = server.start("part/evidence", json!({"partId": text})).error().await;
    assert_eq!(refused["data"]["kind"], "partNotFound");
    assert!(refused["message"].as_str().unwrap().contains("no tool call"), "{refused}");

    let whole = output(parts(&messages, "tool")[0]).to_owned();
    let (mut offset, mut read_back) = (0, String::new());
    loop {
        let range = json!({"partId": part, "offset": offset, "limit": 50_001});
        let read = server.call("part/read", range).await;
        read_back.push_str(read["text"].as_str().unwrap());
        offset = read_back.len();
        if read["eof"] == true {
            break;
        }
    }
    assert!(read_back == whole && whole.len() > 300_000, "{} of {}", read_back.len(), whole.len());
    let nothing = server.call("part/read", json!({"partId": text, "field": "output"})).await;
    assert_eq!((&nothing["text"], &nothing["bytes"], &nothing["eof"]), (&json!(""), &json!(0), &json!(true)));
    let refused = server.start("part/read", json!({"partId": text, "field": "soul"})).error().await;
    assert_eq!(refused["code"], -32602);
}

#[tokio::test]
async fn the_error_of_a_failed_call_is_its_main_body() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    double.then(Answer::new().call("call_1", "read", &json!({"path": "no-such-file"})));
    double.then(Answer::new().text("It is not there."));
    server.prompt(&session, "Read it.").await;
    let messages = server.messages(&session).await;
    let part = parts(&messages, "tool")[0]["id"].clone();
    let read = server.call("part/read", json!({"partId": part})).await;
    assert!(read["text"].as_str().unwrap().contains("no-such-file"), "{read}");
    let evidence = server.call("part/evidence", json!({"partId": part})).await;
    assert!(evidence["text"].as_str().unwrap().contains("no-such-file"), "{evidence}");
    let told = recall(&double, &server, &session, json!({"ref": part})).await;
    assert!(told.contains("no-such-file"), "{told}");
}
