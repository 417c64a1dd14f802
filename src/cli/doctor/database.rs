//! What `agentls doctor` says of the database: whether it is sound, what is odd in it, and how large it is.

use std::{cmp::Ordering, fs};

use agentls::{
    store::{self, Inspection, StoreError},
    transcript::Failure,
    workspace::paths::Directories,
};

use super::Finding;
use crate::cli::{figures, log, style::one_line};

/// What to do about rows that are not as they should be.
const REPAIR: &str =
    "End what uses it, then `agentls doctor --repair`: it saves what can be read and says what cannot.";

/// A log beside the database that is larger is not folded in as it should be, in bytes.
const LARGE_LOG: u64 = 64 * 1024 * 1024;

pub(super) fn database(directories: &Directories) -> Vec<Finding> {
    match store::inspect(&directories.data) {
        Ok(None) => vec![Finding::plain("none yet: the first session makes it")],
        Ok(Some(seen)) => inspected(directories, &seen),
        Err(error) => vec![unusable(error)],
    }
}

fn unusable(error: StoreError) -> Finding {
    let damaged = matches!(error, StoreError::Damaged(_));
    let failure = Failure::from(error);
    Finding::broken(failure.message.clone(), if damaged { REPAIR } else { failure.cure() })
}

fn inspected(directories: &Directories, seen: &Inspection) -> Vec<Finding> {
    let mut findings = sizes(directories, seen);
    findings.push(match seen.version.cmp(&seen.ours) {
        Ordering::Greater => {
            let failure = Failure::from(StoreError::Newer(seen.version));
            Finding::broken(format!("{}: it is read, and not written", failure.message), failure.cure())
        }
        Ordering::Equal => Finding::fine(format!("schema {}", seen.version)),
        Ordering::Less => {
            Finding::fine(format!("schema {}; the next start brings it to {}", seen.version, seen.ours))
        }
    });
    if seen.problems.is_empty() {
        findings.push(Finding::fine("sound (integrity_check, foreign_key_check)"));
    }
    findings.extend(seen.problems.iter().map(|problem| Finding::broken(one_line(problem), REPAIR)));
    findings.extend(seen.oddities.iter().map(|odd| Finding::broken(one_line(odd), REPAIR)));
    if seen.abandoned > 0 {
        findings.push(Finding::doubtful(
            format!("{}: a dead process left something open", sessions(seen.abandoned)),
            "Nothing to do: the next start ends it and says in each session what was interrupted.",
        ));
    }
    findings.extend(seen.owners.iter().map(|owner| {
        Finding::fine(format!("a session is running in process {} ({})", owner.pid, one_line(&owner.client)))
    }));
    findings
}

fn sessions(count: u64) -> String {
    if count == 1 { "1 session".to_owned() } else { format!("{count} sessions") }
}

fn sizes(directories: &Directories, seen: &Inspection) -> Vec<Finding> {
    let size = |name: String| fs::metadata(directories.data.join(name)).map_or(0, |meta| meta.len());
    let wal = size(format!("{}-wal", store::FILE));
    let shown = figures::bytes;
    let held = &seen.sizes;
    let mut findings = Vec::new();
    if seen.unread.is_empty() {
        findings.push(Finding::fine(format!(
            "{} on disk ({} of bodies, {} free) and {} of write-ahead log, {}",
            shown(held.file),
            shown(held.live),
            shown(held.free),
            shown(wal),
            sessions(seen.sessions),
        )));
    } else {
        let what = format!(
            "{} on disk and {} of write-ahead log; not told by a newer database: {}",
            shown(size(store::FILE.to_owned())),
            shown(wal),
            seen.unread.join(", "),
        );
        findings.push(Finding::plain(what));
    }
    if held.worth_compacting {
        findings.push(Finding::doubtful(
            format!("{} of it are free pages", shown(held.free)),
            "`agentls doctor --repair` gives them back to the disk.",
        ));
    }
    if wal > LARGE_LOG {
        findings.push(Finding::doubtful(
            format!("the write-ahead log has {}", shown(wal)),
            "End every process that uses the database; the last one folds it in.",
        ));
    }
    if seen.without_log {
        findings.push(Finding::doubtful(
            "the write-ahead log cannot be read here: its changes are not seen",
            "Run doctor where the data directory can be written.",
        ));
    }
    findings.extend(seen.largest.iter().map(|(id, title, bytes)| {
        Finding::plain(format!("large: {} in {id} ({})", shown(*bytes), one_line(title)))
    }));
    let log = size(log::FILE.to_owned());
    findings.push(Finding::plain(format!("{} of log", shown(log))));
    findings
}

#[cfg(test)]
mod tests {
    use super::{super::Weight, *};

    #[test]
    fn a_damaged_database_is_broken_and_can_be_repaired() {
        let root = tempfile::tempdir().unwrap();
        let directories = Directories { data: root.path().join("data"), config: root.path().join("config") };
        fs::create_dir(&directories.data).unwrap();
        fs::write(directories.data.join(store::FILE), "not a database\n".repeat(200)).unwrap();
        let findings = database(&directories);
        assert_eq!(findings[0].weight, Weight::Broken);
        assert!(findings[0].cure.as_deref().unwrap().contains("--repair"));
    }
}
