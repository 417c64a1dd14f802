//! What the disk would not take: kept in memory, and written as soon as it does.
//!
//! What a turn brought forth (text, results, its end) stands nowhere else. It stays unacknowledged until it is written
//! (invariant 7); nothing else of its session is written before it, so that the order stays. Capped (invariant 9): what
//! comes beyond is given up, its turn then ends as interrupted. Used by the writing thread only.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;

use super::{
    Lessee, Result, StoreError, inbox, recovery, sessions,
    turns::{self, Change, Ending},
};
use crate::transcript::{MessageId, SessionId};

/// Bytes of bodies that are kept for all sessions together.
pub(in crate::store) const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Something that has to be written.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// Changes of a running turn.
    Changes(Arc<Vec<Change>>),
    /// The end of a turn.
    End(Ending),
    /// A prompt whose sender was told that it failed.
    Withdrawal(MessageId),
}

impl Entry {
    fn write(&self, tx: &Connection, key: i64, session: &SessionId, lessee: &Lessee) -> Result<()> {
        match self {
            Self::Changes(changes) => turns::apply_all(tx, key, lessee, changes),
            Self::End(ending) => turns::end_with_all_open(tx, key, session, lessee, ending).map(drop),
            Self::Withdrawal(message) => inbox::withdraw(tx, key, message).map(drop),
        }
    }

    /// Bytes of bodies in it.
    fn bytes(&self) -> usize {
        match self {
            Self::Changes(changes) => changes.iter().map(Change::bytes).sum(),
            Self::End(_) | Self::Withdrawal(_) => 0,
        }
    }
}

/// What waits of one session, in order.
struct Waiting {
    entries: Vec<Entry>,
    /// Why it waits.
    why: StoreError,
}

#[derive(Default)]
struct State {
    sessions: BTreeMap<SessionId, Waiting>,
    bytes: usize,
    /// What dead processes left open has not been ended yet.
    recovery: bool,
}

/// All that waits for the disk.
pub(super) struct Backlog {
    /// This process: what it lost to another since is not written any more.
    lessee: Lessee,
    state: Mutex<State>,
}

impl Backlog {
    /// Nothing waits yet.
    pub(super) fn new(lessee: Lessee) -> Self {
        Self { lessee, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.sessions.is_empty() && !state.recovery
    }

    /// What dead processes left open is ended later.
    pub(super) fn recover_later(&self) {
        self.state().recovery = true;
    }

    /// Fails while something of the session waits: nothing may be written before it.
    pub(super) fn refuse(&self, session: &SessionId) -> Result<()> {
        match self.state().sessions.get(session) {
            Some(waiting) => Err(waiting.why.clone()),
            None => Ok(()),
        }
    }

    /// Keeps what could not be written.
    pub(super) fn keep(&self, session: SessionId, entry: Entry, why: &StoreError) {
        let mut state = self.state();
        if state.bytes + entry.bytes() > MOST_BYTES {
            tracing::error!(
                session = session.as_str(),
                "too much waits for the disk; some of it is given up"
            );
            return;
        }
        state.bytes += entry.bytes();
        let waiting = state.sessions.entry(session);
        waiting.or_insert_with(|| Waiting { entries: Vec::new(), why: why.clone() }).entries.push(entry);
    }

    /// Writes what waits, all or nothing. Outside of a transaction.
    pub(super) fn write(&self, connection: &Connection) -> Result<()> {
        let mut state = self.state();
        if state.recovery {
            recovery::end_what_dead_processes_left(connection)?;
            state.recovery = false;
        }
        if state.sessions.is_empty() {
            return Ok(());
        }
        let tx = rusqlite::Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Immediate)?;
        for (session, waiting) in &state.sessions {
            write_session(&tx, session, &self.lessee, &waiting.entries)?;
        }
        tx.commit()?;
        tracing::info!(sessions = state.sessions.len(), "what waited for the disk is written");
        state.sessions.clear();
        state.bytes = 0;
        Ok(())
    }
}

/// Writes what waits of one session. What cannot be written for another reason than the disk is given up; the end of a
/// turn then closes what that leaves open.
fn write_session(tx: &Connection, session: &SessionId, lessee: &Lessee, entries: &[Entry]) -> Result<()> {
    let key = match sessions::key(tx, session) {
        Err(StoreError::SessionNotFound(_)) => return Ok(()),
        key => key?,
    };
    for entry in entries {
        tx.execute_batch("SAVEPOINT entry")?;
        match entry.write(tx, key, session, lessee) {
            Ok(()) => {}
            Err(error) if error.is_of_the_disk() => return Err(error),
            Err(error) => {
                tracing::error!(%error, session = session.as_str(), "something that waited is given up");
                tx.execute_batch("ROLLBACK TO entry")?;
            }
        }
        tx.execute_batch("RELEASE entry")?;
    }
    Ok(())
}
