//! S-01: what of a command line is allowed. The lines are data, in `tests/corpora/shell`.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use agentls::permission::{
    reach::{self, Ground},
    rules::{Decision, Rules},
    shell,
};
use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::parts,
    matrix,
    provider::{Answer, Double, Wire},
    random::Random,
    server::Client,
};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora/shell")
}

/// The lines of a file, with their characters.
fn lines(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    text.lines().filter(|line| !line.starts_with("## ")).map(decoded).collect()
}

fn decoded(line: &str) -> String {
    let mut parts = line.split("<U+");
    let mut decoded = parts.next().unwrap().to_owned();
    for part in parts {
        let (number, behind) = part.split_once('>').expect("a character has an end");
        decoded.push(char::from_u32(u32::from_str_radix(number, 16).unwrap()).unwrap());
        decoded.push_str(behind);
    }
    decoded.replace('␊', "\n")
}

fn hostile() -> Vec<String> {
    let files = fs::read_dir(corpus().join("hostile")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    let mut hostile: Vec<String> = files.iter().flat_map(|file| lines(file)).collect();
    // Longer than anybody looks at, with the command at its end.
    hostile.push(format!("echo {} ; rm -rf src", "x".repeat(20_000)));
    hostile.push(format!("ls {}", "sub/../".repeat(3_000)));
    hostile.push(format!("{}rm x{}", "(".repeat(300), ")".repeat(300)));
    hostile
}

fn permission() -> Value {
    serde_json::from_str(&fs::read_to_string(corpus().join("rules.json")).unwrap()).unwrap()
}

/// The tree in which lines are judged: files, and links out of it.
fn plant(root: &Path) {
    for folder in ["src/deep", "links", "tests", "docs"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    for file in ["src/main.rs", "src/lib.rs", "src/deep/b.rs", "Cargo.toml", "README.md"] {
        fs::write(root.join(file), "x\n").unwrap();
    }
    for (link, target) in [
        ("links/etc", "/etc"),
        ("links/secret", "../../secret"),
        ("links/home", "../../home"),
        ("links/chain", "etc"),
        ("inside", "src/deep"),
    ] {
        symlink(target, root.join(link)).unwrap();
    }
    fs::write(root.with_file_name("secret"), "secret").unwrap();
}

/// Whether the line would run without a question.
fn is_allowed(rules: &Rules, root: &Path, line: &str) -> bool {
    let analysis = shell::analyze(line);
    let home = root.with_file_name("home");
    let ground = Ground { root, folder: root, home: Some(&home) };
    analysis.doubt.is_none()
        && reach::first_outside(ground, &analysis.places).is_none()
        && analysis.commands.iter().all(|item| rules.decide_item("bash", item) == Decision::Allow)
}

#[test]
fn s_01_no_hostile_command_line_is_allowed_and_few_benign_ones_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(dir.path()).unwrap().join("root");
    plant(&root);
    let mut rules = Rules::new();
    rules.add(permission().as_object().unwrap());
    let (hostile, benign) = (hostile(), lines(&corpus().join("benign.txt")));
    assert!(hostile.len() >= 1_000 && benign.len() >= 500);

    let allowed: Vec<&String> = hostile.iter().filter(|line| is_allowed(&rules, &root, line)).collect();
    assert!(allowed.is_empty(), "false allows: {allowed:#?}");
    let asked: Vec<&String> = benign.iter().filter(|line| !is_allowed(&rules, &root, line)).collect();
    assert!(asked.len() * 10 <= benign.len(), "{} of {}: {asked:#?}", asked.len(), benign.len());

    let seen = format!("0 false allows; {} of {} benign lines asked for", asked.len(), benign.len());
    matrix::held(
        "S-01",
        "command lines that must ask or be denied, under generous rules",
        hostile.len(),
        &seen,
    );
}

/// The same lines through the server: the model calls `bash`, a person refuses, nothing is there that was not before.
#[tokio::test]
async fn s_01_no_hostile_command_line_runs_in_a_server() {
    let hostile = hostile();
    let step = hostile.len() / matrix::times(150, hostile.len());
    let chosen: Vec<&String> =
        hostile.iter().step_by(step.max(1)).filter(|line| !line.trim().is_empty()).collect();
    let double = Double::start(Wire::Responses, Vec::new()).await;
    for (turn, lines) in chosen.chunks(25).enumerate() {
        let call = |answer: Answer, (at, line): (usize, &&String)| {
            answer.call(&format!("call_{turn}_{at}"), "bash", &json!({"command": line, "timeoutMs": 2_000}))
        };
        double.then(lines.iter().enumerate().fold(Answer::new(), call));
        double.then(Answer::new().text("Done."));
    }
    let mut config = config_for(&double);
    config["permission"] = permission();
    let home = Home::new(&config);
    plant(&home.workspace());
    let before = tree(&home.workspace());
    // The lines name things in a home that is none of the session's business.
    let server = Client::default().env("HOME", "/nonexistent").start(&home).await;
    server.always_answer("session/requestPermission", |params| {
        let options = params["options"].as_array().unwrap();
        let refuse = options.iter().find(|option| option["scope"] == "never").unwrap();
        json!({"optionId": refuse["id"], "feedback": "No."})
    });
    let session = server.session().await;
    for lines in chosen.chunks(25) {
        server.prompt(&session, "Go on.").await;
        let messages = server.messages(&session).await;
        let calls = parts(&messages, "tool");
        let newest = &calls[calls.len() - lines.len()..];
        for (call, line) in newest.iter().zip(lines) {
            assert_eq!(call["status"], "error", "{line}: {call}");
        }
    }
    assert_eq!(tree(&home.workspace()), before, "nothing was made, nothing is gone");
}

fn tree(root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// Pieces that lines are made of: names, blanks, operators, quotes, keywords.
const PIECES: &[&str] = &[
    "git",
    "ls",
    "a",
    "b",
    "-c",
    "x=y",
    " ",
    " ",
    " ",
    "\t",
    "\n",
    ";",
    "&",
    "&&",
    " && ",
    "||",
    "|",
    " | ",
    "|&",
    "(",
    ")",
    "{ ",
    " }",
    "; }",
    "'",
    "'",
    "\"",
    "\"",
    "\\",
    "\\\n",
    " \\\n",
    "#",
    " # ",
    "! ",
    "$",
    "`",
    "*",
    "?",
    "[",
    "]",
    "[ ",
    " ]",
    "~",
    "=",
    "<",
    ">",
    " 2>&1",
    " >/dev/null",
    "2>",
    "&>/dev/null",
    "<<",
    "EOF",
    "if ",
    "then ",
    "fi",
    "time ",
    "timeout 5 ",
    "nice ",
    "@{0}",
    "{a,b}",
    "..",
    "/",
    "%",
    "é",
    "1",
    "test ",
    "-f ",
    "cd ",
    "echo ",
    "e",
    "\\ ",
    "''",
    "{}",
    ":",
    ",",
    "é'",
];

/// What bash runs of a line that is understood is what was seen in it: its words, and no command besides. Nothing is
/// installed here and no builtin is on, so that every command is told to a function that writes it down.
#[test]
fn s_01_bash_runs_nothing_that_was_not_seen() {
    let dir = tempfile::tempdir().unwrap();
    let witness = Witness::new(dir.path());
    let mut random = Random::seeded("s-01");
    let mut looked_at = 0;
    let written = lines(&corpus().join("benign.txt")).into_iter().chain(hostile());
    let made = std::iter::repeat_with(|| {
        let length = 1 + random.below(14);
        let piece = |random: &mut Random| PIECES[usize::try_from(random.below(PIECES.len() as u64)).unwrap()];
        (0..length).map(|_| piece(&mut random)).collect::<String>()
    });
    for line in written.chain(made.take(matrix::times(3_000, 100_000))) {
        let analysis = shell::analyze(&line);
        // Homes of others (`~root`, `~+`) are shown as they are written; a person is always asked about them.
        let names_a_home = ["~root", "~+", "~-"].iter().any(|home| line.contains(home));
        if analysis.doubt.is_some() || line.contains("/bin/") || names_a_home {
            continue;
        }
        looked_at += 1;
        let seen: Vec<Vec<String>> = analysis.commands.iter().map(|item| words(&item.label)).collect();
        for ran in witness.commands_of(&line, looked_at) {
            assert!(seen.iter().any(|seen| is_same(seen, &ran)), "{line:?} ran {ran:?}; seen: {seen:?}");
        }
    }
    assert!(looked_at > 500, "{looked_at}");
    matrix::held(
        "S-01",
        "understood lines given to bash",
        looked_at,
        "it ran no other command than was seen",
    );
}

/// Wrappers are not shown in labels.
fn is_same(seen: &[String], ran: &[String]) -> bool {
    let wrapped = ran.first().is_some_and(|name| matches!(name.as_str(), "timeout" | "nice" | "time"));
    seen == ran || (wrapped && ran.ends_with(seen))
}

/// The words of a label, whose only quotes are single ones.
fn words(label: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut chars = label.chars();
    let mut quoted = false;
    while let Some(char) = chars.next() {
        let word = words.last_mut().unwrap();
        match char {
            '\'' => quoted = !quoted,
            '\\' if !quoted => word.extend(chars.next()),
            ' ' if !quoted => words.push(String::new()),
            char => word.push(char),
        }
    }
    words
}

/// A bash in which every command is only written down.
struct Witness {
    dir: PathBuf,
    prelude: PathBuf,
}

impl Witness {
    fn new(dir: &Path) -> Self {
        let prelude = dir.join("prelude.sh");
        // Nothing else than an external program can write: all builtins go, `return` too.
        let script = "command_not_found_handle() { /usr/bin/printf '%s\\0' \"$@\" $'\\x1e' >> \"$LOG\"; [[ $STATUS == 0 ]]; }\n\
                      PATH=/nonexistent\nset -f\nenable -n $(compgen -b)\n";
        fs::write(&prelude, script).unwrap();
        let place = dir.join("empty");
        fs::create_dir(&place).unwrap();
        Self { dir: place, prelude }
    }

    /// The commands that bash ran for a line, each as its words.
    fn commands_of(&self, line: &str, number: usize) -> Vec<Vec<String>> {
        let log = self.prelude.with_file_name(format!("log-{number}"));
        let mut bash = Command::new("/bin/bash");
        bash.args(["-c", line]).current_dir(&self.dir).env_clear();
        bash.env("BASH_ENV", &self.prelude).env("LOG", &log).env("HOME", "~");
        // What stands behind `&&` and what stands behind `||`, in turns.
        bash.env("STATUS", (number % 2).to_string());
        bash.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        let Ok(written) = fs::read_to_string(&log) else { return Vec::new() };
        let records = written.split("\u{1e}\0").filter(|record| !record.is_empty());
        records.map(|record| record.split_terminator('\0').map(str::to_owned).collect()).collect()
    }
}
