//! Reviewing what a turn changed in files: its hunks, accepting them, taking them back.

use std::{path::Path, sync::Arc};

use futures::FutureExt;
use tokio::sync::MutexGuard;

use super::{Engine, EngineError, Open};
use crate::{
    store::{ChangedTurn, StoredChange},
    tool::{
        ToolError,
        buffers::Editor,
        textfile::{self, Text},
    },
    transcript::{
        Failure, FailureKind, ListedChange, MessageId, Session, SessionId, TurnId, Update, Verdict,
        change::{Hunk, Ids, Restored},
    },
};

/// How much text of hunks one answer holds, in bytes; further files are named without them.
pub(in crate::engine) const MOST_SHOWN: usize = 4 * 1024 * 1024;

/// What a turn changed, for a person to review.
#[derive(Clone, Debug)]
pub struct Review {
    /// The first user message that the turn answered.
    pub message_id: MessageId,
    /// Which turn.
    pub turn_id: TurnId,
    /// Whether it still runs.
    pub running: bool,
    /// In the order in which they were first changed.
    pub files: Vec<ReviewedFile>,
}

/// A file of it.
#[derive(Clone, Debug)]
pub struct ReviewedFile {
    /// Which, and what became of it.
    pub listed: ListedChange,
    /// Why there are no hunks.
    pub note: Option<String>,
    /// The differences.
    pub hunks: Vec<ReviewedHunk>,
}

/// A difference, and what is to be known of it.
#[derive(Clone, Debug)]
pub struct ReviewedHunk {
    /// It.
    pub hunk: Hunk,
    /// What a person said of it.
    pub verdict: Verdict,
    /// Whether it can be taken back: its lines stand in the file as the turn left them.
    pub applies: bool,
}

/// What is said of hunks.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct Judgement {
    pub session_id: SessionId,
    pub message_id: MessageId,
    /// Of one file; of all when missing.
    pub path: Option<String>,
    /// One hunk; all that are open when missing.
    pub hunk_id: Option<String>,
    pub verdict: Verdict,
}

/// A side of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before the turn.
    Before,
    /// After it.
    After,
}

/// A changed file with all that is known of it.
struct Changed {
    stored: StoredChange,
    hunks: Vec<Hunk>,
    /// What stands there now, where it can be read and edited as text.
    now: Option<Text>,
}

/// What became of a verdict about a file.
enum Judged {
    /// It has no hunk that the verdict is about.
    Nothing,
    /// It holds.
    Done,
    /// The file stays as it is, for this reason.
    Left(String),
}

impl Engine {
    /// What the turn changed that answered a message; without one, what the newest turn did that changed files. Of one
    /// file, if it is named.
    pub async fn changes(
        &self,
        session: &SessionId,
        message: Option<MessageId>,
        path: Option<&str>,
    ) -> Result<Option<Review>, EngineError> {
        let open = self.open().await?;
        let turn = open.store.changed_turn(session, message).await.map_err(Failure::from)?;
        let Some(turn) = turn else { return Ok(None) };
        let mut shown = 0;
        let mut files = Vec::new();
        for listed in chosen(&turn, path)? {
            let changed = self.changed(open, &turn.turn, listed).await?;
            files.push(if shown < MOST_SHOWN {
                reviewed(listed, changed)
            } else {
                let note = "there are too many changes to show at once; ask for this file alone".to_owned();
                ReviewedFile { listed: listed.clone(), note: Some(note), hunks: Vec::new() }
            });
            shown += files.last().map_or(0, |file| file.hunks.iter().map(|it| it.hunk.text.len()).sum());
        }
        let running = open.desk.runs(session, &turn.turn);
        Ok(Some(Review { message_id: turn.message, turn_id: turn.turn, running, files }))
    }

    /// Accepts hunks or takes them back. What is taken back waits until no turn of the session runs; a file in which one
    /// of the hunks has no place any more stays as it is, and the failure names each of them and what was taken back.
    pub async fn review(&self, judgement: Judgement) -> Result<Option<Review>, EngineError> {
        let Judgement { session_id, message_id, path, hunk_id, verdict } = judgement;
        let open = self.open().await?;
        let _one_at_a_time = self.turn_to_review(open, &session_id, verdict).await?;
        let turn = open.store.changed_turn(&session_id, Some(message_id.clone())).await;
        let Some(turn) = turn.map_err(Failure::from)? else { return Ok(None) };
        let (mut taken_back, mut left) = (Vec::new(), Vec::new());
        for listed in chosen(&turn, path.as_deref())? {
            match self.judge(open, &turn.turn, listed, hunk_id.as_deref(), verdict).await? {
                Judged::Nothing => {}
                Judged::Done => taken_back.push(listed.shown.clone()),
                Judged::Left(reason) => left.push(reason),
            }
        }
        if left.is_empty() || !taken_back.is_empty() {
            let told = Update::Changes { message_id: turn.message, files: turn.files };
            self.inner.events.emit(&session_id, Some(&turn.turn), told);
        }
        if !left.is_empty() {
            return Err(EngineError::InvalidParams(not_all(&taken_back, &left)));
        }
        self.changes(&session_id, Some(message_id), path.as_deref()).await
    }

    /// A side of a changed file; `None` when there was no such file.
    pub async fn read_change(
        &self,
        session: &SessionId,
        message: MessageId,
        path: &str,
        side: Side,
    ) -> Result<Option<String>, EngineError> {
        let open = self.open().await?;
        let turn = open.store.changed_turn(session, Some(message)).await.map_err(Failure::from)?;
        let turn = turn.ok_or_else(|| no_such_file(path))?;
        let listed = chosen(&turn, Some(path))?.first().copied().ok_or_else(|| no_such_file(path))?;
        let StoredChange { file, kept, .. } = stored(open, &turn.turn, listed).await?;
        if !kept {
            return Err(EngineError::InvalidParams(format!("path: {NOT_KEPT}")));
        }
        Ok(match side {
            Side::Before => file.before,
            Side::After => file.after,
        })
    }

    /// One review at a time. One that takes something back waits until no turn of the session runs, and keeps nobody
    /// from reviewing until then.
    async fn turn_to_review(
        &self,
        open: &Open,
        session: &SessionId,
        verdict: Verdict,
    ) -> Result<MutexGuard<'_, ()>, EngineError> {
        loop {
            if verdict == Verdict::Rejected {
                self.wait_for_rest(open, session).await?;
            }
            let alone = self.inner.reviewing.lock().await;
            // A turn may have begun while others reviewed.
            if verdict != Verdict::Rejected || open.desk.rest(session).now_or_never().is_some() {
                return Ok(alone);
            }
        }
    }

    /// Waits until no turn of the session runs here; refuses while one runs elsewhere.
    async fn wait_for_rest(&self, open: &Open, session: &SessionId) -> Result<(), EngineError> {
        open.desk.rest(session).await;
        let Session { owner, .. } = open.store.session(session).await.map_err(Failure::from)?;
        match owner {
            Some(owner) if owner.pid != std::process::id() => {
                let message = "the session is running in another process";
                Err(Failure::new(FailureKind::SessionBusy { owner }, message).into())
            }
            _ => Ok(()),
        }
    }

    async fn changed(
        &self,
        open: &Open,
        turn: &TurnId,
        listed: &ListedChange,
    ) -> Result<Changed, EngineError> {
        let stored = stored(open, turn, listed).await?;
        let now = match textfile::load(self.inner.editor.as_ref(), Path::new(&listed.path)).await {
            Ok(text) => Some(text),
            Err(error) => {
                tracing::debug!(%error, "a changed file cannot be read");
                None
            }
        };
        let file = stored.file.clone();
        let hunks = tokio::task::spawn_blocking(move || file.hunks()).await;
        let hunks = hunks.map_err(|error| Failure::internal(error.to_string()))?;
        Ok(Changed { stored, hunks, now })
    }

    async fn judge(
        &self,
        open: &Open,
        turn: &TurnId,
        listed: &ListedChange,
        hunk: Option<&str>,
        verdict: Verdict,
    ) -> Result<Judged, EngineError> {
        let changed = self.changed(open, turn, listed).await?;
        let chosen: Ids<'_> = changed.choose(hunk);
        if let (Some(id), true) = (hunk, chosen.is_empty()) {
            return Err(EngineError::InvalidParams(format!(
                "hunkId: {} has no open hunk {id}",
                listed.shown
            )));
        }
        if chosen.is_empty() {
            return Ok(Judged::Nothing);
        }
        if verdict == Verdict::Rejected
            && let Err(reason) = changed.take_back(&self.inner.editor, &chosen, &listed.shown).await
        {
            return Ok(Judged::Left(reason));
        }
        let verdicts = chosen.iter().map(|id| ((*id).to_owned(), verdict)).collect();
        open.store.judge(turn, &listed.path, verdicts).await.map_err(Failure::from)?;
        Ok(Judged::Done)
    }
}

impl Changed {
    fn verdict(&self, hunk: &Hunk) -> Verdict {
        self.stored.verdicts.get(&hunk.id).copied().unwrap_or_default()
    }

    /// The hunks that a verdict is about: the one named unless it was taken back, or all that are open.
    fn choose(&self, id: Option<&str>) -> Ids<'_> {
        let wanted = |hunk: &&Hunk| match id {
            Some(id) => hunk.id == id && self.verdict(hunk) != Verdict::Rejected,
            None => self.verdict(hunk) == Verdict::Open,
        };
        self.hunks.iter().filter(wanted).map(|hunk| hunk.id.as_str()).collect()
    }

    fn gone(&self) -> Ids<'_> {
        let gone = self.hunks.iter().filter(|hunk| self.verdict(hunk) == Verdict::Rejected);
        gone.map(|hunk| hunk.id.as_str()).collect()
    }

    /// What would stand in the file without these hunks; `None` when they have no place in it.
    fn without(&self, hunks: &Ids<'_>) -> Option<Restored> {
        let now = self.now.as_ref()?.content.as_deref();
        self.stored.file.take_back(&self.hunks, &self.gone(), hunks, now)
    }

    /// Puts the old lines back; why not, with the file's name, where that cannot be done.
    async fn take_back(&self, editor: &Arc<dyn Editor>, hunks: &Ids<'_>, shown: &str) -> Result<(), String> {
        let (Some(now), Some(wanted)) = (&self.now, self.without(hunks)) else {
            return Err(format!("{shown} was changed since; put it back by hand, or accept the change"));
        };
        let done = match wanted {
            Restored::Text(text) => textfile::store(editor.as_ref(), now, &text).await,
            Restored::NoFile if now.content.is_none() => Ok(()),
            Restored::NoFile => textfile::remove(editor.as_ref(), now).await,
        };
        done.map_err(|error: ToolError| format!("{shown}: {error}"))
    }
}

/// Why not everything was taken back.
fn not_all(taken_back: &[String], left: &[String]) -> String {
    let left = left.join(". ");
    if taken_back.is_empty() { left } else { format!("{left}. Taken back: {}", taken_back.join(", ")) }
}

/// Why a file has no hunks.
const NOT_KEPT: &str = "the file is too long to be reviewed here, or holds a key that is not kept";

fn reviewed(listed: &ListedChange, changed: Changed) -> ReviewedFile {
    let note = (!changed.stored.kept).then(|| NOT_KEPT.to_owned());
    let judged: Vec<_> = changed
        .hunks
        .iter()
        .map(|hunk| {
            let verdict = changed.verdict(hunk);
            let applies =
                verdict != Verdict::Rejected && changed.without(&Ids::from([hunk.id.as_str()])).is_some();
            (verdict, applies)
        })
        .collect();
    let hunks = changed.hunks.into_iter().zip(judged);
    let hunks = hunks.map(|(hunk, (verdict, applies))| ReviewedHunk { hunk, verdict, applies }).collect();
    ReviewedFile { listed: listed.clone(), note, hunks }
}

/// The files of a turn, or the one that is named as a person reads it or absolutely.
fn chosen<'a>(turn: &'a ChangedTurn, path: Option<&str>) -> Result<Vec<&'a ListedChange>, EngineError> {
    let named = |file: &&ListedChange| path.is_none_or(|path| file.path == path || file.shown == path);
    let files: Vec<_> = turn.files.iter().filter(named).collect();
    match path {
        Some(path) if files.is_empty() => Err(no_such_file(path)),
        _ => Ok(files),
    }
}

fn no_such_file(path: &str) -> EngineError {
    EngineError::InvalidParams(format!("path: the turn did not change {path}"))
}

async fn stored(open: &Open, turn: &TurnId, listed: &ListedChange) -> Result<StoredChange, EngineError> {
    let stored = open.store.change(turn, &listed.path).await.map_err(Failure::from)?;
    stored.ok_or_else(|| no_such_file(&listed.shown))
}
