//! What a project brings: configuration, instructions, its root.
//!
//! Reads files, keeps no state, knows `transcript` only. Nothing here runs what it reads (invariant 12).

pub mod bounds;
pub mod config;
pub mod instructions;
pub mod paths;
pub mod project;
pub mod regular;
pub mod skills;
