//! Which part of a history is live: the newest summary, where the window begins, what it weighs, and the breaker of
//! compaction.
//!
//! Everything is found by an index or within the window (invariant 2); bodies are not touched. What changes the
//! prefix is written here and nowhere else, in one transaction each (invariant 4).

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{
    Committed, Result, Store, leases,
    messages::{self, NewMessage},
    parts::{self, Loading},
    pictures,
    rows::{self, Reading},
    sessions,
    steps::{self, Step},
};
use crate::transcript::{
    Compaction, Message, MessageId, ModelRef, PartId, PartKind, Role, Seq, SessionId, Timestamp, Usage,
    evidence,
    image::{MADE_ROOM, Shown, UNSEEN_TOKENS},
};

/// What is live of a session's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// The newest message.
    pub last: Seq,
    /// The newest summary, where there is one.
    pub boundary: Option<Boundary>,
    /// The first message that is sent where the history is too long to be sent.
    pub start: Option<Seq>,
    /// The newest message when something that had been sent was last changed. What providers counted up to there
    /// no longer holds.
    pub reshaped: Seq,
    /// What changed it: `prune`, `window`, `images`, `compaction` or `import`.
    pub reason: String,
    /// Calls for a summary in a row that won nothing.
    pub failures: u32,
    /// Whether an answer was ever given here: what stands before it has been sent.
    pub answered: bool,
    /// What the provider counted for the newest answer's request, if it counts.
    pub counted: Option<Counted>,
}

/// A summary behind which the live history begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary {
    /// The summary's place.
    pub seq: Seq,
    /// What it kept.
    pub compaction: Compaction,
}

/// What a provider counted for a whole request.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// The model.
    pub model: ModelRef,
    /// Size of the request's body in bytes.
    pub bytes: u64,
    /// Tokens of its input.
    pub tokens: u64,
}

/// What a message adds to a request, as far as its rows tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Its place.
    pub seq: Seq,
    /// Whether the person speaks: a window may begin here.
    pub user: bool,
    /// An estimate of its tokens.
    pub tokens: u64,
}

/// What a change of what is sent has won. Sizes in tokens of the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Won {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
    /// Calls whose evidence is sent in place of their results.
    pub evidence: u64,
}

/// What changed the prefix other than a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reshape {
    /// These completed calls are sent as evidence from now on.
    Prune(Vec<PartId>),
    /// The window begins here from now on.
    Start(Seq),
    /// These images are left out from now on, each with its place in its part.
    Images(Vec<(PartId, u8)>),
}

/// A summary to be written, with all that comes of it.
#[derive(Clone, Debug)]
pub struct NewSummary {
    /// The message: a compaction part, then texts.
    pub message: NewMessage,
    /// The first message that it covers and that was sent until now.
    pub first: Seq,
    /// What the call that wrote it consumed.
    pub usage: Usage,
    /// The call for the ledger.
    pub step: Step,
}

impl Store {
    /// What is live of a session.
    pub async fn live(&self, session: &SessionId) -> Result<Live> {
        let session = session.clone();
        self.read(move |tx| load(tx, sessions::key(tx, &session)?)).await
    }

    /// What the messages from `first` to `last` weigh, newest first, until `enough` tokens are reached.
    pub async fn weights(
        &self,
        session: &SessionId,
        (first, last): (Seq, Seq),
        enough: u64,
    ) -> Result<Vec<Weight>> {
        let session = session.clone();
        self.read(move |tx| weights(tx, sessions::key(tx, &session)?, (first, last), enough)).await
    }

    /// The newest settled calls before a message, newest first, but those that only repeat what others found.
    pub async fn calls_before(&self, session: &SessionId, before: Seq, limit: u32) -> Result<Vec<PartId>> {
        let session = session.clone();
        self.read(move |tx| {
            let calls = tx
                .prepare_cached(
                    "SELECT id FROM part WHERE session = ?1 AND seq < ?2 AND type = 'tool' AND tool <> 'recall'
                       AND status IN ('completed', 'error')
                     ORDER BY seq DESC, idx DESC LIMIT ?3",
                )?
                .query_map(params![sessions::key(tx, &session)?, before.0, limit], |row| row.get::<_, String>(0))?
                .map(|id| id.map(PartId::from))
                .collect::<rusqlite::Result<_>>()?;
            Ok(calls)
        })
        .await
    }

    /// Changes what is sent of a session from its next request on.
    pub async fn reshape(&self, session: &SessionId, reshape: Reshape) -> Result<Committed<()>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            leases::fence(tx, key, &lessee)?;
            let (reason, start) = match &reshape {
                Reshape::Prune(parts) => {
                    parts.iter().try_for_each(|part| compact(tx, key, part))?;
                    ("prune", None)
                }
                Reshape::Start(start) => ("window", Some(start.0)),
                Reshape::Images(left_out) => {
                    let note = Shown::Note(MADE_ROOM.to_owned());
                    left_out.iter().try_for_each(|(part, index)| pictures::show(tx, part, *index, &note))?;
                    ("images", None)
                }
            };
            mark(tx, key, reason, start)
        })
        .await
    }

    /// Writes a summary: the live history begins behind it from now on. The breaker is reset.
    pub async fn add_summary(&self, session: &SessionId, summary: NewSummary) -> Result<Committed<Message>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            leases::fence(tx, key, &lessee)?;
            let NewSummary { message, first, usage, step } = summary;
            let mut message = messages::insert(tx, key, &session, message)?;
            let tail = message.parts.iter().find_map(|part| match &part.kind {
                PartKind::Compaction(compaction) => compaction.tail,
                _ => None,
            });
            (message.summary, message.usage) = (true, Some(usage));
            tx.prepare_cached("UPDATE message SET summary = 1, usage = ?2 WHERE id = ?1")?
                .execute(params![message.id.as_str(), rows::json(&usage)?])?;
            tx.prepare_cached(
                "UPDATE part SET compacted_at = ?4
                 WHERE session = ?1 AND seq >= ?2 AND seq < ?3 AND type = 'tool' AND status = 'completed'
                   AND compacted_at IS NULL",
            )?
            .execute(params![
                key,
                first.0,
                tail.unwrap_or(message.seq).0,
                Timestamp::now().0
            ])?;
            steps::insert(tx, key, &step)?;
            mark(tx, key, "compaction", None)?;
            set_failures(tx, key, 0)?;
            Ok(message)
        })
        .await
    }

    /// Notes that a call for a summary won nothing, with its line of the ledger. Returns how many did in a row.
    pub async fn summary_failed(&self, session: &SessionId, step: Step) -> Result<Committed<u32>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            leases::fence(tx, key, &lessee)?;
            steps::insert(tx, key, &step)?;
            let failures = load_window(tx, key)?.failures + 1;
            set_failures(tx, key, failures)?;
            Ok(failures)
        })
        .await
    }

    /// Writes down for those who follow what a change of what is sent has won.
    pub async fn show_won(&self, session: &SessionId, won: Won) -> Result<Committed<()>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            leases::fence(tx, key, &lessee)?;
            tx.prepare_cached("UPDATE live_window SET won = ?2 WHERE session = ?1")?
                .execute(params![key, rows::json(&won)?])?;
            Ok(())
        })
        .await
    }

    /// Lets compaction be tried again.
    pub async fn reset_breaker(&self, session: &SessionId) -> Result<Committed<()>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            leases::fence(tx, key, &lessee)?;
            set_failures(tx, key, 0)
        })
        .await
    }
}

#[derive(Default)]
struct WindowRow {
    start: Option<Seq>,
    reshaped: i64,
    reason: String,
    failures: u32,
}

fn load_window(connection: &Connection, key: i64) -> Result<WindowRow> {
    let row = connection
        .prepare_cached("SELECT start, reshaped, reason, failures FROM live_window WHERE session = ?1")?
        .query_row([key], |row| {
            let mut it = Reading::new(row);
            let start = it.integer("start");
            let window = WindowRow {
                start: (start > 0).then_some(Seq(start)),
                reshaped: it.integer("reshaped"),
                reason: it.text("reason"),
                failures: it.small("failures"),
            };
            it.log(|| format!("the window of session {key}"));
            Ok(window)
        })
        .optional()?;
    Ok(row.unwrap_or_default())
}

fn load(connection: &Connection, key: i64) -> Result<Live> {
    let window = load_window(connection, key)?;
    let last = Seq(messages::last_seq(connection, key)?);
    let boundary = boundary(connection, key)?;
    let summarised = boundary.as_ref().map_or(0, |boundary| boundary.seq.0);
    let counted = counted(connection, key)?;
    Ok(Live {
        last,
        boundary,
        start: window.start,
        reshaped: Seq(window.reshaped.max(summarised)),
        reason: if window.reason.is_empty() { "compaction".to_owned() } else { window.reason },
        failures: window.failures,
        answered: counted.is_some(),
        counted: counted.filter(|counted| counted.tokens > 0 && counted.bytes > 0),
    })
}

fn boundary(connection: &Connection, key: i64) -> Result<Option<Boundary>> {
    let Some(seq) = newest_summary(connection, key)? else { return Ok(None) };
    let message = MessageId::from("");
    let parts =
        parts::of_messages(connection, key, (seq, seq), Loading::Preview(0), |_| Some(message.clone()))?;
    let compaction = parts.into_iter().find_map(|found| match found.part.kind {
        PartKind::Compaction(compaction) => Some(compaction),
        _ => None,
    });
    let mut compaction = compaction.unwrap_or_default();
    // A damaged row must not lead elsewhere.
    compaction.tail = compaction.tail.filter(|tail| *tail >= Seq(1) && *tail < seq);
    Ok(Some(Boundary { seq, compaction }))
}

/// What the last change of what is sent has won.
pub(super) fn won(connection: &Connection, key: i64) -> Result<Option<Won>> {
    let won = connection
        .prepare_cached("SELECT won FROM live_window WHERE session = ?1")?
        .query_row([key], |row| Ok(rows::optional_json(row, "won")))
        .optional()?;
    Ok(won.flatten())
}

/// Where the newest summary stands.
pub(super) fn newest_summary(connection: &Connection, key: i64) -> Result<Option<Seq>> {
    let mut select = connection.prepare_cached(
        "SELECT seq FROM message WHERE session = ?1 AND summary = 1 ORDER BY seq DESC LIMIT 1",
    )?;
    Ok(select.query_row([key], |row| row.get(0).map(Seq)).optional()?)
}

/// The newest call whose request was whole: its size in bytes and in tokens belong together.
fn counted(connection: &Connection, key: i64) -> Result<Option<Counted>> {
    let read = |row: &Row<'_>| {
        let mut it = Reading::new(row);
        let usage: Usage = it.json("usage").unwrap_or_default();
        let bytes = it.unsigned("request_bytes");
        let counted = it.model().map(|model| Counted { model, bytes, tokens: usage.total_input() });
        it.log(|| format!("the newest step of session {key}"));
        Ok(counted)
    };
    Ok(connection
        .prepare_cached(
            "SELECT model_provider, model_id, request_bytes, usage FROM step
             WHERE session = ?1 AND threading = 'full' AND finish IN ('endTurn', 'toolCalls', 'maxTokens')
             ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([key], read)
        .optional()?
        .flatten())
}

/// Tokens of a part that are believed at most: more than any window has.
pub(in crate::store) const MOST_TOKENS: i64 = 1 << 32;

fn weights(connection: &Connection, key: i64, (first, last): (Seq, Seq), enough: u64) -> Result<Vec<Weight>> {
    let mut statement = connection.prepare_cached(
        "SELECT message.seq AS seq, role,
                coalesce((SELECT sum(CASE WHEN compacted_at IS NOT NULL THEN min(max(tokens, 0), ?4)
                                          -- Older versions took the bytes of an image for text.
                                          WHEN type = 'file' AND tokens > ?5 AND json_valid(metadata)
                                            AND metadata ->> '$.mime' LIKE 'image/%' THEN ?5
                                          ELSE min(max(tokens, 0), ?6) END)
                          FROM part WHERE part.session = message.session AND part.seq = message.seq), 0) AS tokens
         FROM message WHERE session = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq DESC",
    )?;
    let digest = rows::signed(crate::transcript::text::estimate_tokens(evidence::MOST_BYTES as u64));
    let unseen = rows::signed(UNSEEN_TOKENS);
    let mut found = statement.query(params![key, first.0, last.0, digest, unseen, MOST_TOKENS])?;
    let (mut weights, mut sum) = (Vec::new(), 0);
    while let Some(row) = found.next()? {
        let mut it = Reading::new(row);
        let tokens = it.unsigned("tokens");
        // Who cannot be named is no user: no window begins there.
        let user = it.needed_word::<Role>("role") == Some(Role::User);
        weights.push(Weight { seq: Seq(it.integer("seq")), user, tokens });
        sum = tokens.saturating_add(sum);
        if sum >= enough {
            break;
        }
    }
    Ok(weights)
}

fn compact(tx: &Connection, key: i64, part: &PartId) -> Result<()> {
    tx.prepare_cached(
        "UPDATE part SET compacted_at = ?3
         WHERE id = ?1 AND session = ?2 AND status = 'completed' AND compacted_at IS NULL",
    )?
    .execute(params![part.as_str(), key, Timestamp::now().0])?;
    Ok(())
}

/// Notes that what had been sent was changed: what providers counted until now says nothing any more.
pub(super) fn mark(tx: &Connection, key: i64, reason: &str, start: Option<i64>) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO live_window (session, start, reshaped, reason)
         VALUES (?1, coalesce(?3, 0), (SELECT last_seq FROM session WHERE key = ?1), ?2)
         ON CONFLICT (session) DO UPDATE
         SET start = coalesce(?3, start), reshaped = excluded.reshaped, reason = excluded.reason",
    )?
    .execute(params![key, reason, start])?;
    Ok(())
}

fn set_failures(tx: &Connection, key: i64, failures: u32) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO live_window (session, failures) VALUES (?1, ?2)
         ON CONFLICT (session) DO UPDATE SET failures = excluded.failures",
    )?
    .execute(params![key, failures])?;
    Ok(())
}
