//! the power fails. What was acknowledged is on the disk (`synchronous=FULL`), whatever became of the rest.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;

use super::life::{Life, Told, acknowledged};
use crate::support::{
    invariants::Acknowledged,
    matrix,
    power::{Disk, Trace},
    random::Random,
    server::{Client, Server},
    version_one,
};

/// Acknowledged prompts, each with a length of the trace by which it had to be on the disk.
type Promises = Vec<(u64, Acknowledged)>;

fn length(trace: &Path) -> u64 {
    std::fs::metadata(trace).map_or(0, |trace| trace.len())
}

/// Notes what a server acknowledges, as it comes, until it ends.
async fn note(server: &Server, trace: &Path, told: &Mutex<Promises>) {
    let mut known = HashSet::new();
    loop {
        for prompt in acknowledged(server) {
            if known.insert((prompt.session.clone(), prompt.text.clone())) {
                told.lock().unwrap().push((length(trace), prompt));
            }
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// A life from an old database to the end of its server. Its trace, and what was acknowledged when.
async fn recorded(life: &Life) -> (PathBuf, Promises) {
    let trace = life.home.workspace().join("trace");
    let client = Client::default().env("AGENTLS_DISK_TRACE", &trace.to_string_lossy());
    let told = Arc::new(Mutex::new(Vec::new()));
    let server = life.start(client).await;
    let mut client = Told::by(&server);
    tokio::select! {
        lived = client.whole(life) => lived.expect("it lives"),
        () = note(&server, &trace, &told) => {}
    }
    assert!(client.failures.is_empty(), "{:?}", client.failures);
    drop(server.call("session/list", json!({})).await);
    assert_eq!(server.shut_down().await, Some(0));
    let told = told.lock().unwrap().clone();
    (trace, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_03_a_power_loss_at_any_point_keeps_what_was_acknowledged() {
    let life = Life::new().await;
    version_one::make(&life.home);
    let mut disk = Disk::of(&life.home.data());
    let (path, told) = recorded(&life).await;
    let trace = Trace::read(&path);
    assert!(told.len() >= 6 && trace.steps() > 100, "{} prompts, {} steps", told.len(), trace.steps());

    let (mut random, mut losses) = (Random::seeded("AGENTLS_SEED"), 0);
    let stride = matrix::times(trace.steps() / 12, 1);
    for step in 0..trace.steps() {
        disk.step(&trace, step);
        if step % stride != stride - 1 {
            continue;
        }
        disk.lose_power(&mut random, &life.home.data());
        let mut there = version_one::acknowledged();
        let reached = trace.length(step + 1);
        there.extend(told.iter().filter(|(by, _)| *by <= reached).map(|(_, prompt)| prompt.clone()));
        // The files of the workspace are of the life that went on.
        std::fs::remove_file(life.home.workspace().join("runs")).unwrap_or_default();
        life.check(&there).await;
        losses += 1;
        eprintln!("{losses} losses of power, the last behind step {step}");
    }
    let done = format!("power loss in a life of {} writes, syncs and truncations", trace.steps());
    matrix::held("R-03", &done, losses, "all acknowledged there, INV");
}
