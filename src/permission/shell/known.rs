//! What is known of particular commands: which run others or write files whatever rules say about them, and
//! which rule to offer for the next time.
//!
//! The rule offered is the narrowest that is still useful: subcommand tools by their subcommand, plain
//! readers by name, everything else exactly as it is.

use super::{super::rules::escape, words::Word};

/// Commands that run what they are given, or change what later words mean.
const RUNNERS: &[&str] = &[
    ".",
    "alias",
    "bash",
    "bind",
    "builtin",
    "busybox",
    "chroot",
    "command",
    "complete",
    "compgen",
    "coproc",
    "csh",
    "dash",
    "declare",
    "doas",
    "enable",
    "env",
    "eval",
    "exec",
    "export",
    "expect",
    "fc",
    "fish",
    "flock",
    "getopts",
    "hash",
    "history",
    "ionice",
    "jobs",
    "ksh",
    "let",
    "local",
    "mapfile",
    "nice",
    "nohup",
    "nsenter",
    "parallel",
    "pkexec",
    "read",
    "readarray",
    "readonly",
    "rsh",
    "script",
    "set",
    "setsid",
    "sh",
    "shopt",
    "source",
    "ssh",
    "stdbuf",
    "strace",
    "su",
    "sudo",
    "systemd-run",
    "taskset",
    "test",
    "time",
    "timeout",
    "trap",
    "typeset",
    "unalias",
    "unset",
    "unshare",
    "wait",
    "watch",
    "xargs",
    "zsh",
    "[",
    "[[",
];

/// Options with which a command that may otherwise be allowed runs another or writes a file. Matched as whole
/// words and before `=`; those of one dash and one letter also when something is joined to them.
const RISKY_OPTIONS: &[(&str, &[&str])] = &[
    ("ag", &["--pager"]),
    ("cargo", &["--config"]),
    ("date", &["-s", "--set"]),
    ("fd", &["-x", "-X", "--exec", "--exec-batch"]),
    ("file", &["-C", "--compile"]),
    ("find", &["-exec", "-execdir", "-ok", "-okdir", "-delete", "-fprint", "-fprint0", "-fprintf", "-fls"]),
    (
        "git",
        &[
            "-c",
            "-O",
            "--config-env",
            "--exec-path",
            "--exec",
            "-x",
            "--ext-diff",
            "--open-files-in-pager",
            "--output",
            "--receive-pack",
            "--textconv",
            "--upload-pack",
        ],
    ),
    ("go", &["-exec", "-toolexec", "-vettool"]),
    ("hostname", &["-F", "--file"]),
    ("printf", &["-v"]),
    ("rg", &["--pre", "--hostname-bin"]),
    ("rsync", &["-e", "--rsh", "--rsync-path"]),
    ("sort", &["-o", "-T", "--output", "--compress-program"]),
    (
        "tar",
        &[
            "-F",
            "-I",
            "--checkpoint-action",
            "--info-script",
            "--new-volume-script",
            "--rmt-command",
            "--rsh-command",
            "--to-command",
            "--use-compress-program",
        ],
    ),
    ("tree", &["-o"]),
    ("xxd", &["-r"]),
];

/// Tools whose first word says what they do.
const SUBCOMMAND_TOOLS: &[&str] = &[
    "apt",
    "brew",
    "bundle",
    "cargo",
    "composer",
    "deno",
    "docker",
    "dotnet",
    "gh",
    "git",
    "go",
    "helm",
    "just",
    "kubectl",
    "make",
    "mix",
    "npm",
    "nx",
    "pip",
    "pip3",
    "pnpm",
    "poetry",
    "rustup",
    "terraform",
    "uv",
    "yarn",
];

/// Commands that only read and write to their output, whatever their words.
const READERS: &[&str] = &[
    "basename",
    "cat",
    "cmp",
    "cut",
    "df",
    "diff",
    "dirname",
    "du",
    "echo",
    "egrep",
    "false",
    "fgrep",
    "file",
    "grep",
    "head",
    "id",
    "jq",
    "ls",
    "md5sum",
    "nl",
    "printf",
    "pwd",
    "realpath",
    "rg",
    "sha256sum",
    "stat",
    "tac",
    "tail",
    "tr",
    "true",
    "type",
    "uname",
    "wc",
    "which",
    "whoami",
];

/// Subcommands of git that look, where none of [`RISKY_OPTIONS`] is given.
const GIT_LOOKS: &[&str] = &[
    "blame",
    "cat-file",
    "describe",
    "diff",
    "grep",
    "log",
    "ls-files",
    "ls-tree",
    "merge-base",
    "rev-list",
    "rev-parse",
    "shortlog",
    "show",
    "status",
];

/// Other commands that look where none of [`RISKY_OPTIONS`] is given.
const LOOKERS: &[&str] = &["fd", "find", "sort", "tree"];

/// Whether a command without a doubt about it changes nothing.
pub(super) fn only_looks(words: &[Word]) -> bool {
    let mut words = words.iter().map(|word| word.text.as_str());
    let (name, next) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    READERS.contains(&name) || LOOKERS.contains(&name) || (name == "git" && GIT_LOOKS.contains(&next))
}

/// Why a command has to be seen by a person although its words are understood.
pub(super) fn doubt_about(words: &[Word]) -> Option<String> {
    let (first, rest) = words.split_first()?;
    let name = base_name(&first.text);
    if first.expands || first.text.is_empty() || first.text.contains('=') {
        return Some("its command is not a plain name".to_owned());
    }
    if RUNNERS.contains(&name) {
        return Some(format!("`{name}` runs or changes other commands"));
    }
    let leads = |word: &&Word| {
        word.expands
            && !word
                .text
                .starts_with(|char: char| char == '.' || char == '/' || char == '~' || char.is_alphanumeric())
    };
    if let Some(word) = rest.iter().find(leads).filter(|_| !READERS.contains(&name)) {
        return Some(format!("the pattern `{}` may become an option", word.text));
    }
    if rest.first().is_some_and(|word| word.expands) && SUBCOMMAND_TOOLS.contains(&name) {
        return Some(format!("what `{name}` will do depends on file names"));
    }
    let (_, risky) = RISKY_OPTIONS.iter().find(|(tool, _)| *tool == name)?;
    let option = rest.iter().find(|word| risky.iter().any(|option| is_option(&word.text, option)))?;
    Some(format!("`{name} {}` may run another command or write a file", option.text))
}

fn is_option(word: &str, option: &str) -> bool {
    let joined = option.len() == 2 && !word.starts_with("--");
    let letter = option.chars().nth(1);
    // Short options may be bundled (`-ro file`), long ones abbreviated (`--outp file`).
    let bundled = joined && word.starts_with('-') && letter.is_some_and(|letter| word.contains(letter));
    let abbreviated = option.starts_with("--")
        && word.split('=').next().is_some_and(|name| name.len() > 3 && option.starts_with(name));
    word == option || word.split('=').next() == Some(option) || bundled || abbreviated
}

/// The rule that a person may allow for the next time.
pub(super) fn rule_for(words: &[Word]) -> String {
    let exact = || escape(&words.iter().map(|word| word.shown.as_str()).collect::<Vec<_>>().join(" "));
    let Some((first, rest)) = words.split_first() else { return String::new() };
    if READERS.contains(&first.text.as_str()) {
        return format!("{} *", first.text);
    }
    let plain = |word: &&Word| {
        !word.text.is_empty()
            && word.text.chars().all(|char| char.is_ascii_alphanumeric() || "-_:".contains(char))
    };
    match rest.first().filter(plain) {
        Some(sub) if SUBCOMMAND_TOOLS.contains(&first.text.as_str()) && !sub.text.starts_with('-') => {
            format!("{} {} *", first.text, sub.text)
        }
        _ => exact(),
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A construct of the shell in words, from the grammar's name of it.
pub(super) fn construct(kind: &str) -> String {
    match kind {
        "command_substitution" => "a command substitution".to_owned(),
        "process_substitution" => "a process substitution".to_owned(),
        "simple_expansion" | "expansion" | "arithmetic_expansion" => "an expansion".to_owned(),
        "variable_assignment" | "variable_assignments" => "a variable assignment".to_owned(),
        "ansi_c_string" | "translated_string" => "a string with escapes".to_owned(),
        "ERROR" => "something that is not understood".to_owned(),
        kind => format!("a {}", kind.replace('_', " ")),
    }
}

/// `2>&1`, `>/dev/null` and their like, white space removed.
pub(super) fn is_harmless_redirect(text: &str) -> bool {
    let text = text.trim_start_matches(|char: char| char.is_ascii_digit());
    matches!(
        text,
        ">/dev/null" | ">>/dev/null" | "&>/dev/null" | "&>>/dev/null" | "</dev/null" | ">&1" | ">&2" | "1>&2"
    )
}
