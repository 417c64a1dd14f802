//! All integration tests in one binary: linking is what they cost most.
#![allow(missing_docs, reason = "tests and their doubles are named after what they do")]
#![allow(unreachable_pub, reason = "doubles are shared with benches")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![allow(clippy::needless_pass_by_value, reason = "parameters are written as json! where they are used")]
#![allow(clippy::print_stderr, reason = "what a server logged explains a failure")]

/// Doubles of the world outside.
#[path = "../support"]
mod support {
    pub mod home;
    pub mod look;
    pub mod provider;
    pub mod server;
}

mod cancel;
mod cli;
mod paging;
mod permissions;
mod prompt;
mod queue;
mod request_bodies;
mod restart;
mod retry;
mod sessions;
mod tools;
mod two_servers;
mod wires;
