//! Copying a session's history into a new session (fork), a few messages at a time.

use rusqlite::{Connection, params};

use super::{
    Committed, Result, Store, leases, messages, notices, rows,
    sessions::{self, NewSessionRow},
};
use crate::{
    failpoint,
    transcript::{Change, MessageId, PartId, Seq, Session, SessionId},
};

/// Messages copied in one transaction.
pub(in crate::store) const STEP: i64 = 50;

impl Store {
    /// Makes `new` with the messages of `source` up to and including `last` (all when missing). The new session is
    /// not listed until it is complete. An open turn of the source is not waited for: what it has completed is
    /// copied, calls without a result get an `interrupted` one.
    pub async fn fork(
        &self,
        source: &SessionId,
        last: Option<MessageId>,
        new: NewSessionRow,
    ) -> Result<Committed<Session>> {
        let (id, lessee) = (new.id.clone(), self.lessee().clone());
        let maker = lessee.clone();
        let (from, until) = (source.clone(), last);
        let (from_key, to_key, until) = self
            .write(move |tx| {
                let from_key = sessions::key(tx, &from)?;
                let until = end_of_copy(tx, from_key, until.as_ref())?;
                sessions::create(tx, &lessee, &new)?;
                let to_key = sessions::key(tx, &new.id)?;
                tx.execute("UPDATE session SET deleted_at = 0 WHERE key = ?1", [to_key])?;
                leases::take(tx, to_key, &lessee)?;
                Ok((from_key, to_key, until))
            })
            .await?
            .into_inner();
        failpoint::reach("fork.begun").await;
        let mut first = 1;
        while first <= until.0 {
            let last = (first + STEP - 1).min(until.0);
            self.write(move |tx| copy(tx, from_key, to_key, first, last)).await?;
            failpoint::reach("fork.batch").await;
            first = last + 1;
        }
        let shown = self.write(move |tx| {
            let error = crate::transcript::Failure::new(
                crate::transcript::FailureKind::Interrupted,
                "this message was still being written when the session was forked",
            );
            super::recovery::interrupt(tx, to_key, &error)?;
            leases::release(tx, to_key)?;
            tx.execute("UPDATE session SET deleted_at = NULL WHERE key = ?1", [to_key])?;
            notices::add(tx, &maker, &id, Change::Created)?;
            sessions::load(tx, &id)
        });
        let shown = shown.await?;
        failpoint::reach("fork.shown").await;
        Ok(shown)
    }
}

/// The last message that is copied: the given one, or the newest.
fn end_of_copy(tx: &Connection, key: i64, last: Option<&MessageId>) -> Result<Seq> {
    match last {
        Some(id) => match messages::locate(tx, id)? {
            (session, seq) if session == key => Ok(seq),
            _ => Err(super::StoreError::MessageNotFound(id.to_string())),
        },
        None => Ok(Seq(messages::last_seq(tx, key)?)),
    }
}

fn copy(tx: &Connection, from: i64, to: i64, first: i64, last: i64) -> Result<()> {
    let ids = tx
        .prepare_cached("SELECT seq FROM message WHERE session = ?1 AND seq BETWEEN ?2 AND ?3")?
        .query_map(params![from, first, last], |row| row.get::<_, i64>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for seq in ids {
        tx.prepare_cached(
            "INSERT INTO message (session, seq, id, role, parent, turn, created_at, completed_at, agent, model_provider,
                                  model_id, summary, finish, error, usage)
             SELECT ?2, seq, ?4, role, NULL, NULL, created_at, completed_at, agent, model_provider, model_id, summary,
                    finish, error, usage
             FROM message WHERE session = ?1 AND seq = ?3",
        )?
        .execute(params![from, to, seq, MessageId::random().as_str()])?;
    }
    let parts = tx
        .prepare_cached(
            "SELECT key FROM part WHERE session = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq, idx",
        )?
        .query_map(params![from, first, last], |row| row.get::<_, i64>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for part in parts {
        copy_part(tx, part, to)?;
    }
    tx.execute(
        "UPDATE session SET last_seq = ?2, messages = ?2,
                parts = (SELECT count(*) FROM part WHERE session = ?1),
                bytes = (SELECT coalesce(sum(min(max(bytes, 0), ?3) + min(max(input_bytes, 0), ?3)), 0) FROM part WHERE session = ?1)
         WHERE key = ?1",
        params![to, last, rows::MOST >> 20],
    )?;
    Ok(())
}

fn copy_part(tx: &Connection, part: i64, to: i64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO part (id, session, seq, idx, type, tool, call_id, status, title, bytes, input_bytes, tokens,
                           started_at, ended_at, compacted_at, evidence, metadata)
         SELECT ?3, ?2, seq, idx, type, tool, call_id, status, title, bytes, input_bytes, tokens, started_at, ended_at,
                compacted_at, evidence, metadata
         FROM part WHERE key = ?1",
    )?
    .execute(params![part, to, PartId::random().as_str()])?;
    tx.prepare_cached(
        "INSERT INTO body (part, field, start, data) SELECT ?2, field, start, data FROM body WHERE part = ?1",
    )?
    .execute(params![part, tx.last_insert_rowid()])?;
    Ok(())
}
