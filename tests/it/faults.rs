//! The fault matrix: a test for each row, its name beginning with the row's id. INV is checked after each fault.

mod addresses;
mod commands;
mod crashes;
mod disk;
mod hostile;
mod images;
mod life;
mod mend;
mod paths;
mod pipe;
mod power;
mod process;
mod provider;
mod rows;
mod secrets;
mod upgrade;
mod windows;

use rusqlite::{Connection, OpenFlags};

use crate::support::home::Home;

/// How each turn ended, in order of their beginning: its stop reason, and the kind of its failure.
fn turn_ends(home: &Home) -> Vec<(Option<String>, Option<String>)> {
    let path = home.data().join("agentls.db");
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT stop_reason, json_extract(error, '$.kind') FROM turn ORDER BY started_at, id";
    let mut turns = database.prepare(sql).unwrap();
    let ends = turns.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    ends.collect::<Result<_, _>>().unwrap()
}
