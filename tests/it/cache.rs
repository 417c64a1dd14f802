//! Prompt caches: where marks stand, and a reason in the ledger for every miss.

mod marks;

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    provider::{Answer, Double, Wire},
    server::Server,
};

/// A model whose prompts every wire's double keeps from 1,024 tokens on, and another one.
const MODEL: &str = "claude-sonnet-4-5";
const OTHER_MODEL: &str = "claude-opus-4-8";

fn config(double: &Double) -> Value {
    let mut config = config_for(double);
    let model = config["providers"]["double"]["models"]["gpt-5"].take();
    config["providers"]["double"]["models"] = json!({MODEL: model, OTHER_MODEL: model});
    config["model"] = json!(format!("double/{MODEL}"));
    config["compaction"] = json!({"protectTokens": 100, "keepTokens": 2_000});
    config
}

/// 1,500 tokens.
fn long() -> Answer {
    Answer::new().text(&"A long answer. ".repeat(400))
}

fn bash(n: usize, command: &str) -> Answer {
    Answer::new().call(&format!("c{n}"), "bash", &json!({"command": command}))
}

/// A session of a server in front of a double that keeps a prompt cache.
struct Play {
    double: Double,
    home: Home,
    server: Server,
    session: String,
    config: Value,
}

impl Play {
    async fn begin(wire: Wire, store: bool) -> Self {
        let double = Double::start(wire, Vec::new()).await.caching();
        let mut config = config(&double);
        config["providers"]["double"]["store"] = json!(store);
        let home = Home::new(&config);
        let server = home.start().await;
        let session = server.session().await;
        Self { double, home, server, session, config }
    }

    /// A prompt that gets these answers.
    async fn prompt(&self, answers: impl IntoIterator<Item = Answer>) {
        self.prompt_with(answers, json!({})).await;
    }

    async fn prompt_with(&self, answers: impl IntoIterator<Item = Answer>, more: Value) {
        answers.into_iter().for_each(|answer| self.double.then(answer));
        let end = self.server.start_prompt_with(&self.session, "Go on.", more).result().await;
        assert_eq!(end["stopReason"], "endTurn");
    }

    /// The cache is lost, and a prompt finds it so.
    async fn prompt_after_loss(&self, answers: impl IntoIterator<Item = Answer>) {
        self.double.forget_prompts();
        self.prompt(answers).await;
    }

    /// The ledger as if it had been written so.
    fn rewrite(&self, change: &str) {
        let database = rusqlite::Connection::open(self.home.data().join("agentls.db")).unwrap();
        database.execute(&format!("UPDATE step SET {change}"), []).unwrap();
    }

    async fn ledger(&self) -> Vec<Value> {
        let steps =
            self.server.call("session/steps", json!({"sessionId": self.session, "limit": 1_000})).await;
        steps["steps"].as_array().unwrap().clone()
    }

    /// Why each call missed what it expected of the cache; empty when it did not.
    async fn misses(&self) -> Vec<String> {
        let word = |step: &Value| step["cacheMiss"].as_str().unwrap_or_default().to_owned();
        self.ledger().await.iter().map(word).collect()
    }

    /// Everything that loses a cache, one after the other.
    async fn go_through_every_loss(&mut self) {
        self.prompt([bash(1, "echo one"), long()]).await;
        self.prompt_after_loss([Answer::status(500).aside(), long()]).await;
        self.prompt([long()]).await;
        self.rewrite("started_at = started_at - 600000");
        self.prompt_after_loss([long()]).await;
        self.config["providers"]["double"]["options"] = json!({"temperature": 0.5});
        self.home.configure(&self.config);
        self.prompt_after_loss([long()]).await;
        for part in ["agent", "tools", "instructions"] {
            self.rewrite(&format!("frame = json_set(frame, '$.{part}', 'as another version had it')"));
            self.prompt_after_loss([long()]).await;
        }
        let print = |n| bash(n, &format!("echo {n}; head -c 49000 /dev/zero | tr '\\0' x | fold -w 100"));
        self.prompt([print(2), print(3), print(4), long()]).await;
        self.prompt([long().new_prefix()]).await;
        let other = json!({"model": {"provider": "double", "id": OTHER_MODEL}});
        self.prompt_with([long().new_prefix()], other).await;
        self.prompt([long().new_prefix()]).await;
        self.double.then(Answer::new().text(&crate::compaction::summary("all")).aside());
        self.server.call("session/compact", json!({"sessionId": self.session})).await;
        self.prompt([long().new_prefix()]).await;
        self.prompt([long()]).await;
    }
}

#[tokio::test]
async fn every_miss_has_its_reason_on_every_wire() {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        let mut play = Play::begin(wire, false).await;
        play.go_through_every_loss().await;
        let expected = [
            "first",
            "",
            "retry",
            "",
            "expired",
            "settings",
            "agent",
            "tools",
            "instructions",
            "",
            "",
            "",
            "",
            "prune",
            "model",
            "",
            "",
            "compaction",
            "",
        ];
        assert_eq!(play.misses().await, expected, "{wire:?}");
    }
}

#[tokio::test]
async fn a_window_that_moves_on_is_the_reason() {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        let mut play = Play::begin(wire, false).await;
        play.config["compaction"] = json!({"auto": false});
        let model = &mut play.config["providers"]["double"]["models"][MODEL];
        (model["context"], model["maxOutput"]) = (json!(32_000), json!(2_000));
        play.home.configure(&play.config);
        for _ in 0..12 {
            play.prompt([long().new_prefix()]).await;
        }
        let misses = play.misses().await;
        assert!(misses.iter().any(|miss| miss == "window"), "{wire:?}: {misses:?}");
        assert!(
            misses.iter().all(|miss| ["", "first", "window"].contains(&miss.as_str())),
            "{wire:?}: {misses:?}"
        );
    }
}

#[tokio::test]
async fn the_ledger_tells_of_each_call_what_was_sent_what_was_cached_and_why_not() {
    let mut play = Play::begin(Wire::Responses, true).await;
    play.go_through_every_loss().await;
    let cached = |step: &Value| if step["cacheRead"] == 0 { "nothing" } else { "some" };
    let rows: Vec<String> = play
        .ledger()
        .await
        .iter()
        .map(|step| {
            let word = |name: &str| step[name].as_str().unwrap_or("-").to_owned();
            format!(
                "{} items, {:5} {:10} | {:7} cached, miss: {:12} | {} retries, {}",
                step["inputItems"],
                word("threading"),
                word("threadingReason"),
                cached(step),
                word("cacheMiss"),
                step["retries"],
                word("finish")
            )
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r"
    1 items, full  first      | nothing cached, miss: first        | 0 retries, toolCalls
    1 items, delta anchored   | some    cached, miss: -            | 0 retries, endTurn
    1 items, delta anchored   | nothing cached, miss: retry        | 1 retries, endTurn
    1 items, delta anchored   | some    cached, miss: -            | 0 retries, endTurn
    1 items, delta anchored   | nothing cached, miss: expired      | 0 retries, endTurn
    11 items, full  settings   | nothing cached, miss: settings     | 0 retries, endTurn
    1 items, delta anchored   | nothing cached, miss: agent        | 0 retries, endTurn
    1 items, delta anchored   | nothing cached, miss: tools        | 0 retries, endTurn
    1 items, delta anchored   | nothing cached, miss: instructions | 0 retries, endTurn
    1 items, delta anchored   | some    cached, miss: -            | 0 retries, toolCalls
    1 items, delta anchored   | some    cached, miss: -            | 0 retries, toolCalls
    1 items, delta anchored   | some    cached, miss: -            | 0 retries, toolCalls
    1 items, delta anchored   | some    cached, miss: -            | 0 retries, endTurn
    27 items, full  prune      | some    cached, miss: prune        | 0 retries, endTurn
    29 items, full  model      | nothing cached, miss: model        | 0 retries, endTurn
    1 items, delta anchored   | some    cached, miss: -            | 0 retries, endTurn
    33 items, full  compaction | some    cached, miss: -            | 0 retries, compaction
    4 items, full  compaction | some    cached, miss: compaction   | 0 retries, endTurn
    1 items, delta anchored   | some    cached, miss: -            | 0 retries, endTurn
    ");
}

#[tokio::test]
async fn a_provider_that_says_nothing_of_its_cache_misses_nothing() {
    let double = Double::start(
        Wire::Chat,
        vec![Answer::raw(vec![
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}],\
         \"usage\":{\"prompt_tokens\":9000,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n"
                .into(),
        ])],
    )
    .await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Hi.").await;
    let steps = server.call("session/steps", json!({"sessionId": session})).await;
    assert_eq!(steps["steps"][0]["input"], 9_000);
    assert!(steps["steps"][0]["cacheMiss"].is_null());
}
