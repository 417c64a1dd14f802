//! What other processes write into sessions, as the updates that their own clients get.
//!
//! A [`Watch`] is one connection that asks SQLite whether anybody has committed anything (`PRAGMA data_version`: no
//! row is read for that), and reads what is new of a session when somebody has: messages behind those that were told,
//! parts of messages that were still open, the bytes that a text has grown by. Nothing that was told is read again,
//! and one look reads at most [`MOST_TEXT`] bytes (invariants 2 and 9). What was told stands in a [`Cursor`].

mod cursor;
pub(super) mod growth;

use rusqlite::{Connection, OpenFlags};

pub use super::notices::Notices;
pub use cursor::Cursor;

use super::{Result, Store, StoreError, configure, leases, messages, notices, sessions};
use crate::transcript::{ModelRef, Seq, SessionId, TurnId, Update, Usage};

/// Page cache of the watching connection in KiB.
pub(in crate::store) const CACHE_KIB: u32 = 256;

/// The most of one body that is told in a state; of a longer one the beginning, and the rest is there to be asked for.
/// Bytes.
pub(in crate::store) const MOST_BODY: usize = 64 * 1024;

/// Bytes of text after which a look ends: the next one goes on.
pub(in crate::store) const MOST_TEXT: usize = 512 * 1024;

/// Messages of one look at most.
pub(in crate::store) const MOST_MESSAGES: u32 = 32;

/// Something new in a session.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most are updates, and they live for a moment")]
pub enum News {
    /// As the owner's own clients are told it.
    Update(Option<TurnId>, Update),
    /// A model answered: what the session has consumed, and the tokens in the model's window.
    Used {
        /// The answer's turn.
        turn: Option<TurnId>,
        /// The session's working directory.
        cwd: String,
        /// What the session has consumed.
        usage: Usage,
        /// Tokens in the model's window.
        used: u64,
        /// The model.
        model: ModelRef,
    },
}

/// What a look has found.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// What is new, in order.
    pub news: Vec<News>,
    /// There is more: look again.
    pub more: bool,
    /// The process that ran the session died and left its turn open.
    pub dead: bool,
    /// The session is gone.
    pub gone: bool,
}

/// A connection that sees what others commit.
pub struct Watch {
    connection: Connection,
    lessee: leases::Lessee,
    /// What `data_version` was when last looked at.
    version: Option<i64>,
}

impl Store {
    /// The number of the newest change of the list of sessions.
    pub async fn newest_notice(&self) -> Result<i64> {
        self.read(notices::newest).await
    }
}

impl Watch {
    /// Opens the connection. Blocks.
    pub fn open(store: &Store) -> Result<Self> {
        let connection = super::busy::patiently(|| {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(store.path(), flags)?;
            configure(&connection, CACHE_KIB)?;
            connection.execute_batch("PRAGMA query_only = ON")?;
            Ok(connection)
        })?;
        Ok(Self { connection, lessee: store.lessee().clone(), version: None })
    }

    /// Whether anybody has committed anything since this was asked last.
    /// <https://www.sqlite.org/pragma.html#pragma_data_version>
    pub fn changed(&mut self) -> Result<bool> {
        let version = self.connection.query_row("PRAGMA data_version", [], |row| row.get(0))?;
        Ok(self.version.replace(version) != Some(version))
    }

    /// The newest change of the list of sessions or projects.
    pub fn newest_notice(&self) -> Result<i64> {
        notices::newest(&self.connection)
    }

    /// What other processes did to the lists of sessions and of projects since the change with this number.
    pub fn notices(&self, after: i64) -> Result<Notices> {
        notices::since(&self.connection, &self.lessee, after)
    }

    /// Begins to follow: the client knows the messages up to `known` as they will stay; without that, all those that
    /// are settled now.
    pub fn begin(&self, session: &SessionId, known: Option<Seq>) -> Result<Cursor> {
        let tx = self.connection.unchecked_transaction()?;
        Cursor::begin(&tx, session, known)
    }

    /// What is new in a session that this process does not run. Of one that it runs, nothing: its clients are told as
    /// it happens.
    pub fn look(&self, session: &SessionId, cursor: &mut Cursor) -> Result<Look> {
        let tx = self.connection.unchecked_transaction()?;
        let key = match sessions::key(&tx, session) {
            Ok(key) => key,
            Err(StoreError::SessionNotFound(_)) => return Ok(Look { gone: true, ..Look::default() }),
            Err(error) => return Err(error),
        };
        if leases::is_held_by(&tx, key, &self.lessee)? {
            return Ok(Look::default());
        }
        let mut look = Look::default();
        cursor.look(&tx, key, session, &mut look)?;
        Ok(look)
    }

    /// What other processes wrote before this one began its turn with the message `first`, all of it.
    pub fn look_before(&self, session: &SessionId, first: Seq, cursor: &mut Cursor) -> Result<Vec<News>> {
        let tx = self.connection.unchecked_transaction()?;
        let key = sessions::key(&tx, session)?;
        let mut look = Look { more: true, ..Look::default() };
        while std::mem::take(&mut look.more) {
            cursor.messages(&tx, key, session, Some(Seq(first.0 - 1)), &mut look)?;
        }
        cursor.turns(&tx, &mut look)?;
        Ok(look.news)
    }

    /// This process told its clients everything up to `last`, and then gave the session back. Without `last`, as
    /// [`Watch::begin`].
    pub fn resume(&self, session: &SessionId, last: Option<Seq>, cursor: &mut Cursor) -> Result<()> {
        let tx = self.connection.unchecked_transaction()?;
        match last {
            Some(last) => cursor.resume(&tx, session, last),
            None => {
                *cursor = Cursor::begin(&tx, session, None)?;
                Ok(())
            }
        }
    }
}

/// The newest message of a session.
fn newest(connection: &Connection, key: i64) -> Result<Seq> {
    messages::last_seq(connection, key).map(Seq)
}
