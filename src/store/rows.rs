//! How the domain's values stand in columns.
//!
//! Values are written as the words that the protocol uses. A row that this version cannot read costs that value
//! only: it reads as its default, and the log says so.

use rusqlite::{Row, types::Type};
use serde::{Serialize, de::DeserializeOwned};

use crate::transcript::{ModelRef, Timestamp};

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

/// Reads a JSON column; what is missing or cannot be read is `None`.
pub(super) fn optional_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let Some(text) = row.get::<_, Option<String>>(column)? else { return Ok(None) };
    match serde_json::from_str(&text) {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            tracing::warn!(column, %error, "a stored value is of another shape");
            Ok(None)
        }
    }
}

/// Reads a word column.
pub(super) fn optional_word<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let Some(word) = row.get::<_, Option<String>>(column)? else { return Ok(None) };
    match serde_json::from_value(serde_json::Value::String(word)) {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            tracing::warn!(column, %error, "a stored word is unknown");
            Ok(None)
        }
    }
}

/// Reads a word column that must be there.
pub(super) fn needed_word<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    optional_word(row, column)?
        .ok_or_else(|| rusqlite::Error::InvalidColumnType(0, column.to_owned(), Type::Text))
}

/// Reads `model_provider` and `model_id`.
pub(super) fn model(row: &Row<'_>) -> rusqlite::Result<Option<ModelRef>> {
    let provider = row.get::<_, Option<String>>("model_provider")?;
    let id = row.get::<_, Option<String>>("model_id")?;
    Ok(provider.zip(id).map(|(provider, id)| ModelRef { provider, id }))
}

/// Reads a time.
pub(super) fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp)
}

/// Reads a time that may be missing.
pub(super) fn optional_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp))
}

/// Reads a count or size.
pub(super) fn unsigned(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

/// A count or size as a column holds it.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
