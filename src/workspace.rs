//! What a project and its user bring: configuration, instructions, agents, commands, skills.
//!
//! Reads files, keeps no state, knows `transcript` only. Nothing here runs what it reads (invariant 12).

pub mod agents;
pub mod bounds;
pub mod commands;
pub mod config;
mod front_matter;
pub mod instructions;
mod names;
pub mod paths;
pub mod project;
mod reading;
mod regular;
pub mod skills;
pub mod worktree;
