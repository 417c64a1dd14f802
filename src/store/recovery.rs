//! Ending what dead processes left open, when the database is opened and when a session is taken over.
//!
//! Nothing is run again: open calls get an `interrupted` result, the turn an end, and the session one line that says
//! what was interrupted. Prompts that waited go on waiting. Invariants 5, 7 and 8.

mod closing;

use rusqlite::{Connection, params};

use super::{
    Committed, Result, Store,
    leases::{self, Vitality},
    rows::Lossy,
    sessions, turns,
};
use crate::{
    failpoint,
    transcript::{Failure, FailureKind, SessionId, Status, TurnId, text},
};
pub(super) use closing::close_open;
use closing::{Closed, OpenCall};

/// What a turn failed with whose process died.
pub(super) const DIED: &str = "the process ended in the middle of this turn";

/// What a turn failed with whose process was there and did not answer.
pub(super) const SILENT: &str =
    "the process of this turn no longer answered; another window took the session over";

/// What a turn failed with whose process did not let go when it was asked to.
pub(super) const OVERRULED: &str =
    "the process of this turn did not stop in time; another window took the session over";

impl Store {
    /// Ends what a dead process left open in a session. False when there is nothing to be ended.
    pub async fn recover(&self, session: &SessionId) -> Result<Committed<bool>> {
        let session = session.clone();
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            let dead = leases::find(tx, key)?.is_some_and(|it| it.vitality == Vitality::Dead);
            if dead {
                end_turn(tx, key, DIED)?;
            }
            Ok(dead)
        })
        .await
    }
}

/// Calls that a note names; more are counted.
pub(in crate::store) const MOST_NAMED: usize = 3;

/// Bytes of a call's title in a note.
pub(in crate::store) const TITLE: usize = 60;

/// Ends every note: nobody has to wonder.
const NOTHING_AGAIN: &str = "Nothing was run again.";

/// A session that had an unclean end, and the line that says what was interrupted.
pub(super) type Recovered = (SessionId, String);

/// Settles what no living process owns. Returns the sessions that a person can see.
pub(super) fn end_what_dead_processes_left(connection: &Connection) -> Result<Vec<Recovered>> {
    if abandoned(connection)?.is_empty() {
        return Ok(Vec::new());
    }
    let tx = rusqlite::Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Immediate)?;
    let mut recovered = Vec::new();
    for key in abandoned(&tx)? {
        if let Some(note) = end_turn(&tx, key, DIED)? {
            recovered.extend(sessions::id_of_listed(&tx, key)?.map(|id| (id, note)));
        }
    }
    tx.commit()?;
    failpoint::pass("recovery.done");
    Ok(recovered)
}

/// Ends what a process left open that cannot do that itself, and gives its lease back, which says until then what the
/// process did last. Returns the line that says what was interrupted; the session has it, too.
pub(super) fn end_turn(tx: &Connection, key: i64, why: &str) -> Result<Option<String>> {
    let note = match interrupt(tx, key, &Failure::new(FailureKind::Interrupted, why))? {
        None if leases::find(tx, key)?.is_some() => interrupted_import(tx, key)?,
        note => note,
    };
    leases::release(tx, key)?;
    if let Some(note) = &note {
        tx.execute("UPDATE session SET recovered = ?2 WHERE key = ?1", params![key, note])?;
    }
    Ok(note)
}

/// The sessions in which something stands open, or that have an owner, and no living one. Found by partial indexes: it
/// costs nothing where nothing is open.
pub(super) fn abandoned(connection: &Connection) -> Result<Vec<i64>> {
    let keys = connection
        .prepare(
            "SELECT session FROM turn WHERE ended_at IS NULL
             UNION SELECT session FROM message WHERE completed_at IS NULL
             UNION SELECT session FROM part WHERE status IN ('pending', 'running')
             UNION SELECT session FROM lease",
        )?
        .query_map([], |row| row.get::<_, i64>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    keys.into_iter()
        .filter_map(|key| {
            leases::owner(connection, key).map(|owner| owner.is_none().then_some(key)).transpose()
        })
        .collect()
}

/// Ends what stands open in a session whose process died. Returns the line that says what was interrupted; `None` when
/// nothing was open.
pub(super) fn interrupt(tx: &Connection, key: i64, error: &Failure) -> Result<Option<String>> {
    let open = tx
        .prepare("SELECT id FROM turn WHERE session = ?1 AND ended_at IS NULL")?
        .query_map([key], |row| row.get::<_, Lossy>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let work = match open.first() {
        Some(Lossy(turn)) if is_upkeep(tx, key, turn)? => Work::Upkeep,
        _ => match leases::doing(tx, key)?.status {
            Status::Compacting => Work::Compaction,
            Status::Retrying => Work::Retry,
            Status::Idle | Status::Running | Status::Waiting => Work::Turn,
        },
    };
    let closed = close_open(tx, key, error)?;
    for Lossy(turn) in &open {
        turns::end(tx, key, &TurnId::from(turn.as_str()), None, Some(error))?;
    }
    if open.is_empty() && closed.messages.is_empty() {
        return Ok(None);
    }
    Ok(Some(note(&closed, work)))
}

/// What was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// Answering.
    Turn,
    /// Waiting before the provider is called again.
    Retry,
    /// A compaction that a turn needed for its next step.
    Compaction,
    /// A compaction that somebody asked for.
    Upkeep,
}

/// Whether a turn answers no prompt: work on the history itself.
fn is_upkeep(tx: &Connection, key: i64, turn: &str) -> Result<bool> {
    let mut prompts = tx.prepare("SELECT 1 FROM prompt WHERE session = ?1 AND turn = ?2")?;
    Ok(!prompts.exists(params![key, turn])?)
}

fn note(closed: &Closed, work: Work) -> String {
    if work == Work::Upkeep && closed.messages.is_empty() {
        return format!("A compaction was interrupted; the history is as it was. {NOTHING_AGAIN}");
    }
    let calls = match closed.calls.len() {
        0 => String::new(),
        1 => format!(" with 1 tool call open: {}", named(&closed.calls)),
        count => format!(" with {count} tool calls open: {}", named(&closed.calls)),
    };
    let answer = match closed.streamed {
        Some(0) if calls.is_empty() => " while the model was being asked".to_owned(),
        Some(bytes) if calls.is_empty() && bytes > 0 => {
            format!(" while an answer was being streamed; {bytes} bytes of it are kept")
        }
        None if calls.is_empty() && work == Work::Compaction => {
            " during a compaction; the history is as it was".to_owned()
        }
        None if calls.is_empty() && work == Work::Retry => " before the model was asked again".to_owned(),
        None if calls.is_empty() => " between two steps".to_owned(),
        _ => String::new(),
    };
    format!("The last turn was interrupted{calls}{answer}. {NOTHING_AGAIN}")
}

fn named(calls: &[OpenCall]) -> String {
    let name = |call: &OpenCall| match call.title.trim() {
        "" => call.tool.clone(),
        title => format!("{} ({})", call.tool, text::ellipsis(title, TITLE)),
    };
    let names: Vec<String> = calls.iter().take(MOST_NAMED).map(name).collect();
    let more = match calls.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names.join(", "))
}

/// The line for a session into which a dead process was importing.
fn interrupted_import(tx: &Connection, key: i64) -> Result<Option<String>> {
    let mut import = tx.prepare("SELECT source FROM import WHERE session = ?1")?;
    let source = import.query_map([key], |row| row.get::<_, Lossy>(0))?.next().transpose()?;
    Ok(source.map(|Lossy(source)| {
        format!("An import from {source} was interrupted; importing again goes on where it stopped. {NOTHING_AGAIN}")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(tool: &str, title: &str) -> OpenCall {
        OpenCall { tool: tool.to_owned(), title: title.to_owned() }
    }

    fn closed(calls: Vec<OpenCall>, streamed: Option<u64>) -> Closed {
        Closed { calls, streamed, messages: [crate::transcript::Seq(2)].into() }
    }

    #[test]
    fn a_note_names_calls_by_tool_and_title() {
        let two = closed(vec![call("bash", "cargo test"), call("todo", "")], Some(12));
        let expected = "The last turn was interrupted with 2 tool calls open: bash (cargo test), todo. Nothing was run again.";
        assert_eq!(note(&two, Work::Turn), expected);
        let many = closed((0..5).map(|n| call("read", &format!("{n}.rs"))).collect(), None);
        assert!(note(&many, Work::Turn).contains("read (0.rs), read (1.rs), read (2.rs) and 2 more."));
    }

    #[test]
    fn a_long_title_is_cut_in_a_note() {
        let said = note(&closed(vec![call("bash", &"x".repeat(500))], None), Work::Turn);
        assert_eq!(said.matches('x').count(), TITLE - "…".len(), "{said}");
    }

    #[test]
    fn a_note_says_what_the_model_was_doing() {
        assert!(note(&closed(Vec::new(), Some(0)), Work::Turn).contains("while the model was being asked"));
        let streamed = note(&closed(Vec::new(), Some(9)), Work::Turn);
        assert!(streamed.contains("while an answer was being streamed; 9 bytes of it are kept"));
        assert!(note(&closed(Vec::new(), None), Work::Turn).contains("between two steps"));
        assert!(note(&closed(Vec::new(), None), Work::Retry).contains("before the model was asked again"));
        let compaction = note(&closed(Vec::new(), None), Work::Compaction);
        assert!(
            compaction.contains("interrupted during a compaction; the history is as it was."),
            "{compaction}"
        );
        let none = Closed { messages: std::collections::BTreeSet::new(), ..closed(Vec::new(), None) };
        assert!(note(&none, Work::Upkeep).starts_with("A compaction was interrupted"));
    }
}
