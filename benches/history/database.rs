//! The database file: opencode's tables, its ids and its clock.

use std::path::Path;

use rusqlite::{Connection, params};
use serde_json::Value;

use super::{random::Random, rows::Millis};

const PROJECT: &str = "f00d5e55f00d5e55f00d5e55f00d5e55f00d5e55";

/// 2026-01-01T00:00:00Z, when the first session begins.
const EPOCH: Millis = 1_767_225_600_000;

/// A database that is being written, in one transaction.
pub(crate) struct Database {
    connection: Connection,
    directory: String,
    /// It goes on with each row, so that rows ascend.
    now: Millis,
    /// Ids of one millisecond.
    counter: i64,
}

impl Database {
    pub(crate) fn create(path: &Path, directory: &Path) -> Self {
        let connection = Connection::open(path).expect("a database can be made");
        connection
            .execute_batch(concat!(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN;",
                include_str!("schema.sql")
            ))
            .expect("the schema is SQL");
        let directory = directory.to_str().expect("the path is UTF-8").to_owned();
        connection
            .execute(
                "INSERT INTO project (id, worktree, vcs, time_created, time_updated, sandboxes)
                 VALUES (?1, ?2, 'git', ?3, ?3, '[]')",
                params![PROJECT, directory, EPOCH],
            )
            .expect("a row can be written");
        Self { connection, directory, now: EPOCH, counter: 0 }
    }

    /// Where the project lies.
    pub(crate) fn directory(&self) -> &str {
        &self.directory
    }

    /// Lets time pass; what it is then.
    pub(crate) fn after(&mut self, millis: Millis) -> Millis {
        self.now += millis;
        self.counter = 0;
        self.now
    }

    /// An id that ascends with time: prefix, 12 hexadecimal digits of time and counter, 14 characters of chance.
    pub(crate) fn id(&mut self, prefix: &str, random: &mut Random) -> String {
        self.counter += 1;
        format!("{prefix}_{:012x}{}", self.instant(), noise(random))
    }

    /// The id of a session: its time runs backwards, so that new ones come first.
    pub(crate) fn session_id(&mut self, random: &mut Random) -> String {
        self.counter += 1;
        format!("ses_{:012x}{}", !self.instant() & 0xffff_ffff_ffff, noise(random))
    }

    fn instant(&self) -> i64 {
        (self.now * 4_096 + self.counter) & 0xffff_ffff_ffff
    }

    /// Writes a session that is done now.
    pub(crate) fn session(&self, id: &str, title: &str, created: Millis) {
        self.connection
            .prepare_cached(
                r#"INSERT INTO session (id, project_id, slug, directory, path, title, version, summary_additions,
                     summary_deletions, summary_files, agent, model, time_created, time_updated)
                   VALUES (?1, ?2, 'calm-river', ?3, '', ?4, '1.18.33', 0, 0, 0, 'build',
                     '{"id":"model","providerID":"double","variant":"default"}', ?5, ?6)"#,
            )
            .and_then(|mut insert| insert.execute(params![id, PROJECT, self.directory, title, created, self.now]))
            .expect("a row can be written");
    }

    /// Writes a message; the bytes of its JSON.
    pub(crate) fn message(&self, id: &str, session: &str, created: Millis, data: &Value) -> usize {
        let data = data.to_string();
        self.connection
            .prepare_cached("INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5)")
            .and_then(|mut insert| insert.execute(params![id, session, created, self.now, data]))
            .expect("a row can be written");
        data.len()
    }

    /// Writes a part; the bytes of its JSON.
    pub(crate) fn part(&self, id: &str, message: &str, session: &str, data: &Value) -> usize {
        let data = data.to_string();
        self.connection
            .prepare_cached("INSERT INTO part VALUES (?1, ?2, ?3, ?4, ?4, ?5)")
            .and_then(|mut insert| insert.execute(params![id, message, session, self.now, data]))
            .expect("a row can be written");
        data.len()
    }

    pub(crate) fn close(self) {
        self.connection.execute_batch("COMMIT").expect("it can be written");
        self.connection.close().expect("it can be closed");
    }
}

/// 14 characters as opencode draws them.
fn noise(random: &mut Random) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    (0..14).map(|_| char::from(ALPHABET[random.below(ALPHABET.len())])).collect()
}
