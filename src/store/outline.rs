//! What a history holds, part by part, without any body: for reports (invariant 2).

use rusqlite::{Connection, Row, params};

use super::{Result, Store, damage, rows::Reading, sessions};
use crate::transcript::{MessageId, PartId, Seq, SessionId};

/// A part by its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Its message's place.
    pub seq: Seq,
    /// Its message.
    pub message_id: MessageId,
    /// It.
    pub part_id: PartId,
    /// Its type.
    pub kind: String,
    /// The tool called.
    pub tool: Option<String>,
    /// The call's title.
    pub title: Option<String>,
    /// An estimate of its tokens.
    pub tokens: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Store {
    /// The newest parts before a message that hold something, newest first.
    pub async fn outline_before(&self, session: &SessionId, before: Seq, limit: u32) -> Result<Vec<Outline>> {
        let session = session.clone();
        self.read(move |tx| outline(tx, sessions::key(tx, &session)?, before, limit)).await
    }
}

fn outline(connection: &Connection, key: i64, before: Seq, limit: u32) -> Result<Vec<Outline>> {
    let found = connection
        .prepare_cached(
            "SELECT part.key AS key, part.session AS session, part.seq AS seq, message.id AS message, part.id AS id, type,
                    tool, title, tokens, bytes, input_bytes
             FROM part LEFT JOIN message ON message.session = part.session AND message.seq = part.seq
             WHERE part.session = ?1 AND part.seq < ?2 AND tokens > 0
             ORDER BY part.seq DESC, part.idx DESC LIMIT ?3",
        )?
        .query_map(params![key, before.0, limit], |row| Ok(from_row(row)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

fn from_row(row: &Row<'_>) -> Outline {
    let mut it = Reading::new(row);
    let (key, session, seq) = (it.integer("key"), it.integer("session"), it.integer("seq"));
    let outline = Outline {
        seq: Seq(seq),
        message_id: MessageId::from(
            it.id("message", || damage::stand_in(MessageId::PREFIX, &[session, seq])),
        ),
        part_id: PartId::from(it.id("id", || damage::stand_in(PartId::PREFIX, &[key]))),
        kind: it.text("type"),
        tool: it.optional_text("tool"),
        title: it.optional_text("title"),
        tokens: it.unsigned("tokens"),
        bytes: it.unsigned("bytes").saturating_add(it.unsigned("input_bytes")),
    };
    it.log(|| format!("part {}", outline.part_id));
    outline
}
