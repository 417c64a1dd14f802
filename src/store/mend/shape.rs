//! What the columns of each table may hold, and what becomes of a value that does not belong there.

use rusqlite::{
    Connection,
    types::{Value, ValueRef},
};

use crate::{
    store::{Result, rows::MOST},
    transcript::{MessageId, PartId, ProjectId, SessionId, TurnId},
};

/// Columns whose text is JSON.
const JSON: &[(&str, &[&str])] = &[
    ("session", &["usage", "last_turn"]),
    ("message", &["error", "usage", "metadata"]),
    ("part", &["evidence", "metadata"]),
    ("prompt", &["parts"]),
    ("turn", &["error", "usage"]),
    ("step", &["usage"]),
    ("baseline", &["value"]),
    ("live_window", &["won"]),
    ("change", &["verdicts"]),
];

/// Columns whose text is one of these words, or missing; what stands in for another, where one can.
const WORDS: &[(&str, &str, &[&str], Option<&str>)] = &[
    ("message", "role", &["user", "assistant"], Some("")),
    ("message", "finish", &["endTurn", "toolCalls", "maxTokens", "refusal"], None),
    (
        "part",
        "type",
        &[
            "text",
            "command",
            "reasoning",
            "file",
            "tool",
            "stepStart",
            "stepFinish",
            "patch",
            "compaction",
            "subtask",
        ],
        Some(""),
    ),
    ("part", "status", &["pending", "running", "completed", "error"], Some("error")),
    ("prompt", "delivery", &["queue", "steer", "interrupt"], Some("queue")),
    ("prompt", "state", &["waiting", "taken", "withdrawn"], Some("withdrawn")),
    (
        "turn",
        "stop_reason",
        &["endTurn", "maxTokens", "maxSteps", "refusal", "cancelled", "permissionRejected"],
        None,
    ),
    ("todo", "status", &["pending", "active", "done", "dropped"], Some("pending")),
    ("change", "status", &["created", "modified", "deleted"], None),
];

/// Columns that hold ids of their own row, with the prefix of a new one.
const IDS: &[(&str, &str)] = &[
    ("project", ProjectId::PREFIX),
    ("session", SessionId::PREFIX),
    ("message", MessageId::PREFIX),
    ("part", PartId::PREFIX),
    ("turn", TurnId::PREFIX),
];

/// Columns whose numbers are no counts, sizes, places or times.
const ANY_NUMBER: &[&str] = &["key", "rowid", "session", "part"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Integer,
    Text,
    Blob,
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    kind: Kind,
    needed: bool,
    /// Its default, of those that have one.
    default: Option<Value>,
}

/// The columns of a table.
pub(super) fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>> {
    let mut info =
        connection.prepare("SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info(?1)")?;
    let columns = info.query_map([table], |row| {
        let kind = match row.get::<_, String>(1)?.as_str() {
            "INTEGER" => Kind::Integer,
            "BLOB" => Kind::Blob,
            _ => Kind::Text,
        };
        let default = row.get::<_, Option<String>>(3)?.map(|text| match (kind, text.parse::<i64>()) {
            (Kind::Integer, Ok(number)) => Value::Integer(number),
            _ => Value::Text(text.trim_matches('\'').to_owned()),
        });
        Ok(Column { name: row.get(0)?, kind, needed: row.get(2)?, default })
    })?;
    Ok(columns.collect::<rusqlite::Result<_>>()?)
}

impl Column {
    /// The value that stands where none can be read: a new one for an id.
    pub(super) fn stand_in(&self, table: &str) -> Value {
        if self.is_id(table) { fresh_id(table) } else { self.empty() }
    }

    fn empty(&self) -> Value {
        match (&self.default, self.needed, self.kind) {
            (Some(default), ..) => default.clone(),
            (None, false, _) => Value::Null,
            (None, true, Kind::Integer) => Value::Integer(0),
            (None, true, Kind::Text) => Value::Text(String::new()),
            (None, true, Kind::Blob) => Value::Blob(Vec::new()),
        }
    }

    /// The value as the column may hold it, and whether it had to be changed for that.
    pub(super) fn cleaned(&self, table: &str, value: ValueRef<'_>) -> (Value, bool) {
        match (self.kind, value) {
            (_, ValueRef::Null) if !self.needed => (Value::Null, false),
            (Kind::Integer, ValueRef::Integer(number)) => self.number(number),
            (Kind::Text, ValueRef::Text(bytes)) => self.text(table, bytes),
            (Kind::Blob, ValueRef::Blob(bytes)) => (Value::Blob(bytes.to_vec()), false),
            _ => (self.stand_in(table), true),
        }
    }

    fn number(&self, number: i64) -> (Value, bool) {
        let believed = if ANY_NUMBER.contains(&self.name.as_str()) { number } else { number.clamp(0, MOST) };
        (Value::Integer(believed), believed != number)
    }

    fn text(&self, table: &str, bytes: &[u8]) -> (Value, bool) {
        let readable = std::str::from_utf8(bytes);
        if self.is_id(table) {
            return match readable {
                Ok(id) if !id.is_empty() => (Value::Text(id.to_owned()), false),
                _ => (fresh_id(table), true),
            };
        }
        let text = String::from_utf8_lossy(bytes).into_owned();
        let name = self.name.as_str();
        if JSON.iter().any(|(of, columns)| *of == table && columns.contains(&name)) {
            let valid = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() && readable.is_ok();
            return match self.empty() {
                _ if valid => (Value::Text(text), false),
                Value::Text(_) => (Value::Text("{}".to_owned()), true),
                empty => (empty, true),
            };
        }
        if let Some((_, _, words, stand_in)) = WORDS.iter().find(|it| (it.0, it.1) == (table, name))
            && !words.contains(&text.as_str())
        {
            return (stand_in.map_or(Value::Null, |word| Value::Text(word.to_owned())), true);
        }
        (Value::Text(text), readable.is_err())
    }

    fn is_id(&self, table: &str) -> bool {
        self.name == "id" && IDS.iter().any(|(of, _)| *of == table)
    }
}

fn fresh_id(table: &str) -> Value {
    let prefix = IDS.iter().find(|(of, _)| *of == table).map_or("", |(_, prefix)| prefix);
    Value::Text(new_id(prefix))
}

/// A fresh id of that kind.
pub(super) fn new_id(prefix: &str) -> String {
    let random = PartId::random();
    let tail = random.as_str().strip_prefix(PartId::PREFIX).unwrap_or_default();
    format!("{prefix}{tail}")
}
