//! Opening the database and bringing its schema up to date.
//!
//! Migrations are a list against `PRAGMA user_version`, never reordered, never edited once released; each runs
//! in one transaction after a backup of the file. A database of a newer program opens for reading only.

use std::{fs, path::Path};

use rusqlite::{Connection, OpenFlags};

use super::{APPLICATION_ID, Result, StoreError, configure};

/// Each entry takes the schema from its index to the next version.
const MIGRATIONS: &[&str] =
    &[include_str!("schema.sql"), include_str!("migrations/2.sql"), include_str!("migrations/3.sql")];

/// The schema version that this program writes.
#[expect(clippy::cast_possible_wrap, reason = "the list is short")]
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Page cache of the writer in KiB.
const CACHE_KIB: u32 = 1024;

/// The writing connection.
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// The schema's version when it is newer than ours; the connection then only reads.
    pub(super) newer: Option<i64>,
}

/// Opens the database for writing (for reading only, when it is newer), making and migrating it as needed.
pub(super) fn open(path: &Path) -> Result<Opened> {
    let connection = Connection::open(path)?;
    restrict(path);
    configure(&connection, CACHE_KIB)?;
    let version = check(&connection)?;
    if version > VERSION {
        tracing::warn!(
            version,
            ours = VERSION,
            "a newer version wrote this database; it is opened for reading only"
        );
        return Ok(Opened { connection: read_only(path)?, newer: Some(version) });
    }
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        tracing::warn!(mode, "this file system does not support WAL");
    }
    migrate(&connection, path)?;
    Ok(Opened { connection, newer: None })
}

fn read_only(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    configure(&connection, CACHE_KIB)?;
    check(&connection)?;
    Ok(connection)
}

/// The schema's version, after making sure that the file is ours (or new).
pub(super) fn check(connection: &Connection) -> Result<i64> {
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let (version, application) = (pragma("user_version")?, pragma("application_id")?);
    let empty =
        connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get::<_, bool>(0))?;
    if application != i64::from(APPLICATION_ID) && !(empty && version == 0) {
        return Err(StoreError::Damaged("another program's database".to_owned()));
    }
    Ok(version)
}

fn migrate(connection: &Connection, path: &Path) -> Result<()> {
    let version = check(connection)?;
    if version == VERSION {
        return Ok(());
    }
    if version > 0 {
        back_up(connection, path, version)?;
    }
    // The lock first, then the version again: another process may have migrated meanwhile.
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let done = check(connection).and_then(|version| {
        let from = usize::try_from(version).unwrap_or(usize::MAX);
        for migration in MIGRATIONS.get(from..).unwrap_or_default() {
            connection.execute_batch(migration)?;
        }
        connection.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT"
        ))?;
        Ok(())
    });
    if done.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    done
}

/// A copy of the database as it was, `agentls.db.v<version>.bak` beside it.
fn back_up(connection: &Connection, path: &Path, version: i64) -> Result<()> {
    let backup = path.with_extension(format!("db.v{version}.bak"));
    if backup.exists() {
        return Ok(());
    }
    let unfinished = path.with_extension(format!("db.v{version}.part"));
    if unfinished.exists() {
        fs::remove_file(&unfinished).map_err(|error| StoreError::Readonly(error.to_string()))?;
    }
    connection.execute("VACUUM INTO ?1", [unfinished.to_string_lossy()])?;
    restrict(&unfinished);
    fs::rename(&unfinished, &backup).map_err(|error| StoreError::Readonly(error.to_string()))
}

/// Readable by its owner only (invariant 13).
fn restrict(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(0o600)) {
            tracing::warn!(%error, "the database's file mode");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_database_has_the_newest_schema_and_is_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agentls.db");
        let connection = open(&path).unwrap().connection;
        assert_eq!(check(&connection).unwrap(), VERSION);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_newer_database_opens_for_reading_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agentls.db");
        open(&path).unwrap().connection.execute_batch("PRAGMA user_version = 99").unwrap();
        let Opened { connection, newer } = open(&path).unwrap();
        assert_eq!(newer, Some(99));
        assert!(connection.is_readonly("main").unwrap());
        connection.query_row("SELECT count(*) FROM session", [], |row| row.get::<_, i64>(0)).unwrap();
    }

    #[test]
    fn another_programs_database_and_a_text_file_are_refused_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agentls.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(matches!(open(&path), Err(StoreError::Damaged(_))));
        let text = directory.path().join("text.db");
        fs::write(
            &text,
            "this is no database, it is only a text that is long enough to be read as a header\n".repeat(20),
        )
        .unwrap();
        assert!(matches!(open(&text), Err(StoreError::Damaged(_))));
    }
}
