//! a turn is stopped at every event of it, whether the provider's or the server's own.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::parts,
    matrix,
    provider::{Answer, Double, Stall, Wire},
    server::Server,
};

/// From the stop to an idle session: half a second while the model speaks, two and a half while a command runs. A busy
/// machine gets twice that.
const IDLE: Duration = Duration::from_secs(1);
const IDLE_OF_A_COMMAND: Duration = Duration::from_secs(5);

/// The answer of the recorded turn that has everything: thoughts, words, two calls.
fn first_answer() -> Answer {
    Answer::new()
        .reasoning("Let me see what is there.")
        .text("I look at the files.")
        .call("call_1", "list", &json!({"path": "."}))
        .call("call_2", "glob", &json!({"pattern": "*.txt"}))
}

/// How many events the provider's answer has in this format.
fn events(wire: Wire) -> usize {
    let mut answer = first_answer();
    answer.render(wire);
    answer.frames.len()
}

async fn place(wire: Wire) -> (Double, Home, Server) {
    // A request that the script does not foresee is one of a turn that is about to be stopped.
    let double = Double::start_model(wire, |_| Answer::new().stall(Stall::Head)).await;
    let home = Home::new(&config_for(&double));
    home.write("a.txt", "one\n");
    let server = home.start().await;
    (double, home, server)
}

/// Stops the turn; how long it took until the prompt was answered and the session idle. Each call has one result then,
/// and the next prompt works: the double refuses a request in which a call has none, or two.
async fn stop(
    server: &Server,
    double: &Double,
    session: &str,
    prompt: crate::support::server::Started,
) -> Duration {
    let began = Instant::now();
    server.call("session/cancel", json!({"sessionId": session})).await;
    let end = prompt.result().await;
    let shown = server.call("session/get", json!({"sessionId": session})).await;
    let taken = began.elapsed();
    assert_eq!(shown["session"]["status"], "idle");
    assert!(["cancelled", "endTurn"].contains(&end["stopReason"].as_str().unwrap()), "{end}");
    let messages = server.messages(session).await;
    for call in parts(&messages, "tool") {
        let settled = call["status"] == "completed" || call["status"] == "error";
        assert!(settled, "a call without a result: {call}");
    }
    double.then(Answer::new().text("Here again."));
    assert_eq!(server.prompt(session, "Still there?").await["stopReason"], "endTurn");
    taken
}

#[tokio::test]
async fn r_12_a_stop_at_any_event_of_the_provider_is_idle_in_half_a_second() {
    let (mut longest, mut times) = (Duration::ZERO, 0);
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        let (double, _home, server) = place(wire).await;
        let session = server.session().await;
        let step = events(wire) / matrix::times(12, events(wire)).min(events(wire));
        for at in (0..events(wire)).step_by(step) {
            double.then(first_answer().stall(Stall::After(at)));
            let seen = double.requests().len();
            let prompt = server.start_prompt(&session, "Look.");
            double.wait_for_requests(seen + 1).await;
            longest = longest.max(stop(&server, &double, &session, prompt).await);
            assert!(longest <= IDLE, "{wire:?}, event {at}: {longest:?}");
            times += 1;
        }
    }
    let seen = format!("idle after at most {} ms; one result for each call", longest.as_millis());
    matrix::held("R-12", "stopped after each event of a provider's answer", times, &seen);
}

#[tokio::test]
async fn r_12_a_stop_at_any_update_of_the_turn_is_idle_in_half_a_second() {
    let (double, _home, server) = place(Wire::Responses).await;
    let of = |update: &Value| update["kind"] != "queue";
    let mut longest = Duration::ZERO;
    let (mut at, mut times) = (0, 0);
    loop {
        double.then(first_answer());
        double.then(Answer::new().text("There is one."));
        let session = server.session().await;
        let prompt = server.start_prompt(&session, "Look.");
        // The turn is faster than a client that stops it: it may have ended by then.
        let whole = loop {
            let updates: Vec<_> = server.updates(&session).into_iter().filter(of).collect();
            let ended = updates.iter().any(|update| update["status"] == "idle");
            if updates.len() > at || ended {
                break ended && updates.len() <= at;
            }
            tokio::task::yield_now().await;
        };
        longest = longest.max(stop_and_forget(&server, &double, &session, prompt).await);
        assert!(longest <= IDLE, "update {at}: {longest:?}");
        times += 1;
        if whole {
            break;
        }
        at += matrix::times(2, 1);
    }
    let seen = format!("idle after at most {} ms; one result for each call", longest.as_millis());
    matrix::held("R-12", "stopped at each update that the client is shown", times, &seen);
}

/// As [`stop`]; answers that the stopped turn did not ask for are taken off the script.
async fn stop_and_forget(
    server: &Server,
    double: &Double,
    session: &str,
    prompt: crate::support::server::Started,
) -> Duration {
    let taken = stop(server, double, session, prompt).await;
    double.forget_script();
    taken
}

#[tokio::test]
async fn r_12_a_stopped_command_is_idle_in_two_and_a_half_seconds() {
    let (double, home, server) = place(Wire::Responses).await;
    server.allow_all();
    let mut longest = Duration::ZERO;
    let commands = [
        "echo > ready; sleep 600 & wait",
        "trap '' TERM; echo > ready; sleep 600 & wait",
        "echo > ready; yes",
        "setsid sleep 600 & echo > ready; wait",
    ];
    for command in commands {
        double.then(Answer::new().call("call_1", "bash", &json!({"command": command})));
        let session = server.session().await;
        let prompt = server.start_prompt(&session, "Run it.");
        home.wait_for_file("ready").await;
        longest = longest.max(stop(&server, &double, &session, prompt).await);
        assert!(longest <= IDLE_OF_A_COMMAND, "{command}: {longest:?}");
        std::fs::remove_file(home.workspace().join("ready")).unwrap();
    }
    let seen = format!("idle after at most {} ms; one result for each call", longest.as_millis());
    matrix::held(
        "R-12",
        "stopped while commands run, one that ignores TERM among them",
        commands.len(),
        &seen,
    );
}
