//! What is bounded of what a project brings: configuration, instructions, skills.

use super::{config::load, instructions, project, skills};
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
    Bound::count(
        "skills of one place",
        "workspace/skills.rs: seen, MOST_LISTED",
        skills::MOST_LISTED as u64,
        "the others are not offered",
    ),
    Bound::count(
        "agents or commands that a project brings",
        "workspace/project/footprint.rs: MOST_FILES",
        project::MOST_FILES as u64,
        "it cannot be trusted",
    ),
    Bound::bytes(
        "what trust covers of a file",
        "workspace/project/footprint.rs: MOST_BYTES",
        project::MOST_BYTES,
        "the rest counts by its size; nobody reads it",
    ),
    Bound::count(
        "linked worktrees of a project",
        "workspace/project/git.rs: MOST_WORKTREES",
        project::git::MOST_WORKTREES as u64,
        "the others are not listed",
    ),
    Bound::bytes(
        "what git says of a worktree",
        "workspace/project/git.rs: LONGEST_LINE",
        project::git::LONGEST_LINE,
        "the rest is not read",
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
