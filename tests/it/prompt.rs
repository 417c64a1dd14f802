//! A prompt and its answer: steps, tools, streaming, on each of the three wires.

use serde_json::{Value, json};

use crate::{
    support::{
        home::{Home, config_for},
        look::{body, output, parts, results, texts},
        provider::{Answer, Double, Wire},
    },
    wires::WIRES,
};

/// Files `f0`, `f1`, … in the workspace, and a script that reads them one by one and then answers.
fn reading(home: &Home, files: usize) -> Vec<Answer> {
    let mut script = Vec::new();
    for number in 0..files {
        home.write(format!("f{number}"), format!("content {number}."));
        let arguments = json!({"path": format!("f{number}")});
        script.push(Answer::new().call(&format!("call_{number}"), "read", &arguments));
    }
    script.push(Answer::new().text("All read."));
    script
}

async fn turn_of(wire: Wire, steps: usize) {
    let double = Double::start(wire, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    reading(&home, steps).into_iter().for_each(|answer| double.then(answer));
    let server = home.start().await;
    let session = server.session().await;

    let end = server.prompt(&session, "Read them.").await;
    assert_eq!(end["stopReason"], "endTurn", "{wire:?}");
    assert_eq!(end["steps"], json!(steps + 1), "{wire:?}");
    let sent = body(&double, steps).to_string();
    assert!((0..steps).all(|number| sent.contains(&format!("content {number}."))), "{wire:?}");

    let messages = server.messages(&session).await;
    assert_eq!(texts(&messages, "text"), ["Read them.", "All read."]);
    let calls = parts(&messages, "tool");
    assert_eq!(calls.len(), steps);
    assert!(calls.iter().all(|call| call["status"] == "completed"), "{calls:?}");
    let seqs: Vec<_> = messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{seqs:?}");
}

#[tokio::test]
async fn a_prompt_is_answered_on_every_wire() {
    for (wire, _) in WIRES {
        turn_of(wire, 0).await;
        turn_of(wire, 1).await;
    }
}

#[tokio::test]
async fn a_turn_of_twelve_tool_steps_keeps_every_result_on_every_wire() {
    for (wire, _) in WIRES {
        turn_of(wire, 12).await;
    }
}

/// The first call can only end when the second runs beside it.
#[tokio::test]
async fn calls_of_one_step_run_side_by_side_and_their_results_keep_their_order() {
    let waits = "until [ -e go ]; do sleep 0.02; done; echo first";
    let script = vec![
        Answer::new().call("call_1", "bash", &json!({"command": waits, "timeoutMs": 20_000})).call(
            "call_2",
            "bash",
            &json!({"command": "touch go; echo second"}),
        ),
        Answer::new().text("Both are done."),
    ];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.allow_all();
    let session = server.session().await;
    server.prompt(&session, "Run both.").await;
    let told = results(&body(&double, 1));
    assert!(told[0].contains("first") && told[1].contains("second"), "{told:?}");
}

#[tokio::test]
async fn text_streams_as_deltas_that_add_up_to_the_final_part() {
    for (wire, _) in WIRES {
        let answer = Answer::new().reasoning("Let me think about it.").text("It is forty-two, as ever.");
        let double = Double::start(wire, vec![answer]).await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        let session = server.session().await;
        server.prompt(&session, "What is it?").await;
        let updates = server.updates(&session);
        let messages = server.messages(&session).await;
        for kind in ["reasoning", "text"] {
            let part = *parts(&messages[1..], kind).first().unwrap_or_else(|| panic!("{wire:?}: no {kind}"));
            let streamed = streamed(&updates, part);
            assert_eq!(streamed, part["text"]["text"].as_str().unwrap(), "{wire:?}");
            let last = updates.iter().rfind(|update| speaks_of(update, part)).unwrap();
            assert_eq!(last["part"], *part, "{wire:?}: the final state comes last");
        }
    }
}

/// What the deltas of a part add up to.
fn streamed(updates: &[Value], part: &Value) -> String {
    let deltas = updates.iter().filter(|it| it["kind"] == "partDelta" && it["partId"] == part["id"]);
    deltas.filter_map(|delta| delta["text"].as_str()).collect()
}

fn speaks_of(update: &Value, part: &Value) -> bool {
    update["partId"] == part["id"] || update["part"]["id"] == part["id"]
}

#[tokio::test]
async fn a_clients_picture_of_a_turn_is_complete_before_the_prompt_is_answered() {
    let script =
        vec![Answer::new().text("I look.").call("call_1", "list", &json!({})), Answer::new().text("Seen.")];
    let double = Double::start(Wire::Chat, script).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Look.").await;
    let updates = server.updates(&session);
    let messages = server.messages(&session).await;
    for message in &messages {
        let shown = updates.iter().rfind(|update| update["message"]["id"] == message["id"]);
        assert_eq!(shown.map(|update| &update["message"]["seq"]), Some(&message["seq"]));
        for part in message["parts"].as_array().unwrap() {
            let shown = updates.iter().rfind(|update| update["part"]["id"] == part["id"]);
            let whole = shown.is_some_and(|update| update["part"] == *part);
            let in_message = updates.iter().any(|update| {
                update["message"]["parts"].as_array().is_some_and(|parts| parts.contains(part))
            });
            assert!(whole || in_message, "the last word about a part is what is stored: {part}, {shown:?}");
        }
    }
    let last_status = updates.iter().rfind(|update| update["kind"] == "status").unwrap();
    assert_eq!(last_status["status"], "idle");
}

#[tokio::test]
async fn reasoning_goes_back_sealed_to_the_model_that_wrote_it() {
    for (wire, seal) in [(Wire::Responses, "sealed 0"), (Wire::Anthropic, "signed 0")] {
        let script = vec![
            Answer::new().reasoning("A file will tell.").call("call_1", "list", &json!({})),
            Answer::new().text("Done."),
            Answer::new().text("Again."),
        ];
        let double = Double::start(wire, script).await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        let session = server.session().await;
        server.prompt(&session, "Think.").await;
        assert!(body(&double, 1).to_string().contains(seal), "{wire:?}: within the turn");
        server.prompt(&session, "Once more.").await;
        assert!(body(&double, 2).to_string().contains(seal), "{wire:?}: in the next turn");
    }
}

#[tokio::test]
async fn two_sessions_of_one_server_answer_at_the_same_time() {
    let waits = "touch $MARK; until [ -e $OTHER ]; do sleep 0.02; done; echo met";
    let command = |mark: &str, other: &str| waits.replace("$MARK", mark).replace("$OTHER", other);
    let script = |mark, other| {
        vec![
            Answer::new().call("call_1", "bash", &json!({"command": command(mark, other)})),
            Answer::new().text("Done."),
        ]
    };
    let one = Double::start(Wire::Responses, script("a", "b")).await;
    let two = Double::start(Wire::Chat, script("b", "a")).await;
    let home = Home::new(&crate::support::home::config_with(&[&one, &two]));
    let server = home.start().await;
    server.allow_all();
    let first = server.session().await;
    let second = server.session_with(json!({"model": "double2/gpt-5"})).await;
    let (a, b) = (server.start_prompt(&first, "Meet."), server.start_prompt(&second, "Meet."));
    a.result().await;
    b.result().await;
    for session in [first, second] {
        let messages = server.messages(&session).await;
        assert!(output(parts(&messages, "tool")[0]).contains("met"));
    }
}
