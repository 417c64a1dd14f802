//! Invariant 9: the table of bounds names all that grows, waits or repeats, and each bound is filled by a test.

mod calls;
mod filled;
mod sessions;

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use agentls::bounds::{self, Cap};

/// Types of fields that grow.
const GROWING: &[&str] = &[
    "HashMap<",
    "HashSet<",
    "BTreeMap<",
    "BTreeSet<",
    "VecDeque<",
    "BytesMut",
    "JoinSet<",
    "TaskTracker",
    "Mutex<",
    "RwLock<",
    "mpsc::",
    "Semaphore",
];

/// What begins something that runs beside its caller.
const SPAWNING: &[&str] = &["tokio::spawn(", ".spawn(", "thread.spawn("];

/// Words in the names of constants that are caps.
const CAPPING: &[&str] =
    &["MAX_", "MOST_", "LARGEST", "LONGEST", "LIMIT", "PATIENCE", "GRACE", "DRAIN", "AT_ONCE"];

/// Files whose fields, tasks and constants are bounded by something that no row has to name.
const ELSEWHERE: &[(&str, &str)] = &[
    ("src/cli", "a command ends; what it shows was bounded when it was read"),
    ("src/engine/api.rs", "parameters and results: of the size of a message"),
    ("src/engine/settings.rs", "made for one turn from configuration files, which are bounded"),
    ("src/engine/handover.rs", "one task for each accepted proposal of a turn"),
    ("src/engine.rs", "one task for each opened database"),
    ("src/face/lsp/client.rs", "what one `initialize` said"),
    ("src/face/lsp/results.rs", "results: of the size of a page"),
    ("src/face/lsp/serve.rs", "two tasks for the life of the process"),
    ("src/workspace/config.rs", "what a configuration file says, which is bounded"),
    ("src/workspace/config", "what a configuration file says, which is bounded"),
    ("src/turn.rs", "holds nothing: one lock around telling which prompts wait"),
    ("src/turn/waiting.rs", "one number"),
    ("src/turn/title.rs", "one task for each first turn, within the deadlines of a call"),
    ("src/turn/desk/compactions.rs", "requests in flight"),
    ("src/turn/desk/actor.rs", "one task for each session with an actor"),
    ("src/turn/desk/keeper.rs", "one task while turns run"),
    ("src/turn/desk/status.rs", "one write for each state of a turn, in the writer's queue with its others"),
    ("src/turn/desk/ticket.rs", "one task for each request that was dropped"),
    ("src/wire/ending.rs", "two threads at the end of the process, one before"),
    ("src/store/access.rs", "one word"),
    ("src/store/import/opencode", "what one import holds of the other program's tables"),
    ("src/tool/guardian.rs", "one process beside this one"),
    ("src/tool/process.rs", "one child for each call"),
    ("src/tool/fixture.rs", "tests"),
    ("src/failpoint.rs", "not there in a release build"),
    ("src/transcript/failure.rs", "words"),
];

struct Source {
    path: String,
    /// The code in front of its tests, without comments.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut open, mut found) = (vec![root.join("src")], Vec::new());
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                let code =
                    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
                let path = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.push(Source { path, code });
            }
        }
    }
    found
}

/// What a row says of its place: the file, and names in it.
fn place(place: &str) -> (String, BTreeSet<String>) {
    let (file, names) = place.split_once(": ").expect("a place is a file and names");
    (format!("src/{file}"), names.split(", ").map(str::to_owned).collect())
}

/// The names that the rows give for a file, and whether they give any.
fn named(path: &str) -> BTreeSet<String> {
    let rows = bounds::all().map(|bound| place(bound.place));
    rows.filter(|(file, _)| file == path).flat_map(|(_, names)| names).collect()
}

fn elsewhere(path: &str) -> bool {
    ELSEWHERE.iter().any(|(file, _)| path == *file || path.starts_with(&format!("{file}/")))
}

/// The names of fields and statics whose types grow.
fn growing(code: &str) -> Vec<String> {
    let (mut within, mut found) = (false, Vec::new());
    for line in code.lines() {
        let (grows, line) = (GROWING.iter().any(|word| line.contains(word)), line.trim());
        let declared = line.strip_prefix("static ");
        if let Some((name, _)) = declared.and_then(|rest| rest.split_once(':')).filter(|_| grows) {
            found.push(name.to_owned());
        }
        if line.contains("struct ") && line.ends_with('{') || line.contains("enum ") && line.ends_with('{') {
            within = true;
        } else if line == "}" {
            within = false;
        } else if let (true, true, Some((name, _))) = (within, grows, line.split_once(": ")) {
            found.push(name.rsplit(' ').next().unwrap().to_owned());
        }
    }
    found
}

#[test]
fn whatever_grows_is_in_the_table() {
    let mut missing = Vec::new();
    for source in sources().iter().filter(|source| !elsewhere(&source.path)) {
        let named = named(&source.path);
        missing.extend(
            growing(&source.code)
                .into_iter()
                .filter(|field| !named.contains(field))
                .map(|field| format!("{}: {field}", source.path)),
        );
        let spawns = SPAWNING.iter().any(|word| source.code.contains(word));
        if spawns && named.is_empty() {
            missing.push(format!("{}: a task", source.path));
        }
    }
    assert!(missing.is_empty(), "no row names {missing:#?}");
}

#[test]
fn every_cap_is_in_the_table() {
    let tables: Vec<String> = sources()
        .into_iter()
        .filter(|source| source.path.ends_with("/bounds.rs"))
        .map(|it| it.code)
        .collect();
    let mut missing = Vec::new();
    for source in sources().iter().filter(|source| !elsewhere(&source.path)) {
        for line in source.code.lines() {
            let Some((name, rest)) = line.split_once("const ").and_then(|(_, rest)| rest.split_once(": "))
            else {
                continue;
            };
            let number = ["usize", "u64", "u32", "i64", "Duration"].iter().any(|kind| rest.starts_with(kind));
            let caps = number && CAPPING.iter().any(|word| name.contains(word));
            if caps && !tables.iter().any(|table| table.contains(name)) {
                missing.push(format!("{}: {name}", source.path));
            }
        }
    }
    assert!(missing.is_empty(), "no row has {missing:#?}");
}

#[test]
fn the_table_is_true_to_the_code() {
    let sources = sources();
    let mut names = BTreeSet::new();
    for bound in bounds::all() {
        assert!(names.insert(bound.what), "{} stands there twice", bound.what);
        let (file, fields) = place(bound.place);
        let below = file.trim_end_matches(".rs").to_owned() + "/";
        let code: String = sources
            .iter()
            .filter(|source| {
                source.path == file
                    || source.path.starts_with(&below)
                    || file.starts_with(source.path.trim_end_matches(".rs"))
            })
            .map(|source| source.code.as_str())
            .collect();
        assert!(sources.iter().any(|source| source.path == file), "{}: there is no {file}", bound.what);
        for field in fields {
            assert!(code.contains(&field), "{}: nothing is called {field} in {file}", bound.what);
        }
        assert!(!bound.at_cap.is_empty());
    }
    for bound in bounds::all() {
        match bound.cap {
            Cap::With(other) => assert!(names.contains(other), "{}: no row is called {other}", bound.what),
            Cap::Bytes(cap) | Cap::Count(cap) => assert!(cap > 0, "{}", bound.what),
            Cap::Time(cap) => assert!(cap > Duration::ZERO, "{}", bound.what),
        }
    }
    let printed = bounds::markdown();
    assert_eq!(printed.lines().count(), bounds::all().count() + 2);
}
