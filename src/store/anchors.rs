//! The answer that a session's next request may continue at its provider.
//!
//! Written only when an answer is complete and each of its calls has its result; until then there is none, so that a
//! crash in between leads to a whole request.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, Store, rows::Reading, sessions};
use crate::transcript::{Seq, SessionId};

/// An answer that the provider keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Its place.
    pub seq: Seq,
    /// The provider's id of it.
    pub response: String,
}

/// Whether there is an answer to continue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchoring {
    /// It.
    pub anchor: Option<Anchor>,
    /// What it was asked with.
    pub fingerprint: String,
    /// Why there is none.
    pub reason: String,
    /// Continued requests in a row that were refused.
    pub refusals: u32,
}

/// A change of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mooring {
    /// The next request may continue this answer.
    Set {
        /// It.
        anchor: Anchor,
        /// What it was asked with.
        fingerprint: String,
        /// Whether its own request continued another answer: then the provider is believed again.
        continued: bool,
    },
    /// The next request has to be whole, for this reason.
    Lost(&'static str),
    /// A continued request was refused.
    Refused,
}

impl Store {
    /// The answer that the session's next request may continue.
    pub async fn anchoring(&self, session: &SessionId) -> Result<Anchoring> {
        let session = session.clone();
        self.read(move |tx| load(tx, sessions::key(tx, &session)?)).await
    }
}

fn load(connection: &Connection, key: i64) -> Result<Anchoring> {
    let row = connection
        .prepare_cached(
            "SELECT message, response, fingerprint, reason, refusals FROM anchor WHERE session = ?1",
        )?
        .query_row([key], |row| {
            let mut it = Reading::new(row);
            let (seq, response) = (Seq(it.integer("message")), it.whole_text("response"));
            let anchoring = Anchoring {
                anchor: response.map(|response| Anchor { seq, response }),
                fingerprint: it.text("fingerprint"),
                reason: it.text("reason"),
                refusals: it.small("refusals"),
            };
            it.log(|| format!("the anchor of session {key}"));
            Ok(anchoring)
        })
        .optional()?;
    Ok(row.unwrap_or_default())
}

impl Anchoring {
    /// As it is after a change. The same is done to the row.
    #[must_use]
    pub fn after(&self, mooring: &Mooring) -> Self {
        match mooring {
            Mooring::Set { anchor, fingerprint, continued } => Self {
                anchor: Some(anchor.clone()),
                fingerprint: fingerprint.clone(),
                reason: String::new(),
                refusals: if *continued { 0 } else { self.refusals },
            },
            Mooring::Lost(reason) => Self { anchor: None, reason: (*reason).to_owned(), ..self.clone() },
            Mooring::Refused => Self {
                anchor: None,
                reason: "expired".to_owned(),
                refusals: self.refusals + 1,
                ..self.clone()
            },
        }
    }
}

pub(super) fn moor(tx: &Connection, key: i64, mooring: &Mooring) -> Result<()> {
    let after = load(tx, key)?.after(mooring);
    let (seq, response) = after.anchor.map_or((0, None), |anchor| (anchor.seq.0, Some(anchor.response)));
    tx.prepare_cached(
        "INSERT OR REPLACE INTO anchor (session, message, response, fingerprint, reason, refusals)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![key, seq, response, after.fingerprint, after.reason, after.refusals])?;
    Ok(())
}
