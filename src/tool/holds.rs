//! One change of a file after the other.
//!
//! A call that changes a file holds it for its session from reading what is there to writing what becomes of it, the
//! person's answer in between: two edits of one file in one answer would start from the same text, and the later would
//! undo the earlier. Sessions do not wait for each other's people; what they have in common is the moment of writing,
//! in which it is looked once more whether the text is still the one that was read.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex as Table, PoisonError, Weak},
};

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::transcript::SessionId;

/// Who holds a file, and which: a session for a whole call, nobody in particular while it is written.
type Key = (Option<SessionId>, PathBuf);

/// The files that are held or waited for.
static HELD: Table<BTreeMap<Key, Weak<Mutex<()>>>> = Table::new(BTreeMap::new());

/// Files that nobody else changes while this lives.
pub(super) struct Hold {
    _guards: Vec<OwnedMutexGuard<()>>,
}

/// Waits until no other call of the session changes one of these files. Paths are free of links.
pub(super) async fn for_session(session: &SessionId, paths: impl IntoIterator<Item = PathBuf>) -> Hold {
    let mut keys: Vec<Key> = paths.into_iter().map(|path| (Some(session.clone()), path)).collect();
    // In one order for all, so that nobody waits for somebody who waits for them.
    keys.sort();
    keys.dedup();
    let mut guards = Vec::with_capacity(keys.len());
    for key in keys {
        guards.push(lock(key).await);
    }
    Hold { _guards: guards }
}

/// Waits until nobody is just writing this file.
pub(super) async fn for_writing(path: PathBuf) -> Hold {
    Hold { _guards: vec![lock((None, path)).await] }
}

async fn lock(key: Key) -> OwnedMutexGuard<()> {
    let file = {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, file| file.strong_count() > 0);
        held.get(&key).and_then(Weak::upgrade).unwrap_or_else(|| {
            let file = Arc::default();
            held.insert(key, Arc::downgrade(&file));
            file
        })
    };
    file.lock_owned().await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;

    use super::*;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[tokio::test]
    async fn a_file_is_held_by_one_call_of_a_session_and_by_any_number_of_sessions() {
        let (one, other) = (SessionId::from("ses_1"), SessionId::from("ses_2"));
        let first = for_session(&one, paths(&["/a", "/b", "/a"])).await;
        assert!(for_session(&one, paths(&["/c"])).now_or_never().is_some());
        assert!(for_session(&other, paths(&["/a"])).now_or_never().is_some());
        assert!(for_session(&one, paths(&["/c", "/b"])).now_or_never().is_none());
        drop(first);
        assert!(for_session(&one, paths(&["/c", "/b"])).now_or_never().is_some());
    }

    #[tokio::test]
    async fn whoever_waits_for_several_files_waits_for_nobody_who_waits_for_them() {
        let session = SessionId::from("ses_3");
        let tasks = (0..40).map(|at| {
            let (session, mut files) = (session.clone(), paths(&["/x", "/y", "/z"]));
            files.rotate_left(at % 3);
            tokio::spawn(async move {
                let _hold = for_session(&session, files).await;
                tokio::time::sleep(Duration::from_millis(1)).await;
            })
        });
        tokio::time::timeout(Duration::from_secs(20), futures::future::join_all(tasks)).await.unwrap();
    }
}
