//! What the demo shows, and the person it plays: the workspace is trusted, permissions are granted once, each after a look.

use std::{
    collections::HashMap,
    io::{self, IsTerminal, Stdout, Write},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use agentls::face::lsp::results::ContextReport;

use crate::cli::{
    client::Host,
    context::picture::{self, Frame},
    page::{Ended, Page, call_line},
    style::{Style, printable, terminal_width},
};

/// All pauses together, on a terminal. Elsewhere there are none.
const LONGEST_PAUSES: Duration = Duration::from_millis(6_500);

/// Before a new stage, and before a permission is granted.
const BREATH: Duration = Duration::from_millis(350);

/// Bytes that appear at once.
const PIECE: usize = 12;

/// Pieces of a context that are listed.
const WIDEST: usize = 3;

/// Behind such a piece.
const PIECE_PAUSE: Duration = Duration::from_millis(6);

/// The show.
pub(super) struct Show {
    style: Style,
    page: Page<Paced<Stdout>>,
    /// The reasoning of each part as far as it came.
    thoughts: HashMap<String, String>,
    /// The tools that asked for permission, in order.
    asked: Vec<String>,
}

impl Show {
    pub(super) fn new() -> Self {
        let stdout = io::stdout();
        let left = if stdout.is_terminal() { LONGEST_PAUSES } else { Duration::ZERO };
        let style = Style::of(&stdout);
        let page = Page::new(Paced { out: stdout, left });
        Self { style, page, thoughts: HashMap::new(), asked: Vec::new() }
    }

    /// The tools that asked for permission, in order.
    pub(super) fn asked(&self) -> &[String] {
        &self.asked
    }

    /// A heading.
    pub(super) fn title(&mut self, line: &str) -> io::Result<()> {
        self.page.line("")?;
        self.page.line(&self.style.bold(line).to_string())
    }

    /// Something that has happened.
    pub(super) fn stage(&mut self, line: &str) -> io::Result<()> {
        self.page.line(&format!("{} {}", self.style.cyan("▸"), printable(line)))?;
        self.page.out().pause(BREATH);
        Ok(())
    }

    /// What the person of the demo says.
    pub(super) fn prompt(&mut self, line: &str) -> io::Result<()> {
        self.page.line(&format!("{} {}", self.style.cyan("❯"), self.style.bold(line)))?;
        self.page.out().pause(BREATH * 2);
        Ok(())
    }

    /// Something that was checked.
    pub(super) fn success(&mut self, line: &str) -> io::Result<()> {
        self.page.line(&format!("{} {}", self.style.green("✓"), printable(line)))
    }

    /// Something less important.
    pub(super) fn detail(&mut self, line: &str) -> io::Result<()> {
        self.page.line(&format!("  {}", self.style.dim(printable(line))))
    }

    /// What the model still sees, as `agentls context` draws it, with its widest pieces.
    pub(super) fn context(&mut self, heading: &str, report: &ContextReport) -> io::Result<()> {
        let frame = Frame { style: self.style, width: terminal_width(), limit: WIDEST };
        for line in picture::lines(heading, report, &frame) {
            self.page.line(&line)?;
        }
        Ok(())
    }

    /// A name and a number.
    pub(super) fn figure(&mut self, name: &str, figure: &str) -> io::Result<()> {
        self.page.line(&format!("  {name:<36} {}", self.style.green(figure)))
    }

    /// Ends what is being streamed.
    pub(super) fn end_line(&mut self) -> io::Result<()> {
        self.page.end_line()
    }

    fn part(&mut self, part: &Value) -> io::Result<()> {
        let field = |name: &str| part.get(name).and_then(Value::as_str).unwrap_or_default();
        let body = part.pointer("/text/text").and_then(Value::as_str).unwrap_or_default();
        match (field("type"), field("status")) {
            ("text", _) => self.page.complete(field("id"), body),
            ("reasoning", _) => self.thought(field("id"), body),
            ("tool", "completed") => {
                let time = |name: &str| part.get(name).and_then(Value::as_u64).unwrap_or_default();
                let ended = Ended::Done(time("endedAt").saturating_sub(time("startedAt")));
                self.call(part, &ended)
            }
            ("tool", "error") => self.call(part, &Ended::Failed(field("error"))),
            _ => Ok(()),
        }
    }

    /// Shows a thought once, when it is complete.
    fn thought(&mut self, part: &str, whole: &str) -> io::Result<()> {
        let known = self.thoughts.entry(part.to_owned()).or_default();
        if whole.is_empty() || known == whole {
            return Ok(());
        }
        whole.clone_into(known);
        self.detail(whole)
    }

    fn call(&mut self, part: &Value, ended: &Ended<'_>) -> io::Result<()> {
        let field = |name: &str| part.get(name).and_then(Value::as_str);
        let input = part.pointer("/input/text").and_then(Value::as_str).unwrap_or_default();
        let tool = field("tool").unwrap_or_default();
        let line = call_line(self.style, tool, field("title").unwrap_or(input), ended);
        self.page.line(&format!("  {line}"))
    }

    fn permission(&mut self, question: &Value) -> io::Result<Value> {
        let field = |name: &str| question.get(name).and_then(Value::as_str).unwrap_or_default();
        let (tool, title) = (field("tool"), printable(field("title")).into_owned());
        self.asked.push(tool.to_owned());
        self.page.line(&format!("  {} {}", self.style.yellow("? May I?"), self.style.bold(title)))?;
        for line in field("diff").lines() {
            self.page.line(&format!("    {}", self.style.diff_line(line)))?;
        }
        self.page.out().pause(BREATH * 2);
        let said = if tool == "workspace" { "  trusted" } else { "  allowed once" };
        self.page.line(&format!("  {}", self.style.green(said)))?;
        Ok(least(question))
    }
}

/// The answer that allows what is asked for the shortest time: the first of those that do.
pub(super) fn least(question: &Value) -> Value {
    let options = question.get("options").and_then(Value::as_array).into_iter().flatten();
    let mut allowing = options.filter(|option| option.get("scope") != Some(&json!("never")));
    json!({"optionId": allowing.next().and_then(|option| option.get("id"))})
}

impl Host for Show {
    fn notified(&mut self, method: &str, params: &Value) -> io::Result<()> {
        let update = params.get("update").unwrap_or(&Value::Null);
        let field = |name: &str| update.get(name).and_then(Value::as_str).unwrap_or_default();
        match (method, field("kind")) {
            ("session/update", "partDelta") => self.page.grow(field("partId"), field("text")),
            ("session/update", "part") => self.part(update.get("part").unwrap_or(&Value::Null)),
            _ => Ok(()),
        }
    }

    fn asked(&mut self, method: &str, params: &Value) -> io::Result<Value> {
        if method == "session/requestPermission" { self.permission(params) } else { Ok(Value::Null) }
    }
}

/// Writes at a speed that can be followed, as long as there is time for pauses left.
pub(super) struct Paced<W> {
    out: W,
    left: Duration,
}

impl<W> Paced<W> {
    fn pause(&mut self, pause: Duration) {
        let pause = pause.min(self.left);
        self.left -= pause;
        thread::sleep(pause);
    }
}

impl<W: Write> Write for Paced<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left.is_zero() {
            return self.out.write(bytes);
        }
        let written = self.out.write(bytes.get(..PIECE).unwrap_or(bytes))?;
        self.out.flush()?;
        self.pause(PIECE_PAUSE);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_end_when_their_time_is_used_up() {
        let mut paced = Paced { out: Vec::new(), left: Duration::from_millis(3) };
        paced.write_all(&[b'x'; 1_000]).unwrap();
        assert_eq!((paced.left, paced.out.len()), (Duration::ZERO, 1_000));
    }
}
