//! Sessions: making, finding, listing, renaming, deleting.
//!
//! Lists are ordered by `activity`, an integer that rises with every activity anywhere, and read the same rows
//! that hold the sessions: there is no second index that could drift.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Committed, Lessee, Result, Store, StoreError, damage, leases, notices, projects,
    rows::{self, Reading},
};
use crate::{
    failpoint,
    transcript::{Change, Counts, ModelRef, ProjectId, Session, SessionId, Status, Timestamp, Usage},
};

/// Parts that one step of a deletion removes.
pub(in crate::store) const DELETE_STEP: i64 = 500;

/// A session to be made.
#[derive(Clone, Debug)]
pub struct NewSessionRow {
    /// Its id.
    pub id: SessionId,
    /// Root of its project.
    pub root: String,
    /// The project's name, if it is new.
    pub project_name: String,
    /// Where it was forked or started from.
    pub parent_id: Option<SessionId>,
    /// A title that a person gave; otherwise it is named after its first prompt.
    pub title: Option<String>,
    /// Absolute working directory.
    pub cwd: String,
    /// The agent.
    pub agent: String,
    /// The model.
    pub model: ModelRef,
}

/// Which sessions to list.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// Only those with this working directory.
    pub cwd: Option<String>,
    /// Only those whose title contains this, in any case.
    pub search: Option<String>,
    /// The archived ones instead of the others.
    pub archived: bool,
    /// How many at most.
    pub limit: u32,
    /// Where the page before this one ended.
    pub cursor: Option<i64>,
}

/// A page of sessions.
#[derive(Clone, Debug)]
pub struct SessionsPage {
    /// Newest activity first.
    pub sessions: Vec<Session>,
    /// Where the next page begins, if there is one.
    pub next: Option<i64>,
}

/// Who named a session, by rising right. Stored as its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TitleBy {
    /// Taken from the first prompt.
    Prompt = 1,
    /// A model's.
    Model = 2,
    /// A person's.
    Person = 3,
}

/// What a session without a name is called.
pub(super) const UNTITLED: &str = "New session";

impl Store {
    /// Makes a session, and its project when it is the first there.
    pub async fn create_session(&self, new: NewSessionRow) -> Result<Committed<Session>> {
        let lessee = self.lessee().clone();
        let write = move |tx: &Connection| {
            let session = create(tx, &lessee, &new)?;
            notices::add(tx, &lessee, &session.id, Change::Created)?;
            Ok(session)
        };
        let session = self.write(write).await?;
        failpoint::reach("session.stored").await;
        Ok(session)
    }

    /// One session.
    pub async fn session(&self, id: &SessionId) -> Result<Session> {
        let id = id.clone();
        self.read(move |tx| load(tx, &id)).await
    }

    /// A page of sessions.
    pub async fn sessions(&self, filter: SessionFilter) -> Result<SessionsPage> {
        self.read(move |tx| list(tx, &filter)).await
    }

    /// Names a session, unless somebody with a better right has named it. Says whether the title changed.
    pub async fn set_title(&self, id: &SessionId, title: String, by: TitleBy) -> Result<Committed<bool>> {
        let (id, lessee) = (id.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = key(tx, &id)?;
            let changed = tx
                .prepare_cached(
                    "UPDATE session SET title = ?2, titled = ?3 WHERE key = ?1 AND (titled < ?3 OR ?3 = 3)",
                )?
                .execute(params![key, title, by as i64])?;
            if changed > 0 {
                notices::add(tx, &lessee, &id, Change::Updated)?;
            }
            Ok(changed > 0)
        })
        .await
    }

    /// Archives a session, or brings it back.
    pub async fn set_archived(&self, id: &SessionId, archived: bool) -> Result<Committed<Session>> {
        let (id, lessee) = (id.clone(), self.lessee().clone());
        self.write(move |tx| {
            let at = archived.then(|| Timestamp::now().0);
            tx.prepare_cached("UPDATE session SET archived_at = ?2 WHERE key = ?1")?
                .execute(params![key(tx, &id)?, at])?;
            notices::add(tx, &lessee, &id, if archived { Change::Archived } else { Change::Updated })?;
            load(tx, &id)
        })
        .await
    }

    /// Sets the agent and model that later prompts without their own use.
    pub async fn set_defaults(
        &self,
        id: &SessionId,
        agent: String,
        model: ModelRef,
    ) -> Result<Committed<()>> {
        let id = id.clone();
        self.write(move |tx| {
            tx.prepare_cached(
                "UPDATE session SET agent = ?2, model_provider = ?3, model_id = ?4 WHERE key = ?1",
            )?
            .execute(params![key(tx, &id)?, agent, model.provider, model.id])?;
            Ok(())
        })
        .await
    }

    /// Deletes a session that no other process runs. It is gone for everybody with the first transaction; its
    /// rows follow in small ones, so that a large session blocks nobody. Those that the disk does not let go now are
    /// removed as leftovers at the next start.
    pub async fn delete_session(&self, id: &SessionId) -> Result<()> {
        let (hide, lessee) = (id.clone(), self.lessee().clone());
        let key = self
            .write(move |tx| {
                let key = key(tx, &hide)?;
                leases::check(tx, key, &lessee)?;
                tx.execute(
                    "UPDATE session SET deleted_at = ?2 WHERE key = ?1",
                    params![key, Timestamp::now().0],
                )?;
                notices::add(tx, &lessee, &hide, Change::Deleted)?;
                Ok(key)
            })
            .await?
            .into_inner();
        failpoint::reach("delete.hidden").await;
        match self.remove_rows(key).await {
            Err(error) if error.is_of_the_disk() => {
                tracing::warn!(%error, "the rows of a deleted session stay for now");
                Ok(())
            }
            removed => removed,
        }
    }

    /// Removes what deletions and forks of dead processes left behind. An import that was cut short stays hidden: the
    /// next one goes on with it.
    pub async fn remove_leftovers(&self) -> Result<()> {
        let keys = self.read(|tx| {
            let hidden = tx
                .prepare(
                    "SELECT key FROM session WHERE deleted_at IS NOT NULL
                       AND key NOT IN (SELECT session FROM import WHERE NOT complete)",
                )?
                .query_map([], |row| row.get::<_, i64>(0))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            hidden
                .into_iter()
                .filter_map(|key| leases::owner(tx, key).map(|o| o.is_none().then_some(key)).transpose())
                .collect::<Result<Vec<_>>>()
        });
        for key in keys.await? {
            self.remove_rows(key).await?;
        }
        Ok(())
    }

    async fn remove_rows(&self, key: i64) -> Result<()> {
        loop {
            let removed = self.write(move |tx| remove_some(tx, key)).await?.into_inner();
            failpoint::reach("delete.batch").await;
            if removed == 0 {
                return Ok(());
            }
        }
    }

    /// How many sessions there are.
    pub async fn count_sessions(&self) -> Result<u64> {
        self.read(|tx| {
            let sql = "SELECT count(*) AS n FROM session WHERE deleted_at IS NULL";
            Ok(tx.query_row(sql, [], |row| row.get::<_, i64>("n"))?.try_into().unwrap_or(0))
        })
        .await
    }
}

/// Removes a step's worth of rows of a deleted session, the session itself last. Returns how many.
fn remove_some(tx: &Connection, key: i64) -> Result<usize> {
    let parts = tx
        .prepare_cached("DELETE FROM part WHERE key IN (SELECT key FROM part WHERE session = ?1 LIMIT ?2)")?
        .execute(params![key, DELETE_STEP])?;
    if parts > 0 {
        return Ok(parts);
    }
    tx.execute("DELETE FROM session WHERE key = ?1", [key])?;
    Ok(0)
}

/// The key of a session that is there.
pub(super) fn key(connection: &Connection, id: &SessionId) -> Result<i64> {
    let mut by_id =
        connection.prepare_cached("SELECT key FROM session WHERE id = ?1 AND deleted_at IS NULL")?;
    let mut found = by_id.query_row([id.as_str()], |row| row.get(0)).optional()?;
    if let (None, Some([key])) = (found, damage::place(SessionId::PREFIX, id.as_str())) {
        let sql = "SELECT key FROM session WHERE key = ?1 AND deleted_at IS NULL";
        found = connection.query_row(sql, [key], |row| row.get(0)).optional()?;
    }
    found.ok_or_else(|| StoreError::SessionNotFound(id.to_string()))
}

/// The id of a session that lists show.
pub(super) fn id_of_listed(connection: &Connection, key: i64) -> Result<Option<SessionId>> {
    let id = connection
        .prepare_cached("SELECT id FROM session WHERE key = ?1 AND deleted_at IS NULL")?
        .query_row(
            [key],
            |row| Ok(Reading::new(row).id("id", || damage::stand_in(SessionId::PREFIX, &[key]))),
        )
        .optional()?;
    Ok(id.map(SessionId::from))
}

/// What a session has consumed.
pub(super) fn consumed(connection: &Connection, key: i64) -> Result<Usage> {
    let usage = connection
        .prepare_cached("SELECT usage FROM session WHERE key = ?1")?
        .query_row([key], |row| Ok(rows::optional_json::<Usage>(row, "usage")))?;
    Ok(usage.unwrap_or_default())
}

/// Marks a session as the one with the newest activity.
pub(super) fn touch(connection: &Connection, key: i64) -> Result<()> {
    connection
        .prepare_cached("UPDATE activity SET last = min(max(last, 0), ?1) + 1")?
        .execute([rows::MOST])?;
    connection
        .prepare_cached(
            "UPDATE session SET activity = (SELECT last FROM activity), updated_at = ?2 WHERE key = ?1",
        )?
        .execute(params![key, Timestamp::now().0])?;
    Ok(())
}

pub(super) fn create(tx: &Connection, by: &Lessee, new: &NewSessionRow) -> Result<Session> {
    let project = projects::open(tx, by, &new.root, &new.project_name)?;
    if let Some(parent) = &new.parent_id {
        key(tx, parent)?;
    }
    tx.execute(
        "INSERT INTO session (id, project, parent, title, titled, cwd, agent, model_provider, model_id, created_at,
                              updated_at, activity)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, 0)",
        params![
            new.id.as_str(),
            project.as_str(),
            new.parent_id.as_ref().map(SessionId::as_str),
            new.title.as_deref().unwrap_or(UNTITLED),
            if new.title.is_some() { TitleBy::Person as i64 } else { 0 },
            new.cwd,
            new.agent,
            new.model.provider,
            new.model.id,
            Timestamp::now().0
        ],
    )?;
    touch(tx, tx.last_insert_rowid())?;
    load(tx, &new.id)
}

const COLUMNS: &str =
    "key, id, project, parent, title, cwd, agent, model_provider, model_id, created_at, updated_at,
    archived_at, activity, messages, parts, bytes, usage, last_turn, recovered";

pub(super) fn load(connection: &Connection, id: &SessionId) -> Result<Session> {
    let key = key(connection, id)?;
    let (_, _, session) = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM session WHERE key = ?1"))?
        .query_row([key], from_row)?;
    with_owner(connection, key, session)
}

fn with_owner(connection: &Connection, key: i64, mut session: Session) -> Result<Session> {
    session.owner = leases::owner(connection, key)?;
    if session.owner.is_some() {
        session.status = leases::doing(connection, key)?.status;
    }
    Ok(session)
}

fn list(connection: &Connection, filter: &SessionFilter) -> Result<SessionsPage> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM session
         WHERE deleted_at IS NULL AND (archived_at IS NOT NULL) = ?1 AND activity <= ?2
           AND (?3 IS NULL OR cwd = ?3) AND (?4 IS NULL OR instr(lower(title), ?4) > 0)
         ORDER BY activity DESC LIMIT ?5"
    ))?;
    let more = i64::from(filter.limit) + 1;
    let newest = filter.cursor.map_or(i64::MAX, |cursor| cursor.saturating_sub(1));
    let search = filter.search.as_deref().map(str::to_lowercase);
    let found = statement
        .query_map(params![filter.archived, newest, filter.cwd, search, more], from_row)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let wanted = filter.limit as usize;
    let next =
        if found.len() > wanted { found.get(wanted.saturating_sub(1)).map(|(_, at, _)| *at) } else { None };
    let sessions = found
        .into_iter()
        .take(wanted)
        .map(|(key, _, session)| with_owner(connection, key, session))
        .collect::<Result<_>>()?;
    Ok(SessionsPage { sessions, next })
}

/// Key, activity and the session without its owner.
fn from_row(row: &Row<'_>) -> rusqlite::Result<(i64, i64, Session)> {
    let (key, activity) = (row.get("key")?, row.get("activity")?);
    let mut it = Reading::new(row);
    let mut session = Session {
        id: SessionId::from(it.id("id", || damage::stand_in(SessionId::PREFIX, &[key]))),
        project_id: ProjectId::from(it.text("project")),
        parent_id: it.optional_text("parent").map(SessionId::from),
        title: it.text("title"),
        cwd: it.text("cwd"),
        agent: it.text("agent"),
        model: it.needed_model(),
        status: Status::Idle,
        created_at: it.time("created_at"),
        updated_at: it.time("updated_at"),
        archived_at: it.optional_time("archived_at"),
        counts: Counts {
            messages: it.unsigned("messages"),
            parts: it.unsigned("parts"),
            bytes: it.unsigned("bytes"),
        },
        usage: it.json("usage").unwrap_or_default(),
        last_turn: it.json("last_turn"),
        owner: None,
        recovered: it.optional_text("recovered"),
    };
    let flaws = it.flaws();
    damage::log(&flaws, || format!("session {key}"));
    if !flaws.is_empty() && session.recovered.is_none() {
        session.recovered = Some(format!("This session is {}", damage::failure(&flaws).message));
    }
    Ok((key, activity, session))
}
