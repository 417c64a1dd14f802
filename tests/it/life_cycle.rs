//! How a program begins and ends, and what it must never do meanwhile (invariants 10 and 11, R-11 in part).

use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{
    byte_client::{PATIENCE, Program, frame, request},
    home::Home,
};

const PERMISSION: &str = "session/requestPermission";

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_default()
}

#[test]
fn before_initialize_only_initialize_is_answered() {
    let home = Home::new(&json!({}));
    let mut program = Program::start(&home);
    for (id, method) in
        [("a", "session/list"), ("b", "server/status"), ("c", "no/such/method"), ("d", "$/nothing")]
    {
        program.request(id, method, &json!({}));
        assert_eq!(code(&program.answer(&json!(id))), -32002, "{method}");
    }
    program.tell("session/new", &json!({"cwd": "/"}));
    program.request("wrong", "initialize", &json!({"capabilities": 7}));
    assert_eq!(code(&program.answer(&json!("wrong"))), -32602);
    program.request("right", "initialize", &json!({"capabilities": {}}));
    assert_eq!(program.answer(&json!("right"))["result"]["serverInfo"]["name"], "agentls");
    assert_eq!(program.ask("session/list", &json!({}))["sessions"], json!([]));
    program.request("unknown", "no/such/method", &json!({}));
    assert_eq!(code(&program.answer(&json!("unknown"))), -32601);
    program.request("again", "initialize", &json!({"capabilities": {}}));
    let again = program.answer(&json!("again"));
    assert_eq!(code(&again), -32600);
    assert!(again["error"]["message"].as_str().unwrap().contains("already"), "{again}");
}

#[test]
fn after_shutdown_nothing_is_done_any_more_and_exit_is_orderly() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    program.request("bye", "shutdown", &Value::Null);
    assert_eq!(program.answer(&json!("bye"))["result"], Value::Null);
    for id in ["session/list", "shutdown", "initialize", "no/such/method"] {
        program.request(id, id, &json!({}));
        let answer = program.answer(&json!(id));
        assert_eq!(code(&answer), -32600, "{id}");
        assert!(answer["error"]["message"].as_str().unwrap().contains("shut down"), "{answer}");
    }
    // The input stays open: only the notification ends it.
    program.tell("exit", &Value::Null);
    assert_eq!(program.end(), Some(0));
}

#[test]
fn exit_without_shutdown_is_a_failure_by_its_code() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    program.tell("exit", &Value::Null);
    assert_eq!(program.end(), Some(1));
    let mut early = Program::start(&home);
    early.tell("exit", &Value::Null);
    assert_eq!(early.end(), Some(1));
}

#[test]
fn the_end_of_the_input_ends_the_program_wherever_it_comes() {
    let home = Home::new(&json!({}));
    let whole = request("x", "server/status", &json!({}));
    for cut in [0, 5, 17, 22, 40, whole.len() - 1] {
        let mut program = Program::introduced(&home);
        program.send(&whole[..cut]);
        program.hang_up();
        let left = program.receive(PATIENCE);
        match left {
            None => assert_eq!(cut, 0, "half a message is answered"),
            Some(answer) => assert_eq!((code(&answer), &answer["id"]), (-32700, &Value::Null), "{cut}"),
        }
        assert_eq!(program.end(), Some(0), "cut at {cut}");
    }
}

#[test]
fn a_signal_ends_the_program_also_while_it_waits_for_a_person() {
    let home = Home::new(&json!({}));
    for signal in ["TERM", "INT", "HUP"] {
        let mut program = Program::introduced(&home);
        waiting_prompt(&home, &mut program);
        let sent = Command::new("kill").args(["-s", signal, &program.pid().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(program.end(), Some(0), "SIG{signal}");
    }
    let mut program = Program::introduced(&home);
    let sessions = program.ask("session/list", &json!({}))["sessions"].clone();
    assert_eq!(sessions.as_array().unwrap().len(), 3);
    for session in sessions.as_array().unwrap() {
        assert_eq!(session["status"], "idle", "a turn that began has ended (invariant 7)");
    }
}

#[test]
fn the_program_ends_with_the_client_that_it_was_told_of() {
    let home = Home::new(&json!({}));
    let mut program = Program::start(&home);
    let mut client = Command::new("sleep").arg("600").spawn().unwrap();
    program.ask("initialize", &json!({"capabilities": {}, "processId": client.id()}));
    client.kill().unwrap();
    client.wait().unwrap();
    assert_eq!(program.end(), Some(0));
}

#[test]
fn a_running_command_ends_with_the_program() {
    let home = Home::new(&json!({"permission": {"bash": "allow"}}));
    let mut program = Program::introduced(&home);
    let session = program.ask("session/new", &json!({"cwd": home.workspace()}))["session"]["id"].clone();
    // Nobody else sleeps exactly that long.
    let seconds = format!("600.{}", program.pid());
    let parts = [json!({"type": "text", "text": format!("run `sleep {seconds}`")})];
    program.request("prompt", "session/prompt", &json!({"sessionId": session, "parts": parts}));
    let began = Instant::now();
    while !sleeps(&seconds) {
        assert!(began.elapsed() < PATIENCE, "it never ran");
        thread::sleep(Duration::from_millis(10));
    }
    program.hang_up();
    assert_eq!(program.end(), Some(0));
    assert!(!sleeps(&seconds), "the command outlives the program");
}

#[test]
fn the_program_ends_when_nobody_reads_it_any_more() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    program.deafen();
    for _ in 0..50 {
        if !program.try_send(&request("x", "server/status", &json!({}))) {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(program.end(), Some(0));
}

#[test]
fn an_answer_given_twice_or_late_changes_nothing() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    let (session, question) = waiting_prompt(&home, &mut program);
    // While the prompt waits, its id is taken and everything else goes on.
    program.request("prompt", "server/status", &json!({}));
    assert_eq!(code(&program.answer(&json!("prompt"))), -32600);
    assert_eq!(program.ask("session/get", &json!({"sessionId": session}))["session"]["status"], "waiting");
    let once =
        question["params"]["options"].as_array().unwrap().iter().find(|it| it["scope"] == "once").unwrap();
    let reply = json!({"jsonrpc": "2.0", "id": question["id"], "result": {"optionId": once["id"]}});
    for _ in 0..3 {
        program.send(&frame(reply.to_string()));
    }
    assert_eq!(program.answer(&json!("prompt"))["result"]["stopReason"], "endTurn");
    assert_eq!(home.read("a.txt"), "two\n");
    allow(&mut program, &question);
    assert_eq!(program.ask("session/get", &json!({"sessionId": session}))["session"]["status"], "idle");
}

#[test]
fn an_answer_that_was_not_offered_allows_nothing() {
    let home = Home::new(&json!({}));
    for answer in [
        json!({"result": {"optionId": "everything"}}),
        json!({"result": "yes"}),
        json!({"result": null}),
        json!({"error": {"code": -32601, "message": "what?"}}),
    ] {
        let mut program = Program::introduced(&home);
        let (_, question) = waiting_prompt(&home, &mut program);
        let mut reply = json!({"jsonrpc": "2.0", "id": question["id"]});
        reply.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        program.send(&frame(reply.to_string()));
        assert_eq!(
            program.answer(&json!("prompt"))["result"]["stopReason"],
            "permissionRejected",
            "{answer}"
        );
        assert_eq!(home.read("a.txt"), "one\n");
    }
}

#[test]
fn a_cancelled_prompt_answers_that_it_was_cancelled() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    let (session, question) = waiting_prompt(&home, &mut program);
    program.tell("$/cancelRequest", &json!({"id": "prompt"}));
    let messages = program.until(|message| message.get("method").is_none() && message["id"] == "prompt");
    assert_eq!(code(messages.last().unwrap()), -32800);
    let withdrawn =
        |message: &Value| message["method"] == "$/cancelRequest" && message["params"]["id"] == question["id"];
    if !messages.iter().any(withdrawn) {
        program.until(withdrawn);
    }
    let idle = || program.until(|message| message["params"]["update"]["status"] == "idle");
    if !messages.iter().any(|message| message["params"]["update"]["status"] == "idle") {
        idle();
    }
    assert_eq!(program.ask("session/get", &json!({"sessionId": session}))["session"]["status"], "idle");
}

#[test]
fn stdout_carries_frames_only_also_when_children_print() {
    let home = Home::new(&json!({"permission": {"bash": "allow"}}));
    let mut program = Program::introduced(&home);
    let session = program.ask("session/new", &json!({"cwd": home.workspace()}))["session"]["id"].clone();
    let command = "run `echo out; echo err >&2; echo three >&3; echo four >&4; ls -l /dev/fd/`";
    let parts = [json!({"type": "text", "text": command})];
    program.request("prompt", "session/prompt", &json!({"sessionId": session, "parts": parts}));
    let asked = program.until(|message| message["id"] == "prompt" || message["method"] == PERMISSION);
    if let Some(question) = asked.last().filter(|message| message["method"] == PERMISSION) {
        allow(&mut program, question);
        assert_eq!(program.answer(&json!("prompt"))["result"]["stopReason"], "endTurn");
    }
    let page = program.ask("session/messages", &json!({"sessionId": session, "bodies": "full"}));
    let parts = page["messages"].as_array().unwrap().iter().flat_map(|it| it["parts"].as_array().unwrap());
    let tools: Vec<_> = parts.filter(|part| part["tool"] == "bash").collect();
    assert_eq!(tools.len(), 1, "{page}");
    let output = tools[0]["output"]["text"].as_str().unwrap();
    assert!(output.contains("out") && output.contains("err"), "{output}");
    assert!(!output.contains("agentls.db"), "a child has the database open: {output}");
}

#[test]
fn no_socket_listens() {
    let home = Home::new(&json!({"permission": {"bash": "allow"}}));
    let mut program = Program::introduced(&home);
    waiting_prompt(&home, &mut program);
    let process = format!("/proc/{}", program.pid());
    let open: Vec<String> = fs::read_dir(format!("{process}/fd"))
        .unwrap()
        .filter_map(|fd| Some(fs::read_link(fd.ok()?.path()).ok()?.to_string_lossy().into_owned()))
        .collect();
    assert!(open.iter().any(|target| target.contains("agentls.db")), "this is not the program: {open:?}");
    let is_open = |inode: &str| open.contains(&format!("socket:[{inode}]"));
    for table in ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"] {
        let Ok(table) = fs::read_to_string(format!("{process}/net/{table}")) else { continue };
        for row in table.lines().skip(1) {
            assert!(!is_open(row.split_whitespace().nth(9).unwrap_or_default()), "{row}");
        }
    }
    // Column 3 holds the flags; 00010000 is a socket that accepts connections.
    let unix = fs::read_to_string(format!("{process}/net/unix")).unwrap();
    for row in unix.lines().skip(1) {
        let columns: Vec<_> = row.split_whitespace().collect();
        assert!(columns.get(3) != Some(&"00010000") || !is_open(columns.get(6).unwrap_or(&"")), "{row}");
    }
}

#[test]
fn thousands_of_requests_at_once_get_one_answer_each() {
    const MANY: usize = 5_000;
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    let burst: Vec<u8> = (0..MANY)
        .flat_map(|id| frame(json!({"jsonrpc": "2.0", "id": id, "method": "session/list"}).to_string()))
        .collect();
    program.send(&burst);
    let mut answered = vec![0; MANY];
    let mut done = 0;
    for _ in 0..MANY {
        let answer = program.receive(PATIENCE).expect("every request is answered");
        answered[usize::try_from(answer["id"].as_u64().unwrap()).unwrap()] += 1;
        done += usize::from(answer.get("result").is_some());
        // Too many at once are refused with a code of their own, never dropped.
        assert!(answer.get("result").is_some() || code(&answer) == -32001, "{answer}");
    }
    assert!(answered.iter().all(|count| *count == 1));
    assert!(done >= 1_000, "only {done} were done");
    assert!(program.receive(Duration::from_millis(200)).is_none(), "an answer too many");
}

#[test]
fn no_answer_passes_its_own_notifications_and_no_event_its_session() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    let rounds = 100;
    for round in 0..rounds {
        program.request(&format!("new {round}"), "session/new", &json!({"cwd": home.workspace()}));
    }
    let (mut known, mut renamed, mut titled) = (Vec::new(), 0, Vec::new());
    while renamed < rounds {
        let message = program.receive(PATIENCE).expect("every request is answered");
        let id = message["id"].as_str().unwrap_or_default();
        if id.starts_with("new ") {
            let session = message["result"]["session"]["id"].clone();
            let id = format!("rename {}", session.as_str().unwrap());
            program.request(&id, "session/rename", &json!({"sessionId": session, "title": "t"}));
            known.push(session);
        } else if let Some(session) = id.strip_prefix("rename ") {
            assert!(
                titled.iter().any(|it: &Value| it.as_str() == Some(session)),
                "answered before it was told"
            );
            renamed += 1;
        } else if message["method"] == "project/didChange" {
            assert!(!known.is_empty(), "told before its session was there: {message}");
        } else {
            let session = message["params"]["sessionId"].clone();
            assert!(known.contains(&session), "told before the session was there: {message}");
            if message["params"]["update"]["kind"] == "title" {
                titled.push(session);
            }
        }
    }
}

/// Whether a process sleeps for that long.
fn sleeps(seconds: &str) -> bool {
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path().join("cmdline")));
    let wanted = format!("sleep\0{seconds}\0");
    processes.filter_map(|line| fs::read_to_string(line).ok()).any(|line| line == wanted)
}

/// A prompt that waits for a permission: its session and the question.
fn waiting_prompt(home: &Home, program: &mut Program) -> (Value, Value) {
    home.write("a.txt", "one\n");
    let session = program.ask("session/new", &json!({"cwd": home.workspace()}))["session"]["id"].clone();
    let parts = [json!({"type": "text", "text": "replace \"one\" with \"two\" in a.txt"})];
    program.request("prompt", "session/prompt", &json!({"sessionId": session, "parts": parts}));
    let asked = program.until(|message| message["method"] == PERMISSION);
    (session, asked.last().unwrap().clone())
}

/// Answers a question: this once.
fn allow(program: &mut Program, question: &Value) {
    let options = question["params"]["options"].as_array().unwrap();
    let once = options.iter().find(|option| option["scope"] == "once").unwrap();
    let reply = json!({"jsonrpc": "2.0", "id": question["id"], "result": {"optionId": once["id"]}});
    program.send(&frame(reply.to_string()));
}
