//! Salvaging a damaged database into a new one.
//!
//! What can be read is read row by row from a copy, around what cannot; rows that others still point to are rebuilt
//! from what remains; `seq` stays without gaps (invariant 1) and every call keeps one result (invariant 5). What was lost
//! is said, row by row. The old database is kept under another name, and stays in place until the new one is whole and
//! on disk.

mod copy;
mod loss;
pub(super) mod oddities;
mod place;
mod salvage;
mod settle;
mod shape;
pub(super) mod walk;

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{StoreError, inspect, migrate};
pub use loss::Loss;
use loss::Losses;
pub(super) use oddities::oddities;
use place::Place;

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// There was nothing to repair.
    Healthy {
        /// Bytes that were given back by compacting, where many were free.
        freed: u64,
    },
    /// The database was written anew.
    Repaired {
        /// The old one.
        kept: PathBuf,
        /// What was lost or changed, row by row, as a file.
        report: PathBuf,
        /// The same.
        losses: Vec<Loss>,
        /// Sessions, messages and parts of the new one.
        saved: (u64, u64, u64),
    },
}

/// Why nothing was repaired. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// There is no database.
    #[error("there is no database in {}", .0.display())]
    Missing(PathBuf),
    /// Another process has it open.
    #[error("another process uses the database; end it first (your editor, or `agentls serve`)")]
    InUse,
    /// Files could not be read or written.
    #[error("{}: {why}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// The new database could not be made.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for RepairError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

type Result<T> = std::result::Result<T, RepairError>;

/// Repairs `agentls.db` in `directory`. Blocks, for as long as it takes to read and write all of it.
pub fn repair(directory: &Path) -> Result<Repair> {
    let mut place = Place::take(directory)?;
    if inspect::is_sound(place.database()) {
        return Ok(Repair::Healthy { freed: compact(place.database())? });
    }
    place.fold_log();
    place.lock()?;
    let mut losses = Losses::default();
    let source = copy::open(&place, &mut losses)?;
    let new = migrate::open(&place.new_database())?.connection;
    new.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN IMMEDIATE")?;
    salvage::tables(&source, &new, &mut losses)?;
    settle::settle(&source, &new, &mut losses)?;
    let names = place.names()?;
    settle::tell(&new, &losses, &names.report)?;
    let losses = losses.named(&new)?;
    let saved = settle::counts(&new)?;
    new.execute_batch("COMMIT; PRAGMA journal_mode = DELETE")?;
    check(&new)?;
    new.close().map_err(|(_, error)| error)?;
    loss::write(&names.report, &names.kept, &losses)?;
    place.swap(&names)?;
    Ok(Repair::Repaired { kept: names.kept, report: names.report, losses, saved })
}

/// A new database that is not sound is worth nothing.
fn check(new: &Connection) -> Result<()> {
    let verdict: String = new.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    let orphans = new.prepare("PRAGMA foreign_key_check")?.exists([])?;
    match verdict.as_str() {
        "ok" if !orphans => Ok(()),
        "ok" => Err(StoreError::Damaged("a row of the new database belongs to nothing".to_owned()).into()),
        problem => Err(StoreError::Damaged(format!("the new database: {problem}")).into()),
    }
}

/// Gives free pages back where they are many. Returns how many bytes.
fn compact(path: &Path) -> Result<u64> {
    let connection = Connection::open(path)?;
    let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let (free, pages, size) = (number("freelist_count")?, number("page_count")?, number("page_size")?);
    if !inspect::is_worth_compacting(free, pages, size) {
        return Ok(0);
    }
    connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")?;
    let left = number("page_count")?;
    Ok(u64::try_from((pages - left).saturating_mul(size)).unwrap_or(0))
}
