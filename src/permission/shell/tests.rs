//! A table of command lines: what they split into, and which of them a person has to see.

use super::*;
use crate::permission::rules;

fn labels(line: &str) -> Vec<String> {
    analyze(line).commands.into_iter().map(|command| command.label).collect()
}

#[test]
fn understood_lines_split_into_their_simple_commands() {
    let table: &[(&str, &[&str])] = &[
        ("ls", &["ls"]),
        ("ls -la src", &["ls -la src"]),
        ("git status && git diff --stat", &["git status", "git diff --stat"]),
        ("git log --oneline | head -5", &["git log --oneline", "head -5"]),
        ("cargo test; cargo clippy", &["cargo test", "cargo clippy"]),
        ("make || echo failed", &["make", "echo failed"]),
        ("sleep 100 &", &["sleep 100"]),
        ("sleep 1 & echo two", &["sleep 1", "echo two"]),
        ("a\nb\n\nc", &["a", "b", "c"]),
        ("# what it does\nls", &["ls"]),
        ("cargo test 2>&1 | tail -20", &["cargo test", "tail -20"]),
        ("cargo build >/dev/null 2>&1", &["cargo build"]),
        ("ls 2> /dev/null", &["ls"]),
        ("echo 'a b'", &["echo 'a b'"]),
        ("echo \"a b\"", &["echo 'a b'"]),
        ("echo a\\ b", &["echo 'a b'"]),
        ("'ls' \"-l\"", &["ls -l"]),
        ("l\\s", &["ls"]),
        ("l's'", &["ls"]),
        ("echo \"it's\"", &[r"echo 'it'\''s'"]),
        ("echo ''", &["echo ''"]),
        ("echo a'|'b", &["echo 'a|b'"]),
        ("grep -rn 'foo; rm -rf /' src", &["grep -rn 'foo; rm -rf /' src"]),
        ("ls *.rs", &["ls *.rs"]),
        ("wc -l src/*.rs", &["wc -l src/*.rs"]),
        ("ls ~/notes", &["ls ~/notes"]),
        ("echo '*'", &["echo '*'"]),
        ("git commit -m \"fix: x\"", &["git commit -m 'fix: x'"]),
        ("cd sub && ls", &["cd sub", "ls"]),
        ("cargo test \\\n  --lib", &["cargo test --lib"]),
        ("a |& b", &["a", "b"]),
        ("  ls  ", &["ls"]),
        ("find . -name '*.rs'", &["find . -name '*.rs'"]),
        ("sed -n 1,5p a.txt", &["sed -n 1,5p a.txt"]),
        ("npm run test:unit -- --watch=false", &["npm run test:unit -- --watch=false"]),
        ("python3 -c 'print(1)'", &["python3 -c 'print(1)'"]),
        ("echo héllo", &["echo héllo"]),
        ("tr a-z A-Z", &["tr a-z A-Z"]),
        ("(cd sub && make) | tail -3", &["cd sub", "make", "tail -3"]),
        ("{ ls; pwd; }", &["ls", "pwd"]),
        ("! grep -q x a.txt", &["grep -q x a.txt"]),
        ("ls # what is there", &["ls"]),
        ("[ -f x ] && echo yes", &["[ -f x ]", "echo yes"]),
        ("[ ! -d a -o '$' = b ]", &["[ ! -d a -o '$' = b ]"]),
        ("test -e Cargo.toml || ls", &["test -e Cargo.toml", "ls"]),
        ("time timeout 60s nice -n 5 cargo test", &["cargo test"]),
        ("git show stash@{0}", &["git show stash@{0}"]),
        ("command -v cargo", &["command -v cargo"]),
    ];
    for (line, expected) in table {
        let analysis = analyze(line);
        assert_eq!(analysis.doubt, None, "{line}");
        assert_eq!(labels(line), *expected, "{line}");
    }
}

/// Lines that a person has to see.
const DOUBTFUL: &[&str] = &[
    "",
    "   ",
    "# only a comment",
    "echo $HOME",
    "echo ${HOME}",
    "echo \"$HOME\"",
    "echo $(id)",
    "echo \"$(id)\"",
    "echo `id`",
    "echo \"`id`\"",
    "$CMD",
    "${CMD} x",
    "$(echo rm) -rf x",
    "diff <(ls) <(ls)",
    "echo $((1+1))",
    "FOO=1 ls",
    "FOO=1",
    "export A=b",
    "PATH=. git status",
    "ls > out",
    "ls >> out",
    "ls &> out",
    "cat < /etc/passwd",
    "echo x > /dev/tcp/1.2.3.4/80",
    "cat <<EOF\nx\nEOF",
    "cat <<< x",
    "git log && curl x | sh",
    "curl x | bash",
    "find . -exec rm {} \\;",
    "find . -delete",
    "find . -fprintf x y",
    "ls | xargs rm",
    "eval ls",
    "exec ls",
    "source x",
    ". ./x",
    "sudo ls",
    "env ls",
    "command ls",
    "builtin cd",
    "nohup ls",
    "bash -c ls",
    "sh x.sh",
    "if true; then ls; fi",
    "for f in *; do rm $f; done",
    "while true; do ls; done",
    "f() { ls; }",
    "function f { ls; }; f",
    "{rm,-rf,x}",
    "echo {a,b}",
    "$'ls'",
    "echo $'\\x41'",
    "/bin/r? x",
    "~/bin/x",
    "[[ -f x ]]",
    "[ x -eq 1 ]",
    "[ -v x ]",
    "[ -f a[1] ]",
    "timeout -s KILL 5 rm x",
    "timeout 5 sh x",
    "time -p ls",
    "(sh x)",
    "{ eval x; }",
    "! exec ls",
    "git x",
    "git config alias.x '!sh'",
    "git -c a=b log",
    "git submodule foreach ls",
    "git clone ext::sh",
    "sort --o=x",
    "go test --exec sh",
    "tar xIf sh x",
    "sed -i s/a/b/ x",
    "sed 's/a/b/e' x",
    "awk '{system($0)}' x",
    "printf %n PATH",
    "make SHELL=x",
    "RM=x",
    "BASH -c ls",
    "cd",
    "cd -",
    "cd a b",
    "cd *",
    "test -v 'a[$(id)]'",
    "printf -v 'a[$(id)]' x",
    "a=b",
    "x=(1 2)",
    "ls\\\nx",
    "echo \"a\\\nb\"",
    "echo 'open",
    "echo \"open",
    "ls &&",
    "&& ls",
    "ls )",
    "echo a\u{202e}b",
    "echo a\u{200b}",
    "echo \u{1b}[31m",
    "ls\r",
    "git -c core.pager=sh log",
    "git grep --open-files-in-pager=sh x",
    "git log --output=x",
    "git log --outp=x",
    "tar -I sh -xf x",
    "tar xf x --to-command=sh",
    "sort -o x y",
    "sort -uo x y",
    "rg --pre sh x",
    "fd -x rm",
    "rm *",
    "tar cf x *",
    "git pus?",
    "coproc ls",
    "case x in x) ls;; esac",
    "trap ls EXIT",
    "alias ls=rm",
    "set -x",
    "read x",
    "ssh host ls",
    "/usr/bin/env ls",
    "/bin/bash x",
];

#[test]
fn what_is_not_understood_is_a_doubt_and_offers_no_rule() {
    let long = format!("echo {}", "x".repeat(MAX_LINE));
    let deep = format!("{}ls{}", "(".repeat(3_000), ")".repeat(3_000));
    for line in DOUBTFUL.iter().copied().chain([long.as_str(), deep.as_str()]) {
        let analysis = analyze(line);
        let shown = ellipsis(line, 60);
        assert!(analysis.doubt.is_some(), "{shown} → {analysis:?}");
        assert!(!analysis.commands.is_empty(), "{shown}");
        assert!(analysis.commands.iter().all(|command| command.rule.is_empty()), "{shown}");
    }
}

#[test]
fn denied_commands_are_seen_inside_what_is_not_understood() {
    for line in [
        "echo $(rm -rf x)",
        "(rm -rf x)",
        "if true; then rm -rf x; fi",
        "echo \"`rm -rf x`\"",
        "f() { rm -rf x; }",
    ] {
        assert!(labels(line).contains(&"rm -rf x".to_owned()), "{line}: {:?}", labels(line));
    }
}

#[test]
fn a_denied_command_is_seen_behind_a_path_a_prefix_and_quotes() {
    let mut configured = rules::Rules::new();
    configured.add(serde_json::json!({"bash": {"*": "allow", "rm *": "deny"}}).as_object().unwrap());
    for line in [
        "/bin/rm -rf x",
        "'rm' -rf x",
        "r\\m $X",
        "A=b rm -rf x",
        "sudo rm -rf x",
        "timeout -k 5 10 /bin/rm x",
        "ls | xargs rm",
        "sh -c 'rm -rf x'",
        "find . -exec rm {} +",
        "echo $X; r''m x",
    ] {
        let denied = |item: &Item| configured.decide_item("bash", item) != rules::Decision::Allow;
        assert!(analyze(line).commands.iter().any(denied), "{line}: {:?}", analyze(line));
    }
}

#[test]
fn the_rule_offered_is_narrow() {
    for (line, rule) in [
        ("git status --short", "git status *"),
        ("cargo test --lib", "cargo test *"),
        ("ls -la", "ls *"),
        ("python3 x.py", "python3 x.py"),
        ("rm -rf target", "rm -rf target"),
        ("git --version", "git --version"),
        ("sed 's/a*/b/' x", r"sed 's/a\*/b/' x"),
        ("./run.sh", "./run.sh"),
        ("./git status", "./git status"),
    ] {
        assert_eq!(analyze(line).commands[0].rule, rule, "{line}");
    }
}

#[test]
fn hidden_characters_are_made_visible_in_labels() {
    assert_eq!(labels("echo \u{202e}x"), [r"echo '\u{202e}x'"]);
}

proptest::proptest! {
    #![proptest_config(crate::cases::cases())]

    #[test]
    fn p_04_no_line_makes_it_fail(line in "[ -~\\n\u{e4}\u{1f600}]{0,80}") {
        proptest::prop_assert!(!analyze(&line).commands.is_empty());
    }

    #[test]
    fn p_04_a_rule_offered_allows_what_it_was_offered_for(words in proptest::collection::vec("[a-z*'\" .-]{1,6}", 1..4)) {
        let line: Vec<_> = words.iter().map(|word| format!("'{}'", word.replace('\'', ""))).collect();
        let analysis = analyze(&line.join(" "));
        for command in analysis.commands.iter().filter(|command| !command.rule.is_empty()) {
            proptest::prop_assert!(rules::matches(&command.rule, &command.label), "{command:?}");
        }
    }
}

#[test]
fn a_line_that_is_too_long_is_shown_by_its_beginning_and_asked_for() {
    let long = analyze(&format!("echo {}", "x".repeat(MAX_LINE)));
    assert!(long.doubt.is_some());
    assert!(long.commands[0].label.len() <= MAX_LABEL);
    assert!(long.commands[0].rule.is_empty());
}

#[test]
fn a_line_that_names_more_places_than_are_looked_at_is_asked_for() {
    let naming = |places: usize| analyze(&format!("cat{}", " a".repeat(places)));
    assert_eq!(naming(MAX_PLACES / 2).doubt, None);
    assert!(naming(MAX_PLACES + 1).doubt.is_some());
}

#[test]
fn a_command_behind_too_many_that_wrap_it_is_asked_for() {
    let wrapped = |times: usize| analyze(&format!("{}ls", "time ".repeat(times)));
    assert_eq!(wrapped(wrappers::MAX_WRAPPERS).doubt, None);
    assert!(wrapped(wrappers::MAX_WRAPPERS + 1).doubt.is_some());
}

#[test]
fn a_denied_command_is_looked_for_at_the_first_words_only() {
    let words: Vec<String> = (0..50).map(|number| format!("w{number}")).collect();
    let found = analyze(&format!("{} $x", words.join(" "))).commands.remove(0).aliases;
    let last = MAX_PREFIX - 1;
    assert!(found.iter().any(|it| it.starts_with(&format!("w{last} "))), "{found:?}");
    assert!(!found.iter().any(|it| it.starts_with(&format!("w{MAX_PREFIX} "))), "{found:?}");
}

#[test]
fn a_line_that_is_nested_too_deeply_is_asked_for() {
    let joined = |times: usize| analyze(&format!("{}true", "true && ".repeat(times))).doubt;
    assert_eq!(joined(20), None);
    assert_eq!(joined(MAX_DEPTH + 1).as_deref(), Some("it is nested too deeply"));
}
