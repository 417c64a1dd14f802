//! Words that are programs themselves: scripts of sed, awk and jq, formats of printf, variables of make, questions
//! of `test`. What is not known to be harmless is a doubt.

use super::words::Word;

/// Why the words behind `name` have to be seen, when they are a script.
pub(super) fn doubt_about(name: &str, rest: &[Word]) -> Option<String> {
    match name {
        "sed" | "gsed" => sed(rest),
        "awk" | "gawk" | "mawk" | "nawk" | "original-awk" => awk(rest),
        "jq" | "gojq" => {
            first_with(rest, |text| text.contains("import") || text.contains("include"), "reads other files")
        }
        "printf" => first_with(rest, sets_a_variable, "sets a variable"),
        "make" | "gmake" => first_with(rest, changes_make, "changes what make runs"),
        "test" | "[" => first_with(rest, |text| !is_plain_test(text), "may be computed"),
        "date" => first_with(rest, sets_the_clock, "may set the clock"),
        "uniq" | "xxd" if operands(rest) > 1 => Some(format!("`{name}` writes its second file")),
        _ => None,
    }
}

fn first_with(rest: &[Word], is_it: impl Fn(&str) -> bool, what: &str) -> Option<String> {
    rest.iter().find(|word| is_it(&word.text)).map(|word| format!("`{}` {what}", word.text))
}

fn operands(rest: &[Word]) -> usize {
    let names_a_file =
        |word: &&Word| !word.text.starts_with('-') && !word.text.chars().all(|char| char.is_ascii_digit());
    rest.iter().filter(names_a_file).count()
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

/// What stands behind a list of characters: its first `]` and those of its classes (`[:space:]`) belong to it.
fn past_list(text: &str) -> Option<&str> {
    let text = text.strip_prefix('^').unwrap_or(text);
    let mut rest = text.strip_prefix(']').unwrap_or(text);
    loop {
        let (before, behind) = rest.split_once(']')?;
        let class = before.rsplit_once('[').is_some_and(|(_, class)| class.starts_with([':', '.', '=']));
        rest = behind;
        if !class {
            return Some(rest);
        }
    }
}

/// Scripts of awk that compute and print. `system` and `|` run, `>` writes, `getline` and `ARGV` read, `@` does any of
/// it by name.
fn awk(rest: &[Word]) -> Option<String> {
    const RISKY: [&str; 12] =
        ["system", "|", ">", "getline", "@", "ARGV", "ARGC", "ENVIRON", "PROCINFO", "close", "fflush", "<"];
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
