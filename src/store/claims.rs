//! A window asks the owner of a session to let go: to stop what it does, or to stop and to leave the next turn to it.
//!
//! The owner sees the claim while its turn runs, cancels the turn and gives the lease back with its end. A claim that
//! takes keeps everybody else from beginning a turn until its own process does, so that prompts that wait at the old
//! owner cannot come first. It is void when its process is dead or when it is older than [`LIFE_MS`] (invariant 9).

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Committed, Result, Store, StoreError,
    leases::{self, Lessee, Vitality},
    rows::Reading,
    sessions,
};
use crate::transcript::{SessionId, Timestamp};

/// How long a claim counts, in milliseconds. Longer than anybody waits for an owner to let go.
pub(in crate::store) const LIFE_MS: u64 = 30_000;

/// What the owner is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// To stop its turn.
    Stop,
    /// To stop its turn and to leave the session to the one who asks.
    Take,
}

/// What has become of a session that this process believes it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// It does not hold the lease any more.
    Lost,
    /// Another window wants it to stop.
    Asked,
}

struct Found {
    lessee: Lessee,
    takes: bool,
}

impl Store {
    /// Asks the owner of a session to let go. Fails when another window has asked for the session before.
    pub async fn claim(&self, session: &SessionId, claim: Claim) -> Result<Committed<()>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            check(tx, key, &lessee)?;
            tx.prepare_cached(
                "INSERT OR REPLACE INTO claim (session, pid, pid_started, host, client, takes, made_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                key,
                lessee.pid,
                lessee.started,
                lessee.host,
                lessee.client,
                claim == Claim::Take,
                Timestamp::now().0
            ])?;
            Ok(())
        })
        .await
    }

    /// Takes a claim of this process back, if it is still there.
    pub async fn unclaim(&self, session: &SessionId) -> Result<Committed<()>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            if find(tx, key)?.is_some_and(|found| found.lessee.same_process(&lessee)) {
                settle(tx, key)?;
            }
            Ok(())
        })
        .await
    }

    /// Whether what this process has asked for still stands: the owner takes it away with the end of its turn.
    pub async fn is_claimed(&self, session: &SessionId) -> Result<bool> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.read(move |tx| {
            let found = find(tx, sessions::key(tx, &session)?)?;
            Ok(found.is_some_and(|found| found.lessee.same_process(&lessee)))
        })
        .await
    }

    /// What this process has to know of the sessions that it believes it runs.
    pub async fn pressed(&self, running: Vec<SessionId>) -> Result<Vec<(SessionId, Pressed)>> {
        let lessee = self.lessee().clone();
        self.read(move |tx| {
            let mut pressed = Vec::new();
            for session in running {
                let key = match sessions::key(tx, &session) {
                    Ok(key) => key,
                    Err(StoreError::SessionNotFound(_)) => continue,
                    Err(error) => return Err(error),
                };
                if !leases::is_held_by(tx, key, &lessee)? {
                    pressed.push((session, Pressed::Lost));
                } else if find(tx, key)?.is_some_and(|found| !found.lessee.same_process(&lessee)) {
                    pressed.push((session, Pressed::Asked));
                }
            }
            Ok(pressed)
        })
        .await
    }
}

/// The claim on a session that counts.
fn find(connection: &Connection, session: i64) -> Result<Option<Found>> {
    let found = connection
        .prepare_cached(
            "SELECT pid, pid_started, host, client, takes, made_at FROM claim WHERE session = ?1",
        )?
        .query_row([session], |row| {
            let mut it = Reading::new(row);
            let claim = Found { lessee: Lessee::read(&mut it), takes: it.integer("takes") != 0 };
            let made_at = it.time("made_at");
            it.log(|| format!("the claim on session {session}"));
            Ok((claim, made_at))
        })
        .optional()?;
    let now = Timestamp::now();
    Ok(found
        .filter(|(found, made_at)| {
            now.since(*made_at) < LIFE_MS && found.lessee.vitality(now) != Vitality::Dead
        })
        .map(|(found, _)| found))
}

/// Fails when another process is about to take the session.
pub(super) fn check(connection: &Connection, session: i64, lessee: &Lessee) -> Result<()> {
    match find(connection, session)? {
        Some(found) if found.takes && !found.lessee.same_process(lessee) => {
            Err(StoreError::Leased(found.lessee.owner()))
        }
        _ => Ok(()),
    }
}

/// The claim has got what it wanted.
pub(super) fn settle(connection: &Connection, session: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM claim WHERE session = ?1")?.execute([session])?;
    Ok(())
}

/// A turn has ended: whoever only wanted that has got it.
pub(super) fn stopped(connection: &Connection, session: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM claim WHERE session = ?1 AND takes = 0")?.execute([session])?;
    Ok(())
}
