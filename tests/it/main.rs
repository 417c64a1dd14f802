//! All integration tests in one binary: linking is what they cost most.
#![allow(missing_docs, reason = "tests and their doubles are named after what they do")]
#![allow(unreachable_pub, reason = "doubles are shared with benches")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "a failed test shows what the server said")]
#![allow(clippy::needless_pass_by_value, reason = "`json!(…)` is handed over where it is made")]

/// Doubles of the world outside.
#[path = "../support"]
mod support {
    pub mod byte_client;
    pub mod home;
    pub mod invariants;
    pub mod look;
    pub mod matrix;
    pub mod photographs;
    pub mod power;
    pub mod processes;
    pub mod provider;
    pub mod random;
    pub mod screen;
    pub mod server;
    pub mod terminal;
    pub mod version_one;
}

mod agents;
mod bad_input;
mod bounds;
mod cache;
mod cancel;
mod changes;
mod cli;
mod commands;
mod compaction;
mod config;
mod damaged_places;
mod faults;
mod follow;
mod fuzz_corpus;
mod generated_history;
mod handover;
mod import;
mod instructions;
mod life_cycle;
mod next_request;
mod odd_files;
mod paging;
mod palette;
mod permissions;
mod projects;
mod prompt;
mod queue;
mod readme;
mod recall;
mod request_bodies;
mod restart;
mod retry;
mod sandbox;
mod sessions;
mod terminal;
mod threading;
mod tidy;
mod tools;
mod trust;
mod two_servers;
mod wires;
