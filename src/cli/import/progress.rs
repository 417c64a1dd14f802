//! What a person sees of an import: a bar where stderr is a terminal, else a line for each session; what was skipped
//! or left alone, always; the sums at the end.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use agentls::{
    engine::{ImportEvent, ImportFate, ImportOutcome, ImportSummary},
    transcript::text,
};

use crate::cli::style::printable;

/// Characters of the bar.
const BAR: u64 = 30;

/// The bar is not drawn more often than this.
const PACE: Duration = Duration::from_millis(100);

/// The most that is shown of a title or a reason, in bytes.
const LONGEST: usize = 100;

/// Takes the bar off its line.
const ERASE: &str = "\r\x1b[K";

/// The display of a running import.
pub(super) struct Progress {
    terminal: bool,
    drawn: Option<Instant>,
    /// The first failure of writing: the import goes on without a reader.
    failed: Option<io::Error>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { terminal: io::stderr().is_terminal(), drawn: None, failed: None }
    }

    /// Shows what happened.
    pub(super) fn show(&mut self, event: ImportEvent) {
        let shown = match event {
            ImportEvent::Progress { done, total } => self.draw(done, total),
            ImportEvent::Skipped { session, row, why } => {
                let of = session.map(|session| format!(" of session {session}")).unwrap_or_default();
                let line = format!("skipped {row}{of}: {}", text::ellipsis(&why, LONGEST));
                self.erase().and_then(|()| writeln!(io::stderr(), "{}", printable(&line)))
            }
            ImportEvent::Session(outcome) => self.outcome(&outcome),
        };
        if let Err(error) = shown {
            self.failed.get_or_insert(error);
        }
    }

    /// Shows the sums.
    pub(super) fn end(&mut self, summary: ImportSummary) -> io::Result<()> {
        self.erase()?;
        writeln!(io::stdout(), "{}", sums(&summary))?;
        self.failed.take().map_or(Ok(()), Err)
    }

    fn outcome(&mut self, outcome: &ImportOutcome) -> io::Result<()> {
        let left_alone =
            matches!(outcome.fate, ImportFate::Continued | ImportFate::Occupied | ImportFate::Busy(_));
        if self.terminal && !left_alone {
            return Ok(());
        }
        self.erase()?;
        writeln!(io::stdout(), "{}", printable(&line(outcome)))
    }

    fn draw(&mut self, done: u64, total: u64) -> io::Result<()> {
        if !self.terminal || self.drawn.is_some_and(|at| at.elapsed() < PACE) {
            return Ok(());
        }
        self.drawn = Some(Instant::now());
        let mut stderr = io::stderr();
        write!(stderr, "{ERASE}{}", bar(done, total))?;
        stderr.flush()
    }

    fn erase(&mut self) -> io::Result<()> {
        if self.drawn.take().is_some() { write!(io::stderr(), "{ERASE}") } else { Ok(()) }
    }
}

/// `[##########--------------------]  33 %`.
fn bar(done: u64, total: u64) -> String {
    let share = |of: u64| done.min(total).saturating_mul(of) / total.max(1);
    let full = usize::try_from(share(BAR)).unwrap_or(0);
    let empty = usize::try_from(BAR).unwrap_or(0).saturating_sub(full);
    format!("[{}{}] {:3} %", "#".repeat(full), "-".repeat(empty), share(100))
}

/// One session on one line.
fn line(outcome: &ImportOutcome) -> String {
    let ImportOutcome { session, title, fate, messages, parts, skipped } = outcome;
    let title = text::ellipsis(text::first_line(title), LONGEST);
    let taken = || {
        let skipped =
            if *skipped > 0 { format!(", {} skipped", counted(*skipped, "row")) } else { String::new() };
        format!("{}, {}{skipped}", counted(*messages, "message"), counted(*parts, "part"))
    };
    match fate {
        ImportFate::Imported => format!("imported {session} \"{title}\": {}", taken()),
        ImportFate::Grown => format!("added to {session} \"{title}\": {}", taken()),
        ImportFate::Unchanged => format!("unchanged {session} \"{title}\""),
        ImportFate::Continued => format!("left alone {session} \"{title}\": it was continued here"),
        ImportFate::Occupied => format!("left alone {session} \"{title}\": another session here has this id"),
        ImportFate::Busy(owner) => {
            format!(
                "left alone {session} \"{title}\": process {} ({}) is at work on it",
                owner.pid, owner.client
            )
        }
    }
}

/// All that was done on one line.
fn sums(summary: &ImportSummary) -> String {
    let ImportSummary { imported, grown, unchanged, left_alone, messages, parts, skipped } = *summary;
    let kinds =
        [(imported, "imported"), (grown, "added to"), (unchanged, "unchanged"), (left_alone, "left alone")];
    let kinds = kinds.into_iter().filter(|(count, _)| *count > 0);
    let mut pieces: Vec<String> =
        kinds.map(|(count, what)| format!("{} {what}", counted(count, "session"))).collect();
    if pieces.is_empty() {
        pieces.push("no sessions".to_owned());
    }
    if messages > 0 {
        pieces.push(format!("{} and {} taken", counted(messages, "message"), counted(parts, "part")));
    }
    if skipped > 0 {
        pieces.push(format!("{} skipped", counted(skipped, "row")));
    }
    pieces.join(", ")
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_from_nothing_to_all() {
        assert_eq!(bar(0, 0), format!("[{}]   0 %", "-".repeat(30)));
        assert_eq!(bar(1, 3), format!("[{}{}]  33 %", "#".repeat(10), "-".repeat(20)));
        assert_eq!(bar(9, 3), format!("[{}] 100 %", "#".repeat(30)));
    }

    #[test]
    fn the_sums_name_what_there_was() {
        assert_eq!(sums(&ImportSummary::default()), "no sessions");
        let summary = ImportSummary {
            imported: 5,
            left_alone: 1,
            messages: 57,
            parts: 1,
            skipped: 2,
            ..ImportSummary::default()
        };
        assert_eq!(
            sums(&summary),
            "5 sessions imported, 1 session left alone, 57 messages and 1 part taken, 2 rows skipped"
        );
    }

    #[test]
    fn a_session_is_one_line_without_escapes() {
        let outcome = |fate| ImportOutcome {
            session: "ses_1".into(),
            title: "a\x1b[2J\nb".into(),
            fate,
            messages: 1,
            parts: 2,
            skipped: 1,
        };
        let shown = |fate| printable(&line(&outcome(fate))).into_owned();
        assert_eq!(shown(ImportFate::Imported), "imported ses_1 \"a[2J\": 1 message, 2 parts, 1 row skipped");
        assert_eq!(shown(ImportFate::Continued), "left alone ses_1 \"a[2J\": it was continued here");
    }
}
