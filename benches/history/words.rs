//! Texts like those of a working session: prose, source code, test runs, compiler errors, listings, search hits.
//!
//! None is cut: a text is made of whole lines until it has its size.

use super::random::Random;

const NOUNS: &[&str] = &[
    "session",
    "window",
    "request",
    "parser",
    "cursor",
    "buffer",
    "store",
    "ledger",
    "token",
    "prefix",
    "header",
    "deadline",
    "retry",
    "stream",
    "config",
    "digest",
    "anchor",
    "budget",
    "naïve_index",
    "queue",
    "worker",
    "page",
];
const VERBS: &[&str] = &[
    "load", "render", "append", "check", "settle", "trim", "decode", "reopen", "measure", "split", "merge",
    "resume", "validate", "collect", "announce", "compact",
];
const GLUE: &[&str] = &[
    "the", "of", "which", "before", "after", "and then", "because", "is not", "has to", "with", "every",
    "once", "through", "until", "→", "from",
];
const FOLDERS: &[&str] =
    &["src/store", "src/wire", "src/context", "tests/it", "crates/core/src", "docs", "web/設定"];

/// Whole lines of `line` until there are at least `bytes`.
fn lines(bytes: usize, mut line: impl FnMut(usize) -> String) -> String {
    let mut text = String::with_capacity(bytes + 100);
    let mut number = 0;
    while text.len() < bytes {
        number += 1;
        text.push_str(&line(number));
        text.push('\n');
    }
    text
}

/// A few words.
pub(crate) fn sentence(random: &mut Random, words: usize) -> String {
    let mut said = random.pick(VERBS).to_owned();
    for _ in 1..words {
        let from = if random.chance(40) { GLUE } else { NOUNS };
        said.push(' ');
        said.push_str(random.pick(from));
    }
    said
}

/// Paragraphs of at least so many bytes.
pub(crate) fn prose(random: &mut Random, bytes: usize) -> String {
    lines(bytes, |_| {
        let words = random.between(8, 40);
        format!("{}.", sentence(random, words))
    })
}

/// A file of the project.
pub(crate) fn path(random: &mut Random) -> String {
    format!("{}/{}_{}.rs", random.pick(FOLDERS), random.pick(VERBS), random.pick(NOUNS))
}

/// Lines of a program.
pub(crate) fn source(random: &mut Random, bytes: usize) -> String {
    lines(bytes, |_| source_line(random))
}

fn source_line(random: &mut Random) -> String {
    let (verb, noun, other) = (random.pick(VERBS), random.pick(NOUNS), random.pick(NOUNS));
    match random.below(8) {
        0 => format!("    let {noun} = {other}::{verb}(&mut {noun}, {})?;", random.below(10_000)),
        1 => format!("    /// How to {verb} the {noun}: {}.", sentence(random, 9)),
        2 => format!("    if {noun}.len() > {} && !{other}.is_empty() {{", random.below(4_096)),
        3 => format!("        return Err(Error::{verb}(\"{}\"));", sentence(random, 6)),
        4 => format!("pub fn {verb}_{noun}({other}: &[u8], limit: usize) -> Result<Vec<u8>, Error> {{"),
        5 => format!("        {noun}.{verb}({other}.as_ref(), {}, {});", random.below(99), random.below(9)),
        6 => "    }".to_owned(),
        _ => String::new(),
    }
}

/// What a command prints.
pub(crate) fn terminal(random: &mut Random, bytes: usize) -> String {
    match random.below(4) {
        0 => test_run(random, bytes),
        1 => build(random, bytes),
        2 => lines(bytes, |_| format!("{:>8} {}", random.below(200_000), path(random))),
        _ => lines(bytes, |_| format!("{:010x} {}", random.next() & 0xff_ffff_ffff, sentence(random, 8))),
    }
}

fn test_run(random: &mut Random, bytes: usize) -> String {
    let mut failed = 0;
    let mut text = lines(bytes, |_| {
        let name = format!("{}::{}_{}", random.pick(NOUNS), random.pick(VERBS), random.pick(NOUNS));
        if random.chance(3) {
            failed += 1;
            let at = format!("{}:{}:{}", path(random), random.below(900), random.below(80));
            format!(
                "test {name} ... FAILED\nthread '{name}' panicked at {at}:\n  left: {}\n right: {}",
                random.below(500),
                random.below(500)
            )
        } else {
            format!("test {name} ... ok")
        }
    });
    text.push_str(&format!(
        "test result: {failed} failed; finished in {}.{:02}s\n",
        random.below(90),
        random.below(100)
    ));
    text
}

fn build(random: &mut Random, bytes: usize) -> String {
    lines(bytes, |number| {
        if random.chance(20) {
            let line = random.below(900);
            format!(
                "error[E0{}]: cannot {}\n  --> {}:{line}:{}\n   |\n{line:>3} |{}",
                random.between(100, 770),
                sentence(random, 6),
                path(random),
                random.below(80),
                source_line(random)
            )
        } else {
            format!(
                "   Compiling {}-{} v0.{}.{}",
                random.pick(NOUNS),
                random.pick(VERBS),
                number % 40,
                random.below(20)
            )
        }
    })
}

/// Hits of a search below `directory`, and how many they are.
pub(crate) fn hits(random: &mut Random, directory: &str, bytes: usize) -> (String, usize) {
    let mut count = 0;
    let text = lines(bytes, |_| {
        let mut file = format!("{directory}/{}:", path(random));
        for _ in 0..random.between(1, 5) {
            count += 1;
            file.push_str(&format!("\n  Line {}: {}", random.below(900), source_line(random).trim()));
        }
        file.push('\n');
        file
    });
    (text, count)
}

/// Files below `directory`, and how many they are.
pub(crate) fn files(random: &mut Random, directory: &str, bytes: usize) -> (String, usize) {
    let text = lines(bytes, |_| format!("{directory}/{}", path(random)));
    let count = text.lines().count();
    (text, count)
}

/// A change of a file: old lines, new lines, and the unified diff.
pub(crate) fn change(random: &mut Random, path: &str, bytes: usize) -> (String, String, String) {
    let (old, new) = (source(random, bytes / 4), source(random, bytes / 4));
    let sides = [('-', &old), ('+', &new)];
    let body: String = sides
        .iter()
        .flat_map(|(sign, text)| text.lines().map(move |line| format!("{sign}{line}\n")))
        .collect();
    let (removed, added) = (old.lines().count(), new.lines().count());
    let at = random.below(900);
    let diff = format!(
        "Index: {path}\n===================================================================\n--- {path}\n+++ {path}\n@@ -{at},{removed} +{at},{added} @@\n{body}"
    );
    (old, new, diff)
}
