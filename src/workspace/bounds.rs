//! What is bounded of what a project brings: configuration, instructions, skills.

use super::{config::load, instructions, skills, worktree};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::bytes(
        "a configuration file, and all that is made of it",
        "workspace/config/load.rs: sources, lines, MAX_FILE",
        load::MAX_FILE,
        "`invalidConfig`; the other layers hold",
    ),
    Bound::bytes(
        "an instruction file",
        "workspace/instructions.rs: seen, MAX_BYTES",
        instructions::MAX_BYTES,
        "its beginning is used, and says so",
    ),
    Bound::bytes(
        "a file in which git names a worktree's directory",
        "workspace/worktree.rs: MOST_BYTES",
        worktree::MOST_BYTES,
        "the rest is not read; what it names is not found then",
    ),
    Bound::count(
        "skills of one place",
        "workspace/skills.rs: seen, MOST_LISTED",
        skills::MOST_LISTED as u64,
        "the others are not offered",
    ),
    Bound::bytes("a skill", "workspace/skills.rs: MOST_BYTES", skills::MOST_BYTES, "the rest is not read"),
    Bound::bytes("the name of a skill", "workspace/skills.rs: NAME", skills::NAME as u64, "it is cut"),
    Bound::bytes(
        "the description of a skill",
        "workspace/skills.rs: DESCRIPTION",
        skills::DESCRIPTION as u64,
        "it is cut",
    ),
];
