//! What git may do that a rule for it does not say: run what its configuration or its options name.

use super::{known::is_option, words::Word};

/// Options before the subcommand that change nothing about what is run.
#[rustfmt::skip]
const PLAIN_OPTIONS: &[&str] = &[
    "--no-pager", "-P", "--version", "-v", "--help", "-h", "--no-optional-locks", "--literal-pathspecs",
    "--glob-pathspecs", "--noglob-pathspecs", "--icase-pathspecs", "--no-replace-objects",
    "--no-lazy-fetch", "--html-path",
];

/// Subcommands that run no command that is not in their repository's hooks. Any other may be an alias.
#[rustfmt::skip]
const SUBCOMMANDS: &[&str] = &[
    "add", "am", "apply", "bisect", "blame", "branch", "cat-file", "check-attr", "check-ignore",
    "check-mailmap", "checkout", "cherry", "cherry-pick", "clean", "clone", "commit", "count-objects",
    "describe", "diff", "diff-files", "diff-index", "diff-tree", "fetch", "for-each-ref",
    "format-patch", "fsck", "gc", "grep", "hash-object", "init", "log", "ls-files", "ls-remote",
    "ls-tree", "merge", "merge-base", "merge-file", "merge-tree", "mv", "name-rev", "notes", "prune",
    "pull", "push", "range-diff", "rebase", "reflog", "remote", "repack", "reset", "restore",
    "rev-list", "rev-parse", "revert", "rm", "shortlog", "show", "show-branch", "show-ref",
    "sparse-checkout", "stash", "status", "submodule", "switch", "symbolic-ref", "tag", "update-index",
    "update-ref", "verify-commit", "verify-tag", "version", "whatchanged", "worktree", "write-tree",
];

/// Options of any subcommand that run a command or write or read a file that is not named as one.
#[rustfmt::skip]
const RISKY_OPTIONS: &[&str] = &[
    "--exec", "--ext-diff", "--open-files-in-pager", "--output", "--output-directory", "--receive-pack",
    "--textconv", "--upload-pack", "--filters", "--template", "--config", "--pathspec-from-file",
    "--stdin-paths",
    "--separate-git-dir", "--unsafe-paths", "--interactive", "--edit", "--edit-description",
];

/// Short options that do the same, by subcommand.
#[rustfmt::skip]
const RISKY_SHORT: &[(&str, &[&str])] = &[
    ("clone", &["-c", "-u"]),
    ("commit", &["-e"]),
    ("format-patch", &["-o"]),
    ("grep", &["-O", "-f"]),
    ("rebase", &["-i", "-x"]),
];

/// Words behind a subcommand with which it runs commands.
#[rustfmt::skip]
const RUNNING_WORDS: &[(&str, &[&str])] = &[
    ("submodule", &["foreach"]),
    ("bisect", &["run", "visualize", "view"]),
];

/// Subcommands that speak with another repository, and may be told to run a command for it.
const REMOTE: &[&str] = &["clone", "fetch", "ls-remote", "pull", "push", "remote", "submodule"];

/// Subcommands that look, where they are not a doubt.
#[rustfmt::skip]
const LOOKS: &[&str] = &[
    "blame", "cat-file", "check-attr", "check-ignore", "cherry", "count-objects", "describe", "diff",
    "diff-files", "diff-index", "diff-tree", "for-each-ref", "grep", "log", "ls-files", "ls-tree",
    "merge-base", "name-rev", "range-diff", "rev-list", "rev-parse", "shortlog", "show", "show-branch",
    "show-ref", "status", "version", "whatchanged",
];

/// Subcommands that look with these words alone.
#[rustfmt::skip]
const LOOKS_WITH: &[(&str, &[&str])] = &[
    ("branch", &["-a", "-r", "-v", "-vv", "--list", "--show-current", "--all", "--remotes"]),
    ("reflog", &["show"]),
    ("remote", &["-v", "--verbose"]),
    ("stash", &["list", "show"]),
    ("tag", &["-l", "--list"]),
    ("worktree", &["list"]),
];

/// Why a call of git has to be seen. `words` begin behind `git`.
pub(super) fn doubt_about(words: &[Word]) -> Option<String> {
    let (subcommand, rest) = match parts(words) {
        Ok(Some(parts)) => parts,
        Ok(None) => return None,
        Err(option) => return Some(format!("`git {option}` changes what git runs")),
    };
    if subcommand == "config" && shows_settings(rest) {
        return None;
    }
    if !SUBCOMMANDS.contains(&subcommand) {
        return Some(format!("`git {subcommand}` may run anything: it may be an alias, or set one"));
    }
    let short = listed(RISKY_SHORT, subcommand);
    let risky = |word: &&Word| {
        let long = RISKY_OPTIONS.iter().any(|option| is_option(&word.text, option));
        long || short.iter().any(|option| is_option(&word.text, option))
    };
    if let Some(option) = rest.iter().take_while(|word| word.text != "--").find(risky) {
        return Some(format!("`git {subcommand} {}` may run another command or write a file", option.text));
    }
    let running = listed(RUNNING_WORDS, subcommand);
    if let Some(word) = rest.iter().find(|word| running.contains(&word.text.as_str())) {
        return Some(format!("`git {subcommand} {}` runs commands", word.text));
    }
    // `ext::sh -c …`, and what is like it.
    let transport = rest.iter().find(|word| word.text.contains("::"))?;
    REMOTE.contains(&subcommand).then(|| format!("`{}` may run a command as a transport", transport.text))
}

fn listed(table: &[(&str, &'static [&'static str])], subcommand: &str) -> &'static [&'static str] {
    table.iter().find(|(name, _)| *name == subcommand).map_or(&[], |(_, list)| *list)
}

/// Whether a call without a doubt changes nothing.
pub(super) fn only_looks(words: &[Word]) -> bool {
    match parts(words) {
        Ok(Some((subcommand, rest))) => LOOKS.contains(&subcommand) || looks_with(subcommand, rest),
        Ok(None) => true,
        Err(_) => false,
    }
}

fn looks_with(subcommand: &str, rest: &[Word]) -> bool {
    let Some((_, words)) = LOOKS_WITH.iter().find(|(name, _)| *name == subcommand) else {
        return subcommand == "config" && shows_settings(rest);
    };
    // `git stash` alone puts changes away; the others list when nothing is said.
    let says = subcommand != "stash" || !rest.is_empty();
    says && rest.iter().all(|word| words.contains(&word.text.as_str()))
}

/// `git config --get name`, `git config --global --list`.
fn shows_settings(rest: &[Word]) -> bool {
    let mut words = rest.iter().map(|word| word.text.as_str());
    let first = words.find(|word| !matches!(*word, "--global" | "--local" | "--show-origin"));
    matches!(first, Some("--get" | "--get-all" | "--list" | "-l" | "get" | "list"))
        && words.all(|word| !word.starts_with('-'))
}

/// The subcommand and what stands behind it. Fails with an option before it that is not plain.
fn parts(words: &[Word]) -> Result<Option<(&str, &[Word])>, String> {
    let mut words = words;
    while let Some((word, rest)) = words.split_first() {
        if !word.text.starts_with('-') {
            return Ok(Some((word.text.as_str(), rest)));
        }
        words = match rest.split_first() {
            // Another folder: looked at as a path.
            Some((_, behind)) if word.text == "-C" => behind,
            _ if PLAIN_OPTIONS.contains(&word.text.as_str()) => rest,
            _ => return Err(word.text.clone()),
        };
    }
    Ok(None)
}
