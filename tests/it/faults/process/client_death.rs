//! the client is killed, wherever the server is. Nothing that a tool has started outlives that.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::turn_ends;
use crate::support::{
    home::{Home, config_for},
    invariants::{self, Acknowledged},
    matrix,
    processes::{self, Editor},
    provider::{Answer, Double, Stall, Wire},
    server::{Client, Server},
};

/// The promise, from the client's last moment.
const GONE: Duration = Duration::from_secs(2);

/// What a busy machine gets beside it.
const SLACK: Duration = Duration::from_secs(1);

/// What the server does when its client dies.
#[derive(Clone, Copy, Debug)]
enum Doing {
    Streaming,
    WaitingForTheProvider,
    WaitingToRetry,
    WaitingForAPerson,
    Compacting,
    /// Running this command, which makes the file `ready` when all its processes are there. `T` becomes a number that
    /// nobody else sleeps for.
    Running(&'static str),
    /// Streaming, after this command has returned and left processes behind.
    Behind(&'static str),
}

/// Every way to hide that a tool's child has.
const DOINGS: [Doing; 12] = [
    Doing::Streaming,
    Doing::WaitingForTheProvider,
    Doing::WaitingToRetry,
    Doing::WaitingForAPerson,
    Doing::Compacting,
    Doing::Running("sleep 600.T & echo > ready; wait"),
    Doing::Running("trap '' TERM; (sleep 600.T; sleep 601.T) & echo > ready; wait; sleep 602.T"),
    Doing::Running("setsid sleep 600.T & sleep 0.05; echo > ready; sleep 601.T"),
    Doing::Running("trap '' TERM; (setsid env -i $(command -v sleep) 600.T &); echo > ready; sleep 601.T"),
    Doing::Running("yes & cat /dev/zero & echo > ready; sleep 600.T"),
    Doing::Behind("nohup sleep 600.T >/dev/null 2>&1 & echo > ready"),
    Doing::Behind("(trap '' TERM HUP; setsid sleep 600.T >/dev/null 2>&1 &); echo > ready"),
];

/// From the moment it does so to the client's death.
const DELAYS: [u64; 5] = [0, 3, 10, 30, 120];

/// How a client goes.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// All of it: nobody reads, nobody writes, the process is gone.
    Whole,
    /// Its process; somebody else still holds the pipes.
    ProcessOnly,
    /// Its pipes: it was none of the server's business who it was.
    PipeOnly,
}

#[tokio::test]
async fn r_11_nothing_outlives_a_client_that_is_killed() {
    let cases = DOINGS.iter().flat_map(|doing| DELAYS.iter().map(move |delay| (*doing, *delay)));
    let cases: Vec<_> = cases.collect();
    let all = cases.len() * 10;
    let times = matrix::times(DOINGS.len(), all);
    let mut longest = Duration::ZERO;
    for time in 0..times {
        // The reduced count takes each thing to be done once, with one delay after the other.
        let (doing, delay) = cases[(time * all / times + time % DELAYS.len()) % cases.len()];
        let (doing, delay) = if times == all { cases[time % cases.len()] } else { (doing, delay) };
        let death = [Death::Whole, Death::ProcessOnly, Death::PipeOnly][time % 3];
        longest = longest.max(die(doing, delay, death, time).await);
    }
    let seen = format!("all gone, the last after {} ms; each turn interrupted", longest.as_millis());
    matrix::held(
        "R-11",
        "client killed while streaming, waiting, compacting, running commands that hide",
        times,
        &seen,
    );
}

/// The server itself is killed: nobody is left who could end anything, but for its guardian.
#[tokio::test]
async fn r_11_what_commands_have_started_ends_with_a_server_that_is_killed() {
    // What clears its environment cannot be told from what is not ours.
    let told = |command: &str| !command.contains("env -i");
    let commands = DOINGS
        .iter()
        .filter(|doing| matches!(doing, Doing::Running(command) | Doing::Behind(command) if told(command)));
    let commands: Vec<_> = commands.collect();
    let times = matrix::times(commands.len(), commands.len() * 20);
    let mut longest = Duration::ZERO;
    for time in 0..times {
        let double = Double::start(Wire::Responses, Vec::new()).await;
        let home = Home::new(&config_for(&double));
        let token = format!("{}9{time}", std::process::id());
        let server = home.start().await;
        bring_about(*commands[time % commands.len()], &token, &home, &server, &double).await;
        let began = Instant::now();
        server.crash();
        let gone = || processes::with_word(&format!("0.{token}")).is_empty();
        longest = longest.max(processes::wait_until(began, GONE + SLACK, gone).await);
    }
    let seen = format!("all gone, the last after {} ms", longest.as_millis());
    matrix::held("R-11", "agentls itself killed with -9 while commands run that hide", times, &seen);
}

/// One death: how long after it the last process was gone.
async fn die(doing: Doing, delay: u64, death: Death, time: usize) -> Duration {
    let context = format!("{doing:?}, {delay} ms, {death:?}");
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let mut config = config_for(&double);
    config["compaction"] = json!({"keepTokens": 200});
    if matches!(doing, Doing::WaitingForAPerson) {
        config["permission"] = json!({"*": "ask"});
    }
    let home = Home::new(&config);
    let token = format!("{}{time}", std::process::id());
    let editor = Editor::open();
    let server = Client::default().process(editor.pid()).start(&home).await;
    let session = bring_about(doing, &token, &home, &server, &double).await;
    tokio::time::sleep(Duration::from_millis(delay)).await;

    let began = Instant::now();
    let pid = server.pid();
    let kept = match death {
        Death::Whole => {
            drop(editor);
            server.close_stdin();
            None
        }
        Death::ProcessOnly => {
            drop(editor);
            None
        }
        Death::PipeOnly => {
            server.close_stdin();
            Some(editor)
        }
    };
    let gone = || !processes::runs(pid) && processes::with_word(&format!("0.{token}")).is_empty();
    let taken = processes::wait_until(began, GONE + SLACK, gone).await;
    drop((kept, server));

    let ends = turn_ends(&home);
    let (reason, failure) = ends.last().cloned().unwrap_or_default();
    assert_eq!((reason, failure.as_deref()), (None, Some("interrupted")), "{context}: {ends:?}");
    let text = if matches!(doing, Doing::Compacting) { "Read." } else { "Go." }.to_owned();
    invariants::hold(&home, &[Acknowledged { session, text }]).await;
    taken
}

/// Lets the server do so; the session.
async fn bring_about(doing: Doing, token: &str, home: &Home, server: &Server, double: &Double) -> String {
    let long = || Answer::new().text("A long answer that goes on and on").stall(Stall::After(6));
    let run = |command: &str| {
        let command = command.replace('T', token).replace(&format!("{token}ERM"), "TERM");
        Answer::new().call("call_1", "bash", &json!({"command": command}))
    };
    let session = server.session().await;
    let streams = || server.update(&session, "delta", |update| update["kind"] == "partDelta");
    let go = || drop(server.start_prompt(&session, "Go."));
    match doing {
        Doing::Streaming => {
            double.then(long());
            go();
            streams().await;
        }
        Doing::WaitingForTheProvider => {
            double.then(Answer::new().stall(Stall::Head));
            go();
            double.wait_for_requests(1).await;
        }
        Doing::WaitingToRetry => {
            double.then(Answer::status(429).header("retry-after", "60").body("{}"));
            go();
            server.update(&session, "retrying", |update| update["status"] == "retrying").await;
        }
        Doing::WaitingForAPerson => {
            double.then(run("sleep 600.T"));
            go();
            server.question("session/requestPermission").await;
        }
        Doing::Compacting => {
            compact(server, double, &session).await;
        }
        Doing::Running(command) => {
            server.allow_all();
            double.then(run(command));
            go();
            home.wait_for_file("ready").await;
        }
        Doing::Behind(command) => {
            server.allow_all();
            double.then(run(command));
            double.then(long());
            go();
            streams().await;
            home.wait_for_file("ready").await;
        }
    }
    session
}

/// A summary that does not come.
async fn compact(server: &Server, double: &Double, session: &str) {
    server.allow_all();
    double.then(Answer::new().call("c", "bash", &json!({"command": "seq -f 'line number %g' 10000 11000"})));
    double.then(Answer::new().text("Read."));
    server.prompt(session, "Read.").await;
    double.then(Answer::new().text("## Goal\nHalf").stall(Stall::After(3)).aside());
    drop(server.start("session/compact", json!({"sessionId": session})));
    double.wait_for_requests(3).await;
    let compacting = |update: &Value| update["status"] == "compacting";
    server.update(session, "compacting", compacting).await;
}
