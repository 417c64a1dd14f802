//! An answer of `recall` while it grows: so many lines, so many bytes, and no more (invariant 9).

/// Lines of one answer at most.
pub(in crate::tool) const MOST_LINES: u32 = 2_000;

/// Bytes of one answer at most, the line that ends it included.
pub(in crate::tool) const MOST_BYTES: usize = 40 * 1024;

/// What is kept for the last line.
const END: usize = 160;

/// Lines, up to a limit.
pub(super) struct Answer {
    text: String,
    lines: usize,
    limit: usize,
}

impl Answer {
    pub(super) fn new(limit: usize) -> Self {
        Self { text: String::new(), lines: 0, limit }
    }

    /// Adds a line with its number; false when there is no room for it.
    pub(super) fn line(&mut self, number: u64, line: &str) -> bool {
        self.add(&format!("{number:>6}\t{line}\n"))
    }

    /// Adds text that counts as one line; false when there is no room for it.
    pub(super) fn add(&mut self, text: &str) -> bool {
        if self.lines == self.limit || self.text.len() + text.len() > MOST_BYTES - END {
            return false;
        }
        self.text.push_str(text);
        self.lines += 1;
        true
    }

    /// Lines until now.
    pub(super) fn shown(&self) -> usize {
        self.lines
    }

    /// The answer with its last line.
    pub(super) fn end(mut self, note: &str) -> String {
        self.text.push_str(&format!("({note})"));
        self.text
    }
}
