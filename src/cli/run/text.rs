//! What happens as text: the answer on stdout, a line for each tool call on stderr.

use std::{
    collections::HashMap,
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

use agentls::{
    engine::{Change, EngineError, Listener, PromptOutcome},
    transcript::{
        DeltaField, Part, PartId, PartKind, SessionEvent, SessionId, Status, StopReason, ToolPart, ToolState,
        Update, text,
    },
};

use super::Screen;
use crate::cli::{
    figures,
    style::{Style, printable},
};

/// The most that is shown of a tool call, in bytes.
const LONGEST_LINE: usize = 160;

/// Prints text. A reader that is slow slows the turn down: as in any pipe of programs.
pub(super) struct TextScreen {
    reader_gone: Arc<Notify>,
    style: Style,
    page: Mutex<Page<io::Stdout>>,
}

/// The answer on stdout as far as it is printed.
struct Page<W> {
    out: W,
    /// Bytes that were printed of each text of the answer.
    printed: HashMap<PartId, usize>,
    /// Whether something is on the current line.
    in_line: bool,
}

impl TextScreen {
    /// `reader_gone` is told when stdout takes no more.
    pub(super) fn new(reader_gone: Arc<Notify>) -> Self {
        let page = Page { out: io::stdout(), printed: HashMap::new(), in_line: false };
        Self { reader_gone, style: Style::of(&io::stderr()), page: Mutex::new(page) }
    }

    fn show(&self, update: &Update) -> io::Result<()> {
        let mut page = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        match update {
            Update::PartDelta { part_id, field: DeltaField::Text, text, .. } => page.grow(part_id, text),
            Update::Part(Part { id, kind: PartKind::Text(body), .. }) => page.complete(id, &body.text),
            Update::Part(Part { kind: PartKind::Tool(tool), .. }) if tool.state.is_settled() => {
                page.end_line()?;
                note(&tool_line(self.style, tool))
            }
            Update::Status { status, detail: Some(detail), .. } if *status != Status::Waiting => {
                page.end_line()?;
                note(&self.style.yellow(printable(detail)).to_string())
            }
            _ => Ok(()),
        }
    }
}

impl<W: Write> Page<W> {
    /// Prints more of a text that was announced. Reasoning, which grows the same way, was not.
    fn grow(&mut self, part: &PartId, more: &str) -> io::Result<()> {
        let Some(printed) = self.printed.get_mut(part) else { return Ok(()) };
        *printed += more.len();
        self.print(more)
    }

    /// Prints what was not printed yet. The first time it announces the text.
    fn complete(&mut self, part: &PartId, whole: &str) -> io::Result<()> {
        if !self.printed.contains_key(part) {
            self.end_line()?;
        }
        let printed = self.printed.entry(part.clone()).or_default();
        let rest = text::from(whole, *printed);
        *printed = whole.len().max(*printed);
        self.print(rest)
    }

    fn print(&mut self, more: &str) -> io::Result<()> {
        if more.is_empty() {
            return Ok(());
        }
        let more = printable(more);
        self.in_line = !more.ends_with('\n');
        self.out.write_all(more.as_bytes())?;
        self.out.flush()
    }

    fn end_line(&mut self) -> io::Result<()> {
        if self.in_line { self.print("\n") } else { Ok(()) }
    }
}

impl Listener for TextScreen {
    fn session_event(&self, event: SessionEvent) {
        if self.show(&event.update).is_err() {
            self.reader_gone.notify_one();
        }
    }

    fn session_changed(&self, _: &SessionId, _: Change) {}
}

impl Screen for TextScreen {
    fn end(&self, session: &SessionId, outcome: &Result<PromptOutcome, EngineError>) -> io::Result<()> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner).end_line()?;
        // A failure is told by whoever gets it.
        let Ok(outcome) = outcome else { return Ok(()) };
        if let Some(reason) = unfinished(outcome.stop_reason) {
            note(&self.style.yellow(reason).to_string())?;
        }
        let tokens = outcome.usage.total_input() + outcome.usage.output + outcome.usage.reasoning;
        let summary = format!(
            "{session} · {} steps · {} tokens · {}",
            outcome.steps,
            figures::count(tokens),
            figures::dollars(outcome.usage.cost_usd)
        );
        note(&self.style.dim(summary).to_string())
    }
}

/// A line beside the answer. A stderr that is closed is no reason to stop.
fn note(line: &str) -> io::Result<()> {
    match writeln!(io::stderr(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Why the answer is not all that there could be, and what to do.
fn unfinished(reason: StopReason) -> Option<&'static str> {
    match reason {
        StopReason::EndTurn => None,
        StopReason::MaxTokens => Some("The model's output limit was reached. Prompt `go on` with --session."),
        StopReason::MaxSteps => Some("The limit of steps was reached. Raise `limits.maxSteps`, or go on."),
        StopReason::Refusal => Some("The model refused to answer. Change the prompt, or the model."),
        StopReason::Cancelled => Some("Cancelled."),
        StopReason::PermissionRejected => {
            Some("Permission was refused. Allow it with --allow, or by a rule in `permission`.")
        }
    }
}

/// `• read src/main.rs (3 ms)`, or `✗ bash … : why`.
fn tool_line(style: Style, tool: &ToolPart) -> String {
    let title = tool.title.as_deref().unwrap_or(&tool.input.text);
    let title = shortened(title);
    match &tool.state {
        ToolState::Error { message, .. } => {
            let (tool, message) = (printable(&tool.tool), shortened(message));
            format!("{} {}", style.red("✗"), style.dim(format_args!("{tool} {title}: {message}")))
        }
        ToolState::Completed { started_at, ended_at, .. } => {
            let (tool, time) = (printable(&tool.tool), ended_at.since(*started_at));
            style.dim(format_args!("• {tool} {title} ({time} ms)")).to_string()
        }
        ToolState::Pending | ToolState::Running { .. } => String::new(),
    }
}

fn shortened(line: &str) -> String {
    text::ellipsis(text::first_line(&printable(line)), LONGEST_LINE)
}

#[cfg(test)]
mod tests {
    use agentls::transcript::{Body, Timestamp};

    use super::*;

    fn page() -> Page<Vec<u8>> {
        Page { out: Vec::new(), printed: HashMap::new(), in_line: false }
    }

    #[test]
    fn a_text_is_printed_once_however_it_comes() {
        let mut page = page();
        let (one, two) = (PartId::from("prt_1"), PartId::from("prt_2"));
        page.complete(&one, "").unwrap();
        page.grow(&one, "Hello").unwrap();
        page.complete(&one, "Hello, you").unwrap();
        page.complete(&one, "Hello, you").unwrap();
        page.complete(&two, "Bye\n").unwrap();
        assert_eq!(String::from_utf8(page.out).unwrap(), "Hello, you\nBye\n");
    }

    #[test]
    fn reasoning_is_not_printed() {
        let mut page = page();
        page.grow(&PartId::from("prt_1"), "hmm").unwrap();
        assert!(page.out.is_empty());
    }

    #[test]
    fn a_tool_call_is_one_line_without_escapes() {
        let (started_at, ended_at) = (Timestamp(1), Timestamp(4));
        let mut tool = ToolPart {
            call_id: "c".into(),
            tool: "bash".into(),
            title: Some("ls\x1b[2J\nrm".into()),
            input: Body::whole("{}"),
            state: ToolState::Completed { started_at, ended_at, output: Body::whole("out") },
            compacted_at: None,
            attachments: Vec::new(),
        };
        assert_eq!(tool_line(Style::plain(), &tool), "• bash ls[2J (3 ms)");
        tool.state = ToolState::Error { started_at: None, ended_at, message: "no\nmore".into() };
        assert_eq!(tool_line(Style::plain(), &tool), "✗ bash ls[2J: no");
    }
}
