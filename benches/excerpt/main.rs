//! How much of what a later step needs stands in the digest of a compacted tool result.
//!
//! `cargo bench --bench excerpt` reads outputs of real tools (`corpus/`, each with the facts that matter in it), makes the
//! digest of each, and counts the facts that are there; beside it, a plain digest of the same size whose excerpt
//! is the first 12 lines, 600 characters. In the order of file names, every second output (the 1st, the 3rd …) may be
//! looked at while the chooser is changed; the others are held out. Deterministic, but for the last line, which
//! says how long the choice takes on an output of 10 MB.
#![allow(missing_docs, reason = "a program, not a library")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "the table is what this program is for")]

use std::{collections::BTreeMap, fs, path::Path, time::Instant};

use agentls::transcript::{
    Body, PartId, Timestamp, ToolPart, ToolState,
    evidence::{self, MOST_BYTES, Record},
    excerpt,
};

/// The excerpt of the plain digest.
const PLAIN_LINES: usize = 12;
const PLAIN_CHARACTERS: usize = 600;

/// Size of the output that the choice is timed on.
const LARGE: usize = 10_000_000;

/// An output of the corpus.
struct Sample {
    name: String,
    output: String,
    facts: Vec<String>,
}

/// Facts found in our digest, in the plain one, and all.
#[derive(Clone, Copy, Default)]
struct Score {
    ours: usize,
    plain: usize,
    facts: usize,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.ours += other.ours;
        self.plain += other.plain;
        self.facts += other.facts;
    }
}

fn main() {
    let samples = corpus();
    let wants_missed = std::env::args().any(|word| word == "missed");
    let (mut halves, mut kinds) = ([Score::default(); 2], BTreeMap::<&str, Score>::new());
    for (number, sample) in samples.iter().enumerate() {
        let score = score(sample);
        halves[number % 2].add(score);
        kinds.entry(sample.name.split('-').next().unwrap_or_default()).or_default().add(score);
        if wants_missed && number % 2 == 0 {
            show_missed(sample);
        }
    }
    println!("| outputs | facts | in our digest | in a plain one |");
    println!("| --- | --: | --: | --: |");
    kinds.iter().for_each(|(kind, score)| row(kind, *score));
    row("**tuning half**", halves[0]);
    row("**held-out half**", halves[1]);
    let mut all = halves[0];
    all.add(halves[1]);
    row("**all**", all);
    time_a_large_choice(&samples);
}

fn row(name: &str, score: Score) {
    let share = |found: usize| format!("{:.0} %", 100.0 * found as f64 / score.facts as f64);
    println!("| {name} | {} | {} | {} |", score.facts, share(score.ours), share(score.plain));
}

/// The outputs with their facts, in the order of their names.
fn corpus() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/excerpt/corpus");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    let sample = |path: std::path::PathBuf| Sample {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        output: fs::read_to_string(&path).unwrap(),
        facts: fs::read_to_string(path.with_extension("facts")).unwrap().lines().map(str::to_owned).collect(),
    };
    let samples: Vec<Sample> = paths.into_iter().map(sample).collect();
    for Sample { name, output, facts } in &samples {
        let invented = facts.iter().find(|fact| !output.contains(fact.as_str()));
        assert!(invented.is_none(), "{name} does not say {invented:?}");
    }
    samples
}

fn score(sample: &Sample) -> Score {
    let (ours, plain) = digests(&sample.output);
    let found = |digest: &str| sample.facts.iter().filter(|fact| digest.contains(fact.as_str())).count();
    Score { ours: found(&ours), plain: found(&plain), facts: sample.facts.len() }
}

/// Our digest of a call with that output, and the plain one.
fn digests(output: &str) -> (String, String) {
    let part = PartId::from("prt_aaaaaaaaaaaaaaaaaaaa");
    let tool = ToolPart {
        call_id: "call_1".into(),
        tool: "bash".into(),
        title: Some("Run the command".into()),
        input: Body::whole(r#"{"command":"./run --all","description":"Run the command"}"#),
        state: ToolState::Running { started_at: Timestamp(0) },
        compacted_at: None,
        attachments: Vec::new(),
    };
    let record = Record::of(&part, &tool, output);
    let ours = evidence::digest(&part, &tool, Some(&record));
    let first = output.lines().take(PLAIN_LINES).collect::<Vec<_>>().join("\n");
    let record = Record { excerpt: first.chars().take(PLAIN_CHARACTERS).collect(), ..record };
    let plain = evidence::digest(&part, &tool, Some(&record));
    assert!(ours.len() <= MOST_BYTES && plain.len() <= MOST_BYTES);
    (ours, plain)
}

/// What our digest of a sample looks like and what it lacks.
fn show_missed(sample: &Sample) {
    let (ours, _) = digests(&sample.output);
    println!("=== {}\n{ours}", sample.name);
    for fact in sample.facts.iter().filter(|fact| !ours.contains(fact.as_str())) {
        println!("--- missed: {fact}");
    }
}

/// All outputs, one behind the other, over and over.
fn time_a_large_choice(samples: &[Sample]) {
    let all: String = samples.iter().map(|sample| sample.output.as_str()).collect();
    let mut large = all.repeat(LARGE / all.len() + 1);
    large.truncate(large.floor_char_boundary(LARGE));
    let best = (0..5).map(|_| {
        let began = Instant::now();
        let kept = excerpt::choose(&large, 700);
        assert!(!kept.is_empty());
        began.elapsed()
    });
    let best = best.min().expect("it ran");
    println!("\nchoosing from {} MB: {} ms (the best of five runs)", LARGE / 1_000_000, best.as_millis());
}
