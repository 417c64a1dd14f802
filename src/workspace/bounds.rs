//! What is bounded of what a project brings: configuration, instructions, agents, commands, skills.

use super::{
    agents, commands,
    config::{file, mistake, watch},
    instructions, names, project, reading, skills, worktree,
};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::bytes(
        "a configuration file, and all that is made of it",
        "workspace/config/file.rs: MAX_FILE",
        file::MAX_FILE,
        "it is named as a mistake; the other layers hold",
    ),
    Bound::count(
        "mistakes that are told of one layer, errors and warnings each",
        "workspace/config/mistake.rs: MOST",
        mistake::MOST as u64,
        "the others are counted",
    ),
    Bound::count(
        "layers of the configuration that are remembered",
        "workspace/config/watch.rs: usable, said, seen, REMEMBERED",
        watch::REMEMBERED as u64,
        "all are forgotten: mistakes are told once more",
    ),
    Bound::bytes(
        "the text of a configuration file that is remembered",
        "workspace/config/watch.rs: LARGEST",
        watch::LARGEST as u64,
        "it is not: broken, the file means nothing until it is corrected",
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
    Bound::bytes(
        "all instruction files of a session",
        "workspace/instructions.rs: MAX_TOTAL",
        instructions::MAX_TOTAL as u64,
        "the last ones are cut, and say so",
    ),
    Bound::count(
        "instruction files",
        "workspace/instructions.rs: seen, MOST_FILES",
        instructions::MOST_FILES as u64,
        "the others are not looked at",
    ),
    Bound::count(
        "folders whose instructions joined",
        "workspace/instructions.rs: joined, MOST_FOLDERS",
        instructions::MOST_FOLDERS as u64,
        "those of further folders do not",
    ),
    Bound::count(
        "files that a pattern of instructions brings",
        "workspace/instructions/find.rs: matched, MOST_MATCHES",
        instructions::MOST_MATCHES as u64,
        "the first by name are taken",
    ),
    Bound::count(
        "entries that a pattern of instructions is looked for in",
        "workspace/instructions/find.rs: MOST_WALKED",
        instructions::MOST_WALKED as u64,
        "those behind are not looked at",
    ),
    Bound::count(
        "files of agents or commands in a folder",
        "workspace/reading.rs: MOST_FILES",
        reading::MOST_FILES as u64,
        "the first by name are taken",
    ),
    Bound::bytes(
        "an agent's file",
        "workspace/agents/markdown.rs: MOST_BYTES",
        agents::MOST_BYTES,
        "it does not count, and says so",
    ),
    Bound::bytes(
        "a command's template",
        "workspace/commands.rs: MOST_BYTES",
        commands::MOST_BYTES,
        "it cannot be used, and says so",
    ),
    Bound::count(
        "shell snippets of a command",
        "workspace/commands.rs: MOST_SNIPPETS",
        commands::MOST_SNIPPETS as u64,
        "it cannot be used, and says so",
    ),
    Bound::count(
        "files that a call of a command names",
        "workspace/commands/template.rs: MOST_FILES",
        commands::template::MOST_FILES as u64,
        "further ones stay text",
    ),
    Bound::count(
        "skills of one place",
        "workspace/skills.rs: listed, MOST_LISTED",
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
    Bound::bytes(
        "skills' texts in memory while a turn runs",
        "workspace/skills.rs: texts, MOST_KEPT",
        skills::MOST_KEPT as u64,
        "further ones are read when they are loaded",
    ),
    Bound::bytes(
        "the name of an agent, a command, a skill",
        "workspace/names.rs: NAME",
        names::NAME as u64,
        "it is cut, or refused where it is typed",
    ),
    Bound::bytes(
        "the description of an agent, a command, a skill",
        "workspace/names.rs: DESCRIPTION",
        names::DESCRIPTION as u64,
        "it is cut",
    ),
];
