//! Continued responses: a step uploads what is new, and a refusal costs one whole request.

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{body, output, parts, texts},
    provider::{Answer, Double, Wire},
    server::Server,
};

/// A configuration in which the provider keeps responses.
pub fn keeping(double: &Double) -> Value {
    let mut config = config_for(double);
    config["providers"]["double"]["store"] = json!(true);
    config
}

pub fn echo(n: usize) -> Answer {
    Answer::new().call(&format!("c{n}"), "bash", &json!({"command": format!("echo step {n}")}))
}

pub async fn threading(server: &Server, session: &str) -> Vec<(String, String)> {
    let steps = server.call("session/steps", json!({"sessionId": session, "limit": 1_000})).await;
    let word = |step: &Value, name: &str| step[name].as_str().unwrap().to_owned();
    let steps = steps["steps"].as_array().unwrap().iter();
    steps.map(|step| (word(step, "threading"), word(step, "threadingReason"))).collect()
}

pub fn items(request: &Value) -> &[Value] {
    request["input"].as_array().unwrap()
}

#[tokio::test]
async fn each_step_and_each_prompt_uploads_only_what_is_new() {
    let mut script: Vec<Answer> = (1..50).map(echo).collect();
    script.push(Answer::new().text("Fifty."));
    script.extend([Answer::new().text("Second."), Answer::new().text("Third.")]);
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&keeping(&double));
    let server = home.start().await;
    let session = server.session().await;
    for prompt in ["Count to fifty.", "Again?", "Really?"] {
        assert_eq!(server.prompt(&session, prompt).await["stopReason"], "endTurn");
    }
    let requests = double.requests();
    assert_eq!(requests.len(), 52);
    assert!(requests[0].body["previous_response_id"].is_null());
    let frame = requests[0].bytes;
    for (number, request) in requests.iter().enumerate().skip(1) {
        assert_eq!(request.body["previous_response_id"], format!("resp_{}", number - 1), "request {number}");
        assert_eq!(items(&request.body).len(), 1, "request {number}");
        assert_eq!(request.body["instructions"], requests[0].body["instructions"], "they do not carry over");
        assert!(request.bytes < frame + 1_024, "request {number}: {} bytes", request.bytes);
    }
    let ledger = threading(&server, &session).await;
    assert_eq!(ledger[0], ("full".to_owned(), "first".to_owned()));
    assert!(ledger[1..].iter().all(|step| *step == ("delta".to_owned(), "anchored".to_owned())));
    let stored = rusqlite::Connection::open(home.data().join("agentls.db")).unwrap();
    let metadata: String = stored
        .query_row("SELECT metadata FROM message WHERE role = 'assistant' ORDER BY seq LIMIT 1", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(metadata, r#"{"openai":{"responseId":"resp_0"}}"#);
}

#[tokio::test]
async fn the_transcript_is_the_same_with_and_without() {
    let mut seen = Vec::new();
    for keep in [true, false] {
        let script = vec![echo(1), echo(2), Answer::new().text("Done."), Answer::new().text("Yes.")];
        let double = Double::start(Wire::Responses, script).await;
        let home = Home::new(&if keep { keeping(&double) } else { config_for(&double) });
        let server = home.start().await;
        let session = server.session().await;
        server.prompt(&session, "Go.").await;
        server.prompt(&session, "Sure?").await;
        let messages = server.messages(&session).await;
        let words: Vec<String> = texts(&messages, "text").into_iter().map(str::to_owned).collect();
        seen.push((messages.len(), words));
        let continued =
            double.requests().iter().filter(|one| !one.body["previous_response_id"].is_null()).count();
        assert_eq!(continued, if keep { 3 } else { 0 });
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn after_a_restart_the_thread_goes_on_and_after_a_crash_in_between_it_begins_anew() {
    let script =
        vec![Answer::new().text("One."), Answer::new().text("Two."), echo(1), Answer::new().text("Three.")];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&keeping(&double));
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "One?").await;
    server.shut_down().await;
    let mut server =
        crate::support::server::Client::default().failpoints("tool.started=abort").start(&home).await;
    server.prompt(&session, "Two?").await;
    assert_eq!(body(&double, 1)["previous_response_id"], "resp_0");
    drop(server.start_prompt(&session, "Three?"));
    server.exit_code().await;
    let server = home.start().await;
    assert_eq!(server.prompt(&session, "Go on.").await["stopReason"], "endTurn");
    let last = double.requests().pop().unwrap().body;
    assert!(last["previous_response_id"].is_null());
    assert_eq!(items(&last).len(), 8, "all of it, with the interrupted call's result");
    assert_eq!(threading(&server, &session).await.last().unwrap().1, "interrupted");
}

#[tokio::test]
async fn what_changes_the_prefix_makes_the_next_request_whole_and_says_why() {
    let double = Double::start_model(Wire::Responses, {
        let mut before = None;
        move |body: &Value| {
            let (wanted, calls) = (body.to_string(), body["input"].to_string());
            let prefix = (body["instructions"].clone(), body["model"].clone());
            let changed = before.replace(prefix.clone()).is_some_and(|before| before != prefix);
            let answer = Answer::new();
            let answer =
                if changed || calls.contains("was compacted") { answer.new_prefix() } else { answer };
            if wanted.contains("Write the summary with which") {
                return answer.text(&super::compaction::summary("all")).aside();
            }
            answer.text(&"A long answer. ".repeat(400))
        }
    })
    .await;
    let mut config = keeping(&double);
    config["compaction"] = json!({"keepTokens": 300});
    let home = Home::new(&config);
    let server = home.start().await;
    let session = server.session().await;
    let prompt = |model: &str| {
        json!({"sessionId": session, "model": {"provider": "double", "id": model},
                                      "parts": [{"type": "text", "text": "Go on."}]})
    };
    for model in ["gpt-5", "gpt-5", "gpt-5-mini", "gpt-5-mini"] {
        server.call("session/prompt", prompt(model)).await;
    }
    server.call("session/compact", json!({"sessionId": session})).await;
    server.call("session/prompt", prompt("gpt-5-mini")).await;
    config["providers"]["double"]["options"] =
        json!({"service_tier": "flex", "previous_response_id": "resp_0"});
    home.configure(&config);
    server.call("session/prompt", prompt("gpt-5-mini")).await;
    config["providers"]["double"]["store"] = json!(false);
    home.configure(&config);
    server.call("session/prompt", prompt("gpt-5-mini")).await;
    let fork = server.call("session/fork", json!({"sessionId": session})).await["session"]["id"].clone();
    let reasons: Vec<_> = threading(&server, &session).await.into_iter().map(|(_, reason)| reason).collect();
    let expected = ["first", "anchored", "model", "anchored", "compaction", "compaction", "settings", "off"];
    assert_eq!(reasons, expected);
    config["providers"]["double"]["store"] = json!(true);
    home.configure(&config);
    server.prompt(fork.as_str().unwrap(), "And here?").await;
    assert_eq!(threading(&server, fork.as_str().unwrap()).await[0].1, "first");
}

/// A model that counts to fifty in the first turn, and answers in words after that. It sums up when asked, and knows
/// when the request it gets may begin with other bytes than the one before.
fn counting_model() -> impl FnMut(&Value) -> Answer + Send + 'static {
    let (mut steps, mut fresh, mut model) = (0, true, Value::Null);
    move |body: &Value| {
        if super::compaction::asks_for_summary(body) {
            fresh = true;
            return Answer::new().text(&super::compaction::summary("counted to fifty")).aside();
        }
        fresh |= model != body["model"];
        model = body["model"].clone();
        let answer = if std::mem::take(&mut fresh) { Answer::new().new_prefix() } else { Answer::new() };
        steps += 1;
        if steps < 50 {
            let command = format!("seq -f 'step {steps}, line %g' 1 40");
            return answer.call(&format!("c{steps}"), "bash", &json!({"command": command}));
        }
        answer.text(&format!("Answer {steps}."))
    }
}

#[tokio::test]
async fn a_long_life_is_exactly_the_expected_deltas_and_fulls_and_reads_the_same_without() {
    let mut transcripts = Vec::new();
    for keep in [true, false] {
        let double = Double::start_model(Wire::Responses, counting_model()).await;
        let mut config = if keep { keeping(&double) } else { config_for(&double) };
        config["compaction"] = json!({"keepTokens": 500});
        let home = Home::new(&config);
        let server = home.start().await;
        let session = server.session().await;
        for prompt in ["Count to fifty.", "And?", "So?"] {
            assert_eq!(server.prompt(&session, prompt).await["stopReason"], "endTurn");
        }
        server.call("session/compact", json!({"sessionId": session})).await;
        server.prompt(&session, "Go on.").await;
        let other = json!({"sessionId": session, "model": {"provider": "double", "id": "gpt-5-mini"},
                           "parts": [{"type": "text", "text": "You too."}]});
        server.call("session/prompt", other).await;
        server.shut_down().await;
        let server = home.start().await;
        server.prompt(&session, "Still there?").await;

        let reasons: Vec<_> =
            threading(&server, &session).await.into_iter().map(|(_, reason)| reason).collect();
        if keep {
            let mut expected = vec!["first"];
            expected.extend(["anchored"; 51]);
            expected.extend(["compaction", "compaction", "model", "anchored"]);
            assert_eq!(reasons, expected);
        } else {
            assert!(reasons.iter().all(|reason| reason == "off" || reason == "compaction"), "{reasons:?}");
        }
        let messages = server.messages(&session).await;
        let words: Vec<String> = texts(&messages, "text").into_iter().map(str::to_owned).collect();
        let outputs: Vec<String> =
            parts(&messages, "tool").into_iter().map(|call| output(call).to_owned()).collect();
        transcripts.push((words, outputs));
    }
    let without_handles = |words: &[String]| -> Vec<String> {
        words.iter().filter(|text| !text.contains("recall: prt_")).cloned().collect()
    };
    assert_eq!(without_handles(&transcripts[0].0), without_handles(&transcripts[1].0));
    assert_eq!(transcripts[0].1, transcripts[1].1);
}
