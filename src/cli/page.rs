//! An answer as people read it: its text as it grows, a line for each tool call.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use agentls::transcript::text;

use super::style::{Style, printable};

/// The most that is shown of a tool call, in bytes.
const LONGEST_LINE: usize = 100;

/// The text of an answer as far as it is printed.
pub(super) struct Page<W> {
    out: W,
    /// Bytes that were printed of each text, by part.
    printed: HashMap<String, usize>,
    /// Whether something is on the current line.
    in_line: bool,
}

impl<W: Write> Page<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, printed: HashMap::new(), in_line: false }
    }

    /// What it is printed on.
    pub(super) fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// Prints more of a text that was announced. What was not announced (reasoning) is not printed.
    pub(super) fn grow(&mut self, part: &str, more: &str) -> io::Result<()> {
        let Some(printed) = self.printed.get_mut(part) else { return Ok(()) };
        *printed += more.len();
        self.print(more)
    }

    /// Prints what was not printed yet of a whole text. The first time it announces the text.
    pub(super) fn complete(&mut self, part: &str, whole: &str) -> io::Result<()> {
        if !self.printed.contains_key(part) {
            self.end_line()?;
        }
        let printed = self.printed.entry(part.to_owned()).or_default();
        let rest = text::from(whole, *printed);
        *printed = whole.len().max(*printed);
        self.print(rest)
    }

    /// Prints a line of its own.
    pub(super) fn line(&mut self, line: &str) -> io::Result<()> {
        self.end_line()?;
        writeln!(self.out, "{line}")?;
        self.out.flush()
    }

    /// Ends the current line, if there is something on it.
    pub(super) fn end_line(&mut self) -> io::Result<()> {
        if self.in_line { self.print("\n") } else { Ok(()) }
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
}

/// How a tool call ended.
pub(super) enum Ended<'a> {
    /// It did it, in so many milliseconds.
    Done(u64),
    /// It did not, for this reason.
    Failed(&'a str),
}

/// `• read src/main.rs (3 ms)`, or `✗ bash make: why`.
pub(super) fn call_line(style: Style, tool: &str, title: &str, ended: &Ended<'_>) -> String {
    let call = format!("{} {}", printable(tool), shortened(title));
    match ended {
        Ended::Done(time) => style.dim(format_args!("• {call} ({time} ms)")).to_string(),
        Ended::Failed(why) => {
            format!("{} {}", style.red("✗"), style.dim(format_args!("{call}: {}", shortened(why))))
        }
    }
}

fn shortened(line: &str) -> String {
    text::ellipsis(text::first_line(&printable(line)), LONGEST_LINE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_printed_once_however_it_comes() {
        let mut page = Page::new(Vec::new());
        page.complete("prt_1", "").unwrap();
        page.grow("prt_1", "Hello").unwrap();
        page.complete("prt_1", "Hello, you").unwrap();
        page.complete("prt_1", "Hello, you").unwrap();
        page.line("* a line").unwrap();
        page.complete("prt_2", "Bye\n").unwrap();
        assert_eq!(String::from_utf8(page.out).unwrap(), "Hello, you\n* a line\nBye\n");
    }

    #[test]
    fn reasoning_is_not_printed() {
        let mut page = Page::new(Vec::new());
        page.grow("prt_1", "hmm").unwrap();
        assert!(page.out.is_empty());
    }

    #[test]
    fn a_tool_call_is_one_line_without_escapes() {
        let line = |ended| call_line(Style::plain(), "bash", "ls\x1b[2J\nrm", &ended);
        assert_eq!(line(Ended::Done(3)), "• bash ls[2J (3 ms)");
        assert_eq!(line(Ended::Failed("no\nmore")), "✗ bash ls[2J: no");
    }
}
