//! Rules of the house as ordinary tests over the source tree: who may know whom, how large a file may be, how it
//! begins and what it is called.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What each module may use, as in the picture at the top of `lib.rs`. An entry with a path allows that path only.
/// `failpoint` may be used by everybody, for it is nothing in a release build; so may the row of the table of bounds.
const MAY_USE: &[(&str, &[&str])] = &[
    ("transcript", &[]),
    ("picture", &[]),
    ("store", &["transcript"]),
    ("provider", &["transcript"]),
    ("permission", &["transcript"]),
    ("workspace", &["transcript"]),
    ("context", &["store", "provider", "workspace", "picture", "transcript"]),
    ("tool", &["store", "provider", "permission", "workspace", "picture", "transcript"]),
    ("turn", &["context", "tool", "store", "provider", "permission", "workspace", "transcript"]),
    (
        "engine",
        &["turn", "context", "tool", "store", "provider", "permission", "workspace", "picture", "transcript"],
    ),
    ("wire", &["transcript"]),
    // A face translates: of what lies below the engine it may see the plain types that it shows.
    (
        "face",
        &[
            "engine",
            "wire",
            "permission",
            "transcript",
            "tool::buffers",
            "tool::textfile::holds",
            "provider::Cost",
            "workspace::config::Config",
            "workspace::config::CostConfig",
            "workspace::config::LogLevel",
        ],
    ),
    // The command line is a client: of the engine, of the server over its pipe, and of the store to examine it.
    (
        "cli",
        &[
            "face",
            "engine",
            "wire::frame",
            "store",
            "provider",
            "permission",
            "workspace",
            "tool",
            "turn",
            "transcript",
            "bounds::markdown",
        ],
    ),
    ("failpoint", &[]),
    // For the process as a whole, before anything of it runs.
    ("allocator", &[]),
    // For the tests of all.
    ("cases", &[]),
    // Brings together what each layer says of itself.
    (
        "bounds",
        &[
            "wire",
            "face",
            "engine",
            "turn",
            "context",
            "tool",
            "permission",
            "picture",
            "workspace",
            "provider",
            "store",
            "transcript",
        ],
    ),
];

/// Crates that belong to one place: SQL to the store, LSP to the face and the wire. (The failing disk lies below SQL.)
const BELONGS_TO: &[(&str, &[&str])] =
    &[("rusqlite", &["store", "failpoint"]), ("tower_lsp", &["face", "wire"]), ("libc", &["allocator"])];

/// Lines of a file at most.
const LONGEST_FILE: usize = 500;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["mod", "util", "utils", "common", "helper", "helpers", "manager", "misc"];

struct Source {
    /// Relative to the repository.
    path: String,
    text: String,
}

impl Source {
    /// The first folder or file below `src`.
    fn module(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap_or(&self.path);
        below.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// The file without comments and without its tests: these may know more.
    fn product(&self) -> String {
        let code = self.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path == "src/tool/fixture.rs"
    }
}

/// All Rust files below a folder of the repository.
fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join(folder)];
    let mut found = Vec::new();
    while let Some(directory) = open.pop() {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
        let ours = |folder: &PathBuf| !folder.ends_with("node_modules") && !folder.ends_with("target");
        open.extend(folders.into_iter().filter(ours));
        found.extend(files.into_iter().filter(|file| file.extension().is_some_and(|it| it == "rs")).map(
            |file| Source {
                path: file.strip_prefix(root).unwrap().to_string_lossy().into_owned(),
                text: fs::read_to_string(&file).unwrap(),
            },
        ));
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// Every path behind `crate::` (`agentls::` in the program's own modules), groups resolved: `crate::{a, b::{c, d}}` is
/// `a`, `b::c`, `b::d`.
fn uses(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in ["crate::", "agentls::"].iter().flat_map(|root| code.split(root).skip(1)) {
        paths(rest, "", &mut found);
    }
    found
}

/// Adds the paths at the beginning of `rest`, each behind `prefix`; the rest behind them.
fn paths<'a>(rest: &'a str, prefix: &str, found: &mut BTreeSet<String>) -> &'a str {
    let rest = rest.trim_start();
    if let Some(mut inside) = rest.strip_prefix('{') {
        loop {
            inside = paths(inside, prefix, found).trim_start();
            inside = inside.strip_prefix(',').unwrap_or(inside).trim_start();
            match inside.strip_prefix('}') {
                Some(behind) => return behind,
                None if inside.is_empty() => return inside,
                None => {}
            }
        }
    }
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*').unwrap_or(rest.len());
    let (name, behind) = rest.split_at(end);
    let path = format!("{prefix}{name}");
    if let Some(behind) = behind.strip_prefix("::") {
        return paths(behind, &format!("{path}::"), found);
    }
    found.insert(path);
    let behind = behind.trim_start();
    let alias = behind.strip_prefix("as ").unwrap_or("");
    if alias.is_empty() {
        behind
    } else {
        alias.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
    }
}

fn allowed(path: &str, may: &[&str]) -> bool {
    may.iter().any(|allowed| path == *allowed || path.starts_with(&format!("{allowed}::")))
}

#[test]
fn a_module_knows_only_those_below_it() {
    let mut wrong = Vec::new();
    for source in sources("src").iter().filter(|source| !source.is_test()) {
        let module = source.module();
        if matches!(module, "lib" | "main") {
            continue;
        }
        let Some((_, may)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{}: the module `{module}` is in no rule", source.path));
            continue;
        };
        for path in uses(&source.product()) {
            if !allowed(&path, may) && !allowed(&path, &[module, "failpoint", "bounds::Bound"]) {
                wrong.push(format!("{} uses {path}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_scanner_sees_groups_aliases_and_paths_in_the_code() {
    let code = "use crate::{\n    a, b::{self, c as d, e},\n};\nfn f() -> crate::g::H<crate::i> {}";
    let expected = ["a", "b::c", "b::e", "b::self", "g::H", "i"];
    assert_eq!(uses(code).iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(
        allowed("tool::buffers::Editor", &["tool::buffers"])
            && !allowed("tool::Registry", &["tool::buffers"])
    );
}

#[test]
fn sql_stays_in_the_store_and_lsp_at_the_edge() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        for (name, owners) in BELONGS_TO {
            if source.product().contains(&format!("{name}::")) && !owners.contains(&source.module()) {
                wrong.push(format!("{} uses {name}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_what_it_is_for_and_is_short_enough_to_read() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        if source.text.lines().count() > LONGEST_FILE {
            wrong.push(format!("{} has more than {LONGEST_FILE} lines", source.path));
        }
        // Tests that stand in a file of their own are described by the file they test.
        if !source.text.starts_with("//! ") && !source.path.ends_with("/tests.rs") {
            wrong.push(format!("{} does not open with `//!`", source.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_are_named_after_what_they_hold() {
    let mut wrong = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let name = Path::new(&source.path).file_stem().unwrap().to_string_lossy().into_owned();
        if EMPTY_NAMES.contains(&name.as_str()) {
            wrong.push(source.path);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["todo", "!("].concat()];
    let mut wrong = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        for (number, line) in source.text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark.as_str())) {
                wrong.push(format!("{}:{}: {line}", source.path, number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_failpoint_is_listed_and_stands_in_one_place() {
    let mut named = Vec::new();
    for source in sources("src") {
        for call in ["failpoint::reach(\"", "failpoint::pass(\""] {
            for rest in source.product().split(call).skip(1) {
                named.push(rest.split('"').next().unwrap_or_default().to_owned());
            }
        }
    }
    named.sort();
    let mut listed = agentls::failpoint::NAMES.to_vec();
    listed.sort_unstable();
    assert_eq!(named, listed);
}
