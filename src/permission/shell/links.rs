//! Lines that make links and then go through them: `cp -a links l && cat l/secret`.
//!
//! Where a path leads is looked up before a line runs (`reach`). What an earlier command of the same line unpacks,
//! checks out, moves or copies is not there by then, and may be a link that leads anywhere. Pure.

use super::{known, programs, words::Word};

/// Programs that make links, or bring them along with what they copy.
const MAKERS: [&str; 11] =
    ["7z", "bsdtar", "cp", "cpio", "gtar", "ln", "mv", "patch", "rsync", "tar", "unzip"];

/// Subcommands of git that write files of a history.
#[rustfmt::skip]
const CHECKOUTS: [&str; 17] = [
    "am", "apply", "bisect", "checkout", "cherry-pick", "clone", "merge", "mv", "pull", "rebase", "reset",
    "restore", "revert", "stash", "submodule", "switch", "worktree",
];

/// Whether a command may leave links behind.
pub(super) fn may_make(words: &[Word]) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    let name = first.text.as_str();
    let checks_out = || rest.iter().any(|word| CHECKOUTS.contains(&word.text.as_str()));
    MAKERS.contains(&name) || (name == "git" && !known::only_looks(words) && checks_out())
}

/// The first word with which a command may go through a link. Tools with subcommands work in the folder that they are
/// in, and git does not go through links.
pub(super) fn goes_through(words: &[Word]) -> Option<&Word> {
    let (first, rest) = words.split_first()?;
    let name = first.text.as_str();
    if programs::SUBCOMMAND_TOOLS.contains(&name) || programs::NAME_NO_FILES.contains(&name) {
        return None;
    }
    rest.iter().find(|word| !word.text.starts_with('-') || word.text.contains('/'))
}
