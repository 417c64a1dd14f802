//! Parts and their bodies in a database that is being repaired: none without the other, none with holes.

use rusqlite::{Connection, params};

use crate::store::{
    body::{self, Field},
    mend::{Result, loss::Losses},
};

/// Numbers of the fields of which a piece is worth nothing: content, seals and attachments.
const ALL_OR_NOTHING: i64 = 4;

/// Drops bodies whose part is not there.
pub(super) fn orphans(new: &Connection, losses: &mut Losses) -> Result<()> {
    let mut lost = new.prepare(
        "SELECT part, field, sum(length(data)) FROM body WHERE part NOT IN (SELECT key FROM part) GROUP BY part, field",
    )?;
    let lost =
        lost.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
    for body in lost {
        let (part, field, bytes) = body?;
        losses.note(format!("part with key {part}: lost, with {bytes} bytes of its {}", named(field)));
    }
    new.execute_batch("DELETE FROM body WHERE part NOT IN (SELECT key FROM part)")?;
    Ok(())
}

fn named(field: i64) -> &'static str {
    Field::of_number(field).map_or("body", Field::name)
}

/// What a part is whose row no longer says so, by the bodies that it has; and calls that lost what makes them calls.
pub(super) fn types(new: &Connection, losses: &mut Losses) -> Result<()> {
    new.execute_batch(
        "UPDATE part SET type = CASE
           WHEN EXISTS (SELECT 1 FROM body WHERE part = key AND field IN (1, 2, 3)) OR tool IS NOT NULL THEN 'tool'
           WHEN EXISTS (SELECT 1 FROM body WHERE part = key AND field = 4) THEN 'reasoning'
           WHEN EXISTS (SELECT 1 FROM body WHERE part = key AND field = 5) THEN 'file'
           ELSE 'text' END
         WHERE type = '';
         UPDATE part SET status = CASE
           WHEN EXISTS (SELECT 1 FROM body WHERE part = key AND field = 3) THEN 'error'
           WHEN EXISTS (SELECT 1 FROM body WHERE part = key AND field = 2) THEN 'completed' ELSE 'error' END
         WHERE type = 'tool' AND status IS NULL;
         UPDATE part SET tool = 'unknown' WHERE type = 'tool' AND coalesce(tool, '') = '';
         UPDATE part SET call_id = 'call_' || key WHERE type = 'tool' AND coalesce(call_id, '') = '';
         UPDATE part SET ended_at = coalesce(ended_at, started_at, 0)
         WHERE type = 'tool' AND status IN ('completed', 'error');",
    )?;
    let mut mute = new.prepare(
        "SELECT key, session, seq, id FROM part WHERE type = 'tool' AND status = 'error'
         AND NOT EXISTS (SELECT 1 FROM body WHERE part = key AND field = 3)",
    )?;
    let mute = mute
        .query_map([], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, String>(3)?,
            ))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for (key, session, seq, id) in mute {
        losses.of(session, format!("message {seq}, part {id}: what became of the call is lost"));
        let words = "[agentls: what became of this call was lost in the database]";
        body::append(new, key, Field::Error, words.as_bytes())?;
    }
    Ok(())
}

/// A field of a part as its chunks are.
pub(in crate::store::mend) struct Chunks {
    part: i64,
    field: i64,
    session: i64,
    seq: i64,
    id: String,
    /// What the row says there is, of the fields that it counts.
    told: Option<i64>,
}

/// The fields that have holes, or less than their row says.
pub(in crate::store::mend) fn broken(connection: &Connection) -> crate::store::Result<Vec<Chunks>> {
    let mut broken = connection.prepare(
        "WITH field (part, field, first, there, ends) AS (
           SELECT part, field, min(start), sum(length(data)), max(start + length(data)) FROM body GROUP BY part, field)
         SELECT key, field, session, seq, id, told FROM (
           SELECT p.key AS key, f.field AS field, p.session AS session, p.seq AS seq, p.id AS id,
             CASE WHEN f.field = 0 AND p.type = 'text' THEN p.bytes WHEN f.field = 1 THEN p.input_bytes
                  WHEN f.field = 2 THEN p.bytes END AS told, f.first AS first, f.there AS there, f.ends AS ends
           FROM field AS f JOIN part AS p ON p.key = f.part)
         WHERE first <> 0 OR there <> ends OR there < told
         UNION ALL
         SELECT key, CASE type WHEN 'tool' THEN 2 ELSE 0 END, session, seq, id, bytes FROM part
         WHERE bytes > 1 AND (type = 'text' OR type = 'tool' AND status = 'completed')
           AND NOT EXISTS (SELECT 1 FROM body WHERE part = key AND field = CASE type WHEN 'tool' THEN 2 ELSE 0 END)
         UNION ALL
         SELECT key, 1, session, seq, id, input_bytes FROM part
         WHERE input_bytes > 0 AND type = 'tool' AND NOT EXISTS (SELECT 1 FROM body WHERE part = key AND field = 1)",
    )?;
    let found = broken
        .query_map([], |row| {
            Ok(Chunks {
                part: row.get(0)?,
                field: row.get(1)?,
                session: row.get(2)?,
                seq: row.get(3)?,
                id: row.get(4)?,
                told: row.get(5)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(found)
}

/// Fills holes in texts with a note, and drops what is worth nothing with a hole.
pub(super) fn holes(new: &Connection, losses: &mut Losses) -> Result<()> {
    for chunks in broken(new)? {
        mend(new, &chunks, losses)?;
    }
    sizes(new)
}

fn mend(new: &Connection, chunks: &Chunks, losses: &mut Losses) -> Result<()> {
    let Chunks { part, field, session, seq, id, told } = chunks;
    let place = format!("message {seq}, part {id}, {}", named(*field));
    let Some(known) = Field::of_number(*field) else {
        new.execute("DELETE FROM body WHERE part = ?1 AND field = ?2", [part, field])?;
        losses.of(*session, format!("{place}: dropped, there is no such field"));
        return Ok(());
    };
    let mut loaded = body::whole(new, *part, known)?;
    let told = told.and_then(|told| u64::try_from(told).ok()).unwrap_or(0);
    let behind = told.saturating_sub(loaded.end);
    if behind > 0 {
        loaded.data.extend_from_slice(body::missing_note(behind).as_bytes());
    }
    let missing = loaded.missing.saturating_add(behind);
    new.execute("DELETE FROM body WHERE part = ?1 AND field = ?2", [part, field])?;
    if *field >= ALL_OR_NOTHING {
        losses.of(*session, format!("{place}: {missing} bytes are lost, and with them the rest of it"));
        return Ok(());
    }
    losses.of(*session, format!("{place}: {missing} bytes are lost"));
    body::append(new, *part, known, &loaded.data)?;
    Ok(())
}

/// Lets the rows count what is there.
fn sizes(new: &Connection) -> Result<()> {
    let mut update = new.prepare(
        "UPDATE part SET
           bytes = CASE WHEN type IN ('text', 'tool') THEN coalesce((SELECT sum(length(data)) FROM body WHERE part = key
                     AND field = CASE part.type WHEN 'tool' THEN 2 ELSE 0 END),
                     CASE WHEN type = 'tool' AND bytes = 1 THEN 1 ELSE 0 END) ELSE bytes END,
           input_bytes = CASE WHEN type = 'tool' THEN coalesce((SELECT sum(length(data)) FROM body WHERE part = key
                           AND field = 1), 0) ELSE input_bytes END
         WHERE type = ?1",
    )?;
    for kind in ["text", "tool"] {
        update.execute(params![kind])?;
    }
    Ok(())
}
