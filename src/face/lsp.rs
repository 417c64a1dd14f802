//! The face for editors and headless clients: LSP's base protocol over stdio, our methods beside LSP's own.
//!
//! A thin translation of [`crate::engine`]; `protocol.md` is its contract. Invariants 10 and 11.

pub mod actions;
pub mod bounds;
pub mod client;
pub mod commands;
mod dialog;
pub mod division;
pub mod documents;
pub mod events;
pub mod handlers;
pub mod methods;
pub mod params;
pub mod permissions;
pub mod person;
pub mod progress;
pub mod render;
pub mod results;
pub mod review;
pub mod roster;
pub mod schema;
pub mod serve;
pub mod server;
pub mod status;
pub mod types;
pub mod updates;

pub use serve::serve;
