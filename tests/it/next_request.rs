//! `session/nextRequest`: what it shows is what is sent, and showing it changes nothing.

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    provider::{Answer, Double, Wire},
    server::{Client, Server},
};

const WIRES: [Wire; 3] = [Wire::Responses, Wire::Chat, Wire::Anthropic];

const KEY: &str = "sk-canary-0123456789";

async fn shown(server: &Server, session: &str, text: Option<&str>) -> Value {
    server.call("session/nextRequest", json!({"sessionId": session, "text": text})).await
}

fn echo(n: usize) -> Answer {
    Answer::new().call(&format!("c{n}"), "bash", &json!({"command": format!("echo step {n}")}))
}

/// Looks at the next request, sends the prompt, and compares.
async fn look_and_send(double: &Double, server: &Server, session: &str, text: &str) -> Value {
    let before = double.requests().len();
    let seen = shown(server, session, Some(text)).await;
    assert_eq!(double.requests().len(), before, "looking sends nothing");
    server.prompt(session, text).await;
    let sent = double.requests()[before].clone();
    assert_eq!(seen["body"].as_str().unwrap().as_bytes(), sent.raw, "{:?}", double.wire());
    assert_eq!(seen["bytes"], sent.bytes);
    assert_eq!(seen["method"], "POST");
    assert!(seen["url"].as_str().unwrap().ends_with(&sent.path));
    for (name, value) in seen["headers"].as_object().unwrap() {
        let sent = sent.headers[name].as_str();
        assert!(sent == value || (value == "[redacted]" && sent.ends_with(KEY)), "{name}: {value}");
    }
    assert_eq!(seen["notes"], json!([]));
    let steps = server.call("session/steps", json!({"sessionId": session, "limit": 1_000})).await;
    let step = &steps["steps"][before];
    assert_eq!(step["threading"], seen["threading"]["mode"]);
    assert_eq!(step["threadingReason"], seen["threading"]["reason"]);
    seen
}

#[tokio::test]
async fn what_is_shown_is_what_is_sent_on_each_wire_and_with_kept_responses() {
    for (wire, keep) in [(WIRES[0], false), (WIRES[0], true), (WIRES[1], false), (WIRES[2], false)] {
        let says = |words: &str| Answer::new().text(words);
        let script =
            vec![echo(1), echo(2), says("One."), says("Two."), echo(3), says("Three."), says("Four.")];
        let double = Double::start(wire, script).await;
        let mut config = config_for(&double);
        config["providers"]["double"]["apiKeyEnv"] = json!("DOUBLE_API_KEY");
        config["providers"]["double"]["store"] = json!(keep);
        let home = Home::new(&config);
        home.write("AGENTS.md", "Be kind.");
        let server = Client::default().env("DOUBLE_API_KEY", KEY).start(&home).await;
        let session = server.session().await;
        let first = look_and_send(&double, &server, &session, "Look \"around\"\n\t✅ \u{7f}").await;
        assert_eq!(first["threading"]["reason"], if keep { "first" } else { "off" });
        assert_eq!(
            (&first["forecast"]["cachedItems"], &first["forecast"]["miss"]),
            (&json!(0), &json!("first"))
        );
        let second = look_and_send(&double, &server, &session, "  And now?\r\n").await;
        let third = look_and_send(&double, &server, &session, "Again?").await;
        home.write("AGENTS.md", "Be kind and brief.");
        let fourth = look_and_send(&double, &server, &session, "Once more?").await;
        assert!(fourth["body"].as_str().unwrap().contains("AGENTS.md has changed"), "news comes with it");
        for (seen, items) in [(second, 5), (third, 7)] {
            assert_eq!(seen["threading"]["mode"], if keep { "delta" } else { "full" });
            assert_eq!(seen["threading"]["anchorSeq"].is_null(), !keep);
            assert!(seen["forecast"]["miss"].is_null(), "{}", seen["forecast"]);
            assert_eq!(seen["forecast"]["cachedItems"], items, "all that the last request held");
            assert_eq!(seen["forecast"]["items"], items + 2, "the answer and the prompt are new");
            let tokens = |name: &str| seen["forecast"][name].as_u64().unwrap();
            assert!(tokens("cachedTokens") > 0 && tokens("cachedTokens") <= tokens("tokens"));
        }
    }
}

#[tokio::test]
async fn a_cache_that_will_not_hold_is_foreseen_with_its_reason() {
    let double = Double::start(Wire::Chat, vec![Answer::new().text("One.")]).await;
    let mut config = config_for(&double);
    let home = Home::new(&config);
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "One?").await;
    assert_eq!(shown(&server, &session, Some("Two?")).await["forecast"]["cachedItems"], 1);
    config["providers"]["double"]["options"] = json!({"seed": 7});
    home.configure(&config);
    let forecast = shown(&server, &session, Some("Two?")).await["forecast"].take();
    assert_eq!((&forecast["cachedItems"], &forecast["miss"]), (&json!(0), &json!("settings")));
}

#[tokio::test]
async fn looking_writes_nothing() {
    let double = Double::start(Wire::Responses, vec![Answer::new().text("One.")]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "One?").await;
    let database = rusqlite::Connection::open(home.data().join("agentls.db")).unwrap();
    // Changes with every commit of anybody else.
    let version = || database.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).unwrap();
    let before = version();
    for text in [None, Some("Two?")] {
        shown(&server, &session, text).await;
        server.call("session/context", json!({"sessionId": session})).await;
    }
    assert_eq!(version(), before);
}

#[tokio::test]
async fn no_secret_is_shown_wherever_it_was_configured_or_pasted() {
    let double = Double::start(Wire::Anthropic, vec![Answer::new().text("Take care of it.")]).await;
    let mut config = config_for(&double);
    let provider = &mut config["providers"]["double"];
    provider["apiKeyEnv"] = json!("DOUBLE_API_KEY");
    provider["headers"] = json!({"X-Gateway-Key": "canary-header", "X-Title": "shown"});
    provider["options"] = json!({"metadata": {"apiToken": "canary-option", "team": "shown too"}});
    let home = Home::new(&config);
    let server = Client::default().env("DOUBLE_API_KEY", KEY).start(&home).await;
    let session = server.session().await;
    let text = format!("My key is {KEY}.");
    let seen = shown(&server, &session, Some(&text)).await;
    server.prompt(&session, &text).await;
    assert!(!seen.to_string().contains("canary"), "{seen}");
    let headers = &seen["headers"];
    assert_eq!(headers["x-gateway-key"], "[redacted]");
    assert_eq!(headers["x-api-key"], "[redacted]");
    assert_eq!(headers["x-title"], "shown");
    let sent = &double.requests()[0];
    assert_eq!(seen["bytes"], sent.bytes, "the size is that of what is sent");
    let hidden = String::from_utf8_lossy(&sent.raw).replace(KEY, "[redacted]");
    assert_eq!(seen["body"], hidden.replace("canary-option", "[redacted]"));
}

#[tokio::test]
async fn what_stands_in_the_way_is_told() {
    let long = "A long answer. ".repeat(800);
    let script = vec![Answer::new().text(&long), Answer::new().text(&long)];
    let double = Double::start(Wire::Anthropic, script).await;
    let mut config = config_for(&double);
    config["providers"]["double"]["models"]["gpt-5"]["context"] = json!(40_000);
    config["compaction"] = json!({"keepTokens": 500});
    let home = Home::new(&config);
    let server = home.start().await;
    let session = server.session().await;
    let note = |seen: &Value| seen["notes"][0].as_str().unwrap_or_default().to_owned();
    let empty = shown(&server, &session, None).await;
    assert!(note(&empty).starts_with("nothing waits"), "{empty}");
    server.prompt(&session, "One?").await;
    server.prompt(&session, "Two?").await;
    let answered = shown(&server, &session, None).await;
    assert!(note(&answered).starts_with("nothing waits"), "{answered}");
    assert!(answered["body"].as_str().unwrap().contains("Two?") && answered["first"].is_null());
    home.write("AGENTS.md", "Be brief.");
    let changed = shown(&server, &session, None).await;
    assert!(note(&changed).starts_with("nothing waits"), "news alone asks for no answer: {changed}");
    let wide = shown(&server, &session, Some(&"word ".repeat(10_000))).await;
    assert_eq!(wide["first"], "compaction", "{} tokens", wide["forecast"]["tokens"]);
    assert_eq!(wide["notes"], json!([]));
    let too_wide = json!({"sessionId": session, "text": "word ".repeat(20_000)});
    let error = server.start("session/nextRequest", too_wide).error().await;
    assert_eq!(error["data"]["kind"], "contextFloor", "as the prompt itself would fail");
}

#[tokio::test]
async fn a_running_turn_and_waiting_prompts_are_told() {
    let stalled = Answer::new().stall(crate::support::provider::Stall::Head);
    let double = Double::start(Wire::Chat, vec![stalled]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let running = server.start_prompt(&session, "One?");
    double.wait_for_requests(1).await;
    let waiting = server.start_prompt(&session, "Two?");
    server.update(&session, "queue", |update| update["prompts"][0]["text"] == "Two?").await;
    let notes = shown(&server, &session, Some("Three?")).await["notes"].to_string();
    assert!(notes.contains("a turn is running") && notes.contains("answered before: 1"), "{notes}");
    server.cancel_request(&waiting);
    waiting.error().await;
    server.call("session/cancel", json!({"sessionId": session})).await;
    running.wait().await.unwrap();
}

#[tokio::test]
async fn nonsense_is_named() {
    let double = Double::start(Wire::Chat, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let error =
        server.start("session/nextRequest", json!({"sessionId": session, "text": " \n"})).error().await;
    assert_eq!((&error["code"], &error["message"]), (&json!(-32602), &json!("text: is empty")));
    let error = server.start("session/nextRequest", json!({"sessionId": "ses_no"})).error().await;
    assert_eq!(error["data"]["kind"], "sessionNotFound");
}
