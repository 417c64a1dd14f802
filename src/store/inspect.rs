//! A look at a database from outside, for `agentls doctor`: it makes, migrates and repairs nothing, and works beside a
//! running server, on a disk that cannot be written, and on a newer or damaged database.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Result, StoreError, StoredProject, access, configure, leases, mend, migrate, rows::Lossy};
use crate::transcript::Owner;

/// Page cache of the connection in KiB.
const CACHE_KIB: u32 = 1024;

/// Sessions that are named as the largest.
const LARGEST: u32 = 3;

/// Free bytes below which nobody compacts.
const MANY_FREE: i64 = 8 * 1024 * 1024;

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// The schema version of the database.
    pub version: i64,
    /// The schema version that this program writes.
    pub ours: i64,
    /// What is broken: what `PRAGMA integrity_check` and `foreign_key_check` found, and what could not be read.
    pub problems: Vec<String>,
    /// Rows that are not as they should be, though their pages are: what a repair would change.
    pub oddities: Vec<String>,
    /// What a newer version keeps elsewhere, so that its figures are not known here.
    pub unread: Vec<&'static str>,
    /// Sessions, deleted ones left out.
    pub sessions: u64,
    /// Living processes that run a session, one for each session.
    pub owners: Vec<Owner>,
    /// Sessions in which a dead process left something open; the next start ends it.
    pub abandoned: u64,
    /// Sizes in bytes.
    pub sizes: Sizes,
    /// The largest sessions: id, title, bytes of their bodies.
    pub largest: Vec<(String, String, u64)>,
    /// Whether the log beside the database could not be read, so that its newest changes are not seen.
    pub without_log: bool,
}

/// What the file holds, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// All pages.
    pub file: u64,
    /// Pages that nothing is on.
    pub free: u64,
    /// Bodies of sessions that are there.
    pub live: u64,
    /// Whether so much is free that it pays to compact.
    pub worth_compacting: bool,
}

/// Adds what it sees.
type Look = fn(&Connection, &mut Inspection) -> Result<()>;

/// Looks at `agentls.db` in `directory`. `None` when there is none yet. Blocks, for as long as it takes to read
/// the whole file.
pub fn inspect(directory: &Path) -> Result<Option<Inspection>> {
    let path = directory.join(super::FILE);
    if !path.exists() {
        return Ok(None);
    }
    let (connection, without_log) = open(&path)?;
    let version = migrate::check(&connection)?;
    let mut seen = Inspection {
        version,
        ours: migrate::VERSION,
        without_log,
        problems: broken(&connection),
        ..Inspection::default()
    };
    if version > 0 {
        // Each look for itself: a damaged page costs what lies on it, and a newer version may keep things elsewhere.
        let looks: [(&str, Look); 4] =
            [("sizes", sizes), ("sessions", sessions), ("owners", owners), ("rows", rows)];
        for (what, look) in looks {
            match look(&connection, &mut seen) {
                Ok(()) => {}
                Err(_) if version > migrate::VERSION => seen.unread.push(what),
                Err(error) => seen.problems.push(format!("{what}: {error}")),
            }
        }
    }
    Ok(Some(seen))
}

/// What is stored of the project at `root`, in `agentls.db` in `directory`. `None` where there is nothing, or only the
/// database of an older version, which knows no trust. Blocks.
pub fn stored_project(directory: &Path, root: &str) -> Result<Option<StoredProject>> {
    let path = directory.join(super::FILE);
    if !path.exists() {
        return Ok(None);
    }
    let (connection, _) = open(&path)?;
    match migrate::check(&connection)? {
        migrate::VERSION.. => super::projects::at(&connection, root),
        _ => Ok(None),
    }
}

/// Opens for reading. Where nothing can be written, not even what readers of a log share, the file is all there is.
fn open(path: &Path) -> Result<(Connection, bool)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let looked = |connection: Connection| -> Result<Connection> {
        configure(&connection, CACHE_KIB)?;
        migrate::check(&connection)?;
        Ok(connection)
    };
    let opened = Connection::open_with_flags(path, flags).map_err(StoreError::from).and_then(looked);
    match opened {
        Err(StoreError::Full(_) | StoreError::Readonly(_)) => {
            Ok((access::open_alone(path)?, access::has_log(path)))
        }
        opened => opened.map(|connection| (connection, false)),
    }
}

/// <https://www.sqlite.org/pragma.html#pragma_integrity_check>
fn broken(connection: &Connection) -> Vec<String> {
    let checked = |sql: &str, columns: &[usize]| -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(sql)?;
        let found = statement.query_map([], |row| {
            let words = columns.iter().map(|at| Ok(row.get::<_, Lossy>(*at)?.0));
            Ok(words.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
        })?;
        found.collect()
    };
    let mut problems = match checked("PRAGMA integrity_check(10)", &[0]) {
        Ok(lines) => lines.into_iter().filter(|line| line != "ok").collect(),
        Err(error) => vec![error.to_string()],
    };
    match checked("SELECT \"table\", count(*) FROM pragma_foreign_key_check GROUP BY 1", &[0, 1]) {
        Ok(lines) => problems.extend(lines.iter().map(|line| format!("rows that belong to nothing: {line}"))),
        Err(error) => problems.push(error.to_string()),
    }
    problems
}

/// Whether a repair would find nothing to do. Only the pages of another version's database are looked at.
pub(super) fn is_sound(path: &Path) -> bool {
    let looked = open(path).and_then(|(connection, _)| {
        let version = migrate::check(&connection)?;
        let sound = broken(&connection).is_empty();
        let rows = version != migrate::VERSION || mend::oddities(&connection).is_ok_and(|odd| odd.is_empty());
        Ok(version > 0 && sound && rows)
    });
    looked.unwrap_or(false)
}

/// Whether a quarter of the pages, and not a few, are free.
pub(super) fn is_worth_compacting(free: i64, pages: i64, page_size: i64) -> bool {
    free.saturating_mul(page_size) >= MANY_FREE && free.saturating_mul(4) >= pages
}

fn sizes(connection: &Connection, seen: &mut Inspection) -> Result<()> {
    let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let (free, pages, size) = (number("freelist_count")?, number("page_count")?, number("page_size")?);
    let live: i64 = connection.query_row(
        "SELECT coalesce(sum(min(max(bytes, 0), 1 << 50)), 0) FROM session WHERE deleted_at IS NULL",
        [],
        |row| row.get(0),
    )?;
    let bytes = |pages: i64| u64::try_from(pages.saturating_mul(size)).unwrap_or(0);
    seen.sizes = Sizes {
        file: bytes(pages),
        free: bytes(free),
        live: u64::try_from(live).unwrap_or(0),
        worth_compacting: is_worth_compacting(free, pages, size),
    };
    Ok(())
}

fn sessions(connection: &Connection, seen: &mut Inspection) -> Result<()> {
    let count = "SELECT count(*) FROM session WHERE deleted_at IS NULL";
    seen.sessions =
        connection.query_row(count, [], |row| row.get::<_, i64>(0))?.try_into().unwrap_or_default();
    let mut largest = connection.prepare(
        "SELECT id, title, bytes FROM session WHERE deleted_at IS NULL AND bytes > 0 ORDER BY bytes DESC LIMIT ?1",
    )?;
    let largest = largest.query_map([LARGEST], |row| {
        let (Lossy(id), Lossy(title)) = (row.get(0)?, row.get(1)?);
        Ok((id, title, u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0)))
    })?;
    seen.largest = largest.collect::<rusqlite::Result<_>>()?;
    Ok(())
}

fn owners(connection: &Connection, seen: &mut Inspection) -> Result<()> {
    seen.owners = leases::owners(connection)?;
    seen.abandoned = super::recovery::abandoned(connection)?.len() as u64;
    Ok(())
}

fn rows(connection: &Connection, seen: &mut Inspection) -> Result<()> {
    if seen.version == seen.ours {
        seen.oddities = mend::oddities(connection)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{FILE, Lessee, Store},
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
        assert_eq!((seen.oddities.len(), seen.abandoned), (0, 0));
    }

    #[test]
    fn of_a_newer_database_all_is_told_that_can_be_read() {
        let directory = tempfile::tempdir().unwrap();
        drop(Store::open(directory.path(), Lessee::this_process("test")).unwrap());
        let connection = Connection::open(directory.path().join(FILE)).unwrap();
        connection.execute_batch("PRAGMA user_version = 99").unwrap();
        let seen = inspect(directory.path()).unwrap().unwrap();
        assert_eq!((seen.version, seen.problems.len(), seen.unread.len()), (99, 0, 0));
        assert!(seen.sizes.file > 0);
        assert_eq!(stored_project(directory.path(), "/nowhere").unwrap(), None);

        connection.execute_batch("ALTER TABLE session RENAME COLUMN bytes TO weight").unwrap();
        let seen = inspect(directory.path()).unwrap().unwrap();
        assert_eq!((seen.problems.len(), seen.unread), (0, vec!["sizes", "sessions"]));
    }

    #[test]
    fn what_is_no_database_is_damaged() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(FILE), "no database at all, but long enough\n".repeat(100))
            .unwrap();
        assert!(matches!(inspect(directory.path()), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn few_free_pages_are_not_worth_compacting() {
        assert!(!is_worth_compacting(100, 200, 4096));
        assert!(!is_worth_compacting(3_000, 100_000, 4096));
        assert!(is_worth_compacting(3_000, 10_000, 4096));
    }
}
