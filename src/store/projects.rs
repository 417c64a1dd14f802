//! Projects: the folders that sessions work in, what a person calls them, and which of them are trusted.
//!
//! What cannot be read of a row is missing: a damaged trust is none (invariant 12).

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Committed, Lessee, Result, Store, StoreError, notices,
    rows::{self, Lossy, Reading},
};
use crate::transcript::{
    ProjectId, Timestamp,
    project::{Footprint, Icon},
};

/// Projects that a list holds.
pub(in crate::store) const MOST_LISTED: u32 = 500;

/// A project as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProject {
    /// Its id.
    pub id: ProjectId,
    /// Its real path.
    pub root: String,
    /// Its name.
    pub name: String,
    /// What stands before it.
    pub icon: Option<Icon>,
    /// What it brought when the person trusted it; `None` while nobody does.
    pub trusted: Option<Footprint>,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When its name, icon or trust were last changed.
    pub updated_at: Timestamp,
    /// When a session was last begun in it.
    pub opened_at: Timestamp,
}

/// What a person changes about a project. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectChange {
    /// Another name.
    pub name: Option<String>,
    /// Another icon, or none.
    pub icon: Option<Option<Icon>>,
    /// What it brings, now that it is trusted, or that it is trusted no longer.
    pub trusted: Option<Option<Footprint>>,
}

impl Store {
    /// The projects with the newest activity first, at most [`MOST_LISTED`].
    pub async fn projects(&self) -> Result<Vec<StoredProject>> {
        self.read(|tx| {
            let sql = format!(
                "SELECT {COLUMNS} FROM project
                 ORDER BY (SELECT max(activity) FROM session WHERE session.project = project.id) DESC, rowid DESC
                 LIMIT {MOST_LISTED}"
            );
            let mut statement = tx.prepare_cached(&sql)?;
            let found = statement.query_map([], |row| Ok(from_row(row)))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// One project.
    pub async fn project(&self, id: &ProjectId) -> Result<StoredProject> {
        let id = id.clone();
        self.read(move |tx| load(tx, &id)).await
    }

    /// The project of this root, where there is one. Blocks; call it where blocking is allowed.
    pub fn project_at(&self, root: &str) -> Result<Option<StoredProject>> {
        self.inner.readers.run_here(|tx| at(tx, root))
    }

    /// The project of this root, made when there is none.
    pub async fn make_project(&self, root: String, name: String) -> Result<Committed<StoredProject>> {
        let lessee = self.lessee().clone();
        self.write(move |tx| {
            let id = find_or_make(tx, &lessee, &root, &name)?;
            load(tx, &id)
        })
        .await
    }

    /// Changes what a person may change of a project.
    pub async fn change_project(
        &self,
        id: &ProjectId,
        change: ProjectChange,
    ) -> Result<Committed<StoredProject>> {
        let (id, lessee) = (id.clone(), self.lessee().clone());
        self.write(move |tx| {
            let ProjectChange { name, icon, trusted } = &change;
            let before = load(tx, &id)?;
            let icon = icon.as_ref().unwrap_or(&before.icon);
            let trusted = trusted.as_ref().unwrap_or(&before.trusted);
            tx.execute(
                "UPDATE project SET name = ?2, icon = ?3, trusted = ?4, updated_at = ?5 WHERE id = ?1",
                params![
                    id.as_str(),
                    name.as_ref().unwrap_or(&before.name),
                    icon.as_ref().map(rows::json).transpose()?,
                    trusted.as_ref().map(rows::json).transpose()?,
                    Timestamp::now().0
                ],
            )?;
            notices::add_project(tx, &lessee, &id)?;
            load(tx, &id)
        })
        .await
    }
}

const COLUMNS: &str = "id, root, name, icon, trusted, created_at, updated_at, opened_at";

/// The project of a root, where there is one.
pub(super) fn at(connection: &Connection, root: &str) -> Result<Option<StoredProject>> {
    let sql = format!("SELECT {COLUMNS} FROM project WHERE root = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([root], |row| Ok(from_row(row))).optional()?)
}

fn load(tx: &Connection, id: &ProjectId) -> Result<StoredProject> {
    let sql = format!("SELECT {COLUMNS} FROM project WHERE id = ?1");
    let found = tx.prepare_cached(&sql)?.query_row([id.as_str()], |row| Ok(from_row(row))).optional()?;
    found.ok_or_else(|| StoreError::ProjectNotFound(id.to_string()))
}

fn from_row(row: &Row<'_>) -> StoredProject {
    let mut it = Reading::new(row);
    let project = StoredProject {
        id: ProjectId::from(it.text("id")),
        root: it.text("root"),
        name: it.text("name"),
        icon: it.json("icon"),
        trusted: it.json("trusted"),
        created_at: it.time("created_at"),
        updated_at: it.time("updated_at"),
        opened_at: it.time("opened_at"),
    };
    it.log(|| format!("project {}", project.id));
    project
}

/// The project of a root; `by` makes it when there is none.
pub(super) fn find_or_make(tx: &Connection, by: &Lessee, root: &str, name: &str) -> Result<ProjectId> {
    let found = tx
        .prepare_cached("SELECT id FROM project WHERE root = ?1")?
        .query_row([root], |row| row.get::<_, Lossy>(0))
        .optional()?;
    if let Some(Lossy(id)) = found {
        return Ok(ProjectId::from(id));
    }
    let id = ProjectId::random();
    tx.execute(
        "INSERT INTO project (id, root, name, created_at, updated_at, opened_at) VALUES (?1, ?2, ?3, ?4, ?4, ?4)",
        params![id.as_str(), root, name, Timestamp::now().0],
    )?;
    notices::add_project(tx, by, &id)?;
    Ok(id)
}

/// [`find_or_make`] for a session that is begun there.
pub(super) fn open(tx: &Connection, by: &Lessee, root: &str, name: &str) -> Result<ProjectId> {
    let id = find_or_make(tx, by, root, name)?;
    tx.prepare_cached("UPDATE project SET opened_at = ?2 WHERE id = ?1")?
        .execute(params![id.as_str(), Timestamp::now().0])?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::Lessee,
        transcript::project::{IconKind, Mark, Use},
    };

    fn footprint() -> Footprint {
        Footprint(vec![Mark { path: "a".into(), what: Use::Agent, digest: "1".into() }])
    }

    #[tokio::test]
    async fn what_a_person_changes_is_kept_and_the_rest_stays() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Lessee::this_process("test")).unwrap();
        let made = store.make_project("/r".into(), "r".into()).await.unwrap().into_inner();
        assert_eq!(store.make_project("/r".into(), "other".into()).await.unwrap().into_inner(), made);
        let icon = Icon { kind: IconKind::Emoji, value: "x".into() };
        let named = ProjectChange {
            name: Some("n".into()),
            icon: Some(Some(icon.clone())),
            trusted: Some(Some(footprint())),
        };
        store.change_project(&made.id, named).await.unwrap();
        store.change_project(&made.id, ProjectChange::default()).await.unwrap();
        let kept = store.project(&made.id).await.unwrap();
        assert_eq!((kept.name.as_str(), kept.icon, kept.trusted), ("n", Some(icon), Some(footprint())));
        let revoked = ProjectChange { trusted: Some(None), icon: Some(None), ..ProjectChange::default() };
        store.change_project(&made.id, revoked).await.unwrap();
        let kept =
            tokio::task::spawn_blocking(move || store.project_at("/r")).await.unwrap().unwrap().unwrap();
        assert_eq!((kept.name.as_str(), kept.icon, kept.trusted), ("n", None, None));
    }

    #[tokio::test]
    async fn a_list_leaves_out_the_oldest_of_too_many() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Lessee::this_process("test")).unwrap();
        let by = store.lessee().clone();
        let make = move |tx: &Connection| {
            for number in 0..=MOST_LISTED {
                find_or_make(tx, &by, &format!("/{number}"), "n")?;
            }
            Ok(())
        };
        store.write(make).await.unwrap();
        let listed = store.projects().await.unwrap();
        assert_eq!(listed.len(), usize::try_from(MOST_LISTED).unwrap());
        assert!(listed.iter().all(|project| project.root != "/0"));
    }

    #[tokio::test]
    async fn a_damaged_trust_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Lessee::this_process("test")).unwrap();
        let made = store.make_project("/r".into(), "r".into()).await.unwrap().into_inner();
        for damage in ["{}", "true", "[{\"path\": 1}]", ""] {
            store
                .write(move |tx| Ok(tx.execute("UPDATE project SET trusted = ?1", [damage])?))
                .await
                .unwrap();
            assert_eq!(store.project(&made.id).await.unwrap().trusted, None, "{damage}");
        }
    }
}
