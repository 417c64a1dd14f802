//! The process ends where it stands: at each named place, at any moment. What was acknowledged is there,
//! what was open has one end, and nothing runs again.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use agentls::failpoint;
use futures::{StreamExt, stream};
use serde_json::json;

use super::life::{Life, Told, acknowledged};
use crate::support::{
    home::Home, invariants::Acknowledged, matrix, random::Random, server::Client, version_one,
};

/// What is done until the process ends, by the places that are passed meanwhile.
#[derive(Clone, Copy, Debug)]
enum Until {
    Turns,
    Company,
    Summary,
    Outputs,
    Copies,
    Closed,
    Recovered,
    Imported,
    Migrated,
}

/// Every named place, in what passes it.
const PLACES: &[(Until, &[&str])] = &[
    (
        Until::Turns,
        &[
            "session.stored",
            "prompt.stored",
            "turn.begun",
            "lease.taken",
            "request.sending",
            "message.stored",
            "output.stored",
            "chunk.stored",
            "answer.stored",
            "cut.stored",
            "tool.started",
            "tool.ended",
            "result.stored",
            "tools.done",
            "approval.stored",
            "turn.ending",
            "turn.ended",
            "turn.leaving",
            "lease.released",
            "commit.before",
            "commit.after",
        ],
    ),
    (Until::Company, &["steering.stored", "prompt.withdrawn"]),
    (Until::Summary, &["breaker.stored", "summary.written", "summary.stored"]),
    (Until::Outputs, &["prune.stored"]),
    (Until::Copies, &["fork.begun", "fork.batch", "fork.shown", "delete.hidden", "delete.batch"]),
    (Until::Closed, &["checkpoint.before", "checkpoint.after"]),
    (Until::Recovered, &["recovery.done"]),
    (Until::Imported, &["import.batch", "import.finished"]),
    (Until::Migrated, &["migration.backup", "migration.step", "migration.done"]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_02_an_abort_at_each_named_place_loses_nothing_and_repeats_nothing() {
    let tested: BTreeSet<&str> = PLACES.iter().flat_map(|(_, places)| places.iter().copied()).collect();
    assert_eq!(tested, failpoint::NAMES.iter().copied().collect(), "each place has something that passes it");
    let all: Vec<_> =
        PLACES.iter().flat_map(|(until, places)| places.iter().map(move |place| (*until, *place))).collect();
    let cases = all.len();
    stream::iter(all).for_each_concurrent(3, |(until, place)| abort_at(until, place)).await;
    matrix::held("R-02", "abort at a named place", cases, "INV, one end for each turn, nothing ran twice");
}

async fn abort_at(until: Until, place: &str) {
    eprintln!("{until:?}: {place}");
    let plan = format!("{place}=abort");
    let life = Life::new().await;
    let acknowledged = match until {
        Until::Imported => {
            assert!(!import(&life.home, &plan), "{place} is passed");
            Vec::new()
        }
        Until::Migrated => {
            version_one::make(&life.home);
            die(&life, &plan, until).await;
            version_one::acknowledged()
        }
        Until::Recovered => {
            let before = die(&life, "tool.started=abort", Until::Turns).await;
            die(&life, &plan, until).await;
            before
        }
        _ => die(&life, &plan, until).await,
    };
    life.check(&acknowledged).await;
}

/// Runs a server until it aborts, which it has to. What it had acknowledged by then.
async fn die(life: &Life, plan: &str, until: Until) -> Vec<Acknowledged> {
    let mut server = life.start(Client::default().failpoints(plan)).await;
    let mut told = Told::by(&server);
    let outlived = live(life, &mut told, until).await;
    let failures = told.failures;
    if outlived.is_some() {
        server.notify("exit", json!(null));
    }
    assert_eq!(server.exit_code().await, None, "{plan}: it aborts; {failures:?}");
    acknowledged(&server)
}

async fn live(life: &Life, told: &mut Told<'_>, until: Until) -> Option<()> {
    if matches!(until, Until::Recovered | Until::Migrated) {
        return told.ask("session/list", json!({})).await.map(drop);
    }
    let session = told.session(life).await?;
    match until {
        Until::Turns => told.turns(&session).await,
        Until::Company => told.company(life, &session).await,
        Until::Outputs => told.outputs(&session).await,
        Until::Summary => {
            told.prompt(&session, "Run").await?;
            told.prompt(&session, "Look").await?;
            told.summary(&session).await
        }
        Until::Copies => {
            told.prompt(&session, "Run").await?;
            told.copies(&session).await
        }
        Until::Closed | Until::Recovered | Until::Imported | Until::Migrated => Some(()),
    }
}

/// Imports the genuine database of another program. Whether it came to its end.
fn import(home: &Home, plan: &str) -> bool {
    importing(home, plan).status().expect("the binary was built").success()
}

fn importing(home: &Home, plan: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentls"));
    command
        .args(["import", "opencode", "--db"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/opencode/opencode-1.18.db"))
        .current_dir(home.workspace())
        .env_clear()
        .env("HOME", home.workspace())
        .env("AGENTLS_DATA_DIR", home.data())
        .env("AGENTLS_CONFIG_DIR", home.config_dir())
        .env("AGENTLS_FAILPOINTS", plan)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_02_an_abort_before_and_after_the_nth_commit_of_a_life_loses_nothing() {
    let stride = matrix::times(17, 1);
    let mut cases = 0;
    for place in ["commit.before", "commit.after"] {
        for number in (1..).step_by(stride) {
            let life = Life::new().await;
            let mut server =
                life.start(Client::default().failpoints(&format!("{place}=abort:{number}"))).await;
            if Told::by(&server).whole(&life).await.is_some() {
                break;
            }
            assert_eq!(server.exit_code().await, None, "{place} {number}");
            life.check(&acknowledged(&server)).await;
            cases += 1;
        }
    }
    assert!(cases > 4, "{cases}");
    matrix::held("R-02", "abort before and after the n-th commit", cases, "INV, nothing ran twice");
}

/// Sessions in one home before a new one is taken: INV looks at all of them.
const LIVES_OF_A_HOME: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_01_kill_9_at_random_moments_loses_nothing_that_was_acknowledged() {
    let (kills, mut random) = (matrix::times(18, 1_000), Random::seeded("AGENTLS_SEED"));
    let mut reopened = Vec::new();
    let mut told = Vec::new();
    let mut life = Life::new().await;
    for kill in 0..kills {
        if kill % LIVES_OF_A_HOME == 0 {
            eprintln!("{kill} kills");
            life = Life::new().await;
            told.clear();
            if random.below(2) == 0 {
                version_one::make(&life.home);
                told = version_one::acknowledged();
            }
        }
        let moment = Duration::from_millis(random.below(1_500));
        if random.below(6) == 0 {
            let mut child = importing(&life.home, "").spawn().expect("the binary was built");
            tokio::time::sleep(moment / 8).await;
            child.kill().expect("it can be killed");
            child.wait().expect("it can be waited for");
        } else {
            told.extend(lived_until(&life, moment, random.below(3)).await);
        }
        let begun = Instant::now();
        let server = life.start(Client::default()).await;
        if let Some(Acknowledged { session, .. }) = told.last() {
            server.call("session/get", json!({"sessionId": session})).await;
            reopened.push(begun.elapsed());
        }
        life.check_on(&server, &told).await;
        assert_eq!(server.shut_down().await, Some(0));
    }
    reopened.sort_unstable();
    let middle = reopened.get(reopened.len() / 2).copied().unwrap_or_default();
    let last = reopened.last().copied().unwrap_or_default();
    let seen = format!(
        "0 lost, INV each time; open again after {} ms (at most {} ms)",
        middle.as_millis(),
        last.as_millis()
    );
    matrix::held("R-01", "kill -9 at a random moment", kills, &seen);
}

/// Lets a session live until the server is killed; what had been acknowledged by then.
async fn lived_until(life: &Life, moment: Duration, what: u64) -> Vec<Acknowledged> {
    let mut server = life.start(Client::default()).await;
    {
        let mut told = Told::by(&server);
        let living = async {
            match what {
                0 => told.whole(life).await,
                1 => live(life, &mut told, Until::Summary).await,
                _ => live(life, &mut told, Until::Copies).await,
            }
        };
        drop(tokio::time::timeout(moment, living).await);
    }
    server.kill();
    acknowledged(&server)
}
