//! Words that are programs themselves: scripts of sed, awk and jq, formats of printf, variables of make, questions
//! of `test`. What is not known to be harmless is a doubt.

use super::words::Word;

/// Said of a program that writes into a file that it is not told to by an option.
const SECOND_FILE: &str = "`{}` writes its second file";

/// Why the words behind `name` have to be seen, when they are a script.
pub(super) fn doubt_about(name: &str, rest: &[Word]) -> Option<String> {
    match name {
        "sed" | "gsed" => sed(rest),
        "awk" | "gawk" | "mawk" | "nawk" | "original-awk" => awk(rest),
        "jq" | "gojq" => {
            let reads = ["import", "include", "modulemeta"];
            first_with(rest, |text| reads.iter().any(|word| text.contains(word)), "reads other files")
        }
        "printf" => first_with(rest, sets_a_variable, "sets a variable"),
        "make" | "gmake" => first_with(rest, changes_make, "changes what make runs").or_else(|| stdin(rest)),
        "cmake" => {
            let behind = rest.iter().position(|word| word.text == "--").and_then(|at| rest.get(at..));
            first_with(behind.unwrap_or_default(), changes_make, "changes what make runs")
        }
        "go" => first_with(rest, fetches_or_links, "may run what is not of this project"),
        "deno" => first_with(rest, is_of_elsewhere, "may run what is not of this project"),
        "cc" | "c++" | "gcc" | "g++" | "clang" | "clang++" => {
            first_with(rest, hands_a_plugin_on, "may load a plugin")
        }
        "ps" => environments(rest),
        "test" | "[" => first_with(rest, |text| !is_plain_test(text), "may be computed"),
        "date" => first_with(rest, sets_the_clock, "may set the clock"),
        "hostname" if operands(rest, &[]) > 0 => Some("`hostname` sets it".to_owned()),
        "uniq" if operands(rest, &["-f", "-s", "-w"]) > 1 => Some(SECOND_FILE.replace("{}", name)),
        "xxd" if operands(rest, &["-c", "-g", "-l", "-n", "-o", "-R", "-s"]) > 1 => {
            Some(SECOND_FILE.replace("{}", name))
        }
        _ => None,
    }
}

fn first_with(rest: &[Word], is_it: impl Fn(&str) -> bool, what: &str) -> Option<String> {
    rest.iter().find(|word| is_it(&word.text)).map(|word| format!("`{}` {what}", word.text))
}

/// How many words are neither options nor the values of `valued` options. `-` alone is a file.
fn operands(rest: &[Word], valued: &[&str]) -> usize {
    let mut words = rest.iter().map(|word| word.text.as_str());
    let mut count = 0;
    while let Some(text) = words.next() {
        if valued.contains(&text) {
            words.next();
        } else if text == "-" || !text.starts_with('-') {
            count += 1;
        }
    }
    count
}

/// A Makefile that is written in the line: `echo … | make -f -`.
fn stdin(rest: &[Word]) -> Option<String> {
    let from = rest.iter().find(|word| matches!(word.text.as_str(), "-" | "--file=-" | "--makefile=-"));
    let joined = rest.iter().find(|word| {
        word.text
            .strip_suffix("f-")
            .is_some_and(|before| before.starts_with('-') && !before.starts_with("--"))
    });
    from.or(joined).map(|word| format!("`make {}` runs what it reads", word.text))
}

/// A package with its version, or the name of another linker, in whatever option.
fn fetches_or_links(text: &str) -> bool {
    (text.contains('@') && !text.starts_with('-')) || text.contains("-extld")
}

fn is_of_elsewhere(text: &str) -> bool {
    text == "-" || text.contains("://") || text.starts_with("npm:") || text.starts_with("jsr:")
}

/// Options that a compiler hands to the assembler, the preprocessor and the linker.
fn hands_a_plugin_on(text: &str) -> bool {
    text.starts_with("-W") && text.contains(',') && (text.contains("plugin") || text.contains(",@"))
}

/// `ps e` and `ps -o environ` show the variables of other processes. Letters without a dash are options, too, where
/// they are not the value of one.
fn environments(rest: &[Word]) -> Option<String> {
    let before = std::iter::once("").chain(rest.iter().map(|word| word.text.as_str()));
    let shows = |(word, before): &(&Word, &str)| {
        let is_value = before.starts_with('-') && before.ends_with(|last: char| "oOCuUgGtpsk".contains(last));
        let letters = !word.text.starts_with('-') && word.text.chars().all(|char| char.is_ascii_alphabetic());
        word.text.contains("environ")
            || word.text == "-E"
            || (letters && !is_value && word.text.contains(['e', 'E']))
    };
    let (word, _) = rest.iter().zip(before).find(shows)?;
    Some(format!("`ps {}` shows the variables of other processes", word.text))
}

/// `%n`, with whatever stands between the two.
fn sets_a_variable(text: &str) -> bool {
    text.split('%').skip(1).any(|directive| {
        directive
            .trim_start_matches(|char: char| char.is_ascii_digit() || "-+ #0.*'$hlLjzt".contains(char))
            .starts_with('n')
    })
}

/// A variable may name the shell, the compiler, or hold a call of a function; a number or a switch may not.
fn changes_make(text: &str) -> bool {
    let harmless = |value: &str| {
        value.chars().all(|char| char.is_ascii_digit())
            || matches!(
                value,
                "yes" | "no" | "true" | "false" | "on" | "off" | "debug" | "release" | "Debug" | "Release"
            )
    };
    text.contains('$')
        || text.split_once('=').is_some_and(|(name, value)| !name.starts_with('-') && !harmless(value))
}

/// A name in brackets is computed, and computing may run a command; so are the operands of `-eq` and `-v`.
fn is_plain_test(text: &str) -> bool {
    const OPERATORS: [&str; 20] = [
        "!", "-a", "-b", "-c", "-d", "-e", "-f", "-g", "-h", "-k", "-L", "-n", "-o", "-p", "-r", "-s", "-S",
        "-w", "-x", "-z",
    ];
    OPERATORS.contains(&text) || (!text.starts_with('-') && (text == "]" || !text.contains('[')))
}

fn sets_the_clock(text: &str) -> bool {
    text.len() >= 8 && text.chars().all(|char| char.is_ascii_digit() || char == '.')
}

/// Scripts of sed that print, delete and replace. `e` runs, `r`, `R` and `w` take files, `-i` writes them.
fn sed(rest: &[Word]) -> Option<String> {
    const PLAIN: [&str; 11] =
        ["-n", "-E", "-r", "-s", "-u", "-z", "-nE", "-En", "--quiet", "--silent", "--regexp-extended"];
    const SCRIPT: [&str; 4] = ["-e", "-ne", "-Ee", "--expression"];
    let mut scripts = Vec::new();
    let mut operands = Vec::new();
    let mut words = rest.iter().map(|word| word.text.as_str());
    while let Some(text) = words.next() {
        if SCRIPT.contains(&text) {
            scripts.extend(words.next());
        } else if text.starts_with('-') && text.len() > 1 {
            if !PLAIN.contains(&text) {
                return Some(format!("`sed {text}` may write files or read a script"));
            }
        } else {
            operands.push(text);
        }
    }
    if scripts.is_empty() {
        scripts.extend(operands.first());
    }
    let script = scripts.into_iter().find(|script| !sed_script(script))?;
    Some(format!("the sed script `{script}` may do more than print"))
}

/// Commands that are separated by `;` or a new line, each with its addresses.
fn sed_script(script: &str) -> bool {
    let mut rest = script;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', ';']);
        if rest.is_empty() {
            return true;
        }
        let Some(behind) = addresses(rest).and_then(sed_command) else { return false };
        rest = behind;
        if !rest.is_empty() && !rest.starts_with([';', '\n', ' ']) {
            return false;
        }
    }
}

/// What stands behind a command that is harmless.
fn sed_command(script: &str) -> Option<&str> {
    let mut chars = script.chars();
    match chars.next()? {
        'p' | 'd' | 'q' | '=' | 'D' | 'P' | 'N' | 'n' | 'g' | 'G' | 'h' | 'H' | 'x' => Some(chars.as_str()),
        's' => {
            let delimiter =
                chars.next().filter(|char| !char.is_alphanumeric() && !"\\\n ;".contains(*char))?;
            let behind = past(past(chars.as_str(), delimiter, true)?, delimiter, false)?;
            Some(behind.trim_start_matches(|char: char| char.is_ascii_digit() || "gpiIM".contains(char)))
        }
        _ => None,
    }
}

/// What stands behind the addresses of a command.
fn addresses(script: &str) -> Option<&str> {
    let mut rest = address(script)?;
    if let Some(second) = rest.strip_prefix(',') {
        rest = address(second.trim_start_matches(['+', '~', ' ']))?;
    }
    let rest = rest.trim_start_matches(' ');
    Some(rest.strip_prefix('!').unwrap_or(rest))
}

fn address(script: &str) -> Option<&str> {
    if let Some(pattern) = script.strip_prefix('/') {
        return Some(past(pattern, '/', true)?.trim_start_matches('I'));
    }
    Some(
        script
            .strip_prefix('$')
            .unwrap_or_else(|| script.trim_start_matches(|char: char| char.is_ascii_digit() || char == '~')),
    )
}

/// What stands behind the next `delimiter` that is not escaped. `None`, too, where a list of characters holds it: sed
/// may go on there.
fn past(text: &str, delimiter: char, lists: bool) -> Option<&str> {
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char == delimiter {
            return Some(chars.as_str());
        }
        if char == '\\' {
            chars.next()?;
        } else if char == '[' && lists {
            let behind = past_list(chars.as_str())?;
            let list = chars.as_str().strip_suffix(behind)?;
            if list.contains(delimiter) {
                return None;
            }
            chars = behind.chars();
        }
    }
    None
}

/// What stands behind a list of characters: its first `]` and those of its classes (`[:space:]`) belong to it. `None`
/// where something in it only looks like a class, or is one of the rarer kinds (`[.x.]`, `[=x=]`).
fn past_list(text: &str) -> Option<&str> {
    let text = text.strip_prefix('^').unwrap_or(text);
    let mut rest = text.strip_prefix(']').unwrap_or(text);
    loop {
        let (before, behind) = rest.split_once(']')?;
        rest = behind;
        let Some((_, inner)) = before.rsplit_once('[') else { return Some(rest) };
        let class = inner.strip_prefix(':').and_then(|inner| inner.strip_suffix(':'));
        match class {
            Some(name) if !name.is_empty() && name.chars().all(|char| char.is_ascii_alphabetic()) => {}
            None if !inner.starts_with([':', '.', '=']) => return Some(rest),
            _ => return None,
        }
    }
}

/// Scripts of awk that compute and print. `system` and `|` run, `>` writes, `getline` and `ARGV` read, `@` does any of
/// it by name.
fn awk(rest: &[Word]) -> Option<String> {
    const RISKY: [&str; 13] = [
        "SYMTAB", "system", "|", ">", "getline", "@", "ARGV", "ARGC", "ENVIRON", "PROCINFO", "close",
        "fflush", "<",
    ];
    let mut words = rest.iter().map(|word| word.text.as_str());
    while let Some(text) = words.next() {
        match text {
            "-F" | "-v" => drop(words.next()),
            _ if text.starts_with("-F") || text.starts_with("-v") => {}
            _ if text.starts_with('-') && text.len() > 1 => {
                return Some(format!("`awk {text}` may read a script or write files"));
            }
            script => {
                let found = RISKY.iter().find(|risky| script.contains(*risky))?;
                return Some(format!("the awk script uses `{found}`"));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_sed_that_only_print_are_told_from_others() {
        for script in [
            "s/a/b/g",
            "1,5p",
            "/x/d",
            "$p",
            "10q",
            "s|a|b|; s/c/d/2p",
            "/a/,/b/p",
            "/x/!d",
            "s/[0-9]*/N/",
            "2~3p",
            "s/[[:space:]]*$//",
            "s/[]a]/[/",
            "",
        ] {
            assert!(sed_script(script), "{script}");
        }
        for script in [
            "e id",
            "1e",
            "s/x/y/e",
            "s/x/id/ge",
            "w out",
            "s/x/y/w out",
            "r /etc/shadow",
            "R x",
            "W x",
            "1r x",
            "s/x/y",
            "a\\x",
            "i x",
            "y/a/b/",
            "s/x/y/;e",
            "p;e id",
            "{p}",
            "s/[/]/x/;e id",
            "s/[]/]/;p;/e",
            "s/[[:x:]/]/;/e",
            "s\\a\\b\\e",
            ":a;ba",
            "/x/e id",
            "1,$e",
            "s/a/b/ e",
            "s/[[.].]/a/;s|]/x/e;#|b|",
            "s/[[=]=]/a/;s|]/x/e;#|b|",
            "s/[[:]/a/;s|]/x/e;#|b|",
        ] {
            assert!(!sed_script(script), "{script}");
        }
    }

    #[test]
    fn a_format_that_sets_a_variable_is_seen() {
        assert!(["%n", "%5n", "a%s%-3.2ln"].iter().all(|text| sets_a_variable(text)));
        assert!(["%s\n", "100%", "%d name"].iter().all(|text| !sets_a_variable(text)));
    }
}
