//! The copy that is made of a database before its schema is changed.
//!
//! `agentls.db.v<version>.bak` beside the database, whole and on disk before the migration begins, readable by its owner
//! only (invariant 13). The newest [`KEPT`] are kept. Without room for it nothing is changed.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use super::{Result, StoreError, configure};

/// Backups that are kept, of different versions.
pub(in crate::store) const KEPT: usize = 2;

/// Page cache of the copying connection in KiB.
pub(in crate::store) const CACHE_KIB: u32 = 1024;

/// Copies the database at `path`, of this schema version, in place of an older copy of the same version. Called under
/// the write lock, and through a connection of its own: the one that holds the lock is in a transaction.
pub(super) fn make(path: &Path, version: i64) -> Result<()> {
    let unfinished = path.with_extension(format!("db.v{version}.part"));
    let made = copy(path, &unfinished).and_then(|()| {
        keep(&unfinished, &path.with_extension(format!("db.v{version}.bak"))).map_err(|error| of_io(&error))
    });
    if let Err(error) = made {
        remove(&unfinished).map_err(|error| of_io(&error))?;
        return Err(match error {
            StoreError::Full(why) => {
                StoreError::Full(format!("no room for the backup that comes before an upgrade ({why})"))
            }
            error => error,
        });
    }
    if let Err(error) = remove_all_but_the_newest(path) {
        tracing::warn!(%error, "older backups stay");
    }
    Ok(())
}

fn copy(path: &Path, to: &Path) -> Result<()> {
    remove(to).map_err(|error| of_io(&error))?;
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    configure(&connection, CACHE_KIB)?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    super::migrate::restrict(to);
    Ok(())
}

/// Gives a finished copy its name; after this returns it survives a power loss.
fn keep(unfinished: &Path, backup: &Path) -> io::Result<()> {
    File::open(unfinished)?.sync_all()?;
    fs::rename(unfinished, backup)?;
    match backup.parent() {
        Some(directory) if cfg!(unix) => File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn of_io(error: &io::Error) -> StoreError {
    let text = format!("backup: {error}");
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full(text),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::Readonly(text),
        _ => StoreError::Failed(text),
    }
}

fn remove_all_but_the_newest(path: &Path) -> io::Result<()> {
    let mut backups = all(path)?;
    backups.sort_unstable_by(|one, other| other.cmp(one));
    backups.into_iter().skip(KEPT).try_for_each(|(_, backup)| fs::remove_file(backup))
}

/// The backups beside a database, with their versions.
fn all(path: &Path) -> io::Result<Vec<(i64, PathBuf)>> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str()))
    else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let backup = entry?.path();
        let file = backup.file_name().and_then(|file| file.to_str()).unwrap_or_default();
        let version = file.strip_prefix(name).and_then(|rest| rest.strip_prefix(".v")?.strip_suffix(".bak"));
        if let Some(version) = version.and_then(|version| version.parse().ok()) {
            found.push((version, backup));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_backups_are_kept_and_one_of_the_same_version_is_made_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agentls.db");
        let connection = Connection::open(&path).unwrap();
        for version in 8..=11 {
            connection.execute_batch(&format!("CREATE TABLE t{version} (x)")).unwrap();
            make(&path, version).unwrap();
        }
        connection.execute_batch("CREATE TABLE later (x)").unwrap();
        make(&path, 11).unwrap();
        let mut versions: Vec<_> = all(&path).unwrap().into_iter().map(|(version, _)| version).collect();
        versions.sort_unstable();
        assert_eq!(versions, [10, 11]);
        let newest = Connection::open(directory.path().join("agentls.db.v11.bak")).unwrap();
        newest.execute_batch("SELECT * FROM later").unwrap();
    }
}
