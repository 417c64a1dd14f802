//! The program as it is called: what it prints, and its exit codes.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// A project, and directories of agentls' own.
struct Home {
    root: TempDir,
}

impl Home {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("project")).unwrap();
        fs::create_dir(root.path().join("config")).unwrap();
        fs::write(root.path().join("project/lib.rs"), "// one\nfn harvest() {}\n").unwrap();
        Self { root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agentls"));
        command
            .args(arguments)
            .current_dir(self.path("project"))
            .env("AGENTLS_DATA_DIR", self.path("data"))
            .env("AGENTLS_CONFIG_DIR", self.path("config"))
            .env_remove("AGENTLS_LOG")
            .env_remove("OPENAI_API_KEY")
            .stdin(Stdio::null());
        command
    }

    fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The id of the newest session.
    fn newest(&self) -> String {
        let listed = json(&self.call(&["sessions", "--json", "--limit", "1"]).stdout);
        listed["sessions"][0]["id"].as_str().unwrap().to_owned()
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn run_answers_on_stdout_and_tells_of_its_tools_on_stderr() {
    let home = Home::new();
    let output = home.call(&["run", "where is harvest defined?"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("`harvest` is defined here: lib.rs:2"), "{}", text(&output.stdout));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("• read lib.rs") && stderr.contains("3 steps"), "{stderr}");
    assert!(!stderr.contains('\x1b'), "no colours where there is no terminal");
}

#[test]
fn run_takes_the_prompt_from_stdin_and_goes_on_with_a_session() {
    let home = Home::new();
    home.call(&["run", "where is harvest defined?"]);
    let session = home.newest();
    let mut child = home
        .command(&["run", "-", "--session", &session])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"list .").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(text(&output.stdout).contains("lib.rs"));
    assert_eq!(home.newest(), session);
}

#[test]
fn run_prints_events_and_the_result_as_json() {
    let home = Home::new();
    let output = home.call(&["run", "--json", "where is harvest defined?"]);
    let lines: Vec<Value> = text(&output.stdout).lines().map(|line| json(line.as_bytes())).collect();
    let (result, events) = lines.split_last().unwrap();
    assert_eq!(result["result"]["stopReason"], "endTurn");
    assert!(events.iter().zip(1..).all(|(event, number)| event["eventSeq"] == number), "no gap");
    assert!(events.iter().any(|event| event["update"]["kind"] == "partDelta"));
}

#[test]
fn a_failure_has_code_1_and_says_the_cure_in_one_line() {
    let home = Home::new();
    let output = home.call(&["run", "--model", "openai/gpt-5", "hello"]);
    assert_eq!(code(&output), 1);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("OPENAI_API_KEY") && stderr.lines().count() == 1, "{stderr}");
    let output = home.call(&["run", "--json", "--model", "openai/gtp-5", "hello"]);
    assert_eq!((code(&output), &json(&output.stdout)["error"]["kind"]), (1, &"modelNotFound".into()));
    assert_eq!(code(&home.call(&["export", "ses_none"])), 1);
}

#[test]
fn a_wrong_call_has_code_2() {
    let home = Home::new();
    for arguments in [
        &["run"][..],
        &["run", " "],
        &["run", "x", "--model", "gpt"],
        &["run", "x", "--agent", "none"],
        &["schema", "--markdown"],
        &["trust", "/nowhere"],
        &[],
    ] {
        assert_eq!(code(&home.call(arguments)), 2, "{arguments:?}");
    }
}

#[test]
fn what_nobody_allows_has_code_3_and_is_done_with_allow_where_it_is_trusted() {
    let home = Home::new();
    for arguments in [&["--trust"][..], &["--allow"], &[]] {
        let output = home.call(&[&["run", "run `touch made`"], arguments].concat());
        assert_eq!(code(&output), 3, "{}", text(&output.stderr));
        let untrusted = text(&output.stderr).contains("untrustedWorkspace");
        assert_eq!(untrusted, arguments != ["--trust"], "{}", text(&output.stderr));
        assert!(!home.path("project/made").exists());
    }
    assert_eq!(code(&home.call(&["run", "--allow", "--trust", "run `touch made`"])), 0);
    assert!(home.path("project/made").exists());
}

#[test]
fn trust_is_given_listed_bound_to_what_is_there_and_taken_back() {
    let home = Home::new();
    fs::create_dir_all(home.path("project/.agentls/agents")).unwrap();
    fs::write(home.path("project/.agentls/agents/a.md"), "Be kind.").unwrap();
    let runs = || code(&home.call(&["run", "--allow", "run `touch made`"])) == 0;
    let listed = || text(&home.call(&["trust", "--list"]).stdout).to_owned();
    let project = fs::canonicalize(home.path("project")).unwrap().display().to_string();
    assert!(!runs() && listed() == "Nothing is trusted.\n");
    let given = home.call(&["trust"]);
    assert_eq!(text(&given.stdout), format!("✓ {project} is trusted.\n  .agentls/agents/a.md (agent)\n"));
    assert!(runs() && listed() == format!("{project}\n"));

    fs::write(home.path("project/.agentls/agents/a.md"), "Be cruel.").unwrap();
    assert!(!runs() && listed().ends_with("  .agentls/agents/a.md (agent, changed)\n"), "{}", listed());
    assert_eq!(code(&home.call(&["trust", &project])), 0);
    assert!(runs());

    assert!(text(&home.call(&["trust", "--revoke"]).stdout).contains("is not trusted"));
    assert!(!runs() && listed() == "Nothing is trusted.\n");
    assert_eq!(code(&home.call(&["trust", "/no/such/place"])), 2);
}

#[test]
fn an_interrupt_stops_the_turn_and_its_command_with_code_130() {
    stops_in_order(rustix::process::Signal::INT);
}

#[test]
fn a_terminal_that_hangs_up_stops_the_turn_as_a_termination_does() {
    stops_in_order(rustix::process::Signal::HUP);
}

#[test]
fn a_prompt_that_is_too_long_is_a_wrong_call_and_leaves_no_session() {
    let home = Home::new();
    let mut child = home.command(&["run", "-"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It stops reading as soon as it is too much.
    let sent = stdin.write_all(&vec![b'x'; 40 << 20]);
    assert!(sent.is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe));
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(text(&home.call(&["sessions"]).stdout).starts_with("No sessions"));
}

fn stops_in_order(signal: rustix::process::Signal) {
    let home = Home::new();
    let mut child = home
        .command(&["run", "--allow", "--trust", "run `touch begun; sleep 600; touch ended`"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !home.path("project/begun").exists() {
        assert!(started.elapsed() < Duration::from_secs(20), "the command did not begin");
        std::thread::sleep(Duration::from_millis(10));
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, signal).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let exported = home.call(&["export", &home.newest(), "--format", "json"]);
    assert!(!text(&exported.stdout).contains("\"running\""), "no call is left open");
}

#[test]
fn sessions_are_listed_here_and_everywhere() {
    let home = Home::new();
    assert!(text(&home.call(&["sessions"]).stdout).starts_with("No sessions in this directory"));
    home.call(&["run", "where is harvest defined?"]);
    let table = home.call(&["sessions"]);
    let lines: Vec<_> = text(&table.stdout).lines().collect();
    assert!(lines[0].starts_with("ID ") && lines[0].ends_with("STATUS"));
    assert!(lines[1].contains("where is harvest defined?") && lines[1].ends_with("idle"), "{lines:?}");
    let elsewhere = home.command(&["sessions", "--all"]).current_dir(home.path("config")).output().unwrap();
    assert_eq!(text(&elsewhere.stdout).lines().count(), 2);
    let searched = home.call(&["sessions", "--search", "nothing"]);
    assert!(text(&searched.stdout).starts_with("No session in this directory has `nothing` in its title"));
}

#[test]
fn a_session_is_exported_for_people_and_for_programs() {
    let home = Home::new();
    home.call(&["run", "where is harvest defined?"]);
    let session = home.newest();
    let markdown = home.call(&["export", &session]);
    assert!(text(&markdown.stdout).contains("## You\n\nwhere is harvest defined?"));
    let file = home.path("out.json");
    let path = file.to_str().unwrap();
    assert_eq!(code(&home.call(&["export", &session, "--format", "json", "-o", path])), 0);
    assert_eq!(json(&fs::read(&file).unwrap())["session"]["id"], session);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn context_draws_what_the_model_sees_and_prints_it_for_programs() {
    let home = Home::new();
    home.call(&["run", "where is harvest defined?"]);
    let session = home.newest();
    let drawn = home.call(&["context", "last", "--limit", "3"]);
    let picture = text(&drawn.stdout);
    assert_eq!(code(&drawn), 0, "{}", text(&drawn.stderr));
    assert!(
        picture.starts_with(&format!("where is harvest defined?  {session}\noffline/explorer: ")),
        "{picture}"
    );
    assert!(
        picture.contains("TOKENS") && picture.contains(" system  tools") && picture.contains(" more: "),
        "{picture}"
    );
    assert!(!picture.contains('\x1b'), "no colours where there is no terminal");
    let report = json(&home.call(&["context", &session, "--json"]).stdout);
    assert!(report["used"].as_u64() > Some(0) && report["items"].as_array().unwrap().len() > 3, "{report}");
    assert!(report["items"].as_array().unwrap().iter().all(|item| item["fate"] == "full"), "{report}");
}

#[test]
fn the_newest_session_is_that_of_the_directory() {
    let home = Home::new();
    let none = home.call(&["context", "last"]);
    assert_eq!(code(&none), 1);
    let said = text(&none.stderr);
    assert!(said.contains("there is no session in this directory") && said.lines().count() == 1, "{said}");
    home.call(&["run", "where is harvest defined?"]);
    let first = home.newest();
    home.command(&["run", "hello"]).current_dir(home.path("config")).output().unwrap();
    assert_eq!(code(&home.call(&["run", "list .", "--session", "last"])), 0);
    assert_eq!(home.newest(), first);
    let exported = home.call(&["export", "last", "--format", "json"]);
    assert_eq!(json(&exported.stdout)["session"]["id"], first);
    let unknown = home.call(&["context", "ses_none"]);
    assert_eq!((code(&unknown), text(&unknown.stderr).lines().count()), (1, 1));
}

#[test]
fn doctor_is_content_with_what_is_fine_and_fails_on_what_is_broken() {
    let home = Home::new();
    fs::set_permissions(home.path("config"), fs::Permissions::from_mode(0o700)).unwrap();
    home.call(&["run", "where is harvest defined?"]);
    let output = home.call(&["doctor"]);
    assert_eq!(code(&output), 0);
    let report = text(&output.stdout);
    assert!(report.contains("1 session\n") && report.ends_with("All is well.\n"), "{report}");
    fs::write(home.path("config/config.jsonc"), "{\n\"model\": 5\n}").unwrap();
    fs::write(home.path("data/agentls.db"), "not a database any more\n".repeat(500)).unwrap();
    fs::remove_file(home.path("data/agentls.db-wal")).ok();
    let output = home.call(&["doctor"]);
    assert_eq!(code(&output), 1);
    let report = text(&output.stdout);
    assert!(
        report.contains("config.jsonc:2:1: `model`") && report.contains("agentls doctor --repair"),
        "{report}"
    );
}

#[test]
fn doctor_tells_what_a_newer_database_holds_and_that_it_is_not_written() {
    let home = Home::new();
    home.call(&["run", "where is harvest defined?"]);
    let database = rusqlite::Connection::open(home.path("data/agentls.db")).unwrap();
    database.execute_batch("PRAGMA user_version = 99").unwrap();
    let output = home.call(&["doctor"]);
    let report = text(&output.stdout);
    assert_eq!(code(&output), 1);
    assert!(report.contains("1 session\n") && report.contains("it is read, and not written"), "{report}");
    assert!(!report.contains("0 B on disk") && !report.contains("cannot be read"), "{report}");
}

#[test]
fn an_import_without_a_database_names_the_argument() {
    let home = Home::new();
    let output = home.command(&["import", "opencode"]).env("OPENCODE_DB", "/no/such/db").output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(text(&output.stderr).contains("--db"), "{}", text(&output.stderr));
}

#[test]
fn doctor_shows_what_a_session_would_get_here_and_what_trust_withholds() {
    let home = Home::new();
    let write = |path: &str, text: &str| {
        let path = home.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("project/.agentls/config.jsonc", "{\n\"limits\": {\"maxSteps\": 7}\n}");
    write("project/.agentls/agents/helper.md", "---\ntools: [reed]\n---\nHelp.");
    write("project/.agentls/commands/odd.md", "---\nmodel: 7\n---\n");
    write("config/skills/odd/SKILL.md", "no front matter");
    let doctor = || text(&home.call(&["doctor"]).stdout).to_owned();
    let report = doctor();
    for said in [
        "project is not trusted",
        "`agentls trust` trusts it",
        ".agentls/config.jsonc (configuration): withheld",
        "`limits` is not read until the workspace is trusted",
        "skill odd: it has no front matter",
    ] {
        assert!(report.contains(said), "{said}: {report}");
    }
    assert!(!report.contains("limits.maxSteps = 7") && !report.contains("agent helper"), "{report}");
    assert!(!home.path("data/agentls.db").exists(), "looking makes no database");

    home.call(&["trust"]);
    let report = doctor();
    let file = home.path("project").canonicalize().unwrap().join(".agentls/config.jsonc");
    for said in [
        "project is trusted: you said so",
        ".agentls/config.jsonc (configuration): it counts",
        &format!("limits.maxSteps = 7 ({}:2)", file.display()),
        "agent helper: `tools`: there is no tool `reed`",
        "command odd: ",
    ] {
        assert!(report.contains(said), "{said}: {report}");
    }
    write("project/.agentls/agents/helper.md", "Other.");
    let report = doctor();
    assert!(
        report.contains("not trusted any more") && report.contains("(agent, changed): withheld"),
        "{report}"
    );
}

#[test]
fn doctor_tells_of_a_key_and_never_what_it_is() {
    let home = Home::new();
    let output = home.command(&["doctor"]).env("OPENAI_API_KEY", "sk-canary-123").output().unwrap();
    let report = text(&output.stdout);
    assert!(report.contains("openai: key in OPENAI_API_KEY") && !report.contains("canary"), "{report}");
    let kept = report.lines().find(|line| line.contains("kept back from commands: "));
    assert!(kept.is_some_and(|line| line.contains("OPENAI_API_KEY")), "{report}");
}

#[test]
fn the_schema_is_printed_whole() {
    let home = Home::new();
    let output = home.call(&["schema"]);
    assert!(json(&output.stdout)["requests"]["session/prompt"]["params"].is_object());
    assert!(!home.path("data").exists(), "nothing is made for it");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let mut child = home.command(&["schema"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), text(&output.stderr)), (0, ""));
}

#[test]
fn the_demo_plays_to_its_end() {
    let home = Home::new();
    let output = home.call(&["demo"]);
    let shown = text(&output.stdout);
    assert_eq!(code(&output), 0, "{shown}\n{}", text(&output.stderr));
    for wanted in [
        "is corrected on disk",
        "Still there",
        "peak memory",
        "+            print(f\"Task {number} received.",
        "calls left their evidence behind the summary",
        "Found, byte for byte",
        "What the model sees after",
        "memory after compaction",
    ] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    assert!(!home.path("data").exists(), "the demo touches nothing of the user's");
}

#[test]
fn the_log_is_private_and_has_the_level_that_is_asked_for() {
    let home = Home::new();
    let run = |level| {
        let mut command = home.command(&["run", "where is harvest defined?"]);
        command.env("AGENTLS_LOG", level).output().unwrap()
    };
    fs::write(home.path("config/config.jsonc"), r#"{"colour": "blue"}"#).unwrap();
    run("error");
    assert!(!home.path("data/agentls.log").exists(), "nothing to say at this level");
    run("warn");
    let log = fs::read_to_string(home.path("data/agentls.log")).unwrap();
    assert!(log.contains("colour"), "{log}");
    let mode = fs::metadata(home.path("data/agentls.log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
