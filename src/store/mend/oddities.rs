//! What a repair would change in a database whose pages are sound: rows that belong to nothing, gaps, counts that do not
//! match, values that no column may hold. Reads only.

use rusqlite::Connection;

use super::{settle::bodies, shape};
use crate::store::Result;

/// Tables whose values are looked at; bodies are bytes.
const TABLES: &[&str] = &[
    "project",
    "session",
    "message",
    "part",
    "prompt",
    "turn",
    "step",
    "todo",
    "approval",
    "live_window",
    "import",
    "anchor",
    "baseline",
    "change",
];

/// Rows of one kind that should not be: how they are called, and how they are counted.
const ORPHANS: &[(&str, &str)] = &[
    (
        "parts without a message",
        "SELECT count(*) FROM part AS p
         WHERE NOT EXISTS (SELECT 1 FROM message AS m WHERE m.session = p.session AND m.seq = p.seq)",
    ),
    ("bodies without a part", "SELECT count(*) FROM body WHERE part NOT IN (SELECT key FROM part)"),
    (
        "messages without a session",
        "SELECT count(*) FROM message WHERE session NOT IN (SELECT key FROM session)",
    ),
    (
        "prompts without a session",
        "SELECT count(*) FROM prompt WHERE session NOT IN (SELECT key FROM session)",
    ),
    (
        "sessions with gaps between their messages",
        "SELECT count(*) FROM (SELECT 1 FROM message GROUP BY session HAVING min(seq) <> 1 OR max(seq) <> count(*))",
    ),
    (
        "sessions whose counts do not match their rows",
        "SELECT count(*) FROM session WHERE deleted_at IS NULL AND (
           messages <> (SELECT count(*) FROM message WHERE session = key)
           OR last_seq <> (SELECT coalesce(max(seq), 0) FROM message WHERE session = key)
           OR parts <> (SELECT count(*) FROM part WHERE part.session = session.key))",
    ),
];

/// Rows of one table that are told one by one.
pub(in crate::store) const MOST_TOLD: usize = 5;

/// Everything odd, each in one line.
pub(in crate::store) fn oddities(connection: &Connection) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (what, sql) in ORPHANS {
        match connection.query_row(sql, [], |row| row.get::<_, i64>(0))? {
            0 => {}
            count => found.push(format!("{what}: {count}")),
        }
    }
    let broken = bodies::broken(connection)?;
    if !broken.is_empty() {
        found.push(format!("bodies of which bytes are missing: {}", broken.len()));
    }
    for table in TABLES {
        values(connection, table, &mut found)?;
    }
    Ok(found)
}

/// Values that their column may not hold.
fn values(connection: &Connection, table: &str, found: &mut Vec<String>) -> Result<()> {
    let columns = shape::columns(connection, table)?;
    if columns.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut select = connection.prepare(&format!("SELECT {} FROM {table}", names.join(", ")))?;
    let mut rows = select.query([])?;
    let (mut number, mut odd) = (0_u64, 0_usize);
    while let Some(row) = rows.next()? {
        number += 1;
        let mut wrong = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            if column.cleaned(table, row.get_ref(at)?).1 {
                wrong.push(column.name.as_str());
            }
        }
        if !wrong.is_empty() {
            odd += 1;
            if odd <= MOST_TOLD {
                found
                    .push(format!("{table}, row {number}: {} cannot be what stands there", wrong.join(", ")));
            }
        }
    }
    if odd > MOST_TOLD {
        found.push(format!("{table}: {} more such rows", odd - MOST_TOLD));
    }
    Ok(())
}
