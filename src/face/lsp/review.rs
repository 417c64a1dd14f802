//! Reviewing what a turn changed: parameters, results and handlers of `session/changes`, `session/review` and
//! `change/read`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tower_lsp::lsp_types::Url;

use super::server::Server;
use crate::{
    engine::{EngineError, Judgement, Review, ReviewedFile, ReviewedHunk, Side},
    transcript::{FileStatus, ListedChange, MessageId, SessionId, TurnId, Verdict},
};

/// Parameters of `session/changes`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionChanges {
    /// Which session.
    pub session_id: SessionId,
    /// A message of the turn; the newest turn that changed files when missing.
    pub message_id: Option<MessageId>,
    /// Only this file, by its path in the result or an absolute one.
    pub path: Option<String>,
}

/// Parameters of `session/review`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionReview {
    /// Which session.
    pub session_id: SessionId,
    /// A message of the turn.
    pub message_id: MessageId,
    /// Which file; all of the turn's when missing.
    pub path: Option<String>,
    /// Which hunk; all that are open when missing.
    pub hunk_id: Option<String>,
    /// What a person says of it.
    pub verdict: Judged,
}

/// What a person says of hunks.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Judged {
    /// They stay.
    Accepted,
    /// The old lines are put back, when no turn of the session runs.
    Rejected,
}

/// Parameters of `change/read`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeRead {
    /// Which session.
    pub session_id: SessionId,
    /// A message of the turn.
    pub message_id: MessageId,
    /// Which file.
    pub path: String,
    /// Which of its two texts.
    pub side: ChangeSide,
}

/// A side of a change.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChangeSide {
    /// Before the turn's first change of it.
    Before,
    /// After its last one.
    After,
}

/// What a turn changed.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangesResult {
    /// The first user message that the turn answered; missing when no turn changed a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// Whether it still runs.
    pub running: bool,
    /// In the order in which they were first changed.
    pub files: Vec<ChangedFile>,
}

/// A file that a turn changed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedFile {
    /// Which, and what became of it.
    #[serde(flatten)]
    pub file: ListedFile,
    /// Why there are no hunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The differences, in order.
    pub hunks: Vec<ChangedHunk>,
}

/// A changed file as a list shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ListedFile {
    /// As a person reads it: relative to the session's working directory where it lies inside.
    pub path: String,
    /// Its `file:` URI.
    pub uri: String,
    /// What became of it.
    pub status: FileStatus,
    /// Added lines.
    pub additions: u64,
    /// Removed lines.
    pub deletions: u64,
}

/// Lines that differ. Line numbers begin at 1; a side without lines names the line before.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedHunk {
    /// The same for the same change.
    pub id: String,
    /// Its first line before.
    pub old_start: usize,
    /// Its lines before.
    pub old_lines: usize,
    /// Its first line after.
    pub new_start: usize,
    /// Its lines after.
    pub new_lines: usize,
    /// In unified form: each line begins with ` `, `-` or `+`.
    pub text: String,
    /// What a person said of it.
    pub verdict: Verdict,
    /// Whether it can be taken back: its lines stand in the file as the turn left them.
    pub applies: bool,
}

/// A side of a changed file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChangeText {
    /// The whole text.
    pub text: String,
    /// Whether there is such a file on that side.
    pub exists: bool,
}

#[expect(missing_docs, reason = "the table of methods says what each does")]
impl Server {
    pub async fn session_changes(&self, params: SessionChanges) -> Result<ChangesResult, EngineError> {
        let SessionChanges { session_id, message_id, path } = params;
        let review = self.engine.changes(&session_id, message_id, path.as_deref()).await?;
        Ok(review.map(changes).unwrap_or_default())
    }

    pub async fn session_review(&self, params: SessionReview) -> Result<ChangesResult, EngineError> {
        let SessionReview { session_id, message_id, path, hunk_id, verdict } = params;
        let verdict = match verdict {
            Judged::Accepted => Verdict::Accepted,
            Judged::Rejected => Verdict::Rejected,
        };
        let judgement = Judgement { session_id, message_id, path, hunk_id, verdict };
        Ok(self.engine.review(judgement).await?.map(changes).unwrap_or_default())
    }

    pub async fn change_read(&self, params: ChangeRead) -> Result<ChangeText, EngineError> {
        let ChangeRead { session_id, message_id, path, side } = params;
        let side = match side {
            ChangeSide::Before => Side::Before,
            ChangeSide::After => Side::After,
        };
        let text = self.engine.read_change(&session_id, message_id, &path, side).await?;
        Ok(ChangeText { exists: text.is_some(), text: text.unwrap_or_default() })
    }
}

fn changes(review: Review) -> ChangesResult {
    ChangesResult {
        message_id: Some(review.message_id),
        turn_id: Some(review.turn_id),
        running: review.running,
        files: review.files.into_iter().map(file).collect(),
    }
}

fn file(file: ReviewedFile) -> ChangedFile {
    let hunks = file.hunks.into_iter().map(hunk).collect();
    ChangedFile { file: listed(file.listed), note: file.note, hunks }
}

/// A changed file as a list shows it.
pub(super) fn listed(file: ListedChange) -> ListedFile {
    let ListedChange { path, shown, status, additions, deletions } = file;
    // Every stored path is absolute; one that is not has no URI.
    let uri = Url::from_file_path(path).map_or_else(|()| String::new(), String::from);
    ListedFile { path: shown, uri, status, additions, deletions }
}

fn hunk(reviewed: ReviewedHunk) -> ChangedHunk {
    let ReviewedHunk { hunk, verdict, applies } = reviewed;
    ChangedHunk {
        old_start: first_line(&hunk.old),
        old_lines: hunk.old.len(),
        new_start: first_line(&hunk.new),
        new_lines: hunk.new.len(),
        id: hunk.id,
        text: hunk.text,
        verdict,
        applies,
    }
}

/// As unified diffs count.
fn first_line(range: &std::ops::Range<usize>) -> usize {
    if range.is_empty() { range.start } else { range.start + 1 }
}
