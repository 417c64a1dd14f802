//! What is bounded of permissions: what is understood of a command line, and of a path.

use super::{path, reach, shell};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::bytes(
        "a command line that is understood",
        "permission/shell.rs: MAX_LINE",
        shell::MAX_LINE as u64,
        "a person is asked",
    ),
    Bound::count(
        "levels of a command line",
        "permission/shell.rs: MAX_DEPTH",
        shell::MAX_DEPTH as u64,
        "a person is asked",
    ),
    Bound::count(
        "words at which a denied command is looked for in what is not understood",
        "permission/shell.rs: MAX_PREFIX",
        shell::MAX_PREFIX as u64,
        "later ones are not looked at; a person is asked anyway",
    ),
    Bound::bytes(
        "a command that is shown",
        "permission/shell.rs: MAX_LABEL",
        shell::MAX_LABEL as u64,
        "it is cut",
    ),
    Bound::count(
        "commands that only wrap the one behind them",
        "permission/shell/wrappers.rs: MAX_WRAPPERS",
        shell::MAX_WRAPPERS as u64,
        "a person is asked",
    ),
    Bound::count(
        "places that a command may name",
        "permission/shell/named.rs: places, MAX_PLACES",
        shell::MAX_PLACES as u64,
        "a person is asked",
    ),
    Bound::count(
        "folders in which a command may run",
        "permission/shell/folders.rs: here, otherwise, MAX_FOLDERS",
        shell::MAX_FOLDERS as u64,
        "a person is asked",
    ),
    Bound::count(
        "entries of folders that are looked at for patterns",
        "permission/reach.rs: MAX_ENTRIES",
        reach::MAX_ENTRIES as u64,
        "a person is asked",
    ),
    Bound::bytes(
        "a path",
        "permission/path.rs: MAX_PATH",
        path::MAX_PATH as u64,
        "the call fails and says so",
    ),
    Bound::bytes(
        "a name in a path",
        "permission/path.rs: MAX_NAME",
        path::MAX_NAME as u64,
        "the call fails and says so",
    ),
    Bound::count(
        "entries of a folder that are looked through for a name's own spelling",
        "permission/path/names.rs: MOST_ENTRIES",
        path::names::MOST_ENTRIES as u64,
        "the name stays as it was asked for",
    ),
    Bound::count(
        "links that are followed in a path",
        "permission/path.rs: todo, MAX_LINKS",
        path::MAX_LINKS as u64,
        "the call fails and says so",
    ),
    Bound::with(
        "who waits until the workspace is trusted",
        "permission/trust.rs: looking, asking",
        "calls of one answer that run at once",
        "a turn asks one question after the other",
    ),
    Bound::with(
        "who waits for an answer of the person",
        "permission/gate.rs: asking",
        "calls of one answer that run at once",
        "a turn asks one question after the other",
    ),
];
