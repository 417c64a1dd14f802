//! Long sessions as opencode 1.18 stores them, made from numbers alone: the same bytes on every run and machine.
//!
//! The founding session is the one that the project was founded over: 7,704 messages, 27,895 parts, 91 MB. Its live
//! window (about 320 KB of what a model is sent) is made from a seed of its own, so that the same window stands at the
//! end of a short history, of a long one, and alone. Nothing here reads a clock or the machine.
#![allow(dead_code, reason = "tests and benchmarks use parts of it")]

mod calls;
mod database;
mod random;
mod rows;
mod session;
mod words;

use std::path::Path;

use database::Database;
use random::Random;
use session::Session;

/// How long a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) messages: usize,
    pub(crate) parts: usize,
    /// JSON of messages and parts as opencode stores it. What is made comes within 1 % of it, except where a single
    /// large output is more than that.
    pub(crate) bytes: usize,
}

/// The session of the founding report.
pub(crate) const FOUNDING: Extent = Extent { messages: 7_704, parts: 27_895, bytes: 91_000_000 };

/// The messages of the live window before the last turn: kept as they are by a compaction.
const TAIL: Extent = Extent { messages: 56, parts: 203, bytes: 620_000 };

/// The last turn, behind the compaction if there is one.
const LAST_TURN: Extent = Extent { messages: 4, parts: 13, bytes: 24_000 };

/// What a finished compaction adds: what asks for the summary, and the summary.
const COMPACTION: Extent = Extent { messages: 2, parts: 4, bytes: 5_000 };

/// Whether the history before the live window still belongs to what a model is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A compaction stands near the end: behind it only a summary, the kept tail and the last turn count.
    Compacted,
    /// Everything counts.
    NeverCompacted,
}

impl Extent {
    /// So many hundredths of it.
    pub(crate) fn percent(self, percent: usize) -> Self {
        let of = |whole: usize| whole * percent / 100;
        Self { messages: of(self.messages), parts: of(self.parts), bytes: of(self.bytes) }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            parts: self.parts + other.parts,
            bytes: self.bytes + other.bytes,
        }
    }

    fn less(self, other: Self) -> Self {
        Self {
            messages: self.messages - other.messages,
            parts: self.parts - other.parts,
            bytes: self.bytes - other.bytes,
        }
    }
}

/// Writes a database with one session of this extent whose work was done in `directory`; its extent as it became.
pub(crate) fn long(path: &Path, directory: &Path, extent: Extent, ending: Ending) -> Extent {
    let mut random = Random::new(1);
    let mut database = Database::create(path, directory);
    let mut session = Session::begin(&mut database, &mut random, "The founding session");
    let live = TAIL.plus(LAST_TURN);
    match ending {
        Ending::Compacted => {
            session.work(&mut random, extent.less(live).less(COMPACTION));
            let tail = session.work(&mut live_random(), TAIL);
            session.compact(&mut random, &tail);
        }
        Ending::NeverCompacted => {
            session.work(&mut random, extent.less(live));
            session.work(&mut live_random(), TAIL);
        }
    }
    session.work(&mut last_random(), LAST_TURN);
    let written = session.end();
    database.close();
    written
}

/// Writes a database with one session that is nothing but the live window of the others.
pub(crate) fn window_alone(path: &Path, directory: &Path) -> Extent {
    let mut random = Random::new(1);
    let mut database = Database::create(path, directory);
    let mut session = Session::begin(&mut database, &mut random, "A fresh session");
    session.work(&mut live_random(), TAIL);
    session.work(&mut last_random(), LAST_TURN);
    let written = session.end();
    database.close();
    written
}

/// Writes a database with `count` sessions of one question and one answer each; all of them together.
pub(crate) fn many(path: &Path, directory: &Path, count: usize) -> Extent {
    let mut random = Random::new(2);
    let mut database = Database::create(path, directory);
    let mut all = Extent { messages: 0, parts: 0, bytes: 0 };
    for number in 0..count {
        let title = format!("{} {number}", words::sentence(&mut random, 5));
        let mut session = Session::begin(&mut database, &mut random, &title);
        session.work(&mut random, Extent { messages: 2, parts: 4, bytes: 2_000 });
        all = all.plus(session.end());
    }
    database.close();
    all
}

fn live_random() -> Random {
    Random::new(320)
}

fn last_random() -> Random {
    Random::new(321)
}
