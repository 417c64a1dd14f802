//! Ending what dead processes left open, when the database is opened.
//!
//! Nothing is run again: open calls get an `interrupted` result, the turn an end, and the session one line that
//! says so. Prompts that waited go on waiting.

use rusqlite::{Connection, params};

use super::{
    Committed, Result, Store,
    leases::{self, Vitality},
    sessions, turns,
};
use crate::{
    failpoint,
    transcript::{Failure, FailureKind, SessionId},
};

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

/// Settles every open turn that no living process owns, and takes away the leases of the dead (an import or a copy holds
/// one without a turn).
pub(super) fn end_what_dead_processes_left(connection: &Connection) -> Result<()> {
    if turns::sessions_with_open_turns(connection)?.is_empty() && leases::of_the_dead(connection)?.is_empty()
    {
        return Ok(());
    }
    let tx = rusqlite::Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Immediate)?;
    for key in turns::sessions_with_open_turns(&tx)? {
        if leases::owner(&tx, key)?.is_none() {
            end_turn(&tx, key, DIED)?;
        }
    }
    for key in leases::of_the_dead(&tx)? {
        leases::release(&tx, key)?;
    }
    tx.commit()?;
    failpoint::pass("recovery.done");
    Ok(())
}

/// Ends the open turn of a process that cannot do that itself, and gives its lease back.
pub(super) fn end_turn(tx: &Connection, key: i64, why: &str) -> Result<()> {
    leases::release(tx, key)?;
    let error = Failure::new(FailureKind::Interrupted, why);
    let Some(calls) = turns::interrupt(tx, key, &error)? else { return Ok(()) };
    let note = match calls {
        0 => "The last turn was interrupted while the model was answering. Nothing was run again.".to_owned(),
        1 => "The last turn was interrupted with 1 tool call open. Nothing was run again.".to_owned(),
        calls => {
            format!("The last turn was interrupted with {calls} tool calls open. Nothing was run again.")
        }
    };
    tx.execute("UPDATE session SET recovered = ?2 WHERE key = ?1", params![key, note])?;
    Ok(())
}
