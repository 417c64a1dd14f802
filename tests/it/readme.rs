//! What the README shows is true: its headless client is run as it stands there.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::json;

use crate::support::home::Home;

/// The first block of code in `language` below a heading.
fn block(heading: &str, language: &str) -> String {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, section) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, code) = section.split_once(&format!("```{language}\n")).unwrap();
    code.split_once("```").unwrap().0.to_owned()
}

/// Runs a client with a prompt and a person who says `answer`; its exit code and what it printed.
fn run_client(client: &str, home: &Home, prompt: &str, answer: &str) -> (Option<i32>, String) {
    let binaries = Path::new(env!("CARGO_BIN_EXE_agentls")).parent().unwrap();
    let path = std::env::join_paths(
        [binaries.to_path_buf()].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let mut client = Command::new("python3")
        .args(["-c", client, prompt])
        .current_dir(home.workspace())
        .env("PATH", path.unwrap())
        .env("AGENTLS_DATA_DIR", home.data())
        .env("AGENTLS_CONFIG_DIR", home.config_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the test needs python3");
    client.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    let output = client.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_headless_client_of_the_readme_does_what_it_says() {
    let client = block("A headless client", "python");
    let home = Home::new(&json!({}));
    home.write("a.txt", "one\n");
    let prompt = "replace \"one\" with \"two\" in a.txt";
    let (code, printed) = run_client(&client, &home, prompt, "n\n");
    assert!(code == Some(0) && printed.contains("permissionRejected"), "{code:?}: {printed}");
    assert_eq!(home.read("a.txt"), "one\n");
    let (code, printed) = run_client(&client, &home, prompt, "y\ny\n");
    assert!(code == Some(0) && printed.contains("endTurn after 2 steps"), "{code:?}: {printed}");
    assert!(printed.contains("I replaced `one` with `two`"), "{printed}");
    assert_eq!(home.read("a.txt"), "two\n");
}

#[test]
fn a_client_that_goes_on_as_the_readme_says_sees_and_compacts_its_session() {
    let client = block("A headless client", "python");
    let (beginning, end) = client.split_at(client.find("request(\"shutdown\")").unwrap());
    let client = format!("{beginning}{}{end}", block("Long sessions", "python"));
    let home = Home::new(&json!({"permission": {"*": "allow"}, "compaction": {"keepTokens": 0}}));
    let (code, printed) = run_client(&client, &home, "run `seq 10000001 10001990`", "y\n");
    assert!(code == Some(0) && printed.contains(" of 200000 tokens, "), "{code:?}: {printed}");
    let listed = Command::new(env!("CARGO_BIN_EXE_agentls"))
        .args(["context", "last"])
        .current_dir(home.workspace())
        .env("AGENTLS_DATA_DIR", home.data())
        .env("AGENTLS_CONFIG_DIR", home.config_dir())
        .output()
        .unwrap();
    let drawn = String::from_utf8(listed.stdout).unwrap();
    assert!(drawn.contains("summary and what follows it"), "{drawn}");
}
