//! Which lines of a long output to keep when only a few hundred bytes may stay (invariant 3).
//!
//! Chosen for what a later step needs. A line counts by what stands in it ([`line`]): reported trouble most, then
//! definitions and headings, sums and exit codes, warnings, places (`path:line`), paths and numbers; what passed
//! counts nothing, and what is indented less. First and last lines count more, and so do places right behind
//! trouble. Of the best lines, those are taken one after the other that add most for the bytes they take:
//! a line like one that is there already is worth less, and so is a name that was said, so that each group has
//! its representative before any has a second.
//!
//! `108: ` before a line says that lines are left out before it and which one it is: the offset to give to `recall`.
//!
//! Pure; each line is scored once, only a few dozen are weighed against each other, and the middle of an output of more
//! than 4 MiB or 131,072 lines is not looked at. A very long line is read in pieces, as if each were a line. `cargo bench
//! --bench excerpt` says how good the choice is.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap, HashSet, VecDeque},
};

use super::text;

mod line;

/// Of a longer output, so many bytes at either end are looked at: the choice has its time, whatever a tool prints.
const END_BYTES: usize = 2 << 20;

/// And so many lines: `yes` writes two million in as many bytes.
const END_LINES: usize = 64 << 10;

/// A longer line is scored, weighed and kept in pieces of at most so many bytes.
const PIECE: usize = 150;

/// Pieces that are weighed against each other.
pub(in crate::transcript) const CANDIDATES: usize = 96;

/// Pieces of one shape and score among them, but for those at the ends: more would keep others out.
const ALIKE: u32 = 12;

/// Pieces at either end that count more, and by how much for each that the end is nearer.
const ENDS: usize = 4;
const END: i32 = 3;

/// Lines behind trouble in which a place counts more.
const BEHIND: i32 = 3;

/// What the first of a shape and score counts more.
const FIRST: i32 = 2;

/// The lines of `output` that matter most, in order, within `budget` bytes; the last line says how many are left out.
/// `…` stands where a part of a line is. The whole output when it fits.
pub fn choose(output: &str, budget: usize) -> String {
    let whole = output.trim_end();
    if whole.len() <= budget {
        return whole.to_owned();
    }
    let (mut candidates, lines) = candidates(whole);
    let mut kept = BTreeMap::new();
    let mut said = Said::default();
    while let Some(at) = most_worth(&candidates, &said) {
        let piece = candidates.swap_remove(at);
        kept.insert(piece.place, piece.text);
        if render(&kept, lines).len() > budget {
            kept.remove(&piece.place);
        } else {
            said.add(&piece);
        }
    }
    if kept.is_empty() { text::ellipsis(whole, budget) } else { render(&kept, lines) }
}

/// Where a piece stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Its line, from 0.
    line: usize,
    /// Its first byte in that line.
    from: usize,
    /// The first byte behind it.
    to: usize,
    /// Whether its line ends with it.
    ends: bool,
}

/// A line, or a piece of a long one, that may be kept.
struct Piece<'a> {
    place: Place,
    text: &'a str,
    score: i32,
    shape: u64,
    names: Vec<line::Name>,
}

/// The lines that are looked at, with their numbers from 0: all, or those at both ends of a very long output.
fn lines(whole: &str) -> impl Iterator<Item = (usize, &str)> {
    let all = whole.len() <= 2 * END_BYTES && whole.lines().nth(2 * END_LINES).is_none();
    let (first, last) = if all { (whole, "") } else { (beginning(whole), ending(whole)) };
    let before = whole.lines().count() - last.lines().count();
    first
        .lines()
        .enumerate()
        .chain(last.lines().enumerate().map(move |(number, line)| (before + number, line)))
}

/// The lines at the beginning of a very long output that are looked at.
fn beginning(whole: &str) -> &str {
    let (lines, _) = text::head(whole, END_BYTES).rsplit_once('\n').unwrap_or_default();
    memchr::memchr_iter(b'\n', lines.as_bytes())
        .nth(END_LINES - 1)
        .map_or(lines, |end| text::head(lines, end))
}

/// Those at its end.
fn ending(whole: &str) -> &str {
    let (_, lines) = text::tail(whole, END_BYTES).split_once('\n').unwrap_or_default();
    memchr::memrchr_iter(b'\n', lines.as_bytes())
        .nth(END_LINES - 1)
        .map_or(lines, |end| text::from(lines, end + 1))
}

/// Those lines in pieces; empty ones have none.
fn pieces(whole: &str) -> impl Iterator<Item = (Place, &str)> {
    lines(whole).flat_map(|(number, line)| {
        let mut from = 0;
        std::iter::from_fn(move || {
            let piece = text::head(text::from(line, from), PIECE);
            let to = from + piece.len();
            let place = Place { line: number, from, to, ends: to == line.len() };
            from = to;
            (!piece.is_empty()).then_some((place, piece))
        })
    })
}

/// The pieces with the highest scores, the first ones among equals; and how many lines there are.
fn candidates(whole: &str) -> (Vec<Piece<'_>>, usize) {
    let mut best = Best::default();
    let mut last = VecDeque::with_capacity(ENDS + 1);
    let (mut number, mut behind) = (0, 0);
    for (place, text) in pieces(whole) {
        let Some(mut look) = line::look(text) else { continue };
        look.score += end_bonus(number);
        behind = if look.trouble { BEHIND } else { (behind - 1).max(0) };
        if look.place && !look.trouble && behind > 0 {
            look.score += 2 + behind;
        }
        // The last ones wait for it to be known that they are.
        last.push_back((place, text, look));
        if last.len() > ENDS
            && let Some((place, text, look)) = last.pop_front()
        {
            best.add(place, text, look, number <= 2 * ENDS);
        }
        number += 1;
    }
    for (distance, (place, text, mut look)) in last.into_iter().rev().enumerate() {
        look.score += end_bonus(distance);
        best.add(place, text, look, true);
    }
    (best.into_pieces(), whole.lines().count())
}

fn end_bonus(distance: usize) -> i32 {
    i32::try_from(ENDS.saturating_sub(distance)).unwrap_or(0) * END
}

/// Score, place (the first one counts as more), shape and text of a piece; the least is on top of a heap.
type Ranked<'a> = Reverse<(i32, Reverse<Place>, u64, &'a str)>;

/// The best pieces so far.
#[derive(Default)]
struct Best<'a> {
    heap: BinaryHeap<Ranked<'a>>,
    /// How many there were of a shape and score.
    alike: HashMap<(u64, i32), u32>,
}

impl<'a> Best<'a> {
    fn add(&mut self, place: Place, text: &'a str, look: line::Look, at_an_end: bool) {
        let alike = self.alike.entry((look.shape, look.score)).or_default();
        *alike += 1;
        let score = look.score + if *alike == 1 { FIRST } else { 0 };
        if score > 0 && (at_an_end || *alike <= ALIKE) {
            self.heap.push(Reverse((score, Reverse(place), look.shape, text)));
            if self.heap.len() > CANDIDATES {
                self.heap.pop();
            }
        }
    }

    fn into_pieces(self) -> Vec<Piece<'a>> {
        let piece = |Reverse((score, Reverse(place), shape, text))| Piece {
            place,
            text,
            score,
            shape,
            names: line::names(text),
        };
        self.heap.into_iter().map(piece).collect()
    }
}

/// What the kept pieces say already.
#[derive(Default)]
struct Said {
    shapes: HashMap<u64, i32>,
    names: HashSet<u64>,
}

impl Said {
    fn add(&mut self, piece: &Piece<'_>) {
        *self.shapes.entry(piece.shape).or_default() += 1;
        self.names.extend(piece.names.iter().map(|name| name.hash));
    }

    /// What a piece adds, for the bytes that it takes. The numbers were found by trying: `benches/excerpt`.
    fn worth(&self, piece: &Piece<'_>) -> i32 {
        let alike = self.shapes.get(&piece.shape).copied().unwrap_or(0);
        let new = piece.names.iter().filter(|name| !self.names.contains(&name.hash));
        let named = new.map(|name| name.weight).sum::<i32>().min(30);
        let bytes = i32::try_from(piece.text.trim().len()).unwrap_or(i32::MAX / 2);
        (piece.score * 12 / (2 + alike) + named * 4 / (2 + alike)) * 1_000 / (bytes + 66)
    }
}

fn most_worth(candidates: &[Piece<'_>], said: &Said) -> Option<usize> {
    let worth = |piece: &Piece<'_>| (said.worth(piece), Reverse(piece.place));
    candidates.iter().enumerate().max_by_key(|(_, piece)| worth(piece)).map(|(at, _)| at)
}

/// The kept pieces of an output of so many `lines`.
fn render(kept: &BTreeMap<Place, &str>, lines: usize) -> String {
    let mut out = String::new();
    let mut shown = 0;
    let mut last: Option<Place> = None;
    for (place, text) in kept {
        let goes_on = last.is_some_and(|last| last.line == place.line && last.to == place.from);
        if !goes_on {
            if let Some(last) = last {
                out.push_str(if last.ends { "\n" } else { "…\n" });
            }
            let follows = place.from == 0 && last.map_or(0, |last| last.line + 1) == place.line;
            if !follows {
                out.push_str(&format!("{}: ", place.line + 1));
            }
            if place.from > 0 {
                out.push('…');
            }
        }
        shown += usize::from(last.is_none_or(|last| last.line != place.line));
        out.push_str(if place.from == 0 { text.trim_start() } else { text });
        last = Some(*place);
    }
    if last.is_some_and(|last| !last.ends) {
        out.push('…');
    }
    if lines > shown {
        out.push_str(&format!("\n… (+{} lines)", lines - shown));
    }
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

    #[test]
    fn a_line_behind_a_gap_has_its_number_and_the_end_says_how_many_are_left_out() {
        let mut output: String = (1..=200).map(|n| format!("step {n} done\n")).collect();
        output.insert_str(0, "starting\n");
        output.push_str("error: no space left on /dev/sda1\nexit code 28\n");
        let kept = choose(&output, 160);
        assert!(kept.starts_with("starting\n"), "{kept}");
        assert!(kept.contains("\n200: step 199 done\nstep 200 done\n"), "{kept}");
        assert!(kept.contains("\nerror: no space left on /dev/sda1\nexit code 28\n… (+"), "{kept}");
        let shown = kept.lines().count() - 1;
        assert!(kept.ends_with(&format!("… (+{} lines)", 203 - shown)), "{kept}");
    }

    #[test]
    fn of_a_very_long_output_both_ends_are_looked_at_and_numbered_rightly() {
        let mut output = "nothing\n".repeat(1_000_000);
        output.insert_str(0, "version 1.2.3\n");
        output.push_str("error: the end\n");
        let kept = choose(&output, 200);
        assert!(kept.starts_with("version 1.2.3\n") && kept.contains("\nerror: the end\n"), "{kept}");
        assert!(kept.contains("\n999999: nothing\n") || kept.contains("\n1000000: nothing\n"), "{kept}");
        assert!(choose(&"x".repeat(5 << 20), 200).len() <= 200);
    }

    #[test]
    fn so_are_those_of_very_many_short_lines() {
        let kept = choose(&format!("error: 1\n{}error: 2\n", "y\n".repeat(200_000)), 100);
        assert!(kept.starts_with("error: 1\n") && kept.contains("\n199999: y\ny\ny\nerror: 2\n"), "{kept}");
    }

    #[test]
    fn both_ends_of_one_long_line_are_kept() {
        let output = format!("{{\"total\": 60, {} \"last\": 99}}", "\"x\": [1, 2, 3], ".repeat(500));
        let kept = choose(&output, 400);
        assert!(kept.contains("\"total\": 60") && kept.contains("\"last\": 99"), "{kept}");
        assert_eq!(kept.lines().count(), 1 + kept.matches("…\n").count(), "{kept}");
    }

    #[test]
    fn repeated_failures_do_not_keep_another_one_out() {
        let mut output = "error: connection refused (10.0.0.1:5432)\n".repeat(300);
        output.insert_str(4_000, "\nthread 'main' panicked at src/pool.rs:88:9:\n");
        assert!(choose(&output, 300).contains("src/pool.rs:88:9"));
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
