//! What every benchmark needs: a client at the pipe of the release binary, directories on a real disk, the provider
//! double on a thread of its own, the turn of a tool loop, and the words and digits of figures.
//!
//! Each benchmark is a program of its own and takes this in with `#[path]`.
#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub(crate) mod client;
pub(crate) mod figures;
pub(crate) mod place;
pub(crate) mod process;
pub(crate) mod tool_loop;

/// The provider double of the tests.
#[path = "../../tests/support"]
pub(crate) mod support {
    #[allow(unreachable_pub, reason = "tests see it from elsewhere")]
    pub mod provider;
}
