//! A summary that cannot be had: calls are counted, the history stays, the words are typed.

use serde_json::{Value, json};

use super::{asks_for_summary, model::summary, small};
use crate::support::{
    home::{Home, config_with},
    provider::{Answer, Double, Wire, script::Tokens},
    server::Server,
};

/// A model that reads on for ever, and sums up as told.
pub fn reader(
    mut sum_up: impl FnMut(usize) -> Answer + Send + 'static,
) -> impl FnMut(&Value) -> Answer + Send + 'static {
    let (mut calls, mut asked) = (0, 0);
    move |body| {
        if asks_for_summary(body) {
            asked += 1;
            return sum_up(asked).aside().new_prefix();
        }
        calls += 1;
        let fill = json!({"command": format!("seq {calls} 1500")});
        Answer::new().call(&format!("c{calls}"), "bash", &fill).new_prefix()
    }
}

/// Two calls with outputs of about 5,000 tokens each.
pub fn two_reads() -> Answer {
    let read = |from: u32| json!({"command": format!("seq -f 'line number %g' {from} {}", from + 1_000)});
    Answer::new().call("c1", "bash", &read(10_000)).call("c2", "bash", &read(20_000))
}

pub async fn prompt(server: &Server, session: &str) -> Value {
    let params = json!({"sessionId": session, "parts": [{"type": "text", "text": "Read on."}]});
    server.start("session/prompt", params).error().await
}

pub fn summaries_asked(double: &Double) -> usize {
    double.requests().iter().filter(|request| asks_for_summary(&request.body)).count()
}

#[tokio::test]
async fn a_second_summary_is_asked_for_with_what_was_wrong_and_without_tools() {
    let answers = |asked| {
        if asked == 1 { Answer::new().text("## Goal\nx") } else { Answer::new().text(&summary("ok")) }
    };
    let double = Double::start_model(Wire::Responses, {
        let mut model = reader(answers);
        move |body| {
            if body.to_string().contains("was compacted") && !asks_for_summary(body) {
                Answer::new().text("Enough.").new_prefix()
            } else {
                model(body)
            }
        }
    })
    .await;
    let home = Home::new(&small(&double));
    let server = home.start().await;
    let session = server.session().await;
    assert_eq!(server.prompt(&session, "Read on.").await["stopReason"], "endTurn");
    let asked: Vec<_> =
        double.requests().into_iter().map(|request| request.body).filter(asks_for_summary).collect();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0]["tool_choice"], "auto", "as in each request before: the cache holds");
    assert_eq!(asked[1]["tool_choice"], "none");
    assert!(asked[1].to_string().contains("the summary lacks Done"));
}

#[tokio::test]
async fn an_overflow_that_nobody_foresaw_is_cured_by_one_compaction() {
    let words = r#"{"error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#;
    let script = vec![
        two_reads(),
        Answer::new().text("Read."),
        Answer::status(400).body(words).aside(),
        Answer::new().text(&summary("all of it")).aside(),
        Answer::new().text("On we go.").new_prefix(),
    ];
    let double = Double::start(Wire::Anthropic, script).await;
    let home = Home::new(&small(&double));
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Read.").await;
    assert_eq!(server.prompt(&session, "Go on.").await["stopReason"], "endTurn");
}

#[tokio::test]
async fn without_automatic_compaction_the_window_moves_on_and_no_summary_is_asked_for() {
    let double = Double::start_model(Wire::Responses, {
        let (mut calls, mut first) = (0, String::new());
        move |body: &Value| {
            calls += 1;
            let beginning = body["input"][0].to_string();
            let moved = !first.is_empty() && beginning != first;
            first = beginning;
            let answer = Answer::new();
            let answer = if moved { answer.new_prefix() } else { answer };
            match calls % 3 {
                0 => answer.text("Enough."),
                _ => answer.call(
                    &format!("c{calls}"),
                    "bash",
                    &json!({"command": format!("seq {calls} 1500")}),
                ),
            }
        }
    })
    .await;
    let mut config = small(&double);
    config["compaction"] = json!({"auto": false});
    let home = Home::new(&config);
    let server = home.start().await;
    let session = server.session().await;
    for _ in 0..12 {
        assert_eq!(server.prompt(&session, "Read on.").await["stopReason"], "endTurn");
    }
    assert_eq!(summaries_asked(&double), 0);
    let requests = double.requests();
    let last = requests.last().unwrap();
    assert!(
        last.body["input"][0].to_string().contains("earlier messages of this conversation are not shown")
    );
    let beginnings = requests.iter().map(|request| request.body["input"][0].to_string());
    let mut beginnings: Vec<_> = beginnings.collect();
    beginnings.dedup();
    assert!((2..=6).contains(&beginnings.len()), "it moves in strides: {} times", beginnings.len() - 1);
}

#[tokio::test]
async fn a_smaller_model_reads_the_summary_that_the_larger_one_wrote() {
    let large = Double::start_model(Wire::Responses, {
        let mut calls = 0;
        move |body: &Value| {
            calls += 1;
            if asks_for_summary(body) {
                return Answer::new().text(&summary("WRITTEN-BY-THE-LARGE-ONE")).aside();
            }
            let tokens = Tokens { input: body.to_string().len() as u64 / 4, ..Tokens::default() };
            let answer = Answer::new().tokens(tokens);
            if calls > 8 {
                answer.text("Read.")
            } else {
                answer.call(&format!("c{calls}"), "bash", &json!({"command": format!("seq {calls} 4000")}))
            }
        }
    })
    .await;
    let small_one = Double::start(Wire::Chat, vec![Answer::new().text("I see.")]).await;
    let mut config = config_with(&[&large, &small_one]);
    config["providers"]["double2"]["models"]["gpt-5"]["context"] = json!(30_000);
    config["providers"]["double2"]["models"]["gpt-5"]["maxOutput"] = json!(2_000);
    let home = Home::new(&config);
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Read.").await;
    let params = json!({"sessionId": session, "model": {"provider": "double2", "id": "gpt-5"},
                        "parts": [{"type": "text", "text": "What do you know?"}]});
    assert_eq!(server.call("session/prompt", params).await["stopReason"], "endTurn");
    assert_eq!(summaries_asked(&large), 1);
    let read = small_one.requests();
    assert_eq!(read.len(), 1);
    assert!(read[0].body.to_string().contains("WRITTEN-BY-THE-LARGE-ONE"));
    assert!(read[0].bytes < 28_000 * 4);
}

#[tokio::test]
async fn what_has_to_stay_and_does_not_fit_is_refused_with_numbers() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&small(&double));
    let server = home.start().await;
    let session = server.session().await;
    let text = "very long ".repeat(20_000);
    let params = json!({"sessionId": session, "parts": [{"type": "text", "text": text}]});
    let error = server.start("session/prompt", params).error().await;
    assert_eq!(error["data"]["kind"], "contextFloor", "{error}");
    assert!(error["data"]["need"].as_u64() > error["data"]["have"].as_u64());
    assert_eq!(double.requests().len(), 0);
}
