//! Reading the rows of a table around damaged pages, over SQL alone.
//!
//! From both ends towards the damage; what lies between two damaged places is asked for key by key. A key that cannot be
//! looked up may have been a row or not: the gap says so.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, params_from_iter, types::Value};

/// Keys that are looked up one by one in one gap at most.
pub(in crate::store) const MOST_PROBES: i64 = 200_000;

/// Keys behind the last one that can be read that are looked up, where the end of a table is damaged.
pub(in crate::store) const BEYOND: i64 = 20_000;

/// A query over rows in the order of a key.
pub(super) struct Rows<'a> {
    /// `SELECT … FROM …`; its first column is the key.
    pub(super) select: String,
    /// The column it is ordered by.
    pub(super) key: &'a str,
    /// A condition before it, with a value: `session = ?1`.
    pub(super) within: Option<(&'a str, i64)>,
}

/// Keys that cannot be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) first: i64,
    /// `None` when the gap reaches to the end of the table.
    pub(super) last: Option<i64>,
    /// What the database says.
    pub(super) why: String,
}

/// Where a scan ended.
enum Ended {
    AtTheEnd,
    /// Behind this key.
    Broken(Option<i64>, String),
}

type Visit<'v> = &'v mut dyn FnMut(&Row<'_>);

impl Rows<'_> {
    /// Visits every row that can be read, each once. Returns what cannot.
    pub(super) fn each(&self, connection: &Connection, visit: Visit<'_>) -> Vec<Gap> {
        let (lowest, why) = match self.scan(connection, "ASC", None, visit) {
            Ended::AtTheEnd => return Vec::new(),
            Ended::Broken(key, why) => (key, why),
        };
        let first = lowest.map_or(0, |key| key.saturating_add(1));
        let upwards = self.scan(connection, "DESC", lowest, visit);
        let highest = match upwards {
            Ended::AtTheEnd => return vec![Gap { first, last: Some(first), why }],
            Ended::Broken(key, _) => key,
        };
        let end = highest.unwrap_or_else(|| first.saturating_add(BEYOND));
        self.probe(connection, (first, end), visit);
        vec![Gap { first, last: highest.map(|key| key.saturating_sub(1)), why }]
    }

    /// Visits rows in one direction until the end or the first that cannot be read; not `until` and what lies beyond.
    fn scan(&self, connection: &Connection, direction: &str, until: Option<i64>, visit: Visit<'_>) -> Ended {
        let mut last = None;
        let sql = self.sql("", direction);
        let scanned = connection.prepare(&sql).and_then(|mut statement| {
            let mut rows = statement.query(params_from_iter(self.values(&[])))?;
            while let Some(row) = rows.next()? {
                let key = row.get(0)?;
                if until.is_some_and(|until| key <= until) && direction == "DESC" {
                    return Ok(());
                }
                visit(row);
                last = Some(key);
            }
            Ok(())
        });
        match scanned {
            Ok(()) => Ended::AtTheEnd,
            Err(error) => Ended::Broken(last, error.to_string()),
        }
    }

    /// Looks up each key from `first` to before `end`.
    fn probe(&self, connection: &Connection, (first, end): (i64, i64), visit: Visit<'_>) {
        let sql =
            self.sql(&format!("{} = {}", self.key, if self.within.is_some() { "?2" } else { "?1" }), "ASC");
        let Ok(mut statement) = connection.prepare(&sql) else { return };
        for key in first..end.min(first.saturating_add(MOST_PROBES)) {
            let row = statement.query_row(params_from_iter(self.values(&[key])), |row| {
                visit(row);
                Ok(())
            });
            match row {
                Ok(()) | Err(_) => {}
            }
        }
    }

    fn sql(&self, condition: &str, direction: &str) -> String {
        let within = self.within.map(|(column, _)| format!("{column} = ?1"));
        let all: Vec<&str> =
            [within.as_deref(), Some(condition)].into_iter().flatten().filter(|it| !it.is_empty()).collect();
        let filter = if all.is_empty() { String::new() } else { format!(" WHERE {}", all.join(" AND ")) };
        format!("{}{filter} ORDER BY {} {direction}", self.select, self.key)
    }

    fn values(&self, keys: &[i64]) -> Vec<i64> {
        self.within.iter().map(|(_, value)| *value).chain(keys.iter().copied()).collect()
    }
}

/// Rows of a query that has no key to look up by, from both ends of its order. False when some could not be read.
pub(super) fn from_both_ends(connection: &Connection, select: &str, order: &str, visit: Visit<'_>) -> bool {
    let mut scan = |direction: &str| {
        connection.prepare(&format!("{select} ORDER BY {order} {direction}")).and_then(|mut statement| {
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                visit(row);
            }
            Ok(())
        })
    };
    let whole = scan("ASC").is_ok();
    if !whole && let Err(error) = scan("DESC") {
        // Rows may have been visited twice: whoever keeps them knows them by their keys.
        tracing::debug!(%error, select, "not all of it can be read");
    }
    whole
}

/// All distinct numbers that a query's first column gives, from both ends.
pub(super) fn numbers(connection: &Connection, select: &str, order: &str) -> BTreeSet<i64> {
    let mut found = BTreeSet::new();
    from_both_ends(connection, select, order, &mut |row| {
        if let Ok(Value::Integer(number)) = row.get(0) {
            found.insert(number);
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table with these keys, in which reading one of `broken` fails.
    fn table(keys: &[i64], broken: &[i64]) -> (Connection, Rows<'static>) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (key INTEGER PRIMARY KEY)").unwrap();
        for key in keys {
            connection.execute("INSERT INTO t VALUES (?1)", [key]).unwrap();
        }
        let broken: Vec<String> = broken.iter().map(i64::to_string).collect();
        // What overflows is an error of that row.
        let fails = format!("iif(key IN ({}), abs(-9223372036854775807 - 1), 0)", broken.join(", "));
        (connection, Rows { select: format!("SELECT key, {fails} FROM t"), key: "key", within: None })
    }

    fn found(keys: &[i64], broken: &[i64]) -> Vec<i64> {
        let (connection, rows) = table(keys, broken);
        let mut found = Vec::new();
        assert_eq!(rows.each(&connection, &mut |row| found.push(row.get(0).unwrap())).len(), 1);
        found.sort_unstable();
        found
    }

    #[test]
    fn in_a_gap_that_is_too_wide_the_first_keys_are_looked_up() {
        let (near, far, end) = (MOST_PROBES - 1, MOST_PROBES + 20, MOST_PROBES + 30);
        assert_eq!(found(&[1, 2, 9, near, far, end - 1, end], &[2, end - 1]), [1, 9, near, end]);
    }

    #[test]
    fn behind_a_damaged_end_some_keys_are_looked_up() {
        let (near, far) = (BEYOND, BEYOND + 20);
        assert_eq!(found(&[1, 2, 9, near, far, far + 1], &[2, far + 1]), [1, 9, near]);
    }
}
