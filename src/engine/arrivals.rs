//! Prompts of one session are accepted in the order in which they came, whatever each takes to be read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::OwnedMutexGuard;

use crate::transcript::SessionId;

type Door = tokio::sync::Mutex<()>;

/// A door for each session that prompts are coming into.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    doors: Mutex<HashMap<SessionId, Weak<Door>>>,
}

impl Arrivals {
    /// Resolves when all that came before are in. The place in the line is taken with the first poll.
    pub(super) async fn enter(&self, session: &SessionId) -> OwnedMutexGuard<()> {
        self.door(session).lock_owned().await
    }

    fn door(&self, session: &SessionId) -> Arc<Door> {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(door) = doors.get(session).and_then(Weak::upgrade) {
            return door;
        }
        doors.retain(|_, door| door.strong_count() > 0);
        let door = Arc::default();
        doors.insert(session.clone(), Arc::downgrade(&door));
        door
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn who_polls_first_enters_first_and_other_sessions_do_not_wait() {
        let arrivals = Arrivals::default();
        let (session, other) = (SessionId::from("ses_1"), SessionId::from("ses_2"));
        let inside = arrivals.enter(&session).await;
        let mut second = Box::pin(arrivals.enter(&session));
        let mut third = Box::pin(arrivals.enter(&session));
        assert!(second.as_mut().now_or_never().is_none() && third.as_mut().now_or_never().is_none());
        assert!(arrivals.enter(&other).now_or_never().is_some());
        drop(inside);
        assert!(third.as_mut().now_or_never().is_none());
        drop(second.await);
        drop(third.await);
        assert_eq!(arrivals.doors.lock().unwrap().get(&session).map(Weak::strong_count), Some(0));
    }
}
