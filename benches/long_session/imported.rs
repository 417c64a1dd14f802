//! A history, brought in by `agentls import opencode`, and what that took.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    harness::{client::Client, figures::megabytes, place::Place, process},
    history::{self, Ending, Extent},
    matrix::{self, Column},
};

/// How often an import is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// A session in a database of its own, and what was measured of it.
pub(crate) struct Imported {
    pub(crate) place: Place,
    pub(crate) session: String,
    pub(crate) column: Column,
}

impl Imported {
    /// A session of this extent.
    pub(crate) fn long(name: &str, extent: Extent, ending: Ending) -> Self {
        let mut column = Column::new(name);
        let place = Place::new(None);
        take_over(&place, &mut column, |path, project| history::long(path, project, extent, ending));
        Self::found(place, column)
    }

    /// The live window of the long sessions, as a session of its own.
    pub(crate) fn window_alone() -> Self {
        let mut column = Column::new(matrix::FRESH);
        let place = Place::new(None);
        take_over(&place, &mut column, history::window_alone);
        Self::found(place, column)
    }

    fn found(place: Place, column: Column) -> Self {
        let (mut client, _) = Client::start(&place);
        let listed = client.call("session/list", &json!({}));
        assert_eq!(listed["sessions"].as_array().map(Vec::len), Some(1), "{listed}");
        let session = listed["sessions"][0]["id"].as_str().expect("a session has an id").to_owned();
        drop(client);
        Self { place, session, column }
    }
}

/// Makes a database with `make` and imports it into `place`.
pub(crate) fn take_over(place: &Place, column: &mut Column, make: impl FnOnce(&Path, &Path) -> Extent) {
    let source = place.path("opencode.db");
    let extent = make(&source, &place.workspace());
    column.put("messages", count(extent.messages));
    column.put("parts", count(extent.parts));
    column.put("their JSON at opencode", megabytes(extent.bytes as u64));
    import(place, &source, column);
    column.put("database after the import", megabytes(place.database()));
    fs::remove_file(source).expect("it can be removed");
}

fn import(place: &Place, source: &PathBuf, column: &mut Column) {
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_agentls"))
        .args(["import", "opencode", "--db"])
        .arg(source)
        .envs(place.variables())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the import starts");
    let (mut peak, mut processor) = (0, Duration::ZERO);
    let status = loop {
        // Both only grow: what was seen last is what it came to.
        peak = process::memory(child.id()).map_or(peak, |memory| memory.peak);
        processor = process::processor(child.id()).unwrap_or(processor);
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break status;
        }
        thread::sleep(GLANCE);
    };
    let taken = started.elapsed();
    assert!(status.success(), "`agentls import opencode --db {}` failed", source.display());
    column.put("import", taken.as_secs_f64());
    column.put("import: processor", processor.as_secs_f64());
    column.put("import: peak memory", megabytes(peak));
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}
