//! How the domain's values stand in columns.
//!
//! Values are written as the words that the protocol uses. A row that this version cannot read costs that value
//! only: it reads as its default, is named as a [flaw](Reading::flaws), and the log says so once.

use rusqlite::{
    Row,
    types::{FromSql, FromSqlResult, ValueRef},
};
use serde::{Serialize, de::DeserializeOwned};

use super::damage;
use crate::transcript::{ModelRef, Timestamp};

/// The largest count or size that is believed: the largest that every JSON reader reads exactly.
pub(super) const MOST: i64 = 1 << 53;

/// The latest time that is believed, in ms since the epoch. <https://tc39.es/ecma262/#sec-time-values-and-time-range>
const LATEST: i64 = 8_640_000_000_000_000;

/// Bytes of a value that a flaw quotes.
const QUOTED: usize = 40;

/// A small value as JSON text.
pub(super) fn json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// The word that a unit variant serialises to.
pub(super) fn word<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) => json(value),
        Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(error))),
    }
}

/// A count or size as a column holds it.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A text, whatever the column holds.
pub(super) struct Lossy(pub(super) String);

impl FromSql for Lossy {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(shown(value)))
    }
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// A row that is being read. What cannot be read gets a default, and is noted.
pub(super) struct Reading<'a, 's> {
    row: &'a Row<'s>,
    flaws: Vec<String>,
}

impl<'a, 's> Reading<'a, 's> {
    pub(super) fn new(row: &'a Row<'s>) -> Self {
        Self { row, flaws: Vec::new() }
    }

    /// What could not be read, each in words that name the column.
    pub(super) fn flaws(self) -> Vec<String> {
        self.flaws
    }

    /// Logs what could not be read, once for each row; for rows that nobody is shown as damaged.
    pub(super) fn log(self, row: impl FnOnce() -> String) {
        damage::log(&self.flaws, row);
    }

    /// Notes something about the row that its columns do not tell one by one.
    pub(super) fn note(&mut self, flaw: String) {
        self.flaws.push(flaw);
    }

    fn value(&mut self, column: &str) -> ValueRef<'a> {
        match self.row.get_ref(column) {
            Ok(value) => value,
            Err(error) => {
                self.flaws.push(format!("`{column}` cannot be read: {error}"));
                ValueRef::Null
            }
        }
    }

    fn wrong(&mut self, column: &str, value: ValueRef<'_>) {
        let quoted = crate::transcript::text::ellipsis(&shown(value), QUOTED);
        self.flaws.push(match value {
            ValueRef::Null => format!("`{column}` is missing"),
            _ => format!("`{column}` is `{quoted}`"),
        });
    }

    /// A text that must be there; empty when it is not.
    pub(super) fn text(&mut self, column: &str) -> String {
        self.checked_text(column).unwrap_or_else(|lossy| lossy)
    }

    /// An id that must be there; `stand_in` where nobody could ask for it by its name.
    pub(super) fn id(&mut self, column: &str, stand_in: impl FnOnce() -> String) -> String {
        match self.checked_text(column) {
            Ok(id) if !id.is_empty() => id,
            Ok(_) => {
                self.wrong(column, ValueRef::Text(b""));
                stand_in()
            }
            Err(_) => stand_in(),
        }
    }

    /// The text, or what can be shown of it.
    fn checked_text(&mut self, column: &str) -> Result<String, String> {
        let value = self.value(column);
        if let ValueRef::Text(bytes) = value
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return Ok(text.to_owned());
        }
        self.wrong(column, value);
        Err(shown(value))
    }

    /// A text that may be missing.
    pub(super) fn optional_text(&mut self, column: &str) -> Option<String> {
        match self.value(column) {
            ValueRef::Null => None,
            _ => Some(self.text(column)),
        }
    }

    /// A text that may be missing and is of no use unless it is whole.
    pub(super) fn whole_text(&mut self, column: &str) -> Option<String> {
        match self.value(column) {
            ValueRef::Null => None,
            _ => self.checked_text(column).ok(),
        }
    }

    /// A number that must be there; 0 when it is not.
    pub(super) fn integer(&mut self, column: &str) -> i64 {
        match self.value(column) {
            ValueRef::Integer(number) => number,
            other => {
                self.wrong(column, other);
                0
            }
        }
    }

    /// A count or size: 0 when it is none, [`MOST`] when it is more.
    pub(super) fn unsigned(&mut self, column: &str) -> u64 {
        let number = self.integer(column);
        let believed = number.clamp(0, MOST);
        if believed != number {
            self.wrong(column, ValueRef::Integer(number));
        }
        u64::try_from(believed).unwrap_or(0)
    }

    /// A count or size that may be missing.
    pub(super) fn optional_unsigned(&mut self, column: &str) -> Option<u64> {
        match self.value(column) {
            ValueRef::Null => None,
            _ => Some(self.unsigned(column)),
        }
    }

    /// A small number: 0 when it is none.
    pub(super) fn small(&mut self, column: &str) -> u32 {
        u32::try_from(self.unsigned(column)).unwrap_or(u32::MAX)
    }

    /// A time that must be there; the epoch when it is not.
    pub(super) fn time(&mut self, column: &str) -> Timestamp {
        let number = self.integer(column);
        if !(0..=LATEST).contains(&number) {
            self.wrong(column, ValueRef::Integer(number));
            return Timestamp(0);
        }
        Timestamp(number)
    }

    /// A time that may be missing.
    pub(super) fn optional_time(&mut self, column: &str) -> Option<Timestamp> {
        match self.value(column) {
            ValueRef::Null => None,
            _ => Some(self.time(column)),
        }
    }

    /// A word that may be missing; `None` when this version does not know it.
    pub(super) fn word<T: DeserializeOwned>(&mut self, column: &str) -> Option<T> {
        let word = self.whole_text(column)?;
        let known = serde_json::from_value(serde_json::Value::String(word.clone())).ok();
        if known.is_none() {
            self.wrong(column, ValueRef::Text(word.as_bytes()));
        }
        known
    }

    /// A word that must be there.
    pub(super) fn needed_word<T: DeserializeOwned>(&mut self, column: &str) -> Option<T> {
        if matches!(self.value(column), ValueRef::Null) {
            self.wrong(column, ValueRef::Null);
        }
        self.word(column)
    }

    /// JSON that may be missing; `None` when it is of another shape.
    pub(super) fn json<T: DeserializeOwned>(&mut self, column: &str) -> Option<T> {
        let text = self.whole_text(column)?;
        match serde_json::from_str(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.flaws.push(format!("`{column}` is of another shape: {error}"));
                None
            }
        }
    }

    /// `model_provider` and `model_id`.
    pub(super) fn model(&mut self) -> Option<ModelRef> {
        let provider = self.whole_text("model_provider");
        let id = self.whole_text("model_id");
        provider.zip(id).map(|(provider, id)| ModelRef { provider, id })
    }

    /// The model where there must be one; an empty name, which no configuration knows, where it cannot be read.
    pub(super) fn needed_model(&mut self) -> ModelRef {
        self.model().unwrap_or(ModelRef { provider: String::new(), id: String::new() })
    }
}

/// Reads one JSON column of a row that has nothing else to tell.
pub(super) fn optional_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Option<T> {
    let mut reading = Reading::new(row);
    let value = reading.json(column);
    reading.log(|| format!("a row with `{column}`"));
    value
}
