//! Applying hunks to a text. Pure.
//!
//! A hunk goes where its old lines are: at the line it names when they are there, else at the one place
//! after the hunk before it where they are, exactly or but for white space at line ends. Two such places
//! are one too many.

use super::{
    super::textfile::{LineEnds, from_lf, line_ends, to_lf},
    parse::{Hunk, Line},
};
use crate::transcript::text::ellipsis;

/// The text after all hunks, with the line ends it had. The error says which hunk does not fit.
pub(super) fn apply(text: &str, hunks: &[Hunk]) -> Result<String, String> {
    let ends = line_ends(text);
    let lf = to_lf(text, ends);
    let lines: Vec<&str> = lf.split_terminator('\n').collect();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    let mut open_end = !lf.is_empty() && !lf.ends_with('\n');
    for (number, hunk) in hunks.iter().enumerate() {
        let old = hunk.old();
        let found =
            locate(&lines, at, hunk, &old).map_err(|reason| format!("hunk {}: {reason}", number + 1))?;
        out.extend(slice(&lines, at, found).iter().map(ToString::to_string));
        merge(&mut out, hunk, slice(&lines, found, found + old.len()), ends);
        at = found + old.len();
        if at == lines.len() && hunk.start.is_some() {
            open_end = hunk.open_end;
        }
    }
    out.extend(slice(&lines, at, lines.len()).iter().map(ToString::to_string));
    let mut text = out.join("\n");
    if !open_end && !out.is_empty() {
        text.push('\n');
    }
    Ok(from_lf(&text, ends))
}

fn slice<'a, 'l>(lines: &'a [&'l str], from: usize, to: usize) -> &'a [&'l str] {
    lines.get(from..to.max(from)).unwrap_or_default()
}

/// Adds a hunk's new lines; kept lines are taken from the file, so that white space in them stays.
fn merge(out: &mut Vec<String>, hunk: &Hunk, file: &[&str], ends: LineEnds) {
    let mut file = file.iter();
    for line in &hunk.lines {
        match line {
            Line::Keep(_) => out.extend(file.next().map(ToString::to_string)),
            Line::Remove(_) => {
                file.next();
            }
            Line::Add(text) if ends == LineEnds::Mixed => out.push(text.clone()),
            Line::Add(text) => out.push(text.strip_suffix('\r').unwrap_or(text).to_owned()),
        }
    }
}

fn locate(lines: &[&str], at: usize, hunk: &Hunk, old: &[&str]) -> Result<usize, String> {
    let after = match &hunk.anchor {
        Some(anchor) => at + 1 + find_anchor(lines, at, anchor)?,
        None => at,
    };
    if old.is_empty() {
        // Such a hunk names the line that it follows.
        return Ok(hunk.start.unwrap_or(lines.len()).clamp(after.min(lines.len()), lines.len()));
    }
    let named = hunk.start.map(|start| start.saturating_sub(1)).filter(|start| *start >= after);
    let exactly = |a: &str, b: &str| a == b;
    let loosely = |a: &str, b: &str| a.trim_end() == b.trim_end();
    for same in [&exactly as &dyn Fn(&str, &str) -> bool, &loosely] {
        let fits = |start: usize| {
            let there = slice(lines, start, start + old.len());
            there.len() == old.len() && there.iter().zip(old).all(|(a, b)| same(a, b))
        };
        if let Some(start) = named.filter(|start| fits(*start)) {
            return Ok(start);
        }
        let places: Vec<usize> = (after..lines.len()).filter(|start| fits(*start)).collect();
        match places.as_slice() {
            [] => {}
            [only] => return Ok(*only),
            several => {
                let listed: Vec<_> = several.iter().take(10).map(|at| (at + 1).to_string()).collect();
                return Err(format!("its lines occur at lines {}; give more context", listed.join(", ")));
            }
        }
    }
    let first = old.iter().find(|line| !line.trim().is_empty()).copied().unwrap_or_default();
    Err(format!(
        "its lines are not in the file after line {after}; it begins with `{}`",
        ellipsis(first, 120)
    ))
}

/// How many lines after `at` the anchor comes.
fn find_anchor(lines: &[&str], at: usize, anchor: &str) -> Result<usize, String> {
    let rest = slice(lines, at, lines.len());
    rest.iter()
        .position(|line| line.trim() == anchor)
        .or_else(|| rest.iter().position(|line| line.contains(anchor)))
        .ok_or_else(|| format!("the line `{}` after `@@` is not in the file", ellipsis(anchor, 120)))
}
