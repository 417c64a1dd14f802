//! Running real command lines.

use std::time::Instant;

use serde_json::json;

use super::*;
use crate::{
    tool::{environment::Environment, fixture::Desk},
    transcript::secret::Secrets,
    workspace::config::EnvironmentConfig,
};

fn desk() -> Desk {
    Desk::new(&[("sub/x", "")])
}

#[tokio::test]
async fn both_streams_come_in_order_and_are_heard_while_it_runs() {
    let desk = desk();
    let output = desk.call(Bash, json!({"command": "echo a; echo b >&2; echo c"})).await.unwrap();
    assert_eq!((output.text.as_str(), output.title.as_str()), ("a\nb\nc\n", "echo a; echo b >&2; echo c"));
    assert_eq!(*desk.heard.lock().unwrap(), "a\nb\nc\n");
}

#[tokio::test]
async fn a_failure_ends_with_its_exit_code_or_signal() {
    let mut desk = desk();
    desk.held.enabled = false;
    assert_eq!(desk.text(Bash, json!({"command": "echo x; exit 3"})).await, "x\n[exit code 3]");
    assert_eq!(desk.text(Bash, json!({"command": "kill -9 $$"})).await, "[ended by signal 9]");
}

#[tokio::test]
async fn a_failure_inside_a_sandbox_says_what_it_holds() {
    let desk = desk();
    let note = desk.sandbox().note().map(|note| format!("\n{note}")).unwrap_or_default();
    let text = desk.text(Bash, json!({"command": "echo x; exit 3"})).await;
    assert_eq!(text, format!("x\n[exit code 3]{note}"));
    assert_eq!(desk.text(Bash, json!({"command": "echo x"})).await, "x\n");
}

#[tokio::test]
async fn each_simple_command_is_asked_for() {
    let desk = desk();
    desk.call(Bash, json!({"command": "true && ls sub"})).await.unwrap();
    let ask = desk.last_ask();
    let labels: Vec<_> = ask.items.iter().map(|item| item.label.as_str()).collect();
    assert_eq!((labels.as_slice(), ask.must_ask), (&["true", "ls sub"][..], false));
    desk.call(Bash, json!({"command": "echo $(true)", "cwd": "sub"})).await.unwrap();
    assert!(desk.last_ask().must_ask);
    desk.call(Bash, json!({"command": "true", "cwd": "/"})).await.unwrap();
    assert!(desk.last_ask().must_ask && desk.last_ask().items[0].rule.is_empty());
}

#[tokio::test]
async fn a_refused_command_does_not_run() {
    let mut desk = desk();
    desk.refusal = Some(crate::permission::Refusal::Person);
    desk.call(Bash, json!({"command": "touch ran"})).await.unwrap_err();
    assert!(!desk.root().join("ran").exists());
}

#[tokio::test]
async fn a_background_child_does_not_hold_it_and_is_named() {
    let started = Instant::now();
    let text = desk().text(Bash, json!({"command": "sleep 7 & echo started"})).await;
    assert!(text.starts_with("started\n[still running: sleep ("), "{text}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_timeout_stops_the_whole_group() {
    let desk = desk();
    let input = json!({"command": "(sleep 1; touch late) & echo on; sleep 30", "timeoutMs": 200});
    assert_eq!(desk.text(Bash, input).await, "on\n[stopped: not done after 200 ms]");
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(!desk.root().join("late").exists());
}

#[tokio::test]
async fn a_cancel_ends_even_what_ignores_term_and_keeps_the_output() {
    let desk = desk();
    let cancel = desk.cancel.clone();
    let started = Instant::now();
    let call = desk.call(Bash, json!({"command": "trap '' TERM; echo on; while true; do sleep 1; done"}));
    let (result, ()) = tokio::join!(call, async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancel.cancel();
    });
    assert_eq!(result, Err(ToolError::Cancelled { partial: "on\n".to_owned() }));
    assert!(started.elapsed() < Duration::from_millis(2_800), "{:?}", started.elapsed());
}

#[tokio::test]
async fn no_secret_reaches_the_environment() {
    let mut desk = desk();
    // Cargo sets these two for tests; the first stands for a provider's key.
    let keys = vec!["CARGO_PKG_NAME".to_owned()];
    desk.environment = Environment::new(keys, Secrets::default(), EnvironmentConfig::default());
    let command = "echo [$CARGO_PKG_NAME] [$CARGO_PKG_VERSION_MAJOR]";
    assert_eq!(desk.text(Bash, json!({"command": command})).await, "[] [0]\n");
}

#[tokio::test]
async fn endless_output_is_bounded_and_stdin_is_empty() {
    let text = desk().text(Bash, json!({"command": "cat; yes | head -c 30000000"})).await;
    assert!(text.len() < MAX_OUTPUT + CHUNK + 100 && text.contains("bytes left out)"));
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    for (input, words) in [
        (json!({"command": " "}), "`command` is empty"),
        (json!({"command": "ls", "timeoutMs": 0}), "`timeoutMs` must be an integer from 1"),
        (json!({"command": "ls", "cwd": "sub/x"}), "`cwd`: sub/x is not a folder"),
    ] {
        let error = desk().error(Bash, input).await;
        assert!(error.contains(words), "{error}");
    }
}
