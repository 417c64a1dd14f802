//! How things look on a terminal: colours where they are wanted, the width, and text that does no harm there.

use std::{
    fmt,
    io::{self, IsTerminal},
};

use rustix::{fd::AsFd, termios::tcgetwinsize};

pub(super) use agentls::transcript::hidden::{printable, printable_line as one_line};

/// Columns where nobody says how many there are.
const USUAL_WIDTH: usize = 100;

/// Colours, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    colours: bool,
}

impl Style {
    /// Colours when `stream` is a terminal that takes them and the person wants them.
    /// <https://no-color.org>
    pub(super) fn of(stream: &impl IsTerminal) -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let unwanted = set("NO_COLOR").is_some() || set("TERM").is_some_and(|terminal| terminal == "dumb");
        Self { colours: stream.is_terminal() && !unwanted }
    }

    /// No colours.
    #[cfg(test)]
    pub(super) fn plain() -> Self {
        Self { colours: false }
    }

    pub(super) fn dim<T: fmt::Display>(self, text: T) -> Painted<T> {
        self.painted("2", text)
    }

    pub(super) fn bold<T: fmt::Display>(self, text: T) -> Painted<T> {
        self.painted("1", text)
    }

    pub(super) fn red<T: fmt::Display>(self, text: T) -> Painted<T> {
        self.painted("31", text)
    }

    pub(super) fn green<T: fmt::Display>(self, text: T) -> Painted<T> {
        self.painted("32", text)
    }

    pub(super) fn yellow<T: fmt::Display>(self, text: T) -> Painted<T> {
        self.painted("33", text)
    }

    pub(super) fn cyan<T: fmt::Display>(self, text: T) -> Painted<T> {
        self.painted("36", text)
    }

    pub(super) fn magenta<T: fmt::Display>(self, text: T) -> Painted<T> {
        self.painted("35", text)
    }

    fn painted<T>(self, code: &'static str, text: T) -> Painted<T> {
        Painted { code: self.colours.then_some(code), text }
    }

    /// A line of a unified diff in the usual colours.
    pub(super) fn diff_line(self, line: &str) -> String {
        let line = printable(line);
        match line.as_bytes().first() {
            Some(b'+') => self.green(line).to_string(),
            Some(b'-') => self.red(line).to_string(),
            Some(b'@') => self.cyan(line).to_string(),
            _ => line.into_owned(),
        }
    }
}

/// Text with a colour around it. Padding goes inside it, so that columns stay straight.
pub(super) struct Painted<T> {
    /// Parameters of "select graphic rendition" (ECMA-48, 8.3.117).
    code: Option<&'static str>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => {
                write!(f, "\x1b[{code}m")?;
                self.text.fmt(f)?;
                f.write_str("\x1b[0m")
            }
            None => self.text.fmt(f),
        }
    }
}

/// Columns of the terminal on stdout; `None` when it is none, so that nothing has to be cut.
pub(super) fn terminal_width() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let columns = tcgetwinsize(stdout.as_fd()).map_or(0, |size| usize::from(size.ws_col));
    Some(if columns == 0 { USUAL_WIDTH } else { columns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_come_only_where_they_are_wanted() {
        let coloured = Style { colours: true };
        assert_eq!(coloured.red(format_args!("{:<4}|", "x")).to_string(), "\x1b[31mx   |\x1b[0m");
        assert_eq!(format!("{:>3}", Style::plain().bold("x")), "  x");
        assert_eq!(coloured.diff_line("+a"), "\x1b[32m+a\x1b[0m");
    }
}
