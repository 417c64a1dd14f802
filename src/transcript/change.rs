//! A file that a turn changed: its text before and after, the hunks between, and taking hunks back. Pure.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::Path,
    time::{Duration, Instant},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use similar::{Algorithm, DiffOp, DiffTag, TextMerge, capture_diff_slices_deadline, group_diff_ops};

/// The longest text of a file that is kept for review, in bytes.
pub const LONGEST_KEPT: usize = 1024 * 1024;

/// Unchanged lines around a change that make it readable.
const CONTEXT: usize = 3;

/// How long the smallest difference is looked for; after that a larger one will do.
pub(in crate::transcript) const PATIENCE: Duration = Duration::from_secs(2);

/// Lines that a turn may have changed in a file which somebody else has changed since, for the two to be brought
/// together: merging knows no deadline.
pub(in crate::transcript) const MOST_MERGED: usize = 20_000;

/// A file that a turn changed. A text is `None` while there is no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Absolute path.
    pub path: String,
    /// Before the turn's first change.
    pub before: Option<String>,
    /// After its last one.
    pub after: Option<String>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum FileStatus {
    Created,
    Modified,
    Deleted,
}

/// A file that a turn changed, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedChange {
    /// Absolute path.
    pub path: String,
    /// As a person reads it: relative to the session's working directory where it lies inside.
    pub shown: String,
    /// What became of it.
    pub status: FileStatus,
    /// Added lines.
    pub additions: u64,
    /// Removed lines.
    pub deletions: u64,
}

/// What a person said of a hunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing yet.
    #[default]
    Open,
    /// It stays.
    Accepted,
    /// The old lines stand there again.
    Rejected,
}

/// What a person said of a file's hunks, by their ids.
pub type Verdicts = BTreeMap<String, Verdict>;

/// Some hunks, by their ids.
pub type Ids<'a> = BTreeSet<&'a str>;

/// Lines that differ, with what stands around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The same for the same change.
    pub id: String,
    /// Its lines in the text before, from 0.
    pub old: Range<usize>,
    /// Its lines in the text after, from 0.
    pub new: Range<usize>,
    /// In unified form: each line begins with ` `, `-` or `+`.
    pub text: String,
    ops: Vec<DiffOp>,
}

/// A path as a person reads it: relative to the working directory where it lies inside.
pub fn shown<'a>(path: &'a str, cwd: &str) -> Cow<'a, str> {
    let path = Path::new(path);
    path.strip_prefix(cwd).unwrap_or(path).to_string_lossy()
}

/// What is to stand in a file's place when hunks of it were taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restored {
    /// This text.
    Text(String),
    /// No file: the turn had created it.
    NoFile,
}

impl From<Option<String>> for Restored {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::NoFile, Self::Text)
    }
}

impl FileChange {
    /// What became of the file; `None` when it is as it was.
    pub fn status(&self) -> Option<FileStatus> {
        match (&self.before, &self.after) {
            (None, Some(_)) => Some(FileStatus::Created),
            (Some(_), None) => Some(FileStatus::Deleted),
            (before, after) => (before != after).then_some(FileStatus::Modified),
        }
    }

    /// Whether both texts are short enough to be kept.
    pub fn is_kept(&self) -> bool {
        [&self.before, &self.after].into_iter().flatten().all(|text| text.len() <= LONGEST_KEPT)
    }

    /// The differences, in order.
    pub fn hunks(&self) -> Vec<Hunk> {
        let (old, new) = (lines(self.before.as_deref()), lines(self.after.as_deref()));
        let deadline = Instant::now().checked_add(PATIENCE);
        let ops = capture_diff_slices_deadline(Algorithm::Myers, &old, &new, deadline);
        let groups = group_diff_ops(ops, CONTEXT).into_iter();
        groups.filter_map(|ops| hunk(&old, &new, ops)).collect()
    }

    /// Added and removed lines.
    pub fn counts(&self) -> (usize, usize) {
        let ops = self.hunks().into_iter().flat_map(|hunk| hunk.ops);
        let changed = ops.filter(|op| op.tag() != DiffTag::Equal);
        changed.fold((0, 0), |(added, removed), op| {
            (added + op.new_range().len(), removed + op.old_range().len())
        })
    }

    /// `now`, what stands in the file today, with the old lines of `rejected` hunks put back, where those of `gone` were
    /// put back before. `None` when the file was changed so since that the lines have no place in it.
    pub fn take_back(
        &self,
        hunks: &[Hunk],
        gone: &Ids<'_>,
        rejected: &Ids<'_>,
        now: Option<&str>,
    ) -> Option<Restored> {
        let all: Ids<'_> = gone.union(rejected).copied().collect();
        let (base, wanted) = (self.without(hunks, gone), self.without(hunks, &all));
        if now == base.as_deref() {
            return Some(wanted.into());
        }
        let changed: usize = hunks.iter().map(|hunk| hunk.old.len() + hunk.new.len()).sum();
        let (Some(base), Some(now), Some(wanted)) = (base, now, wanted) else { return None };
        if changed > MOST_MERGED {
            return None;
        }
        let merged = TextMerge::from_lines(base.as_str(), now, wanted.as_str());
        (!merged.is_conflicted()).then(|| Restored::Text(merged.to_string()))
    }

    /// What would stand in the file after the turn without the hunks named.
    fn without(&self, hunks: &[Hunk], gone: &Ids<'_>) -> Option<String> {
        if gone.is_empty() {
            return self.after.clone();
        }
        if hunks.iter().all(|hunk| gone.contains(hunk.id.as_str())) {
            return self.before.clone();
        }
        let (old, new) = (lines(self.before.as_deref()), lines(self.after.as_deref()));
        let mut text = String::new();
        let mut copied = 0;
        let back = hunks.iter().filter(|hunk| gone.contains(hunk.id.as_str()));
        for op in back.flat_map(|hunk| &hunk.ops).filter(|op| op.tag() != DiffTag::Equal) {
            text.extend(new.get(copied..op.new_range().start).unwrap_or_default().iter().copied());
            text.extend(old.get(op.old_range()).unwrap_or_default().iter().copied());
            copied = op.new_range().end;
        }
        text.extend(new.get(copied..).unwrap_or_default().iter().copied());
        Some(text)
    }
}

fn lines(text: Option<&str>) -> Vec<&str> {
    text.unwrap_or_default().split_inclusive('\n').collect()
}

fn hunk(old: &[&str], new: &[&str], ops: Vec<DiffOp>) -> Option<Hunk> {
    let (first, last) = (ops.first()?, ops.last()?);
    let old_range = first.old_range().start..last.old_range().end;
    let new_range = first.new_range().start..last.new_range().end;
    let mut text = String::new();
    for op in &ops {
        if op.tag() == DiffTag::Equal {
            push_lines(&mut text, ' ', old.get(op.old_range()));
        } else {
            push_lines(&mut text, '-', old.get(op.old_range()));
            push_lines(&mut text, '+', new.get(op.new_range()));
        }
    }
    Some(Hunk { id: id(&old_range, &text), old: old_range, new: new_range, text, ops })
}

fn push_lines(text: &mut String, mark: char, lines: Option<&[&str]>) {
    for line in lines.unwrap_or_default() {
        text.push(mark);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

fn id(old: &Range<usize>, text: &str) -> String {
    let digest = Sha256::digest(format!("{}\n{text}", old.start));
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn change(before: &str, after: &str) -> FileChange {
        FileChange { path: "/x".into(), before: Some(before.into()), after: Some(after.into()) }
    }

    fn ids(hunks: &[Hunk]) -> Ids<'_> {
        hunks.iter().map(|hunk| hunk.id.as_str()).collect()
    }

    fn take_back(change: &FileChange, which: usize, now: Option<&str>) -> Option<Restored> {
        let hunks = change.hunks();
        change.take_back(&hunks, &Ids::new(), &ids(&hunks[..which]), now)
    }

    #[test]
    fn too_many_changed_lines_are_not_merged_with_what_somebody_else_changed() {
        let added = |count: usize| change("keep\n", &format!("keep\n{}", "x\n".repeat(count)));
        let restored = |change: &FileChange| {
            let now = change.after.as_deref().map(|after| format!("mine\n{after}"));
            take_back(change, 1, now.as_deref())
        };
        assert_eq!(restored(&added(10)), Some(Restored::Text("mine\nkeep\n".into())));
        assert_eq!(restored(&added(MOST_MERGED + 1)), None);
    }

    fn numbered(changed: &[(usize, &str)]) -> String {
        let line = |number: usize| {
            let other = changed.iter().find(|(at, _)| *at == number);
            other.map_or_else(|| format!("line {number}\n"), |(_, text)| format!("{text}\n"))
        };
        (1..=30).map(line).collect()
    }

    #[test]
    fn one_of_two_hunks_is_taken_back_and_the_other_stays() {
        let change = change(&numbered(&[]), &numbered(&[(3, "three"), (20, "twenty")]));
        let hunks = change.hunks();
        assert_eq!(hunks.len(), 2);
        assert!(hunks[0].text.contains("-line 3\n+three\n"), "{}", hunks[0].text);
        let now = take_back(&change, 1, change.after.as_deref());
        assert_eq!(now, Some(Restored::Text(numbered(&[(20, "twenty")]))));
    }

    #[test]
    fn what_somebody_else_changed_since_stays() {
        let change = change(&numbered(&[]), &numbered(&[(3, "three")]));
        let now = format!("first of all\n{}", numbered(&[(3, "three"), (28, "theirs")]));
        let back = take_back(&change, 1, Some(&now));
        assert_eq!(back, Some(Restored::Text(format!("first of all\n{}", numbered(&[(28, "theirs")])))));
    }

    #[test]
    fn lines_that_were_changed_again_have_no_place_to_go_back_to() {
        let change = change(&numbered(&[]), &numbered(&[(3, "three")]));
        assert_eq!(take_back(&change, 1, Some(&numbered(&[(3, "drei")]))), None);
        assert_eq!(take_back(&change, 1, None), None, "the file is gone");
    }

    #[test]
    fn a_created_file_goes_and_a_deleted_one_comes_back() {
        let created = FileChange { path: "/x".into(), before: None, after: Some("a\n".into()) };
        assert_eq!(take_back(&created, 1, Some("a\n")), Some(Restored::NoFile));
        let deleted = FileChange { path: "/x".into(), before: Some("a".into()), after: None };
        assert_eq!(take_back(&deleted, 1, None), Some(Restored::Text("a".into())));
        assert_eq!(take_back(&deleted, 1, Some("new")), None, "another stands there now");
        assert_eq!(deleted.hunks()[0].text, "-a\n\\ No newline at end of file\n");
    }

    proptest! {
        #[test]
        fn the_hunks_taken_back_one_after_the_other_give_the_old_text(
            before in "([a-e]\r?\n){0,60}[abc]?", after in "([a-e]\r?\n){0,60}[abc]?",
        ) {
            let change = change(&before, &after);
            let hunks = change.hunks();
            prop_assert_eq!(hunks.is_empty(), change.status().is_none());
            let (mut gone, mut now) = (Ids::new(), Some(after));
            for hunk in &hunks {
                let next = Ids::from([hunk.id.as_str()]);
                now = match change.take_back(&hunks, &gone, &next, now.as_deref()) {
                    Some(Restored::Text(text)) => Some(text),
                    other => return Err(TestCaseError::fail(format!("{other:?}"))),
                };
                gone.extend(next);
            }
            prop_assert_eq!(now, Some(before));
            prop_assert_eq!(gone.len(), hunks.len(), "each id is one hunk's");
        }

        #[test]
        fn counts_are_those_of_the_hunks(before in "([ab]\n){0,30}", after in "([ab]\n){0,30}") {
            let change = change(&before, &after);
            let (added, removed) = change.counts();
            let count = |mark: char| {
                let hunks = change.hunks();
                hunks.iter().flat_map(|hunk| hunk.text.lines()).filter(|line| line.starts_with(mark)).count()
            };
            prop_assert_eq!((added, removed), (count('+'), count('-')));
        }
    }

    #[test]
    fn where_the_smallest_difference_takes_too_long_a_larger_one_will_do() {
        let noise = |mut state: u32| -> String {
            let lines = (0..60_000).map(|_| {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                format!("{}\n", state % 50)
            });
            lines.collect()
        };
        let change = change(&noise(7), &noise(11));
        let begun = Instant::now();
        let hunks = change.hunks();
        assert!(begun.elapsed() < PATIENCE * 15, "{:?}", begun.elapsed());
        let restored = change.without(&hunks, &ids(&hunks));
        assert!(restored == change.before, "it is a true difference all the same");
    }
}
