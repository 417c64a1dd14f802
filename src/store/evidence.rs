//! Evidence of stored tool results. A record that is missing, of another version or of the wrong shape is made again
//! from what the row still has, and then stored.

use rusqlite::Connection;

use super::{
    Loading, Result, Store, StoreError,
    body::{self, Field},
    parts, rows,
};
use crate::transcript::{
    Body, MessageId, Part, PartId, PartKind, Seq, ToolPart, ToolState,
    evidence::{self, Record},
};

/// The evidence of one tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What the model sees of a compacted call.
    pub text: String,
    /// What it is made from; `None` when the result is gone.
    pub record: Option<Record>,
    /// Whether the call is compacted.
    pub compacted: bool,
    /// Whether the record was made again just now.
    pub recomputed: bool,
}

impl Store {
    /// The evidence of a settled tool call.
    pub async fn evidence(&self, id: &PartId) -> Result<Evidence> {
        let wanted = id.clone();
        let evidence = self.read(move |tx| load(tx, &wanted)).await?;
        if evidence.recomputed {
            self.keep_evidence((id.clone(), evidence.clone())).await;
        }
        Ok(evidence)
    }

    /// Stores a record that was made again. It can be made once more: a failure is only logged.
    pub(super) async fn keep_evidence(&self, (id, evidence): (PartId, Evidence)) {
        let Some(record) = evidence.record else { return };
        let stored = self.write(move |tx| {
            tx.execute("UPDATE part SET evidence = ?2 WHERE id = ?1", (id.as_str(), rows::json(&record)?))?;
            Ok(())
        });
        if let Err(error) = stored.await {
            tracing::warn!(%error, "a record that was made again was not stored");
        }
    }
}

/// The evidence as far as the store has it.
pub(super) fn load(connection: &Connection, id: &PartId) -> Result<Evidence> {
    let (key, _) = parts::locate(connection, id)?;
    let Some(mut tool) = tool(connection, id)?.filter(|tool| tool.state.is_settled()) else {
        return Err(StoreError::NoEvidence(id.to_string()));
    };
    // The whole of it: cut JSON would read differently from when the tool completed.
    tool.input = Body::whole(body::text(connection, key, Field::Input)?);
    let kept = stored(connection, key)?;
    let recomputed = kept.is_none();
    let record = match kept {
        Some(record) => Some(record),
        None => result(connection, key, &tool)?.map(|output| Record::of(id, &tool, &output)),
    };
    let text = evidence::digest(id, &tool, record.as_ref());
    Ok(Evidence { text, record, compacted: tool.compacted_at.is_some(), recomputed })
}

/// The record as the row holds it; `None` when there is none that this version reads, whatever stands there.
fn stored(connection: &Connection, key: i64) -> Result<Option<Record>> {
    let mut select = connection.prepare_cached("SELECT evidence FROM part WHERE key = ?1")?;
    let record = select.query_row([key], |row| {
        let written = row.get_ref(0)?.as_bytes_or_null()?;
        Ok(written.and_then(|written| std::str::from_utf8(written).ok()).and_then(Record::read))
    });
    Ok(record?)
}

/// The whole result; `None` when the store no longer has all of it.
fn result(connection: &Connection, key: i64, tool: &ToolPart) -> Result<Option<String>> {
    // The row does not hold an error's size, but no error is without words.
    let (field, least) = match &tool.state {
        ToolState::Completed { output, .. } => (Field::Output, output.bytes),
        _ => (Field::Error, 1),
    };
    let loaded = body::whole(connection, key, field)?;
    let all = loaded.missing == 0 && loaded.end >= least;
    Ok(all.then(|| loaded.into_text()))
}

fn tool(connection: &Connection, id: &PartId) -> Result<Option<ToolPart>> {
    let (key, session) = parts::locate(connection, id)?;
    let seq = connection
        .prepare_cached("SELECT seq FROM part WHERE key = ?1")?
        .query_row([key], |row| row.get(0).map(Seq))?;
    // Only the call is wanted, not where it stands.
    let message = MessageId::from("");
    let loading = Loading::Preview(evidence::MOST_BYTES);
    let found = parts::of_messages(connection, session, (seq, seq), loading, |_| Some(message.clone()))?;
    Ok(found.into_iter().find_map(|found| match found.part {
        Part { id: found, kind: PartKind::Tool(tool), .. } if found == *id => Some(tool),
        _ => None,
    }))
}
