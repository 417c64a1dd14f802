//! A look at a database from outside, for `agentls doctor`: it makes, migrates and repairs nothing.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Result, configure, leases, migrate};
use crate::transcript::Owner;

/// Page cache of the connection in KiB.
const CACHE_KIB: u32 = 1024;

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The schema version of the database.
    pub version: i64,
    /// The schema version that this program writes.
    pub ours: i64,
    /// What `PRAGMA quick_check` found; empty when all is well.
    pub problems: Vec<String>,
    /// Sessions, deleted ones left out.
    pub sessions: u64,
    /// Living processes that run a session, one for each session.
    pub owners: Vec<Owner>,
}

/// Looks at `agentls.db` in `directory`. `None` when there is none yet. Blocks, for as long as it takes to read
/// the whole file.
pub fn inspect(directory: &Path) -> Result<Option<Inspection>> {
    let path = directory.join(super::FILE);
    if !path.exists() {
        return Ok(None);
    }
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    configure(&connection, CACHE_KIB)?;
    let version = migrate::check(&connection)?;
    let mut seen = Inspection {
        version,
        ours: migrate::VERSION,
        problems: quick_check(&connection)?,
        sessions: 0,
        owners: Vec::new(),
    };
    if (1..=migrate::VERSION).contains(&version) {
        let sql = "SELECT count(*) AS n FROM session WHERE deleted_at IS NULL";
        seen.sessions = connection.query_row(sql, [], |row| row.get::<_, i64>("n"))?.try_into().unwrap_or(0);
        seen.owners = leases::owners(&connection)?;
    }
    Ok(Some(seen))
}

/// <https://www.sqlite.org/pragma.html#pragma_quick_check>
fn quick_check(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA quick_check(10)")?;
    let found = statement.query_map([], |row| row.get::<_, String>(0))?;
    let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{FILE, Lessee, Store, StoreError},
        *,
    };

    #[test]
    fn a_sound_database_has_no_problems_and_a_missing_one_is_not_made() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(inspect(directory.path()).unwrap(), None);
        assert!(!directory.path().join(FILE).exists());
        drop(Store::open(directory.path(), Lessee::this_process("test")).unwrap());
        let seen = inspect(directory.path()).unwrap().unwrap();
        assert_eq!((seen.version, seen.problems.len(), seen.sessions), (seen.ours, 0, 0));
    }

    #[test]
    fn what_is_no_database_is_damaged() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(FILE), "no database at all, but long enough\n".repeat(100))
            .unwrap();
        assert!(matches!(inspect(directory.path()), Err(StoreError::Damaged(_))));
    }
}
