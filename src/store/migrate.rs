//! Opening the database and bringing its schema up to date.
//!
//! Migrations are a list against `PRAGMA user_version`, never reordered, never edited once released; each runs
//! in one transaction after a backup of the file. A database of a newer program opens for reading only.

use std::{fs, path::Path};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::{APPLICATION_ID, Result, StoreError, backup, busy, configure};
use crate::failpoint;

/// Each entry takes the schema from its index to the next version.
const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("migrations/2.sql"),
    include_str!("migrations/3.sql"),
    include_str!("migrations/4.sql"),
];

/// The schema version that this program writes.
#[expect(clippy::cast_possible_wrap, reason = "the list is short")]
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Page cache of the writer in KiB.
pub(in crate::store) const CACHE_KIB: u32 = 1024;

/// The writing connection.
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// The schema's version when it is newer than ours; the connection then only reads.
    pub(super) newer: Option<i64>,
}

/// Opens the database for writing (for reading only, when it is newer), making and migrating it as needed. Other
/// processes may do the same at the same time.
pub(super) fn open(path: &Path) -> Result<Opened> {
    match busy::patiently(|| attempt(path)) {
        // The disk may have failed to read once, as in `second_look`.
        Err(StoreError::Damaged(_)) => busy::patiently(|| attempt(path)),
        opened => opened,
    }
}

fn attempt(path: &Path) -> Result<Opened> {
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
    use_wal(&connection)?;
    migrate(&connection, path)?;
    Ok(Opened { connection, newer: None })
}

/// Switches a new database to WAL. The switch needs the database for itself and is never waited for by SQLite, so it
/// is not asked for where it was made before.
fn use_wal(connection: &Connection) -> Result<()> {
    let mode = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0));
    if mode("PRAGMA journal_mode")?.eq_ignore_ascii_case("wal") {
        return Ok(());
    }
    // SQLite keeps the old mode without an error also when the disk failed for once.
    for _ in 0..2 {
        if mode("PRAGMA journal_mode = WAL")?.eq_ignore_ascii_case("wal") {
            return Ok(());
        }
    }
    tracing::warn!("this file system does not support WAL");
    Ok(())
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
    if check(connection)? == VERSION {
        return Ok(());
    }
    // The lock first, then the version again: another process may have migrated meanwhile. The backup is made under
    // the lock, so that nothing is written between it and the migration, and nobody else makes it, too.
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let version = check(&transaction)?;
    if (1..VERSION).contains(&version) {
        backup::make(path, version)?;
        failpoint::pass("migration.backup");
    }
    let from = usize::try_from(version).unwrap_or(usize::MAX);
    for migration in MIGRATIONS.get(from..).unwrap_or_default() {
        transaction.execute_batch(migration)?;
        failpoint::pass("migration.step");
    }
    transaction.execute_batch(&format!(
        "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}"
    ))?;
    transaction.commit()?;
    failpoint::pass("migration.done");
    Ok(())
}

/// Readable by its owner only (invariant 13).
pub(super) fn restrict(path: &Path) {
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

    /// Threads stand for processes here: SQLite's locks are between connections.
    #[test]
    fn many_may_make_and_open_one_database_at_once() {
        for _ in 0..6 {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("agentls.db");
            let ready = std::sync::Barrier::new(8);
            std::thread::scope(|scope| {
                let opening = (0..8).map(|_| {
                    scope.spawn(|| {
                        ready.wait();
                        let connection = open(&path).unwrap().connection;
                        connection.execute("UPDATE activity SET last = last + 1", []).unwrap();
                    })
                });
                let opening: Vec<_> = opening.collect();
                for thread in opening {
                    thread.join().unwrap();
                }
            });
            let connection = open(&path).unwrap().connection;
            let last = connection.query_row("SELECT last FROM activity", [], |row| row.get::<_, i64>(0));
            assert_eq!(last, Ok(8));
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
