//! The system prompt as a session's requests begin with it, and what the model was told of changes since.
//!
//! Kept so that the prefix is the same after a restart and in the next turn (invariant 4).

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::{Committed, Result, Store, leases, rows, sessions};
use crate::transcript::{ModelRef, Seq, SessionId, Timestamp};

/// A piece of the system prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fragment {
    /// What it is, or the file that it comes from.
    pub name: String,
    /// Its text as it is sent.
    pub text: String,
    /// When it was last changed, where it is a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
}

/// What stands before a session's conversation until the next boundary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Baseline {
    /// The agent it was made for.
    pub agent: String,
    /// The model it was made for.
    pub model: ModelRef,
    /// The newest summary when it was made; 0 while there was none.
    pub boundary: Seq,
    /// The system prompt.
    pub fragments: Vec<Fragment>,
    /// The fragments as the model knows them by now: those above, and what it was told since.
    pub told: Vec<Fragment>,
}

impl Store {
    /// What stands before the session's conversation. `None` before its first turn, and when it cannot be read.
    pub async fn baseline(&self, session: &SessionId) -> Result<Option<Baseline>> {
        let session = session.clone();
        self.read(move |tx| load(tx, sessions::key(tx, &session)?)).await
    }

    /// Replaces it.
    pub async fn set_baseline(&self, session: &SessionId, baseline: Baseline) -> Result<Committed<()>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            leases::fence(tx, key, &lessee)?;
            tx.prepare_cached("INSERT OR REPLACE INTO baseline (session, value) VALUES (?1, ?2)")?
                .execute(params![key, rows::json(&baseline)?])?;
            Ok(())
        })
        .await
    }
}

fn load(connection: &Connection, key: i64) -> Result<Option<Baseline>> {
    Ok(connection
        .prepare_cached("SELECT value FROM baseline WHERE session = ?1")?
        .query_row([key], |row| Ok(rows::optional_json(row, "value")))
        .optional()?
        .flatten())
}
