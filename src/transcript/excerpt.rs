//! Which lines of a long output to keep when only a few hundred bytes may stay (invariant 3).
//!
//! Chosen for what a later step needs: the beginning, the end, and the lines that carry errors, failures, counts,
//! paths and numbers. Pure, and linear in the output: each line is scored once, only the best are weighed against
//! each other.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
};

use super::text;

/// A kept line is cut after this many bytes.
const LONGEST_LINE: usize = 160;

/// Lines that are weighed against each other.
const CANDIDATES: usize = 64;

/// Lines at either end that count more.
const ENDS: usize = 3;

/// A line longer than this is scored by its beginning. Bytes.
const SCORED: usize = 400;

/// Words of lines that say what went wrong.
const TROUBLE: [&str; 14] = [
    "error",
    "fail",
    "panic",
    "exception",
    "fatal",
    "assert",
    "traceback",
    "undefined",
    "cannot",
    "not found",
    "denied",
    "refused",
    "no such",
    "expected",
];

/// Words of lines that sum up.
const SUMMARY: [&str; 9] =
    ["test result", "passed", "total", "found ", "exit code", "tests", "finished", "summary", "matches"];

/// The lines of `output` that matter most, in order, within `budget` bytes. `… (+N lines)` stands where lines are
/// left out. The whole output when it fits.
pub fn choose(output: &str, budget: usize) -> String {
    let whole = output.trim_end();
    if whole.len() <= budget {
        return whole.to_owned();
    }
    let total = whole.lines().count();
    let mut candidates = best(whole, total);
    let mut kept: BTreeMap<usize, &str> = BTreeMap::new();
    let mut shapes: HashMap<String, i32> = HashMap::new();
    while let Some(next) =
        candidates.iter().enumerate().max_by_key(|(place, line)| (worth(line, &shapes), Reverse(*place)))
    {
        let (place, line) = (next.0, next.1.clone());
        candidates.swap_remove(place);
        kept.insert(line.number, line.text);
        if render(&kept, total).len() > budget {
            kept.remove(&line.number);
        } else {
            *shapes.entry(line.shape).or_default() += 1;
        }
    }
    let rendered = render(&kept, total);
    if rendered.len() <= budget { rendered } else { text::ellipsis(whole, budget) }
}

#[derive(Clone)]
struct Line<'a> {
    number: usize,
    text: &'a str,
    score: i32,
    shape: String,
}

/// The lines with the highest scores, in order.
fn best(whole: &str, total: usize) -> Vec<Line<'_>> {
    let mut heap = BinaryHeap::with_capacity(CANDIDATES + 1);
    for (number, line) in whole.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let position = end_bonus(number).max(end_bonus(total - 1 - number));
        heap.push(Reverse((position + score(line), Reverse(number))));
        if heap.len() > CANDIDATES {
            heap.pop();
        }
    }
    let mut numbers: HashMap<usize, i32> =
        heap.into_iter().map(|Reverse((score, Reverse(number)))| (number, score)).collect();
    whole
        .lines()
        .enumerate()
        .filter_map(|(number, line)| {
            let score = numbers.remove(&number)?;
            let text = text::head(line, LONGEST_LINE);
            Some(Line { number, text, score, shape: shape(text) })
        })
        .collect()
}

fn end_bonus(distance: usize) -> i32 {
    i32::try_from(ENDS.saturating_sub(distance)).unwrap_or(0) * 3
}

/// How much a later step may need a line, by what stands in it.
fn score(line: &str) -> i32 {
    let line = text::head(line, SCORED).to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
    let bytes = line.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let number_after = |mark: u8| bytes.iter().enumerate().any(|(at, byte)| *byte == mark && digit(at + 1));
    let mut score = 0;
    if has(&TROUBLE) {
        score += 8;
    }
    if has(&SUMMARY) {
        score += 6;
    }
    if line.contains("warning") {
        score += 3;
    }
    if line.contains(['/', '\\']) {
        score += 2;
    }
    if number_after(b':') || line.contains("line ") {
        score += 3;
    }
    if number_after(b'.') {
        score += 1;
    }
    if bytes.iter().any(u8::is_ascii_digit) {
        score += 1;
    }
    score
}

/// A line without its particulars: what repeats is worth less each time.
fn shape(line: &str) -> String {
    let mut shape = String::with_capacity(line.len());
    for char in line.chars().take(40) {
        let class = if char.is_ascii_digit() {
            '0'
        } else if char.is_alphabetic() {
            'a'
        } else {
            char
        };
        if !(matches!(class, '0' | 'a') && shape.ends_with(class)) {
            shape.push(class);
        }
    }
    shape
}

/// A candidate's score, less for each kept line of its shape and for its length.
fn worth(line: &Line<'_>, shapes: &HashMap<String, i32>) -> i32 {
    let repeated = shapes.get(&line.shape).copied().unwrap_or(0);
    let length = i32::try_from(line.text.len() / 40).unwrap_or(0);
    line.score * 4 / (1 + repeated) - length
}

fn render(kept: &BTreeMap<usize, &str>, total: usize) -> String {
    let mut out = String::new();
    let mut next = 0;
    let gap = |out: &mut String, from: usize, to: usize| {
        if to > from {
            out.push_str(&format!("… (+{} lines)\n", to - from));
        }
    };
    for (number, line) in kept {
        gap(&mut out, next, *number);
        out.push_str(line);
        out.push('\n');
        next = number + 1;
    }
    gap(&mut out, next, total);
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_fits_is_kept_whole() {
        assert_eq!(choose("a\nb\n", 10), "a\nb");
    }

    #[test]
    fn failures_and_sums_survive_a_long_test_run() {
        let mut output = String::from("running 500 tests\n");
        for n in 0..500 {
            output
                .push_str(&format!("test module::case_{n} ... {}\n", if n == 321 { "FAILED" } else { "ok" }));
        }
        output.push_str(
            "\nthread 'module::case_321' panicked at src/lib.rs:77:5:\nassertion failed: left == right\n",
        );
        output.push_str("test result: FAILED. 499 passed; 1 failed; finished in 3.21s\n");
        let kept = choose(&output, 500);
        for fact in [
            "running 500 tests",
            "case_321 ... FAILED",
            "src/lib.rs:77:5",
            "left == right",
            "499 passed; 1 failed",
        ] {
            assert!(kept.contains(fact), "{fact} is missing in:\n{kept}");
        }
    }

    proptest! {
        #[test]
        fn any_output_stays_within_the_budget(output in "(\\PC{0,80}\n){0,40}", budget in 3_usize..700) {
            let kept = choose(&output, budget);
            prop_assert!(kept.len() <= budget);
            prop_assert_eq!(choose(&output, budget), kept);
        }
    }
}
