//! agentls: a language-server-style process for AI coding agents.
//!
//! Data flows one way, `wire → face → engine → turn → {context, tool} → {store, provider, permission,
//! workspace, picture} → transcript`, and events flow back through one ordered queue. `transcript` knows nobody; a
//! face holds no logic. `tests/it/tidy.rs` checks the edges between these modules.

pub mod bounds;
#[cfg(test)]
mod cases;
pub mod context;
pub mod engine;
pub mod face;
pub mod failpoint;
pub mod permission;
pub mod picture;
pub mod provider;
pub mod store;
pub mod tool;
pub mod transcript;
pub mod turn;
pub mod wire;
pub mod workspace;
