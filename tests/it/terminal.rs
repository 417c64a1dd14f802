//! `agentls run` before a person at a terminal, with a provider that says what is needed for it.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{body, results},
    provider::{Answer, Double, Wire},
    terminal::Terminal,
};

/// Long enough that a second question would have been shown.
const A_WHILE: Duration = Duration::from_millis(300);

fn run(home: &Home) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentls"));
    command
        .args(["run", "--trust", "Go."])
        .current_dir(home.workspace())
        .env("AGENTLS_DATA_DIR", home.data())
        .env("AGENTLS_CONFIG_DIR", home.config_dir());
    command
}

/// A home whose commands are asked for.
fn asking(double: &Double) -> Home {
    let mut config = config_for(double);
    config["permission"] = json!({"*": "allow", "bash": "ask"});
    Home::new(&config)
}

fn command() -> Value {
    json!({"command": "touch granted.txt"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_answers_the_question_that_was_shown_and_no_other() {
    let questions = json!({"questions": [{"question": "Which colour"}, {"question": "Which size"}]});
    let both = Answer::new().call("call_1", "bash", &command()).call("call_2", "question", &questions);
    let double = Double::start(Wire::Responses, vec![both, Answer::new().text("Done.")]).await;
    let home = asking(&double);
    let mut terminal = Terminal::start(run(&home));
    let prompts = ["Allow?", "Which colour", "Which size"];
    let (mut seen, mut asked) = (0, Vec::new());
    for _ in prompts {
        let (which, end) = terminal.wait_for(seen, &prompts);
        std::thread::sleep(A_WHILE);
        let more = terminal.shown().get(end..).is_some_and(|more| prompts.iter().any(|it| more.contains(it)));
        assert!(!more, "one at a time: {}", terminal.shown());
        terminal.type_line(["y", "red", "large"][which]);
        asked.push(which);
        seen = end;
    }
    assert_eq!(terminal.exit_code(), Some(0), "{}", terminal.shown());
    assert!(asked == [0, 1, 2] || asked == [1, 2, 0], "what belongs together is asked together: {asked:?}");
    assert!(home.workspace().join("granted.txt").exists());
    let answers = results(&body(&double, 1)).join("\n");
    assert!(answers.contains("Which colour\n→ red\n\nWhich size\n→ large"), "{answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_before_a_question_was_shown_does_not_answer_it() {
    let double = Double::start(Wire::Responses, vec![Answer::new().call("call_1", "bash", &command())]).await;
    let home = asking(&double);
    let mut terminal = Terminal::start(run(&home));
    terminal.type_line("y");
    let (_, _) = terminal.wait_for(0, &["Allow?"]);
    std::thread::sleep(A_WHILE);
    assert!(!home.workspace().join("granted.txt").exists(), "{}", terminal.shown());
    terminal.type_line("n");
    assert_eq!(terminal.exit_code(), Some(3), "{}", terminal.shown());
    assert!(!home.workspace().join("granted.txt").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_waits_for_is_said_in_words() {
    let limited = Answer::status(429).header("retry-after", "1").body("{}");
    let answer = || Answer::new().text("Here it is, at last.");
    let script = vec![limited, answer().cut_after(6), answer()];
    let double = Double::start(Wire::Responses, script).await;
    let home = asking(&double);
    let output = run(&home).stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("; trying again in 1 s\n"), "{told}");
    assert!(told.contains("The connection broke; once more:\n"), "{told}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.ends_with("\nHere it is, at last.\n"), "each on lines of its own: {said}");
}
