//! The two notations of a patch: unified diffs and the `*** Begin Patch` form. Pure.
//!
//! Unified diff as GNU diff and git write it (`---`, `+++`, `@@ -l,n +l,n @@`, `\ No newline at end of
//! file`, git's `rename from`/`rename to` and `/dev/null`).

/// One file's change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// As it is written, `a/` and `b/` removed.
    pub(super) path: String,
    /// What happens to it.
    pub(super) action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// A new file with this content.
    Add(String),
    /// It goes.
    Delete,
    /// Its text changes, and perhaps its path.
    Update {
        /// In the order of the file.
        hunks: Vec<Hunk>,
        /// Its new path.
        move_to: Option<String>,
    },
}

/// A change of some lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hunk {
    /// First line of the old text, from 1, as a unified diff counts.
    pub(super) start: Option<usize>,
    /// A line that comes before it.
    pub(super) anchor: Option<String>,
    /// Its lines.
    pub(super) lines: Vec<Line>,
    /// The new text has no line feed at its end.
    pub(super) open_end: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Keep(String),
    Remove(String),
    Add(String),
}

impl Hunk {
    /// Its lines before the change.
    pub(super) fn old(&self) -> Vec<&str> {
        let old = self.lines.iter().filter_map(|line| match line {
            Line::Keep(text) | Line::Remove(text) => Some(text.as_str()),
            Line::Add(_) => None,
        });
        old.collect()
    }

    fn added(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match line {
            Line::Add(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Takes a line of a hunk; `false` when it is none.
    fn take(&mut self, line: &str) -> bool {
        let rest = |line: &str, mark| line.strip_prefix(mark).map(ToOwned::to_owned);
        if let Some(text) = rest(line, '+') {
            self.lines.push(Line::Add(text));
        } else if let Some(text) = rest(line, '-') {
            self.lines.push(Line::Remove(text));
        } else if let Some(text) = rest(line, ' ') {
            self.lines.push(Line::Keep(text));
        } else if line.is_empty() || line == "\r" {
            self.lines.push(Line::Keep(line.to_owned()));
        } else if line.starts_with('\\') {
            // Speaks of the line before it; a removed line's missing line feed changes nothing.
            self.open_end |= !matches!(self.lines.last(), Some(Line::Remove(_)));
        } else {
            return false;
        }
        true
    }
}

/// Reads a patch in either notation. The error says what is wrong and where.
pub(super) fn parse(patch: &str) -> Result<Vec<Change>, String> {
    let lines: Vec<&str> = patch.strip_suffix('\n').unwrap_or(patch).split('\n').collect();
    // With a space before it, it is a line of a file that a unified diff speaks of.
    let begin = lines.iter().position(|line| line.trim_end() == "*** Begin Patch");
    let changes = match begin {
        Some(at) => marked(lines.iter().skip(at + 1).copied())?,
        None => unified(&lines)?,
    };
    if changes.is_empty() {
        return Err("`patch` holds no change: neither `*** Begin Patch` nor `---`/`+++` lines".to_owned());
    }
    Ok(changes)
}

fn marked<'p>(lines: impl Iterator<Item = &'p str>) -> Result<Vec<Change>, String> {
    let mut changes: Vec<Change> = Vec::new();
    for line in lines {
        let trimmed = line.trim_end();
        let path = |mark: &str| trimmed.strip_prefix(mark).map(|path| path.trim().to_owned());
        let action = if trimmed == "*** End Patch" {
            return finish_marked(changes);
        } else if let Some(path) = path("*** Add File:") {
            Some((path, Action::Add(String::new())))
        } else if let Some(path) = path("*** Delete File:") {
            Some((path, Action::Delete))
        } else {
            path("*** Update File:").map(|path| (path, Action::Update { hunks: Vec::new(), move_to: None }))
        };
        match (action, changes.last_mut()) {
            (Some((path, action)), _) => changes.push(Change { path, action }),
            (None, Some(change)) => continue_marked(change, line)?,
            (None, None) if trimmed.is_empty() => {}
            (None, None) => return Err(format!("a file has to be named before `{line}`")),
        }
    }
    Err("`*** End Patch` is missing: the patch seems to be cut off".to_owned())
}

fn continue_marked(change: &mut Change, line: &str) -> Result<(), String> {
    let trimmed = line.trim_end();
    let path = &change.path;
    match &mut change.action {
        Action::Add(content) => {
            let text =
                line.strip_prefix('+').ok_or_else(|| format!("{path}: `{line}` does not begin with `+`"))?;
            content.push_str(text);
            content.push('\n');
        }
        Action::Delete if trimmed.is_empty() => {}
        Action::Delete => return Err(format!("{path}: `{line}` follows a deletion")),
        Action::Update { hunks, move_to } => {
            if let Some(target) = trimmed.strip_prefix("*** Move to:") {
                *move_to = Some(target.trim().to_owned());
            } else if let Some(anchor) = trimmed.strip_prefix("@@") {
                let anchor = anchor.trim().trim_end_matches("@@").trim();
                let anchor = (!anchor.is_empty()).then(|| anchor.to_owned());
                hunks.push(Hunk { anchor, ..Hunk::default() });
            } else if trimmed != "*** End of File" {
                if hunks.is_empty() {
                    hunks.push(Hunk::default());
                }
                let taken = hunks.last_mut().is_some_and(|hunk| hunk.take(line));
                if !taken {
                    return Err(format!("{path}: `{line}` begins with none of ` `, `+`, `-`, `@@`"));
                }
            }
        }
    }
    Ok(())
}

fn finish_marked(mut changes: Vec<Change>) -> Result<Vec<Change>, String> {
    for change in &mut changes {
        let Action::Update { hunks, move_to } = &mut change.action else { continue };
        for hunk in hunks.iter_mut() {
            // Empty lines between the files of a patch are no context.
            while hunk
                .lines
                .last()
                .is_some_and(|line| matches!(line, Line::Keep(text) if text.trim().is_empty()))
            {
                hunk.lines.pop();
            }
        }
        hunks.retain(|hunk| !hunk.lines.is_empty());
        if hunks.is_empty() && move_to.is_none() {
            return Err(format!("{}: an update without a hunk", change.path));
        }
    }
    Ok(changes)
}

fn unified(lines: &[&str]) -> Result<Vec<Change>, String> {
    let mut changes = Vec::new();
    let mut renamed_from: Option<&str> = None;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if let Some(from) = line.strip_prefix("rename from ") {
            renamed_from = Some(from.trim_end());
        } else if let (Some(from), Some(to)) = (renamed_from, line.strip_prefix("rename to ")) {
            let own_hunks =
                |line: &&str| line.strip_prefix("--- ").is_some_and(|name| file_name(name) == from);
            let followed = lines.get(at..).unwrap_or_default().iter().take(2).any(own_hunks);
            if !followed {
                let action = Action::Update { hunks: Vec::new(), move_to: Some(to.trim_end().to_owned()) };
                changes.push(Change { path: from.to_owned(), action });
            }
            renamed_from = None;
        } else if let Some(old) = line.strip_prefix("--- ") {
            let Some(new) = lines.get(at).and_then(|line| line.strip_prefix("+++ ")) else { continue };
            let (hunks, next) = hunks(lines, at + 1)?;
            at = next;
            changes.push(unified_change(&file_name(old), &file_name(new), hunks)?);
        }
    }
    Ok(changes)
}

fn unified_change(old: &str, new: &str, hunks: Vec<Hunk>) -> Result<Change, String> {
    let action = match (old, new) {
        ("/dev/null", _) => {
            let text: Vec<&str> = hunks.iter().flat_map(Hunk::added).collect();
            let open = hunks.last().is_some_and(|hunk| hunk.open_end) || text.is_empty();
            Action::Add(format!("{}{}", text.join("\n"), if open { "" } else { "\n" }))
        }
        (_, "/dev/null") => Action::Delete,
        _ if hunks.is_empty() => return Err(format!("{old}: no hunk follows its `+++` line")),
        _ => Action::Update { hunks, move_to: (old != new).then(|| new.to_owned()) },
    };
    let path = if old == "/dev/null" { new } else { old };
    Ok(Change { path: path.to_owned(), action })
}

/// The name on a `---` or `+++` line: without a time stamp, quotes, and the `a/` or `b/` that tools put
/// before it.
fn file_name(text: &str) -> String {
    let name = text.split('\t').next().unwrap_or_default().trim();
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    name.strip_prefix("a/").or_else(|| name.strip_prefix("b/")).unwrap_or(name).to_owned()
}

/// The hunks from line `at` on, and the line after them.
fn hunks(lines: &[&str], mut at: usize) -> Result<(Vec<Hunk>, usize), String> {
    let mut hunks = Vec::new();
    while let Some(header) = lines.get(at).filter(|line| line.starts_with("@@")) {
        let (start, old, new) =
            ranges(header).ok_or_else(|| format!("`{header}` is not `@@ -l,n +l,n @@`"))?;
        let mut hunk = Hunk { start: Some(start), ..Hunk::default() };
        at += 1;
        let (mut old_left, mut new_left) = (old, new);
        while let Some(line) = lines.get(at) {
            let marker = line.starts_with('\\');
            if (old_left == 0 && new_left == 0 && !marker) || !hunk.take(line) {
                break;
            }
            let counts = match hunk.lines.last().filter(|_| !marker) {
                Some(Line::Keep(_)) => (1, 1),
                Some(Line::Remove(_)) => (1, 0),
                Some(Line::Add(_)) => (0, 1),
                None => (0, 0),
            };
            old_left = old_left.saturating_sub(counts.0);
            new_left = new_left.saturating_sub(counts.1);
            at += 1;
        }
        if old_left + new_left > 0 {
            return Err(format!("the hunk `{header}` has fewer lines than it says"));
        }
        hunks.push(hunk);
    }
    Ok((hunks, at))
}

/// First old line, and how many old and new lines there are.
fn ranges(header: &str) -> Option<(usize, usize, usize)> {
    let inner = header.strip_prefix("@@ -")?.split(" @@").next()?;
    let (old, new) = inner.split_once(" +")?;
    let pair = |text: &str| match text.split_once(',') {
        Some((start, count)) => Some((start.parse().ok()?, count.trim().parse().ok()?)),
        None => Some((text.trim().parse().ok()?, 1)),
    };
    let ((start, old), (_, new)): ((usize, usize), (usize, usize)) = (pair(old)?, pair(new)?);
    Some((start, old, new))
}
