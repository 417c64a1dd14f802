//! Opening another program's SQLite database for reading, in one read transaction, changing nothing.

use std::{collections::HashSet, fs, io::Read, path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::store::import::{ImportError, open};

/// What the file should be.
const EXPECTED: &str = "a database of opencode";

/// The first bytes of every SQLite database. <https://www.sqlite.org/fileformat.html>
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Page cache of the connection in KiB.
const CACHE_KIB: u32 = 1024;

/// How long a locked database is waited for.
pub(in crate::store) const PATIENCE: Duration = Duration::from_secs(5);

/// The columns of a database, as `table.column`.
pub(super) type Columns = HashSet<String>;

/// Opens the database, which must have the columns `needed` of each table.
pub(super) fn reading(path: &Path, needed: &[(&str, &[&str])]) -> Result<(Connection, Columns), ImportError> {
    let mut magic = [0; MAGIC.len()];
    let begins = open(path)?.read_exact(&mut magic);
    if begins.is_err() || magic != *MAGIC {
        return Err(ImportError::foreign(path, EXPECTED, "it is no SQLite database"));
    }
    let (connection, columns) = connect(path)?;
    for (table, column) in
        needed.iter().flat_map(|(table, columns)| columns.iter().map(move |it| (table, it)))
    {
        let name = format!("{table}.{column}");
        if !columns.contains(&name) {
            return Err(ImportError::foreign(path, EXPECTED, format!("there is no column {name}")));
        }
    }
    Ok((connection, columns))
}

/// Reads with the log beside the database. Where none is there and none can be made, the file is all there is.
fn connect(path: &Path) -> Result<(Connection, Columns), ImportError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(begin);
    match opened {
        Err(error) if cannot_share(&error) && has_log(path) => {
            Err(ImportError::NeedsRecovery(path.to_owned()))
        }
        Err(error) if cannot_share(&error) => {
            let alone = Connection::open_with_flags(immutable(path), flags | OpenFlags::SQLITE_OPEN_URI);
            alone.and_then(begin).map_err(|_| unreadable(path, &error))
        }
        opened => opened.map_err(|error| unreadable(path, &error)),
    }
}

/// Begins the transaction, which holds until the connection is dropped. Its first query is the first that touches the
/// file.
fn begin(connection: Connection) -> rusqlite::Result<(Connection, Columns)> {
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch(&format!(
        "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA cache_size = -{CACHE_KIB};
         BEGIN"
    ))?;
    let columns = connection
        .prepare(
            "SELECT m.name || '.' || c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
             WHERE m.type = 'table'",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok((connection, columns))
}

/// Whether what coordinates readers and writers of a log could not be made or opened.
fn cannot_share(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(Path::new(&log)).is_ok_and(|log| log.len() > 0)
}

/// The name of a file that nobody writes. <https://www.sqlite.org/uri.html>
fn immutable(path: &Path) -> String {
    let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{escaped}?immutable=1")
}

fn unreadable(path: &Path, error: &rusqlite::Error) -> ImportError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => ImportError::foreign(path, EXPECTED, "it is no SQLite database"),
        _ => ImportError::Unopened { path: path.to_owned(), why: error.to_string() },
    }
}
