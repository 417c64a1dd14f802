//! Who runs a session (invariant 8).
//!
//! A lease is held from the beginning of a turn to its end. It is worth nothing once its process is dead: the
//! process id alone could have been given to another, so the start time is compared too.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, StoreError};
use crate::transcript::{Owner, Timestamp};

/// A lease of a process on another system (a shared disk) counts as dead after this long without a heartbeat.
pub(in crate::store) const STALE_MS: u64 = 60_000;

/// A process as leases name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lessee {
    /// Process id.
    pub pid: u32,
    /// When the process started, in the kernel's ticks since boot; 0 where that is unknown.
    pub started: i64,
    /// The client it serves.
    pub client: String,
}

impl Lessee {
    /// This process.
    pub fn this_process(client: &str) -> Self {
        let pid = std::process::id();
        Self { pid, started: start_time(pid).unwrap_or(0), client: client.to_owned() }
    }
}

/// Field 22 of `/proc/<pid>/stat`. <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
fn start_time(pid: u32) -> Option<i64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the command in parentheses and may contain anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(19)?.parse().ok()
}

/// Whether the process that took a lease is alive.
fn is_alive(pid: u32, started: i64, heartbeat: i64) -> bool {
    if cfg!(target_os = "linux") && started != 0 {
        return start_time(pid) == Some(started);
    }
    Timestamp::now().since(Timestamp(heartbeat)) < STALE_MS
}

struct Row {
    owner: Owner,
    started: i64,
    heartbeat: i64,
}

impl Row {
    fn is_alive(&self) -> bool {
        is_alive(self.owner.pid, self.started, self.heartbeat)
    }
}

fn find(connection: &Connection, session: i64) -> Result<Option<Row>> {
    let row = connection
        .prepare_cached("SELECT pid, pid_started, client, heartbeat FROM lease WHERE session = ?1")?
        .query_row([session], |row| {
            Ok(Row {
                owner: Owner { pid: row.get(0)?, client: row.get(2)? },
                started: row.get(1)?,
                heartbeat: row.get(3)?,
            })
        })
        .optional()?;
    Ok(row)
}

/// The living process that runs a session.
pub(super) fn owner(connection: &Connection, session: i64) -> Result<Option<Owner>> {
    Ok(find(connection, session)?.filter(Row::is_alive).map(|row| row.owner))
}

/// The living processes that run a session, one for each session.
pub(super) fn owners(connection: &Connection) -> Result<Vec<Owner>> {
    let keys = connection
        .prepare_cached("SELECT session FROM lease ORDER BY session")?
        .query_map([], |row| row.get::<_, i64>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    keys.into_iter().filter_map(|key| owner(connection, key).transpose()).collect()
}

/// Fails when a living process other than `lessee` runs the session.
pub(super) fn check(connection: &Connection, session: i64, lessee: &Lessee) -> Result<()> {
    match find(connection, session)? {
        Some(row) if (row.owner.pid, row.started) != (lessee.pid, lessee.started) && row.is_alive() => {
            Err(StoreError::Leased(row.owner))
        }
        _ => Ok(()),
    }
}

/// Takes the lease, or fails when another living process has it.
pub(super) fn take(connection: &Connection, session: i64, lessee: &Lessee) -> Result<()> {
    check(connection, session, lessee)?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO lease (session, pid, pid_started, client, heartbeat) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![session, lessee.pid, lessee.started, lessee.client, Timestamp::now().0])?;
    Ok(())
}

/// Gives the lease back.
pub(super) fn release(connection: &Connection, session: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM lease WHERE session = ?1")?.execute([session])?;
    Ok(())
}

/// Says that the process lives.
pub(super) fn beat(connection: &Connection, session: i64) -> Result<()> {
    connection
        .prepare_cached("UPDATE lease SET heartbeat = ?2 WHERE session = ?1")?
        .execute(params![session, Timestamp::now().0])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_alive_and_its_number_with_another_start_time_is_not() {
        let me = Lessee::this_process("test");
        assert!(is_alive(me.pid, me.started, 0));
        assert!(!is_alive(me.pid, me.started + 1, 0));
    }
}
