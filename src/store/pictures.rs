//! Images of a history: which there are, what is sent in their place, and the copies that were made to be sent.
//!
//! Listing touches no body (invariant 2). What is decided about an image is written beside it and kept; the log
//! itself, the image that came, never changes.

use rusqlite::{Connection, params};

use super::{
    Committed, Result, Store,
    body::{self, Field},
    parts, rows, sessions,
};
use crate::transcript::{PartId, Seq, SessionId, image::Shown};

/// An image that a request may hold.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredImage {
    /// Its message.
    pub seq: Seq,
    /// Its part.
    pub part: PartId,
    /// Its place among the attachments of a call; 0 for a file.
    pub index: u8,
    /// Where it lies.
    pub field: Field,
    /// What is sent in its place; `None` while nobody has looked at it.
    pub shown: Option<Shown>,
}

impl Store {
    /// The images of the messages from `first` to `last`, newest first, but those of calls that are sent as evidence.
    pub async fn images(&self, session: &SessionId, (first, last): (Seq, Seq)) -> Result<Vec<StoredImage>> {
        let session = session.clone();
        self.read(move |tx| list(tx, sessions::key(tx, &session)?, (first, last))).await
    }

    /// Keeps what is sent in the place of an image, and the copy that was made of it. One that was decided about
    /// already stays as it is.
    pub async fn keep_shown(
        &self,
        image: StoredImage,
        shown: Shown,
        copy: Option<Vec<u8>>,
    ) -> Result<Committed<()>> {
        self.write(move |tx| {
            if is_decided(tx, &image)? {
                return Ok(());
            }
            if let Some(copy) = &copy {
                let (key, session) = parts::locate(tx, &image.part)?;
                body::append(tx, key, Field::Copy(image.index), copy)?;
                parts::count(tx, session, 0, copy.len() as u64)?;
            }
            show(tx, &image.part, image.index, &shown)
        })
        .await
    }
}

fn list(connection: &Connection, session: i64, (first, last): (Seq, Seq)) -> Result<Vec<StoredImage>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, id, idx, 0 AS place, 0 AS attached, metadata -> '$.shown' AS shown
         FROM part WHERE session = ?1 AND seq BETWEEN ?2 AND ?3 AND type = 'file'
           AND CASE WHEN json_valid(metadata) THEN metadata ->> '$.mime' END LIKE 'image/%'
         UNION ALL
         SELECT part.seq, part.id, part.idx, file.key, 1, file.value -> '$.shown'
         FROM part, json_each(CASE WHEN json_valid(part.metadata) THEN part.metadata ELSE '{}' END,
                              '$.attachments') AS file
         WHERE part.session = ?1 AND part.seq BETWEEN ?2 AND ?3 AND part.type = 'tool'
           AND file.value ->> '$.mime' LIKE 'image/%'
           AND (part.status <> 'completed' OR part.compacted_at IS NULL)
         ORDER BY seq DESC, idx DESC, place DESC",
    )?;
    let mut found = statement.query(params![session, first.0, last.0])?;
    let mut images = Vec::new();
    while let Some(row) = found.next()? {
        let index = u8::try_from(row.get::<_, i64>("place")?).unwrap_or(u8::MAX);
        let attached: bool = row.get("attached")?;
        // Nothing can be kept for a part that cannot be named: it is shown as damaged.
        let Ok(id) = row.get::<_, String>("id") else { continue };
        images.push(StoredImage {
            seq: Seq(row.get("seq")?),
            part: PartId::from(id),
            index,
            field: if attached { Field::Attachment(index) } else { Field::Data },
            shown: rows::optional_json(row, "shown"),
        });
    }
    Ok(images)
}

/// Where a part's row says what is sent in the place of an image.
fn place(connection: &Connection, part: &PartId, index: u8) -> Result<String> {
    let is_tool = connection
        .prepare_cached("SELECT type = 'tool' FROM part WHERE id = ?1")?
        .query_row([part.as_str()], |row| row.get::<_, bool>(0))?;
    Ok(if is_tool { format!("$.attachments[{index}].shown") } else { "$.shown".to_owned() })
}

fn is_decided(connection: &Connection, image: &StoredImage) -> Result<bool> {
    let place = place(connection, &image.part, image.index)?;
    Ok(connection
        .prepare_cached("SELECT metadata -> ?2 IS NOT NULL FROM part WHERE id = ?1")?
        .query_row(params![image.part.as_str(), place], |row| row.get(0))?)
}

/// Writes what is sent in the place of an image from now on.
pub(super) fn show(tx: &Connection, part: &PartId, index: u8, shown: &Shown) -> Result<()> {
    let place = place(tx, part, index)?;
    tx.prepare_cached("UPDATE part SET metadata = json_set(metadata, ?2, json(?3)) WHERE id = ?1")?
        .execute(params![part.as_str(), place, rows::json(shown)?])?;
    Ok(())
}
