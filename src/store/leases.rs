//! Who runs a session (invariant 8).
//!
//! A lease is held from the beginning of a turn to its end: an idle session belongs to nobody, and any window may
//! prompt it. Of a lease that is held there are three cases:
//!
//! * its process is *dead*: the lease is worth nothing, whoever comes next ends what it left open;
//! * its process is *alive*: others are refused, and may ask it to let go ([`super::claims`]);
//! * its process is there and *silent*: stopped, hung, or on a machine that is gone. Whoever has watched that for a
//!   while may end its turn and with it the lease ([`Store::revoke`]).
//!
//! A process that lost its lease in either way cannot write to the session any more: every write of a turn looks at
//! the lease inside its own transaction ([`fence`]).

use std::sync::OnceLock;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Committed, Result, Store, StoreError, claims, notices, recovery,
    rows::{self, Reading},
    sessions,
};
use crate::{
    failpoint,
    transcript::{Change, Owner, SessionId, Status, Timestamp},
};

/// A process that runs a session says so at least this often, in milliseconds.
pub const BEAT_MS: u64 = 2_000;

/// A lease is silent after this long without a heartbeat, in milliseconds.
pub(in crate::store) const SILENT_MS: u64 = 10_000;

/// A process that cannot be looked at (it runs on another system) counts as dead after this long without a
/// heartbeat, in milliseconds.
pub(in crate::store) const DEAD_MS: u64 = 60_000;

/// A process as leases name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lessee {
    /// Process id.
    pub pid: u32,
    /// When the process started, in the kernel's ticks since boot; 0 where that is unknown.
    pub started: i64,
    /// Where its number means something: the boot and the process namespace; empty where that is unknown.
    pub host: String,
    /// The client it serves.
    pub client: String,
}

impl Lessee {
    /// This process.
    pub fn this_process(client: &str) -> Self {
        let pid = std::process::id();
        let started = stat(pid).map_or(0, |stat| stat.started);
        Self { pid, started, host: host().to_owned(), client: client.to_owned() }
    }

    pub(super) fn same_process(&self, other: &Self) -> bool {
        (self.pid, self.started, &self.host) == (other.pid, other.started, &other.host)
    }

    /// Reads `pid`, `pid_started`, `host` and `client`.
    pub(super) fn read(it: &mut Reading<'_, '_>) -> Self {
        Self {
            pid: it.small("pid"),
            started: it.integer("pid_started"),
            host: it.text("host"),
            client: it.text("client"),
        }
    }

    pub(super) fn owner(&self) -> Owner {
        Owner { pid: self.pid, client: self.client.clone() }
    }

    /// How it is with this process, which last said at `heartbeat` that it lives.
    pub(super) fn vitality(&self, heartbeat: Timestamp) -> Vitality {
        let age = Timestamp::now().since(heartbeat);
        let seen = cfg!(target_os = "linux") && self.started != 0;
        // An older version wrote no host.
        let here = seen && (self.host.is_empty() || self.host == host());
        if here && stat(self.pid).is_none_or(|stat| stat.ended || stat.started != self.started) {
            return Vitality::Dead;
        }
        match age {
            DEAD_MS.. if !here => Vitality::Dead,
            SILENT_MS.. => Vitality::Silent,
            _ => Vitality::Alive,
        }
    }
}

/// How it is with a process that holds a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vitality {
    /// It is gone.
    Dead,
    /// It is there, as far as can be told, and has not said anything for a while.
    Silent,
    /// It lives.
    Alive,
}

/// What `/proc/<pid>/stat` says. <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
struct Stat {
    /// Nobody has asked how it ended (a zombie); it does nothing any more.
    ended: bool,
    /// Field 22.
    started: i64,
}

fn stat(pid: u32) -> Option<Stat> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the command in parentheses and may contain anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?;
    Some(Stat { ended: matches!(state, "Z" | "X"), started: fields.nth(18)?.parse().ok()? })
}

/// Where process numbers mean what they mean here: <https://man7.org/linux/man-pages/man7/pid_namespaces.7.html>.
fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        format!("{} {}", boot.trim(), namespace.display()).trim().to_owned()
    })
}

/// A lease that another process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    lessee: Lessee,
    heartbeat: Timestamp,
    /// How it is with that process.
    pub vitality: Vitality,
}

impl Holder {
    /// That process.
    pub fn owner(&self) -> Owner {
        self.lessee.owner()
    }
}

impl Store {
    /// The process other than this one that runs the session, unless it is dead.
    pub async fn holder(&self, session: &SessionId) -> Result<Option<Holder>> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.read(move |tx| {
            let found = find(tx, sessions::key(tx, &session)?)?;
            Ok(found.filter(|it| !it.lessee.same_process(&lessee) && it.vitality != Vitality::Dead))
        })
        .await
    }

    /// Says for every lease of this process that it lives.
    pub async fn beat(&self) -> Result<Committed<()>> {
        let lessee = self.lessee().clone();
        self.write(move |tx| {
            tx.prepare_cached(
                "UPDATE lease SET heartbeat = ?4 WHERE pid = ?1 AND pid_started = ?2 AND host = ?3",
            )?
            .execute(params![lessee.pid, lessee.started, lessee.host, Timestamp::now().0])?;
            Ok(())
        })
        .await
    }

    /// Ends the turn of a process that was watched and stayed silent, and its lease. False when it was not silent
    /// after all: it has said something since, or another has the lease by now.
    pub async fn revoke(&self, session: &SessionId, seen: &Holder) -> Result<Committed<bool>> {
        let (session, seen) = (session.clone(), seen.clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            let same = find(tx, key)?
                .is_some_and(|now| now.lessee.same_process(&seen.lessee) && now.heartbeat == seen.heartbeat);
            if same {
                recovery::end_turn(tx, key, recovery::SILENT)?;
            }
            Ok(same)
        })
        .await
    }

    /// Takes the lease from a process that was asked to let go and did not, though it lives.
    pub async fn overrule(&self, session: &SessionId, seen: &Holder) -> Result<Committed<bool>> {
        let (session, seen) = (session.clone(), seen.clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            let same = find(tx, key)?.is_some_and(|now| now.lessee.same_process(&seen.lessee));
            if same {
                recovery::end_turn(tx, key, recovery::OVERRULED)?;
            }
            Ok(same)
        })
        .await
    }

    /// Writes down for those who follow what this process does in the session. The job is in its place in the order
    /// when this returns.
    pub fn show_status(
        &self,
        session: &SessionId,
        status: Status,
        detail: Option<String>,
        retry_at: Option<Timestamp>,
    ) -> impl Future<Output = Result<Committed<()>>> + Send + use<> {
        let (session, lessee) = (session.clone(), self.lessee().clone());
        self.write(move |tx| {
            let key = sessions::key(tx, &session)?;
            let shown = tx
                .prepare_cached(
                    "UPDATE lease SET status = ?4, detail = ?5, retry_at = ?6
                 WHERE session = ?1 AND pid = ?2 AND pid_started = ?3",
                )?
                .execute(params![
                    key,
                    lessee.pid,
                    lessee.started,
                    rows::word(&status)?,
                    detail,
                    retry_at.map(|at| at.0)
                ])?;
            if shown > 0 {
                notices::add(tx, &lessee, &session, Change::Updated)?;
            }
            Ok(())
        })
    }
}

pub(super) fn find(connection: &Connection, session: i64) -> Result<Option<Holder>> {
    let found = connection
        .prepare_cached("SELECT pid, pid_started, host, client, heartbeat FROM lease WHERE session = ?1")?
        .query_row([session], |row| {
            let mut it = Reading::new(row);
            let found = (Lessee::read(&mut it), it.time("heartbeat"));
            it.log(|| format!("the lease of session {session}"));
            Ok(found)
        })
        .optional()?;
    Ok(found.map(|(lessee, heartbeat)| Holder { vitality: lessee.vitality(heartbeat), lessee, heartbeat }))
}

/// What the owner of a session does, as it says itself.
pub(super) struct Doing {
    pub(super) status: Status,
    pub(super) detail: Option<String>,
    pub(super) retry_at: Option<Timestamp>,
}

/// What the owner of a session does. Idle where nobody holds the lease.
pub(super) fn doing(connection: &Connection, session: i64) -> Result<Doing> {
    let found = connection
        .prepare_cached("SELECT status, detail, retry_at FROM lease WHERE session = ?1")?
        .query_row([session], |row| {
            let mut it = Reading::new(row);
            let doing = Doing {
                status: it.word("status").unwrap_or(Status::Running),
                detail: it.optional_text("detail"),
                retry_at: it.optional_time("retry_at"),
            };
            it.log(|| format!("the lease of session {session}"));
            Ok(doing)
        })
        .optional()?;
    Ok(found.unwrap_or(Doing { status: Status::Idle, detail: None, retry_at: None }))
}

/// The process that runs a session, unless it is dead.
pub(super) fn owner(connection: &Connection, session: i64) -> Result<Option<Owner>> {
    Ok(find(connection, session)?.filter(|it| it.vitality != Vitality::Dead).map(|it| it.owner()))
}

/// The processes that run a session, one for each session, without dead ones.
pub(super) fn owners(connection: &Connection) -> Result<Vec<Owner>> {
    let keys = connection
        .prepare_cached("SELECT session FROM lease ORDER BY session")?
        .query_map([], |row| row.get::<_, i64>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    keys.into_iter().filter_map(|key| owner(connection, key).transpose()).collect()
}

/// Whether `lessee` holds the lease.
pub(super) fn is_held_by(connection: &Connection, session: i64, lessee: &Lessee) -> Result<bool> {
    Ok(find(connection, session)?.is_some_and(|it| it.lessee.same_process(lessee)))
}

/// Fails when a process other than `lessee` runs the session or is about to, and is not dead.
pub(super) fn check(connection: &Connection, session: i64, lessee: &Lessee) -> Result<()> {
    match find(connection, session)? {
        Some(it) if !it.lessee.same_process(lessee) && it.vitality != Vitality::Dead => {
            Err(StoreError::Leased(it.owner()))
        }
        _ => claims::check(connection, session, lessee),
    }
}

/// Fails unless `lessee` holds the lease: what its turn wants to write comes too late.
pub(super) fn fence(connection: &Connection, session: i64, lessee: &Lessee) -> Result<()> {
    match find(connection, session)? {
        Some(it) if it.lessee.same_process(lessee) => Ok(()),
        other => Err(StoreError::LeaseLost(other.map(|it| it.owner()))),
    }
}

/// Takes the lease, or fails when another process has it or has a claim on it.
pub(super) fn take(connection: &Connection, session: i64, lessee: &Lessee) -> Result<()> {
    check(connection, session, lessee)?;
    claims::settle(connection, session)?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO lease (session, pid, pid_started, host, client, heartbeat)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            session,
            lessee.pid,
            lessee.started,
            lessee.host,
            lessee.client,
            Timestamp::now().0
        ])?;
    failpoint::pass("lease.taken");
    Ok(())
}

/// Gives the lease back.
pub(super) fn release(connection: &Connection, session: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM lease WHERE session = ?1")?.execute([session])?;
    failpoint::pass("lease.released");
    Ok(())
}

/// Says that the process lives, for work that is not a turn.
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
    fn a_process_is_known_by_its_number_and_its_start_and_silent_without_a_heartbeat() {
        let me = Lessee::this_process("test");
        let (now, long_ago) = (Timestamp::now(), Timestamp(0));
        assert_eq!(me.vitality(now), Vitality::Alive);
        assert_eq!(me.vitality(long_ago), Vitality::Silent);
        let before_me = Lessee { started: me.started + 1, ..me.clone() };
        assert_eq!(before_me.vitality(now), Vitality::Dead);
        let by_an_older_version = Lessee { host: String::new(), ..before_me };
        assert_eq!(by_an_older_version.vitality(now), Vitality::Dead);
    }

    #[test]
    fn a_process_elsewhere_is_known_by_its_heartbeat_only() {
        let there = Lessee { host: "elsewhere".into(), ..Lessee::this_process("test") };
        let ago = |ms: i64| Timestamp(Timestamp::now().0 - ms);
        assert_eq!(there.vitality(ago(1_000)), Vitality::Alive);
        assert_eq!(there.vitality(ago(20_000)), Vitality::Silent);
        assert_eq!(there.vitality(ago(70_000)), Vitality::Dead);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_that_ended_and_that_nobody_waited_for_is_dead() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let started = stat(child.id()).unwrap().started;
        let lessee = Lessee { pid: child.id(), started, ..Lessee::this_process("test") };
        while lessee.vitality(Timestamp::now()) != Vitality::Dead {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child.wait().unwrap();
    }
}
