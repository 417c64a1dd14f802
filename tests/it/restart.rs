//! Crashes and restarts: what was acknowledged is there, nothing runs twice, the next prompt works.

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{body, output, parts, results, said, texts},
    provider::{Answer, Double, Stall, Wire},
    server::Client,
};

fn held_call() -> Answer {
    let command = "echo once >> runs; touch held; sleep 600";
    Answer::new().call("call_1", "bash", &json!({"command": command}))
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_tool_leaves_an_interrupted_result_and_a_note() {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        let double = Double::start(wire, vec![held_call(), Answer::new().text("I see.")]).await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        server.allow_all();
        let session = server.session().await;
        drop(server.start_prompt(&session, "Run it."));
        home.wait_for_file("held").await;
        server.crash();

        let server = home.start().await;
        let seen = server.call("session/get", json!({"sessionId": session})).await;
        assert_eq!(seen["session"]["status"], "idle");
        let note = seen["session"]["recovered"]["note"].as_str().expect("it says what happened");
        assert!(note.contains("1 tool call"), "{note}");
        let messages = server.messages(&session).await;
        let call = parts(&messages, "tool")[0];
        assert_eq!(call["status"], "error");
        assert!(output(call).starts_with("Interrupted"), "{call}");

        let end = server.prompt(&session, "What happened?").await;
        assert_eq!(end["stopReason"], "endTurn", "{wire:?}");
        assert!(body(&double, 1).to_string().contains("Interrupted before it finished"), "{wire:?}");
        assert_eq!(home.read("runs"), "once\n", "nothing is run again");
        let seen = server.call("session/get", json!({"sessionId": session})).await;
        assert!(seen["session"]["recovered"].is_null(), "the note is gone with the next turn");
    }
}

#[tokio::test]
async fn a_crash_while_text_streams_keeps_what_was_stored_and_the_session_goes_on() {
    let long = "words ".repeat(2_000);
    let cut = Answer::new().text(&long).stall(Stall::After(2_500));
    let double = Double::start(Wire::Responses, vec![cut, Answer::new().text("On we go.")]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    drop(server.start_prompt(&session, "Talk."));
    // Text reaches the database at least every second or 4 KiB.
    stored(&server, &session, 4_096).await;
    server.crash();
    let server = home.start().await;
    let messages = server.messages(&session).await;
    let kept = texts(&messages[1..], "text").concat();
    assert!(kept.len() >= 4_096 && long.starts_with(&kept), "{} bytes", kept.len());
    assert_eq!(messages[1]["error"]["kind"], "interrupted");
    assert_eq!(server.prompt(&session, "Go on.").await["stopReason"], "endTurn");
}

/// Waits until so many bytes of the answer can be read back.
async fn stored(server: &crate::support::server::Server, session: &str, bytes: usize) {
    let enough = async {
        while texts(server.messages(session).await.get(1..).unwrap_or_default(), "text").concat().len()
            < bytes
        {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), enough).await.expect("text is stored in time");
}

#[tokio::test]
async fn prompts_that_waited_in_a_crash_are_answered_with_the_next_one_in_order() {
    let double = Double::start(Wire::Responses, vec![held_call()]).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.allow_all();
    let session = server.session().await;
    drop(server.start_prompt(&session, "First."));
    home.wait_for_file("held").await;
    for text in ["Second.", "Third."] {
        drop(server.start_prompt(&session, text));
    }
    let both = |update: &Value| update["prompts"].as_array().is_some_and(|prompts| prompts.len() == 2);
    server.update(&session, "queue of two", both).await;
    server.crash();

    let server = home.start().await;
    let waiting = server.call("session/queue", json!({"sessionId": session})).await;
    let texts: Vec<_> = waiting["prompts"].as_array().unwrap().iter().map(|prompt| &prompt["text"]).collect();
    assert_eq!(texts, ["Second.", "Third."]);
    assert_eq!(double.requests().len(), 1, "nothing runs by itself");
    for _ in 0..3 {
        double.then(Answer::new().text("Yes."));
    }
    server.prompt(&session, "Fourth.").await;
    assert_eq!(said(&server.messages(&session).await), ["First.", "Second.", "Third.", "Fourth."]);
}

#[tokio::test]
async fn the_prefix_is_the_same_after_a_restart() {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        let script = vec![
            Answer::new().reasoning("I look.").text("Looking.").call(
                "call_1",
                "read",
                &json!({"path": "a.txt"}),
            ),
            Answer::new().call("call_2", "read", &json!({"path": "no-such-file"})),
            Answer::new().text("Seen."),
            Answer::new().text("Still seen."),
        ];
        let double = Double::start(wire, script).await;
        let home = Home::new(&config_for(&double));
        home.write("a.txt", "äöü\n");
        home.write("AGENTS.md", "Be brief.\n");
        let server = home.start().await;
        let session = server.session().await;
        server.prompt(&session, "Look.").await;
        server.shut_down().await;
        let server = home.start().await;
        // The double refuses a request that does not begin with the bytes of the one before.
        let end = server.prompt(&session, "And now?").await;
        assert_eq!(end["stopReason"], "endTurn", "{wire:?}");
        assert_eq!(double.requests().len(), 4);
    }
}

#[tokio::test]
async fn a_shutdown_in_the_middle_of_a_turn_stores_it_and_ends_in_time() {
    let double = Double::start(Wire::Responses, vec![held_call(), Answer::new().text("Yes.")]).await;
    let home = Home::new(&config_for(&double));
    let mut server = home.start().await;
    server.allow_all();
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Run it.");
    home.wait_for_file("held").await;
    let begun = std::time::Instant::now();
    server.close_stdin();
    assert_eq!(server.exit_code().await, Some(0));
    assert!(begun.elapsed() < std::time::Duration::from_secs(4), "{:?}", begun.elapsed());
    drop(prompt);

    let server = home.start().await;
    let messages = server.messages(&session).await;
    assert_eq!(parts(&messages, "tool")[0]["status"], "error");
    server.prompt(&session, "Go on.").await;
    assert_eq!(results(&body(&double, 1)).len(), 1);
}

#[tokio::test]
async fn a_crash_at_each_of_a_turns_boundaries_loses_nothing_that_was_acknowledged() {
    for place in ["answer.stored", "tool.started", "tools.done", "turn.ending", "turn.leaving"] {
        let script = vec![
            Answer::new().text("I list.").call("call_1", "list", &json!({})).call(
                "call_2",
                "list",
                &json!({"depth": 2}),
            ),
            Answer::new().text("Listed."),
        ];
        let double = Double::start(Wire::Responses, script).await;
        let home = Home::new(&config_for(&double));
        let mut server = Client::default().failpoints(&format!("{place}=abort")).start(&home).await;
        let session = server.session().await;
        drop(server.start_prompt(&session, "List."));
        assert_eq!(server.exit_code().await, None, "{place}: it aborts");
        drop(server);

        let server = home.start().await;
        for _ in 0..2 {
            double.then(Answer::new().text("Here."));
        }
        assert_eq!(server.prompt(&session, "Go on.").await["stopReason"], "endTurn", "{place}");
        let messages = server.messages(&session).await;
        assert_eq!(said(&messages), ["List.", "Go on."], "{place}");
        assert_eq!(texts(&messages, "text")[1], "I list.", "{place}");
        let final_state = |call: &&Value| call["status"] == "completed" || call["status"] == "error";
        assert_eq!(parts(&messages, "tool").into_iter().filter(final_state).count(), 2, "{place}");
        assert!(messages.iter().all(|message| !message["completedAt"].is_null()), "{place}");
        let seqs: Vec<_> = messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (1..=messages.len() as u64).collect::<Vec<_>>(), "{place}");
        integrity(&home);
    }
}

/// The database is whole: pages, references, and no lease of a dead process.
fn integrity(home: &Home) {
    let database = rusqlite::Connection::open(home.data().join("agentls.db")).unwrap();
    let check = |sql: &str| database.query_row(sql, [], |row| row.get::<_, String>(0));
    assert_eq!(check("PRAGMA integrity_check").unwrap(), "ok");
    assert!(check("PRAGMA foreign_key_check").is_err(), "no row refers to nothing");
    assert!(check("SELECT client FROM lease").is_err(), "no lease is left");
    assert!(check("SELECT id FROM turn WHERE ended_at IS NULL").is_err(), "no turn is left open");
}

#[tokio::test]
async fn how_long_the_model_thought_is_known_after_a_restart() {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        let double = Double::start(wire, vec![Answer::new().reasoning("I look.").text("Seen.")]).await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        let session = server.session().await;
        server.prompt(&session, "Look.").await;
        server.shut_down().await;
        let messages = home.start().await.messages(&session).await;
        let answer = messages.last().expect("an answer");
        let parts = answer["parts"].as_array().expect("parts");
        let thought = parts.iter().find(|part| part["type"] == "reasoning").expect("reasoning");
        let time =
            |name: &str| thought[name].as_u64().unwrap_or_else(|| panic!("{wire:?} {name}: {thought}"));
        let created = answer["createdAt"].as_u64().expect("a time");
        assert!(created <= time("startedAt") && time("startedAt") <= time("endedAt"), "{wire:?}: {answer}");
        assert!(time("endedAt") <= answer["completedAt"].as_u64().expect("a time"), "{wire:?}: {answer}");
    }
}
