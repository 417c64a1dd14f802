//! What happens as text: the answer on stdout, a line for each tool call on stderr.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

use agentls::{
    engine::{Change, EngineError, Listener},
    transcript::{
        DeltaField, Part, PartKind, Role, SessionEvent, SessionId, Status, StopReason, Timestamp, ToolPart,
        ToolState, Update, Usage,
    },
    workspace::config::Config,
};

use super::{Answered, Screen};
use crate::cli::{
    figures,
    page::{Ended, Page, call_line},
    style::{Style, printable},
};

/// Prints text. A reader that is slow slows the turn down: as in any pipe of programs.
pub(super) struct TextScreen {
    reader_gone: Arc<Notify>,
    style: Style,
    page: Mutex<Shown>,
}

/// What is shown already.
struct Shown {
    page: Page<io::Stdout>,
    /// Whether the newest message of the model broke off: what follows repeats it perhaps.
    broke_off: bool,
}

impl TextScreen {
    /// `reader_gone` is told when stdout takes no more.
    pub(super) fn new(reader_gone: Arc<Notify>) -> Self {
        let page = Mutex::new(Shown { page: Page::new(io::stdout()), broke_off: false });
        Self { reader_gone, style: Style::of(&io::stderr()), page }
    }

    fn show(&self, update: &Update) -> io::Result<()> {
        let mut shown = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        let Shown { page, broke_off } = &mut *shown;
        match update {
            Update::Message(message) if message.role == Role::Assistant => {
                let said = message.parts.iter().any(|part| matches!(part.kind, PartKind::Text(_)));
                let again = mem::replace(broke_off, said && message.error.is_some());
                if !again || *broke_off {
                    return Ok(());
                }
                page.end_line()?;
                note(&self.style.yellow("The connection broke; once more:").to_string())
            }
            Update::PartDelta { part_id, field: DeltaField::Text, text, .. } => {
                page.grow(part_id.as_str(), text)
            }
            Update::Part(Part { id, kind: PartKind::Text(body), .. }) => {
                page.complete(id.as_str(), &body.text)
            }
            Update::Part(Part { kind: PartKind::Tool(tool), .. }) => match tool_line(self.style, tool) {
                Some(line) => page.end_line().and_then(|()| note(&line)),
                None => Ok(()),
            },
            Update::Status { status, detail: Some(detail), retry_at } if *status != Status::Waiting => {
                page.end_line()?;
                let line = match retry_at {
                    Some(at) => waits(detail, at.since(Timestamp::now())),
                    None => printable(detail).into_owned(),
                };
                note(&self.style.yellow(line).to_string())
            }
            _ => Ok(()),
        }
    }
}

impl Listener for TextScreen {
    fn session_event(&self, event: SessionEvent) {
        if self.show(&event.update).is_err() {
            self.reader_gone.notify_one();
        }
    }

    fn session_changed(&self, _: &SessionId, _: Change) {}

    fn configured(&self, _: &Config, news: &[String]) {
        for mistake in news {
            let line = format!("configuration: {}", printable(mistake));
            if note(&self.style.yellow(line).to_string()).is_err() {
                self.reader_gone.notify_one();
            }
        }
    }
}

impl Screen for TextScreen {
    fn recovered(&self, it: Option<&str>) -> io::Result<()> {
        it.map_or(Ok(()), |it| note(&self.style.yellow(printable(it)).to_string()))
    }

    fn end(&self, answered: &Result<Answered, EngineError>) -> io::Result<()> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner).page.end_line()?;
        // A failure is told by whoever gets it.
        let Ok(Answered { session, outcome, untrusted }) = answered else { return Ok(()) };
        if let Some(reason) = unfinished(outcome.stop_reason, *untrusted) {
            note(&self.style.yellow(reason).to_string())?;
        }
        let summary = format!("{session} · {}", consumed(outcome.steps, &outcome.usage));
        note(&self.style.dim(summary).to_string())
    }
}

/// What is waited out before the provider is called again, and how many milliseconds that takes.
fn waits(detail: &str, time: u64) -> String {
    let detail = printable(detail);
    format!("{}; trying again in {} s", detail.trim_end().trim_end_matches('.'), time.div_ceil(1_000))
}

/// `3 steps · 1.2k tokens · $0.02`.
fn consumed(steps: u32, usage: &Usage) -> String {
    let tokens = figures::count(usage.total_input() + usage.output + usage.reasoning);
    let steps = if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
    let cost = if usage.cost_usd > 0.0 {
        format!(" · {}", figures::dollars(usage.cost_usd))
    } else {
        String::new()
    };
    format!("{steps} · {tokens} tokens{cost}")
}

/// A line beside the answer. A stderr that is closed is no reason to stop.
fn note(line: &str) -> io::Result<()> {
    match writeln!(io::stderr(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Why the answer is not all that there could be, and what to do in a directory that is `untrusted` or not.
fn unfinished(reason: StopReason, untrusted: bool) -> Option<&'static str> {
    match reason {
        StopReason::EndTurn => None,
        StopReason::MaxTokens => Some("The model's output limit was reached. Prompt `go on` with --session."),
        StopReason::MaxSteps => Some("The limit of steps was reached. Raise `limits.maxSteps`, or go on."),
        StopReason::Refusal => Some("The model refused to answer. Change the prompt, or the model."),
        StopReason::Cancelled => Some("Cancelled."),
        StopReason::PermissionRejected if !untrusted => {
            Some("Permission was refused. Allow it with --allow, or by a rule in `permission`.")
        }
        StopReason::PermissionRejected => Some(
            "Permission was refused. Trust the directory with `agentls trust`, or with --trust for one run; what is \
             asked for then, allow with --allow or by a rule.",
        ),
    }
}

/// The line of a call that has ended.
fn tool_line(style: Style, tool: &ToolPart) -> Option<String> {
    let ended = match &tool.state {
        ToolState::Pending | ToolState::Running { .. } => return None,
        ToolState::Completed { started_at, ended_at, .. } => Ended::Done(ended_at.since(*started_at)),
        ToolState::Error { message, .. } => Ended::Failed(message),
    };
    let title = tool.title.as_deref().unwrap_or(&tool.input.text);
    Some(call_line(style, &tool.tool, title, &ended))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_advised_only_where_it_is_missing() {
        let advice = |trusted: bool| unfinished(StopReason::PermissionRejected, !trusted).unwrap();
        assert!(advice(false).contains("agentls trust") && advice(false).contains("--trust"));
        assert!(!advice(true).to_lowercase().contains("trust") && advice(true).contains("--allow"));
    }

    #[test]
    fn a_wait_says_how_long_it_takes() {
        assert_eq!(waits("rate limited: slow down.", 1_200), "rate limited: slow down; trying again in 2 s");
    }

    #[test]
    fn what_was_consumed_is_told_in_one_line() {
        let usage = Usage { input: 1_000, output: 200, cost_usd: 0.5, ..Usage::default() };
        assert_eq!(consumed(1, &Usage::default()), "1 step · 0 tokens");
        assert_eq!(consumed(3, &usage), "3 steps · 1.2k tokens · $0.50");
    }
}
