//! Several processes and several clients on one database.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    invariants::{self, Acknowledged},
    matrix,
    provider::{Answer, Double, Stall, Wire},
    screen::Screen,
    server::{Server, Started},
};

/// Servers of one home that have not opened its database yet.
async fn servers(home: &Home, count: usize) -> Vec<Server> {
    let mut servers = Vec::new();
    for _ in 0..count {
        servers.push(home.start().await);
    }
    servers
}

#[tokio::test]
async fn r_06_processes_that_write_at_once_lose_nothing_and_are_never_told_that_it_is_busy() {
    let double = Double::start_model(Wire::Responses, |_| Answer::new().text("Done.")).await;
    let home = Home::new(&config_for(&double));
    let servers = servers(&home, 8).await;
    let rounds = matrix::times(5, 50);
    let writing = servers[..4].iter().enumerate().map(|(index, server)| write(server, index, rounds));
    let reading = servers[4..].iter().map(|server| read(server, rounds));
    let (acknowledged, _) =
        tokio::join!(futures::future::join_all(writing), futures::future::join_all(reading));
    let acknowledged = acknowledged.concat();
    drop(servers);
    invariants::hold(&home, &acknowledged).await;
    matrix::held(
        "R-06",
        "8 processes on one database: 4 prompt, fork and delete, 4 read",
        acknowledged.len(),
        "0 BUSY, 0 lost",
    );
}

/// Prompts in sessions of its own; forks each and deletes the fork.
async fn write(server: &Server, index: usize, rounds: usize) -> Vec<Acknowledged> {
    let mut acknowledged = Vec::new();
    for round in 0..rounds {
        let session = server.session().await;
        let text = format!("Prompt {round} of process {index}.");
        assert_eq!(server.prompt(&session, &text).await["stopReason"], "endTurn");
        let fork = server.call("session/fork", json!({"sessionId": session})).await;
        server.call("session/delete", json!({"sessionId": fork["session"]["id"]})).await;
        acknowledged.push(Acknowledged { session, text });
    }
    acknowledged
}

/// Lists the sessions and reads the newest, as a client that follows does.
async fn read(server: &Server, rounds: usize) {
    for _ in 0..rounds {
        let page = server.call("session/list", json!({})).await;
        if let Some(session) = page["sessions"][0]["id"].as_str() {
            // It may be one of those that are deleted.
            drop(server.start("session/messages", json!({"sessionId": session})).wait().await);
        }
    }
}

#[tokio::test]
async fn r_06_a_database_is_made_by_eight_processes_at_once() {
    let double = Double::start_model(Wire::Responses, |_| Answer::new().text("Done.")).await;
    let databases = matrix::times(2, 40);
    for _ in 0..databases {
        let home = Home::new(&config_for(&double));
        let servers = servers(&home, 8).await;
        let writing = servers[..4].iter().map(|server| write(server, 0, 1));
        let reading = servers[4..].iter().map(|server| read(server, 2));
        let (acknowledged, _) =
            tokio::join!(futures::future::join_all(writing), futures::future::join_all(reading));
        drop(servers);
        invariants::hold(&home, &acknowledged.concat()).await;
    }
    matrix::held("R-06", "8 processes make and use a new database at once", databases, "0 BUSY, 0 lost");
}

#[tokio::test]
async fn r_07_a_second_window_sees_what_the_provider_says_within_half_a_second() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let (first, second) = (home.start().await, home.start().await);
    let session = first.session().await;
    second.messages(&session).await;
    let rounds = matrix::times(5, 100);
    let mut latencies = Vec::new();
    for round in 0..rounds {
        let words = format!("Answer{round:02} and longer");
        double.then(Answer::new().text(&words).stall(Stall::After(6)));
        let prompt = first.start_prompt(&session, "Talk.");
        let shown = |update: &Value| update.to_string().contains(&format!("Answer{round:02}"));
        second.update(&session, "the answer's words", shown).await;
        let seen = Instant::now();
        // The double writes its first events as soon as the request has come.
        let said = double.requests().last().expect("a request came").arrived;
        latencies.push(seen.duration_since(said));
        first.call("session/cancel", json!({"sessionId": session})).await;
        assert_eq!(prompt.result().await["stopReason"], "cancelled");
    }
    latencies.sort_unstable();
    let median = latencies[rounds / 2];
    assert!(median < Duration::from_millis(500), "{latencies:?}");
    let seen = format!(
        "from the provider's event to the other client: median {} ms, worst {} ms",
        median.as_millis(),
        latencies[rounds - 1].as_millis()
    );
    matrix::held("R-07", "a second window follows a streaming answer", rounds, &seen);
}

/// Numbers that look random and are the same in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        // Knuth's multiplier; the low bits are poor, so the high ones are taken.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A prompt on its way: at which server, and what it says.
struct Asked {
    server: usize,
    text: String,
    reply: Started,
}

#[tokio::test]
async fn r_07_two_windows_on_one_session_agree_whatever_they_do() {
    let (seeds, steps) = (matrix::times(2, 60), matrix::times(14, 40));
    let (mut answered, mut refused) = (0, 0);
    for seed in 1..=seeds {
        let mut turn = 0;
        let double = Double::start_model(Wire::Responses, move |_| {
            turn += 1;
            let words = Answer::new().text("One word after the other").delay(Duration::from_millis(15));
            if turn % 4 == 1 { words.call(&format!("call_{turn}"), "list", &json!({})) } else { words }
        })
        .await;
        let home = Home::new(&config_for(&double));
        let servers = servers(&home, 2).await;
        let session = servers[0].session().await;
        for server in &servers {
            server.messages(&session).await;
        }
        let mut random = Seeded(seed as u64);
        let mut asked = Vec::new();
        for step in 0..steps {
            act(&servers, &session, &mut random, step, &mut asked).await;
        }
        let mut acknowledged = Vec::new();
        for prompt in asked {
            if outcome(&servers, prompt.server, prompt.reply).await {
                acknowledged.push(Acknowledged { session: session.clone(), text: prompt.text });
            } else {
                refused += 1;
            }
        }
        answered += acknowledged.len();
        agree(&servers, &session).await;
        invariants::hold_on(&home, &servers[0], &acknowledged).await;
    }
    let seen = format!("{answered} prompts answered, {refused} told who runs it, the same log in both");
    matrix::held("R-07", "two clients prompt, fork, cancel and take over at random", seeds * steps, &seen);
}

async fn act(servers: &[Server], session: &str, random: &mut Seeded, step: usize, asked: &mut Vec<Asked>) {
    let at = usize::try_from(random.below(2)).unwrap();
    let server = &servers[at];
    let mut prompt = |delivery: &str| {
        let text = format!("Prompt {step}.");
        let reply = server.start_prompt_with(session, &text, json!({"delivery": delivery}));
        asked.push(Asked { server: at, text, reply });
    };
    match random.below(10) {
        0..4 => prompt("queue"),
        4 => prompt("steer"),
        5 | 6 => prompt("interrupt"),
        7 => drop(server.call("session/cancel", json!({"sessionId": session})).await),
        8 => drop(server.call("session/fork", json!({"sessionId": session})).await),
        _ => drop(server.messages(session).await),
    }
    tokio::time::sleep(Duration::from_millis(random.below(120))).await;
}

/// Whether a prompt was answered. One that was not was told which other process has the session.
async fn outcome(servers: &[Server], at: usize, reply: Started) -> bool {
    match reply.wait().await {
        Ok(result) => {
            assert!(["endTurn", "cancelled"].contains(&result["stopReason"].as_str().unwrap()), "{result}");
            true
        }
        Err(error) => {
            assert_eq!(error["data"]["kind"], "sessionBusy", "{error}");
            let other = servers[1 - at].pid();
            assert_eq!(error["data"]["owner"]["pid"], other, "{error}");
            false
        }
    }
}

/// Both have the same log, and both clients were told exactly that.
async fn agree(servers: &[Server], session: &str) {
    for server in servers {
        server.wait_until_idle(session).await;
    }
    let log = servers[0].messages(session).await;
    assert_eq!(servers[1].messages(session).await, log);
    for server in servers {
        let told = async {
            while Screen::of(&server.updates(session)).difference(&log).is_some() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(10), told).await.is_err() {
            Screen::of(&server.updates(session)).assert_shows(&log);
        }
    }
}
