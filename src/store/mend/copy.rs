//! Opening the copy of a damaged database, whatever its first page says.
//!
//! Where the header or the schema cannot be read, those of a new database of ours stand in: a database that was made by
//! this version has its tables on the same pages. Format: <https://www.sqlite.org/fileformat2.html>.

use std::{fs, path::Path};

use rusqlite::{Connection, OpenFlags};

use super::{
    Result,
    loss::Losses,
    place::{Place, failed},
};
use crate::store::{StoreError, migrate};

/// Bytes of a page in our databases.
const PAGE: usize = 4096;

/// The type of a page inside a table's tree.
const INTERIOR: u8 = 5;

/// Opens a copy of the database for reading around its damage.
pub(super) fn open(place: &Place, losses: &mut Losses) -> Result<Connection> {
    let path = place.copy()?;
    let mut bytes = fs::read(&path).map_err(failed(&path))?;
    fill(&mut bytes);
    fs::write(&path, &bytes).map_err(failed(&path))?;
    match connect(&path) {
        Ok(connection) => return Ok(connection),
        Err(error @ StoreError::Newer(_)) => return Err(error.into()),
        Err(error) => tracing::info!(%error, "the copy cannot be read as it is"),
    }
    if is_foreign(&path) {
        return Err(StoreError::Damaged("another program's database".to_owned()).into());
    }
    losses.note("the database's first pages: they were replaced by those of a new one".to_owned());
    transplant(place, &path, &mut bytes)?;
    Ok(connect(&path)?)
}

/// Makes the last page whole, and lets the header say how many pages there are.
fn fill(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(PAGE).max(PAGE), 0);
    let pages = pages(bytes);
    put(bytes, 28, pages);
}

fn pages(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len() / PAGE).unwrap_or(u32::MAX)
}

fn put(bytes: &mut [u8], at: usize, number: u32) {
    if let Some(field) = bytes.get_mut(at..at + 4) {
        field.copy_from_slice(&number.to_be_bytes());
    }
}

fn number(bytes: &[u8], at: usize) -> usize {
    bytes
        .get(at..at + 4)
        .and_then(|field| field.try_into().ok())
        .map_or(0, |field| u32::from_be_bytes(field) as usize)
}

fn short(bytes: &[u8], at: usize) -> usize {
    bytes
        .get(at..at + 2)
        .and_then(|field| field.try_into().ok())
        .map_or(0, |field| usize::from(u16::from_be_bytes(field)))
}

fn connect(path: &Path) -> std::result::Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // With this a file that is shorter than it says is opened; nothing is written.
    connection.execute_batch(
        "PRAGMA writable_schema = ON; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = OFF;
         PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA query_only = ON",
    )?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if version > migrate::VERSION && application == i64::from(crate::store::APPLICATION_ID) {
        return Err(StoreError::Newer(version));
    }
    for table in ["session", "message", "part", "body"] {
        connection.prepare(&format!("SELECT * FROM {table} LIMIT 0"))?;
    }
    Ok(connection)
}

/// Whether this is a sound database that is not ours: nobody's to repair.
fn is_foreign(path: &Path) -> bool {
    let looked = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|connection| {
        let sql = "SELECT count(*) > 0 AND sum(name = 'session') = 0 FROM sqlite_schema";
        let foreign = connection.query_row(sql, [], |row| row.get::<_, Option<bool>>(0))?;
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok(foreign.unwrap_or(false) && verdict == "ok")
    });
    looked.unwrap_or(false)
}

fn transplant(place: &Place, path: &Path, bytes: &mut Vec<u8>) -> Result<()> {
    let pattern = place.pattern();
    let connection = migrate::open(&pattern)?.connection;
    connection.execute_batch("PRAGMA journal_mode = DELETE")?;
    connection.close().map_err(|(_, error)| error)?;
    let new = fs::read(&pattern).map_err(failed(&pattern))?;
    for page in schema_pages(&new) {
        bytes.resize(bytes.len().max((page + 1) * PAGE), 0);
        let range = page * PAGE..(page + 1) * PAGE;
        if let (Some(to), Some(from)) = (bytes.get_mut(range.clone()), new.get(range)) {
            to.copy_from_slice(from);
        }
    }
    let pages = pages(bytes);
    put(bytes, 28, pages);
    // No page counts as free: rows may lie on it.
    put(bytes, 32, 0);
    put(bytes, 36, 0);
    fs::write(path, &*bytes).map_err(failed(path))
}

/// The pages of a sound database on which its schema lies, counted from 0.
fn schema_pages(bytes: &[u8]) -> Vec<usize> {
    let (mut pages, mut next) = (Vec::new(), vec![0]);
    while let Some(page) = next.pop() {
        pages.push(page);
        // The first page begins with the file's header.
        let start = page * PAGE + if page == 0 { 100 } else { 0 };
        if bytes.get(start) != Some(&INTERIOR) {
            continue;
        }
        let children = (0..short(bytes, start + 3)).map(|cell| {
            let at = page * PAGE + short(bytes, start + 12 + 2 * cell);
            number(bytes, at)
        });
        next.extend(children.chain([number(bytes, start + 8)]).filter_map(|page| page.checked_sub(1)));
    }
    pages
}
