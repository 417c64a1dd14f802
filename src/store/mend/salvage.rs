//! Taking over the rows of every table that can be read, cleaned; and of those that cannot, what indexes still tell.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params_from_iter, types::Value};

use super::{
    Result,
    loss::Losses,
    shape::{self, Column},
    walk::{self, Gap, Rows},
};
use crate::{
    store::rows::Lossy,
    transcript::{MessageId, PartId, SessionId},
};

/// Tables with a key of one number, and the column that says to which session a row belongs.
const KEYED: &[(&str, &str, Option<&str>)] = &[
    ("session", "key", Some("key")),
    ("part", "key", Some("session")),
    ("body", "rowid", None),
    ("prompt", "key", Some("session")),
    ("approval", "key", Some("session")),
    ("live_window", "session", Some("session")),
    ("import", "session", Some("session")),
    ("anchor", "session", Some("session")),
    ("baseline", "session", Some("session")),
    ("change", "key", Some("session")),
];

/// Tables with a key of a session and a number in it.
const NUMBERED: &[(&str, &str)] = &[("message", "seq"), ("step", "seq"), ("todo", "idx")];

/// Tables with a key of text.
const NAMED: &[(&str, Option<&str>)] = &[("project", None), ("turn", Some("session"))];

/// Takes over everything but leases, claims and notices: nobody runs anything.
pub(super) fn tables(source: &Connection, new: &Connection, losses: &mut Losses) -> Result<()> {
    for (table, session) in NAMED {
        if let Some(mut taking) = Taking::new(source, new, table, *session)? {
            let select = taking.select("1");
            if !walk::from_both_ends(source, &select, "id", &mut |row| taking.take(row, losses)) {
                losses.note(format!("rows of `{table}` in the middle of the table: they cannot be read"));
            }
        }
    }
    for (table, key, session) in KEYED {
        if let Some(mut taking) = Taking::new(source, new, table, *session)? {
            let rows = Rows { select: taking.select(key), key, within: None };
            for gap in rows.each(source, &mut |row| taking.take(row, losses)) {
                losses.note(format!("{table}: {}", described(&gap, "rows")));
            }
        }
    }
    let sessions = sessions(source, new)?;
    for (table, key) in NUMBERED {
        if let Some(mut taking) = Taking::new(source, new, table, Some("session"))? {
            for session in &sessions {
                let rows = Rows { select: taking.select(key), key, within: Some(("session", *session)) };
                for gap in rows.each(source, &mut |row| taking.take(row, losses)) {
                    losses.of(*session, format!("{table}: {}", described(&gap, key)));
                }
            }
        }
    }
    stubs(source, new, losses)
}

fn described(gap: &Gap, what: &str) -> String {
    let Gap { first, last, why } = gap;
    match last {
        Some(last) if last > first => format!("{what} {first} to {last} cannot all be read ({why})"),
        Some(_) => format!("{what} at {first} cannot be read ({why})"),
        None => format!("{what} from {first} on cannot all be read ({why})"),
    }
}

/// Every session that anything speaks of.
fn sessions(source: &Connection, new: &Connection) -> Result<Vec<i64>> {
    let mut sessions = walk::numbers(source, "SELECT DISTINCT session FROM part", "session");
    sessions.extend(walk::numbers(source, "SELECT DISTINCT session FROM message", "session"));
    let mut known = new.prepare("SELECT key FROM session UNION SELECT session FROM part")?;
    let known = known.query_map([], |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    sessions.extend(known);
    Ok(sessions.into_iter().collect())
}

/// A table that is being taken over.
struct Taking<'a> {
    table: &'static str,
    columns: Vec<Column>,
    /// Those that the old table has, too.
    there: Vec<bool>,
    session: Option<usize>,
    insert: rusqlite::Statement<'a>,
}

impl<'a> Taking<'a> {
    /// `None` where the old database has no such table.
    fn new(
        source: &Connection,
        new: &'a Connection,
        table: &'static str,
        session: Option<&str>,
    ) -> Result<Option<Self>> {
        let old = shape::columns(source, table)?;
        if old.is_empty() {
            return Ok(None);
        }
        let mut columns = shape::columns(new, table)?;
        let mut there: Vec<bool> =
            columns.iter().map(|column| old.iter().any(|old| old.name == column.name)).collect();
        // What nobody may read is looked at last: the key stands in front in any case.
        let session = session.and_then(|name| columns.iter().position(|column| column.name == name));
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
        let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
        let insert = new.prepare(&sql)?;
        columns.shrink_to_fit();
        there.shrink_to_fit();
        Ok(Some(Self { table, columns, there, session, insert }))
    }

    /// The query of what there is, the key first.
    fn select(&self, key: &str) -> String {
        let there = self.columns.iter().zip(&self.there).filter(|(_, there)| **there);
        let names: Vec<&str> = there.map(|(column, _)| column.name.as_str()).collect();
        format!("SELECT {key}, {} FROM {}", names.join(", "), self.table)
    }

    /// Writes a row, and says what had to be changed.
    fn take(&mut self, row: &Row<'_>, losses: &mut Losses) {
        let (mut values, mut changed, mut next) = (Vec::new(), Vec::new(), 1);
        for (column, there) in self.columns.iter().zip(&self.there) {
            let mut value = column.stand_in(self.table);
            if *there {
                let (cleaned, other) = match row.get_ref(next) {
                    Ok(old) => column.cleaned(self.table, old),
                    Err(_) => (column.stand_in(self.table), true),
                };
                next += 1;
                value = cleaned;
                if other {
                    changed.push(column.name.as_str());
                }
            }
            values.push(value);
        }
        let session = self.session.and_then(|at| values.get(at)).and_then(|value| match value {
            Value::Integer(session) => Some(*session),
            _ => None,
        });
        let mut say = |what: String| match session {
            Some(session) => losses.of(session, what),
            None => losses.note(what),
        };
        let name = name(self.table, &self.columns, &values);
        match self.insert.execute(params_from_iter(&values)) {
            Ok(_) if changed.is_empty() => {}
            Ok(_) => say(format!("{name}: {} could not be read", changed.join(", "))),
            Err(error) if is_repeated(&error) && changed.is_empty() => {}
            Err(error) => say(format!("{name}: dropped ({error})")),
        }
    }
}

/// A row that was read from both ends, or that stands twice.
fn is_repeated(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            || error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_ROWID
    })
}

/// What a row is called in the report.
fn name(table: &str, columns: &[Column], values: &[Value]) -> String {
    let shown = |wanted: &str| {
        let at = columns.iter().position(|column| column.name == wanted)?;
        match values.get(at)? {
            Value::Integer(number) => Some(number.to_string()),
            Value::Text(text) => Some(crate::transcript::text::ellipsis(text, 60)),
            _ => None,
        }
    };
    let words = ["seq", "idx", "id", "message", "part", "field", "start", "tool"];
    let told = words.iter().filter_map(|word| Some(format!("{word} {}", shown(word)?)));
    let told: Vec<String> = told.collect();
    format!("{table} {}", told.join(", ")).trim_end().to_owned()
}

/// The name of the index that keeps these columns unique.
fn index(source: &Connection, table: &str, columns: &str) -> Option<String> {
    let sql = "SELECT name FROM pragma_index_list(?1) AS i WHERE i.origin <> 'pk' AND
               (SELECT group_concat(c.name) FROM pragma_index_info(i.name) AS c) = ?2";
    source.query_row(sql, [table, columns], |row| row.get(0)).ok()
}

/// Rows that only indexes know of: enough of them is made again that what belongs to them has a place.
fn stubs(source: &Connection, new: &Connection, losses: &mut Losses) -> Result<()> {
    let ids = |table: &str, key: &str| -> BTreeMap<i64, String> {
        let Some(index) = index(source, table, "id") else { return BTreeMap::new() };
        let mut ids = BTreeMap::new();
        let select = format!("SELECT {key}, id FROM {table} INDEXED BY {index}");
        walk::from_both_ends(source, &select, "id", &mut |row| {
            if let (Ok(key), Ok(Lossy(id))) = (row.get::<_, i64>(0), row.get::<_, Lossy>(1)) {
                ids.insert(key, id);
            }
        });
        ids
    };
    part_stubs(source, new, &ids("part", "key"), losses)?;
    message_stubs(source, new, losses)?;
    for (key, id) in ids("session", "key") {
        let sql =
            "INSERT OR IGNORE INTO session (key, id, project, title, cwd, agent, model_provider, model_id,
                       created_at, updated_at, activity) VALUES (?1, ?2, '', '', '', '', '', '', 0, 0, 0)";
        if id.starts_with(SessionId::PREFIX) && new.execute(sql, (key, &id))? > 0 {
            losses
                .of(key, format!("session {id}: its row is lost; it was made again from what belongs to it"));
        }
    }
    Ok(())
}

fn part_stubs(
    source: &Connection,
    new: &Connection,
    ids: &BTreeMap<i64, String>,
    losses: &mut Losses,
) -> Result<()> {
    let Some(index) = index(source, "part", "session,seq,idx") else { return Ok(()) };
    let mut places = BTreeMap::new();
    let select = format!("SELECT key, session, seq, idx FROM part INDEXED BY {index}");
    walk::from_both_ends(source, &select, "session, seq, idx", &mut |row| {
        if let (Ok(key), Ok(session), Ok(seq), Ok(idx)) = (row.get(0), row.get(1), row.get(2), row.get(3)) {
            places.insert(key, [session, seq, idx]);
        }
    });
    let mut insert = new.prepare(
        "INSERT OR IGNORE INTO part (key, id, session, seq, idx, type) SELECT ?1, ?2, ?3, ?4, ?5, ''
         WHERE NOT EXISTS (SELECT 1 FROM part WHERE key = ?1)",
    )?;
    for (key, [session, seq, idx]) in places {
        let id = match ids.get(&key) {
            Some(id) if id.starts_with(PartId::PREFIX) => id.clone(),
            _ => shape::new_id(PartId::PREFIX),
        };
        let plausible = seq > 0 && idx >= 0 && session > 0;
        if plausible && insert.execute((key, &id, session, seq, idx))? > 0 {
            losses.of(session, format!("message {seq}, part {id}: its row is lost; its bodies are kept"));
        }
    }
    Ok(())
}

fn message_stubs(source: &Connection, new: &Connection, losses: &mut Losses) -> Result<()> {
    let Some(index) = index(source, "message", "id") else { return Ok(()) };
    let mut found = BTreeMap::new();
    let select = format!("SELECT session, seq, id FROM message INDEXED BY {index}");
    walk::from_both_ends(source, &select, "id", &mut |row| {
        if let (Ok(session), Ok(seq), Ok(Lossy(id))) =
            (row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, Lossy>(2))
        {
            found.insert((session, seq), id);
        }
    });
    let mut insert = new.prepare(
        "INSERT OR IGNORE INTO message (session, seq, id, role, created_at, completed_at)
         VALUES (?1, ?2, ?3, '', 0, 0)",
    )?;
    for ((session, seq), id) in found {
        let plausible = session > 0 && seq > 0 && id.starts_with(MessageId::PREFIX);
        if plausible && insert.execute((session, seq, &id))? > 0 {
            losses.of(session, format!("message {seq} ({id}): its row is lost; its parts are kept"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrate;

    /// Tables that begin anew, or are made from others.
    const LEFT: &[&str] = &["activity", "lease", "claim", "notice"];

    #[test]
    fn every_table_of_the_schema_is_taken_over_or_left_on_purpose() {
        let directory = tempfile::tempdir().unwrap();
        let new = migrate::open(&directory.path().join("agentls.db")).unwrap().connection;
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut tables = new.prepare(sql).unwrap();
        let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let tables = tables.collect::<rusqlite::Result<Vec<_>>>().unwrap();
        let known = |table: &str| {
            KEYED.iter().any(|(name, ..)| *name == table)
                || NUMBERED.iter().any(|(name, _)| *name == table)
                || NAMED.iter().any(|(name, _)| *name == table)
                || LEFT.contains(&table)
        };
        let forgotten: Vec<_> = tables.iter().filter(|table| !known(table)).collect();
        assert!(forgotten.is_empty(), "{forgotten:?}");
    }
}
