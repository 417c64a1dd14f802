//! What is known of particular commands: which run others or write files whatever rules say about them, which only
//! look, and which rule to offer for the next time.
//!
//! The rule offered is the narrowest that is still useful: subcommand tools by their subcommand, plain
//! readers by name, everything else exactly as it is.

use super::{super::rules::escape, git, programs, scripts, words::Word};

/// Why a command has to be seen by a person although its words are understood.
pub(super) fn doubt_about(words: &[Word]) -> Option<String> {
    let (first, rest) = words.split_first()?;
    if first.expands() || !is_plain_name(&first.text) {
        return Some("its command is not a plain name".to_owned());
    }
    let name = base_name(&first.text);
    if programs::RUNNERS.contains(&name.to_ascii_lowercase().as_str()) && !only_asks_for_a_command(name, rest)
    {
        return Some(format!("`{name}` runs or changes other commands"));
    }
    doubt_about_patterns(name, rest)
        .or_else(|| if name == "git" { git::doubt_about(rest) } else { None })
        .or_else(|| doubt_about_subcommand(name, rest))
        .or_else(|| doubt_about_options(name, rest))
        .or_else(|| doubt_about_response_file(name, rest))
        .or_else(|| scripts::doubt_about(name, rest))
}

/// `command -v cargo`.
fn only_asks_for_a_command(name: &str, rest: &[Word]) -> bool {
    name == "command" && rest.first().is_some_and(|word| matches!(word.text.as_str(), "-v" | "-V"))
}

fn is_plain_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(['-', '~'])
        && text.chars().all(|char| char.is_ascii_alphanumeric() || "_-./+:@".contains(char) || text == "[")
}

/// Names of files that a pattern stands for may be options, or subcommands.
fn doubt_about_patterns(name: &str, rest: &[Word]) -> Option<String> {
    let leads = |word: &&Word| {
        let plain = |char: char| char == '.' || char == '/' || char == '~' || char.is_alphanumeric();
        word.expands() && !word.text.starts_with(plain)
    };
    // A reader with such an option reads less or more, but for the one that runs a program for each file.
    let only_reads = name != "rg" && programs::READERS.contains(&name);
    if let Some(word) = rest.iter().find(leads).filter(|_| !only_reads) {
        return Some(format!("the pattern `{}` may become an option", word.text));
    }
    let depends = rest.first().is_some_and(Word::expands) && programs::SUBCOMMAND_TOOLS.contains(&name);
    depends.then(|| format!("what `{name}` will do depends on file names"))
}

fn doubt_about_subcommand(name: &str, rest: &[Word]) -> Option<String> {
    let (_, running) = programs::RUNNING_SUBCOMMANDS.iter().find(|(tool, _)| *tool == name)?;
    // Which options before a subcommand take the next word is not known here, and some subcommands have others below
    // them (`docker container run`, `yarn workspace a exec`): every word up to `--` may be the one.
    let mut words = rest.iter().map(|word| word.text.as_str()).take_while(|text| *text != "--");
    let first = words.clone().find(|text| !text.starts_with(['-', '+']));
    let is_short_for = |text: &str| text.len() > 1 && running.iter().any(|word| word.starts_with(text));
    let subcommand = words.find(|text| running.contains(text)).or(first.filter(|text| is_short_for(text)))?;
    Some(format!("`{name} {subcommand}` runs or changes other commands"))
}

/// Options that stand in a file: `gcc @options`.
fn doubt_about_response_file(name: &str, rest: &[Word]) -> Option<String> {
    let named = |word: &&Word| word.text.starts_with('@');
    let word = rest.iter().find(named).filter(|_| programs::RESPONSE_FILES.contains(&name))?;
    Some(format!("`{name}` reads its options from `{}`", word.text))
}

fn doubt_about_options(name: &str, rest: &[Word]) -> Option<String> {
    let (_, risky) = programs::RISKY_OPTIONS.iter().find(|(tool, _)| *tool == name)?;
    // The first word of tar may be a bundle of options without a dash; go takes two dashes for one.
    let spelled = |at: usize, word: &Word| match name {
        "tar" | "gtar" | "bsdtar" if at == 0 && !word.text.starts_with('-') => format!("-{}", word.text),
        // A definition, joined to its letter.
        "cmake" if word.text.starts_with("-D") => String::new(),
        "go" => word.text.replacen("--", "-", 1),
        _ => word.text.clone(),
    };
    let is_risky = |(at, word): &(usize, &Word)| {
        let text = spelled(*at, word);
        risky.iter().any(|option| is_option(&text, option))
    };
    let (_, option) = rest.iter().enumerate().find(is_risky)?;
    Some(format!("`{name} {}` may run another command, write a file or read what is not named", option.text))
}

/// Whether `word` gives the option `option`, in whatever spelling.
pub(super) fn is_option(word: &str, option: &str) -> bool {
    let joined = option.len() == 2 && !word.starts_with("--");
    let letter = option.chars().nth(1);
    // Short options may be bundled (`-ro file`), long ones abbreviated (`--outp file`).
    let bundled = joined && word.starts_with('-') && letter.is_some_and(|letter| word.contains(letter));
    let name = word.split('=').next().unwrap_or(word);
    let abbreviated = option.starts_with("--") && name.len() > 2 && option.starts_with(name);
    word == option || name == option || bundled || abbreviated
}

/// Whether a command without a doubt about it changes nothing.
pub(super) fn only_looks(words: &[Word]) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    let name = first.text.as_str();
    programs::READERS.contains(&name)
        || programs::LOOKERS.contains(&name)
        || only_asks_for_a_command(name, rest)
        || (name == "git" && git::only_looks(rest))
}

/// The rule that a person may allow for the next time.
pub(super) fn rule_for(words: &[Word]) -> String {
    let exact = || escape(&words.iter().map(|word| word.shown.as_str()).collect::<Vec<_>>().join(" "));
    let Some((first, rest)) = words.split_first() else { return String::new() };
    if programs::READERS.contains(&first.text.as_str()) {
        return format!("{} *", first.text);
    }
    let plain = |word: &&Word| {
        !word.text.is_empty()
            && word.text.chars().all(|char| char.is_ascii_alphanumeric() || "-_:".contains(char))
    };
    match rest.first().filter(plain) {
        Some(sub)
            if programs::SUBCOMMAND_TOOLS.contains(&first.text.as_str()) && !sub.text.starts_with('-') =>
        {
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

/// `2>&1`, `> /dev/null` and their like: a number, the operator, and behind it one word and nothing else.
pub(super) fn is_harmless_redirect(text: &str) -> bool {
    let text = text.trim_start_matches(|char: char| char.is_ascii_digit());
    let word = text.trim_start_matches(['<', '>', '&', '|']);
    let operator = text.strip_suffix(word).unwrap_or_default();
    matches!(
        (operator, word.trim_matches([' ', '\t'])),
        (">" | ">>" | "&>" | "&>>" | "<", "/dev/null") | (">&", "1" | "2")
    )
}
