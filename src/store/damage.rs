//! Damaged rows: how they are named, and that the log names each once.
//!
//! A damaged row costs that row, never its session. Where a row's id cannot be read, or the row itself is gone and
//! others still point to it, an id stands in that says where the row is; whoever is given it can ask for it again.

use std::{
    collections::HashSet,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::{Mutex, PoisonError},
};

use crate::transcript::{Failure, FailureKind};

/// Rows that the log remembers having named; more are named each time.
pub(in crate::store) const MOST_REMEMBERED: usize = 4_096;

/// Flaws of a message that are told one by one.
pub(in crate::store) const MOST_TOLD: usize = 5;

/// Stands behind the prefix of an id that stands in.
const MARK: &str = "damaged_";

/// Digests of what was logged.
static LOGGED: Mutex<Option<HashSet<u64>>> = Mutex::new(None);

/// Logs what is wrong with a row, unless it was logged before by this process.
pub(super) fn log(flaws: &[String], row: impl FnOnce() -> String) {
    if flaws.is_empty() {
        return;
    }
    let row = row();
    let digest = BuildHasherDefault::<DefaultHasher>::default().hash_one((&row, flaws));
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    if is_new(logged.get_or_insert_default(), digest) {
        tracing::warn!(row, flaws = flaws.join("; "), "a damaged row");
    }
}

/// Whether `digest` was not logged before. Remembers it where there is room.
fn is_new(logged: &mut HashSet<u64>, digest: u64) -> bool {
    if logged.contains(&digest) {
        return false;
    }
    if logged.len() < MOST_REMEMBERED {
        logged.insert(digest);
    }
    true
}

/// What a client is told of flaws.
pub(super) fn failure(flaws: &[String]) -> Failure {
    let told = flaws.iter().take(MOST_TOLD).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = match flaws.len().saturating_sub(MOST_TOLD) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Failure::new(FailureKind::StorageDamaged, format!("damaged in the database: {told}{more}"))
}

/// The id of a row whose own cannot be read: the kind's prefix, and where the row is.
pub(super) fn stand_in(prefix: &str, place: &[i64]) -> String {
    let place: Vec<String> = place.iter().map(i64::to_string).collect();
    format!("{prefix}{MARK}{}", place.join("_"))
}

/// Where the row of an id that stands in is.
pub(super) fn place<const N: usize>(prefix: &str, id: &str) -> Option<[i64; N]> {
    let numbers = id.strip_prefix(prefix)?.strip_prefix(MARK)?;
    let numbers: Option<Vec<i64>> = numbers.split('_').map(|number| number.parse().ok()).collect();
    numbers?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_stands_in_says_where_its_row_is() {
        let id = stand_in("msg_", &[7, 12]);
        assert_eq!(place("msg_", &id), Some([7, 12]));
        assert_eq!(place::<1>("msg_", &id), None);
        assert_eq!(place::<2>("prt_", &id), None);
        assert_eq!(place::<2>("msg_", "msg_abc"), None);
    }

    #[test]
    fn many_flaws_are_told_as_few_and_a_number() {
        let flaws: Vec<String> = (1..=7).map(|n| format!("flaw {n}")).collect();
        let failure = failure(&flaws);
        assert_eq!(failure.kind, FailureKind::StorageDamaged);
        assert!(failure.message.ends_with("flaw 5; and 2 more"), "{}", failure.message);
    }

    #[test]
    fn of_very_many_damaged_rows_the_first_are_named_once_and_the_others_each_time() {
        let (mut logged, most) = (HashSet::new(), MOST_REMEMBERED as u64);
        assert!((0..most + 10).all(|digest| is_new(&mut logged, digest)));
        assert_eq!(logged.len(), MOST_REMEMBERED);
        assert!((0..most).all(|digest| !is_new(&mut logged, digest)));
        assert!((most..most + 10).all(|digest| is_new(&mut logged, digest)));
    }
}
