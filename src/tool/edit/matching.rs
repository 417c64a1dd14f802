//! Finding a text by its lines, white space apart, and the lines that are nearest to it. Pure.

use std::ops::Range;

use crate::transcript::text::ellipsis;

/// Line ranges that are compared when looking for the nearest candidate, times lines of the text.
pub(in crate::tool) const MAX_COMPARISONS: usize = 2_000_000;

/// How alike lines must be on average to be shown as a candidate, from 0 to 1.
const MIN_LIKENESS: f64 = 0.5;

/// Places that are listed when a text is not unique.
pub(in crate::tool) const MAX_LISTED: usize = 10;

/// `line 3`, `lines 3, 9`: where `wanted` begins.
pub(super) fn lines_of(text: &str, wanted: &str) -> String {
    let mut lines = Vec::new();
    let (mut line, mut seen) = (1, 0);
    for (at, _) in text.match_indices(wanted).take(MAX_LISTED) {
        line += text.bytes().take(at).skip(seen).filter(|byte| *byte == b'\n').count();
        seen = at;
        lines.push(line.to_string());
    }
    let more = if text.matches(wanted).count() > MAX_LISTED { ", …" } else { "" };
    format!("lines {}{more}", lines.join(", "))
}

fn bare(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every range of lines that is `wanted`, white space apart.
pub(super) fn loosely(text: &str, wanted: &str) -> Vec<Range<usize>> {
    let wanted: Vec<String> = wanted.trim_matches('\n').lines().map(bare).collect();
    let lines: Vec<String> = text.lines().map(bare).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let windows = lines.windows(wanted.len()).enumerate();
    windows.filter(|(_, window)| *window == wanted).map(|(at, _)| at..at + wanted.len()).collect()
}

/// `text` with those lines replaced by `new`; a line end at the end of `new` is not doubled.
pub(super) fn replace_lines(text: &str, lines: Range<usize>, new: &str) -> String {
    let mut out = String::with_capacity(text.len() + new.len());
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if number == lines.start {
            out.push_str(new.strip_suffix('\n').unwrap_or(new));
        }
        if !lines.contains(&number) {
            out.push_str(line);
        } else if number + 1 == lines.end && line.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

/// The lines most like `wanted`, numbered, as the end of a sentence; empty when nothing is like it.
pub(super) fn nearest(text: &str, wanted: &str) -> String {
    let wanted: Vec<String> = wanted.trim_matches('\n').lines().map(bare).collect();
    let lines: Vec<&str> = text.lines().collect();
    let bare_lines: Vec<String> = lines.iter().map(|line| bare(line)).collect();
    let span = wanted.len().min(lines.len());
    if span == 0 || lines.len().saturating_mul(span) > MAX_COMPARISONS {
        return String::new();
    }
    let score = |window: &[String]| window.iter().zip(&wanted).map(|(a, b)| likeness(a, b)).sum::<f64>();
    let best = bare_lines
        .windows(span)
        .map(score)
        .enumerate()
        .max_by(|(at, a), (other, b)| a.total_cmp(b).then(other.cmp(at)));
    #[expect(clippy::cast_precision_loss, reason = "a count of lines")]
    let Some((at, _)) = best.filter(|(_, score)| *score >= MIN_LIKENESS * wanted.len() as f64) else {
        return String::new();
    };
    let shown: Vec<String> = lines
        .iter()
        .enumerate()
        .skip(at)
        .take(span.min(40))
        .map(|(number, line)| format!("{:>6}\t{}", number + 1, ellipsis(line, 300)))
        .collect();
    format!("; the nearest is lines {}-{}:\n{}", at + 1, at + span, shown.join("\n"))
}

/// The share of two lines' bytes that they have in common at their ends, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "lengths of lines")]
fn likeness(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    let shorter = a.len().min(b.len());
    let front = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let back = a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count();
    (front + back).min(shorter) as f64 / a.len().max(b.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_place_is_not_looked_for_where_that_takes_too_long() {
        let text = |lines: usize| (0..lines).map(|n| format!("line {n}\n")).collect::<String>();
        let wanted = text(1_000).replace("line 7\n", "line x\n");
        assert!(nearest(&text(MAX_COMPARISONS / 1_000 + 1), &wanted).is_empty());
        assert!(nearest(&text(1_010), &wanted).contains("the nearest is lines 1-1000"));
    }
}
