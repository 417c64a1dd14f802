//! The ledger: one row for each provider call, never changed.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Result, Store,
    rows::{self, Reading},
    sessions,
};
use crate::transcript::{CacheMiss, MessageId, ModelRef, Seq, SessionId, Timestamp, Usage};

/// One provider call.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its place in the session's ledger, from 1; 0 until it is written.
    pub seq: u64,
    /// The assistant message that it made.
    pub message_id: MessageId,
    /// When the request was made.
    pub started_at: Timestamp,
    /// The model called.
    pub model: ModelRef,
    /// Size of the request's body.
    pub request_bytes: u64,
    /// Units of conversation in it.
    pub input_items: u64,
    /// `full` or `delta`.
    pub threading: String,
    /// Why.
    pub threading_reason: String,
    /// What it consumed.
    pub usage: Usage,
    /// Why less was read from the cache than was expected, if it was and the provider says so.
    pub cache_miss: Option<CacheMiss>,
    /// What it was asked with beside the conversation, for the next call to be compared with.
    pub frame: String,
    /// From the request to the first event.
    pub first_event_ms: Option<u64>,
    /// From the request to the end of the answer.
    pub duration_ms: u64,
    /// How often it was tried again before output came.
    pub retries: u32,
    /// Our own time since the previous answer's last byte (tools included), in microseconds.
    pub overhead_us: u64,
    /// How it ended: a finish reason, or the kind of the failure.
    pub finish: String,
}

/// The newest call that was answered in a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct LastAnswered {
    /// It.
    pub step: Step,
    /// The answer's place.
    pub answer: Seq,
    /// Whether a call has failed since.
    pub failed_since: bool,
}

impl Store {
    /// The newest call that was answered: no summary, no title.
    pub async fn last_answered(&self, session: &SessionId) -> Result<Option<LastAnswered>> {
        let session = session.clone();
        self.read(move |tx| {
            let read = |row: &Row<'_>| {
                let (answer, failed_since) = (Seq(row.get("answer")?), row.get("failed_since")?);
                Ok(LastAnswered { step: from_row(row), answer, failed_since })
            };
            Ok(tx
                .prepare_cached(
                    "SELECT step.*, message.seq AS answer,
                            EXISTS (SELECT 1 FROM step later
                                    WHERE later.session = step.session AND later.seq > step.seq
                                      AND later.finish NOT IN ('title', 'compaction', 'compactionFailed'))
                            AS failed_since
                     FROM step JOIN message ON message.id = step.message
                     WHERE step.session = ?1 AND step.finish IN ('endTurn', 'toolCalls', 'maxTokens', 'refusal')
                     ORDER BY step.seq DESC LIMIT 1",
                )?
                .query_row([sessions::key(tx, &session)?], read)
                .optional()?)
        })
        .await
    }

    /// The newest `limit` rows of the ledger, ascending.
    pub async fn steps(&self, session: &SessionId, limit: u32) -> Result<Vec<Step>> {
        let session = session.clone();
        self.read(move |tx| {
            let mut statement =
                tx.prepare_cached("SELECT * FROM step WHERE session = ?1 ORDER BY seq DESC LIMIT ?2")?;
            let mut steps = statement
                .query_map(params![sessions::key(tx, &session)?, limit], |row| Ok(from_row(row)))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            steps.reverse();
            Ok(steps)
        })
        .await
    }
}

/// Writes a row, and adds what it consumed to the session's and the turn's sums.
pub(super) fn insert(tx: &Connection, key: i64, step: &Step) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO step (session, seq, message, started_at, model_provider, model_id, request_bytes, input_items,
                           threading, threading_reason, usage, first_event_ms, duration_ms, retries, overhead_us, finish,
                           cache_miss, frame)
         VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM step WHERE session = ?1 AND seq BETWEEN 0 AND ?18),
                 ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?
    .execute(params![
        key,
        step.message_id.as_str(),
        step.started_at.0,
        step.model.provider,
        step.model.id,
        rows::signed(step.request_bytes),
        rows::signed(step.input_items),
        step.threading,
        step.threading_reason,
        rows::json(&step.usage)?,
        step.first_event_ms.map(rows::signed),
        rows::signed(step.duration_ms),
        step.retries,
        rows::signed(step.overhead_us),
        step.finish,
        step.cache_miss.as_ref().map(rows::word).transpose()?,
        step.frame,
        rows::MOST,
    ])?;
    add_usage(
        tx,
        "SELECT usage FROM session WHERE key = ?1",
        "UPDATE session SET usage = ?2 WHERE key = ?1",
        key,
        step,
    )?;
    add_usage(
        tx,
        "SELECT usage FROM turn WHERE session = ?1 AND ended_at IS NULL",
        "UPDATE turn SET usage = ?2, steps = min(max(steps, 0), 1000000) + 1 WHERE session = ?1 AND ended_at IS NULL",
        key,
        step,
    )
}

fn add_usage(tx: &Connection, select: &str, update: &str, key: i64, step: &Step) -> Result<()> {
    let sums = tx
        .prepare_cached(select)?
        .query_map([key], |row| Ok(rows::optional_json::<Usage>(row, "usage")))?
        .next();
    let mut usage = sums.transpose()?.flatten().unwrap_or_default();
    usage += step.usage;
    tx.prepare_cached(update)?.execute(params![key, rows::json(&usage)?])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> Step {
    let mut it = Reading::new(row);
    let step = Step {
        seq: it.unsigned("seq"),
        message_id: MessageId::from(it.text("message")),
        started_at: it.time("started_at"),
        model: it.needed_model(),
        request_bytes: it.unsigned("request_bytes"),
        input_items: it.unsigned("input_items"),
        threading: it.text("threading"),
        threading_reason: it.text("threading_reason"),
        usage: it.json("usage").unwrap_or_default(),
        cache_miss: it.word("cache_miss"),
        frame: it.optional_text("frame").unwrap_or_default(),
        first_event_ms: it.optional_unsigned("first_event_ms"),
        duration_ms: it.unsigned("duration_ms"),
        retries: it.small("retries"),
        overhead_us: it.unsigned("overhead_us"),
        finish: it.text("finish"),
    };
    it.log(|| format!("step {} for message {}", step.seq, step.message_id));
    step
}
