//! A context report as lines of text: a bar, what its stretches mean, the widest pieces, and sentences on the rest.
//!
//! Pure. Bar and table keep to the width; titles are the model's words and are shown without control characters.

use agentls::{
    engine::Fate,
    face::lsp::{
        division::{self, Division, Left, Sent},
        results::ContextReport,
    },
};

use super::bar;
use crate::cli::{
    figures,
    style::{Painted, Style, one_line},
    table::{self, Column},
};

/// Columns of the bar at most.
const LONGEST_BAR: usize = 72;

/// Columns before the bar and behind it.
const MARGIN: usize = 2;

const COLUMNS: [Column; 6] = [
    Column { heading: "TOKENS", right: true, flexible: false },
    Column { heading: "SHARE", right: true, flexible: false },
    Column { heading: "FATE", right: false, flexible: false },
    Column { heading: "KIND", right: false, flexible: false },
    Column { heading: "TITLE", right: false, flexible: true },
    Column { heading: "HANDLE", right: false, flexible: false },
];

/// How a report is drawn.
pub(in crate::cli) struct Frame {
    pub(in crate::cli) style: Style,
    /// Columns; `None` cuts nothing.
    pub(in crate::cli) width: Option<usize>,
    /// Pieces that are listed at most; none leaves the table out.
    pub(in crate::cli) limit: usize,
}

/// A stretch of the bar.
struct Stretch {
    name: &'static str,
    sign: &'static str,
    paint: fn(Style, String) -> Painted<String>,
    tokens: u64,
}

/// The picture of a report under a heading.
pub(in crate::cli) fn lines(heading: &str, report: &ContextReport, frame: &Frame) -> Vec<String> {
    let division = Division::of(report);
    let stretches = stretches(&division);
    let heading = table::cut(&one_line(heading), frame.width.unwrap_or(usize::MAX));
    let mut lines = vec![frame.style.bold(heading).to_string(), size(report), String::new()];
    lines.push(drawn(&stretches, frame));
    lines.extend(legend(&stretches, report.limit, frame.style));
    if frame.limit > 0 {
        lines.push(String::new());
        lines.extend(pieces(report, frame));
    }
    lines.push(String::new());
    lines.extend(rest(&division));
    lines.push(division::calibration(report));
    lines
}

fn size(report: &ContextReport) -> String {
    format!(
        "{}: {} of {} tokens ({}); compaction starts at {}",
        one_line(&report.model.to_string()),
        figures::count(report.used),
        figures::count(report.limit),
        figures::share(report.used, report.limit),
        figures::count(report.usable),
    )
}

/// The window from its beginning to its end.
fn stretches(division: &Division) -> [Stretch; 6] {
    let stretch = |name, sign, paint: fn(Style, String) -> Painted<String>, tokens| Stretch {
        name,
        sign,
        paint,
        tokens,
    };
    [
        stretch("instructions and tools", "▒", Style::cyan, division.system),
        stretch("summary and what follows it", "▚", Style::yellow, division.summary),
        stretch("sent in full", "█", Style::green, division.full),
        stretch("sent as evidence", "▓", Style::magenta, division.evidence),
        stretch("free until it is compacted", "·", Style::dim, division.free),
        stretch("reserved for the answer", "░", Style::dim, division.reserved),
    ]
}

fn drawn(stretches: &[Stretch], frame: &Frame) -> String {
    let width = frame.width.map_or(LONGEST_BAR, |width| width.saturating_sub(2 * MARGIN).min(LONGEST_BAR));
    let amounts: Vec<u64> = stretches.iter().map(|stretch| stretch.tokens).collect();
    let painted = stretches.iter().zip(bar::columns(&amounts, width)).filter(|(_, columns)| *columns > 0);
    let painted = painted
        .map(|(stretch, columns)| (stretch.paint)(frame.style, stretch.sign.repeat(columns)).to_string());
    " ".repeat(MARGIN) + &painted.collect::<String>()
}

fn legend(stretches: &[Stretch], limit: u64, style: Style) -> impl Iterator<Item = String> {
    stretches.iter().filter(|stretch| stretch.tokens > 0).map(move |stretch| {
        format!(
            "  {} {:<28}{:>7} {:>8}",
            (stretch.paint)(style, stretch.sign.to_owned()),
            stretch.name,
            figures::count(stretch.tokens),
            figures::share(stretch.tokens, limit)
        )
    })
}

/// The widest pieces as a table, and what the others come to.
fn pieces(report: &ContextReport, frame: &Frame) -> Vec<String> {
    let sent = division::widest(report);
    let (shown, others) = sent.split_at(frame.limit.min(sent.len()));
    let rows: Vec<_> = shown.iter().map(|piece| row(piece, report.used)).collect();
    let mut lines = table::lines(&COLUMNS, &rows, frame.width);
    if let Some(headings) = lines.first_mut() {
        *headings = frame.style.dim(&*headings).to_string();
    }
    if !others.is_empty() {
        let tokens = others.iter().map(|piece| piece.tokens).sum();
        let share = figures::share(tokens, report.used);
        let more = format!("+{} more: {} tokens, {share}", others.len(), figures::count(tokens));
        lines.push(frame.style.dim(more).to_string());
    }
    lines
}

fn row(piece: &Sent<'_>, used: u64) -> Vec<String> {
    let fate = match piece.fate {
        Fate::Full => "full",
        Fate::Evidence => "evidence",
        Fate::Summarized => "summarized",
        Fate::Outside => "outside",
    };
    vec![
        figures::count(piece.tokens),
        figures::share(piece.tokens, used),
        fate.to_owned(),
        one_line(piece.kind),
        one_line(piece.title),
        piece.part.map(|part| one_line(part.as_str())).unwrap_or_default(),
    ]
}

/// What is not sent, a line for each fate that there is.
fn rest(division: &Division) -> Vec<String> {
    let size = |left: Left| {
        let parts = if left.parts == 1 { "part" } else { "parts" };
        format!("{} {parts} of {} tokens", left.parts, figures::count(left.tokens))
    };
    let line = |left: Left, words: &dyn Fn(String) -> String| (left.parts > 0).then(|| words(size(left)));
    [
        line(division.summarized, &|size| format!("Summarized: {size}.")),
        line(division.digested, &|size| format!("As evidence behind the summary: {size}.")),
        line(division.outside, &|size| {
            format!("Outside: {size}, for which nothing stands; `recall` reaches them.")
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests;
