//! What turns changed in files: each file's text before the turn's first change and after its last one, and what a
//! person said of the hunks between. The texts are bounded ([`LONGEST_KEPT`](crate::transcript::change::LONGEST_KEPT)).

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Committed, Result, Store, StoreError, damage,
    rows::{self, Reading},
    sessions,
};
use crate::transcript::{
    FileChange, FileStatus, ListedChange, MessageId, SessionId, TurnId, Verdict, Verdicts, change::shown,
};

/// What a turn changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedTurn {
    /// Which turn.
    pub turn: TurnId,
    /// The first user message that it answered.
    pub message: MessageId,
    /// In the order in which they were first changed; at most 1,000.
    pub files: Vec<ListedChange>,
}

/// The most files that are listed of one turn.
pub(in crate::store) const MOST_LISTED: usize = 1_000;

/// A file that a turn changed, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredChange {
    /// The texts. Both `None` when they were not kept.
    pub file: FileChange,
    /// Whether the texts were kept.
    pub kept: bool,
    /// What a person said of its hunks.
    pub verdicts: Verdicts,
}

/// A change to be stored, with what a list shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChange {
    /// The turn that made it.
    pub turn: TurnId,
    /// The file before the turn's first change, and now.
    pub file: FileChange,
    /// Whether its texts are kept.
    pub kept: bool,
    /// Added and removed lines between the two; 0 when they are not kept.
    pub counts: (u64, u64),
}

impl NewChange {
    /// Bytes of its texts, as far as they are kept.
    pub(super) fn bytes(&self) -> usize {
        let texts = [&self.file.before, &self.file.after].into_iter().flatten();
        texts.filter(|_| self.kept).map(String::len).sum()
    }
}

impl Store {
    /// What the turn changed that answered a message; without one, what the newest turn did that changed files.
    pub async fn changed_turn(
        &self,
        session: &SessionId,
        message: Option<MessageId>,
    ) -> Result<Option<ChangedTurn>> {
        let session = session.clone();
        self.read(move |tx| {
            let key = sessions::key(tx, &session)?;
            let turn = match message {
                Some(message) => Some(turn_of(tx, key, &message)?),
                None => newest_turn(tx, key)?,
            };
            turn.map(|turn| changed(tx, key, turn)).transpose()
        })
        .await
    }

    /// What the turn changed.
    pub async fn changes_of(&self, session: &SessionId, turn: &TurnId) -> Result<ChangedTurn> {
        let (session, turn) = (session.clone(), turn.clone());
        self.read(move |tx| changed(tx, sessions::key(tx, &session)?, turn)).await
    }

    /// One file that a turn changed.
    pub async fn change(&self, turn: &TurnId, path: &str) -> Result<Option<StoredChange>> {
        let (turn, path) = (turn.clone(), path.to_owned());
        self.read(move |tx| find(tx, &turn, &path)).await
    }

    /// Keeps what a person said of a file's hunks, beside what was said before.
    pub async fn judge(&self, turn: &TurnId, path: &str, verdicts: Verdicts) -> Result<Committed<()>> {
        let (turn, path) = (turn.clone(), path.to_owned());
        self.write(move |tx| {
            let Some(StoredChange { verdicts: mut all, .. }) = find(tx, &turn, &path)? else { return Ok(()) };
            let rejected = verdicts.values().filter(|verdict| **verdict == Verdict::Rejected).count();
            all.extend(verdicts);
            tx.prepare_cached(
                "UPDATE change SET verdicts = ?3, untold = untold + ?4 WHERE turn = ?1 AND path = ?2",
            )?
            .execute(params![
                turn.as_str(),
                path,
                rows::json(&all)?,
                rows::signed(rejected as u64)
            ])?;
            Ok(())
        })
        .await
    }

    /// The files in which a person took hunks back that the model does not know of, and how many.
    pub async fn untold_rejections(&self, session: &SessionId) -> Result<Vec<(String, u64)>> {
        let session = session.clone();
        self.read(move |tx| {
            let sql = "SELECT path, untold, cwd FROM change JOIN session ON session.key = change.session
                       WHERE session = ?1 AND untold > 0 ORDER BY change.key";
            let mut rejected = tx.prepare_cached(sql)?;
            let rejected = rejected.query_map([sessions::key(tx, &session)?], |row| {
                let mut it = Reading::new(row);
                let (path, cwd) = (it.text("path"), it.text("cwd"));
                let told = (shown(&path, &cwd).into_owned(), it.unsigned("untold"));
                it.log(|| format!("a change of session {session}"));
                Ok(told)
            })?;
            Ok(rejected.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// The model knows of them now.
    pub async fn rejections_told(&self, session: &SessionId) -> Result<Committed<()>> {
        let session = session.clone();
        self.write(move |tx| {
            let sql = "UPDATE change SET untold = 0 WHERE session = ?1 AND untold > 0";
            tx.prepare_cached(sql)?.execute([sessions::key(tx, &session)?])?;
            Ok(())
        })
        .await
    }
}

fn turn_of(connection: &Connection, key: i64, message: &MessageId) -> Result<TurnId> {
    connection
        .prepare_cached("SELECT turn FROM message WHERE session = ?1 AND id = ?2 AND turn IS NOT NULL")?
        .query_row(params![key, message.as_str()], |row| row.get::<_, String>(0))
        .optional()?
        .map(TurnId::from)
        .ok_or_else(|| StoreError::MessageNotFound(message.to_string()))
}

fn newest_turn(connection: &Connection, key: i64) -> Result<Option<TurnId>> {
    let sql = "SELECT turn FROM change WHERE session = ?1 AND status IS NOT NULL ORDER BY key DESC LIMIT 1";
    let turn = connection.prepare_cached(sql)?.query_row([key], |row| row.get::<_, String>(0)).optional()?;
    Ok(turn.map(TurnId::from))
}

fn changed(connection: &Connection, key: i64, turn: TurnId) -> Result<ChangedTurn> {
    let message = connection
        .prepare_cached("SELECT message FROM turn WHERE id = ?1")?
        .query_row([turn.as_str()], |row| row.get::<_, Option<String>>(0))
        .optional()?
        .flatten()
        .ok_or_else(|| StoreError::MessageNotFound(turn.to_string()))?;
    let sql = "SELECT cwd FROM session WHERE key = ?1";
    let cwd: String = connection.prepare_cached(sql)?.query_row([key], |row| row.get(0))?;
    let files = connection
        .prepare_cached(
            "SELECT path, status, additions, deletions FROM change
             WHERE turn = ?1 AND status IS NOT NULL ORDER BY key LIMIT ?2",
        )?
        .query_map(params![turn.as_str(), rows::signed(MOST_LISTED as u64)], |row| Ok(listed(row, &cwd)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(ChangedTurn { turn, message: MessageId::from(message), files })
}

fn listed(row: &Row<'_>, cwd: &str) -> ListedChange {
    let mut it = Reading::new(row);
    let path = it.text("path");
    let listed = ListedChange {
        shown: shown(&path, cwd).into_owned(),
        status: it.needed_word("status").unwrap_or(FileStatus::Modified),
        additions: it.unsigned("additions"),
        deletions: it.unsigned("deletions"),
        path,
    };
    it.log(|| format!("the change of {}", listed.path));
    listed
}

fn find(connection: &Connection, turn: &TurnId, path: &str) -> Result<Option<StoredChange>> {
    let change = connection
        .prepare_cached(
            "SELECT path, before, after, kept, verdicts FROM change WHERE turn = ?1 AND path = ?2",
        )?
        .query_row(params![turn.as_str(), path], |row| {
            let mut it = Reading::new(row);
            let change = StoredChange {
                file: FileChange {
                    path: it.text("path"),
                    before: it.optional_text("before"),
                    after: it.optional_text("after"),
                },
                kept: it.integer("kept") != 0,
                verdicts: it.json("verdicts").unwrap_or_default(),
            };
            let flaws = it.flaws();
            damage::log(&flaws, || format!("the change of {}", change.file.path));
            // A text that is not whole must not be written back.
            Ok(StoredChange { kept: change.kept && flaws.is_empty(), ..change })
        })
        .optional()?;
    Ok(change)
}

/// Stores a change. What stood in the file before the turn's first change stays.
pub(super) fn record(tx: &Connection, key: i64, change: &NewChange) -> Result<()> {
    let NewChange { turn, file, kept, counts } = change;
    let text = |text: &Option<String>| text.clone().filter(|_| *kept);
    tx.prepare_cached(
        "INSERT INTO change (session, turn, path, before, after, kept, status, additions, deletions)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (turn, path) DO UPDATE SET
           before = excluded.before, after = excluded.after, kept = excluded.kept, status = excluded.status,
           additions = excluded.additions, deletions = excluded.deletions",
    )?
    .execute(params![
        key,
        turn.as_str(),
        file.path,
        text(&file.before),
        text(&file.after),
        kept,
        file.status().as_ref().map(rows::word).transpose()?,
        rows::signed(counts.0),
        rows::signed(counts.1)
    ])?;
    Ok(())
}
