//! What a repair could not keep, row by row, in words for the person whose sessions these are.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use rusqlite::Connection;

use super::{Result, place::failed};
use crate::store::rows::Lossy;

/// Something that was lost or had to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The session that it belonged to, by its id; `None` where that is not known, or where it belonged to none.
    pub session: Option<String>,
    /// What, in one line: message, part, field and bytes as far as they apply.
    pub what: String,
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.session {
            Some(session) => write!(f, "{session}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// Losses as they are found, by the keys of sessions.
#[derive(Debug, Default)]
pub(super) struct Losses(Vec<(Option<i64>, String)>);

impl Losses {
    /// Something of no session.
    pub(super) fn note(&mut self, what: String) {
        self.0.push((None, what));
    }

    /// Something of a session.
    pub(super) fn of(&mut self, session: i64, what: String) {
        self.0.push((Some(session), what));
    }

    /// How many of each session.
    pub(super) fn by_session(&self) -> std::collections::BTreeMap<i64, usize> {
        let mut counts = std::collections::BTreeMap::new();
        for session in self.0.iter().filter_map(|(session, _)| *session) {
            *counts.entry(session).or_default() += 1;
        }
        counts
    }

    /// With the sessions' ids.
    pub(super) fn named(self, new: &Connection) -> Result<Vec<Loss>> {
        let mut find = new.prepare("SELECT id FROM session WHERE key = ?1")?;
        let mut name = |(key, what): (Option<i64>, String)| {
            let session = match key {
                Some(key) => {
                    let id = find.query_map([key], |row| row.get::<_, Lossy>(0))?.next().transpose()?;
                    Some(id.map_or_else(|| format!("a session without a row (key {key})"), |Lossy(id)| id))
                }
                None => None,
            };
            Ok(Loss { session, what })
        };
        self.0.into_iter().map(&mut name).collect()
    }
}

/// Writes the report beside the database, readable by its owner only (invariant 13).
pub(super) fn write(report: &Path, kept: &Path, losses: &[Loss]) -> Result<()> {
    let written =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(report).and_then(|file| {
            let mut out = std::io::BufWriter::new(file);
            writeln!(out, "The database was repaired. The old one is {}.", kept.display())?;
            writeln!(out, "Lost or changed, {} in all:\n", losses.len())?;
            for loss in losses {
                writeln!(out, "{loss}")?;
            }
            out.flush()?;
            out.get_ref().sync_all()
        });
    written.map_err(failed(report))
}
