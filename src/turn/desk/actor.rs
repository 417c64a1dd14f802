//! The actor of one session: it begins turns while prompts wait, outlives their panics, and leaves.
//!
//! It looks at the wake flag and goes under the desk's one lock, so that what arrives meanwhile is seen (invariant 8).

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use tracing::Instrument;

use super::{Desk, Live, takeover};
use crate::{
    failpoint,
    transcript::{Failure, MessageId, SessionId},
    turn::span,
};

impl Desk {
    /// Makes sure that an actor looks into the session's inbox. `interrupt` is a prompt that stops what runs.
    pub(super) fn wake(self: &Arc<Self>, session: &SessionId, interrupt: Option<MessageId>) {
        let mut state = self.state();
        if let Some(live) = state.live.get_mut(session) {
            live.wake = true;
            match (&live.cancel, interrupt) {
                // The actor may have taken the prompt already: it does not interrupt its own turn.
                (Some(cancel), Some(prompt)) if !live.answering.contains(&prompt) => cancel.cancel(),
                (Some(_), _) => {}
                (None, interrupt) => live.interrupted_by = interrupt.or(live.interrupted_by.take()),
            }
            return;
        }
        if self.closing.is_cancelled() {
            return;
        }
        state.live.insert(session.clone(), Live::default());
        drop(state);
        self.keep_leases();
        let (desk, session) = (Arc::clone(self), session.clone());
        let span = span(&session);
        self.actors.spawn(async move { desk.actor(&session).await }.instrument(span));
    }

    /// Acts for a session until there is nothing more to do. A panic outside of a turn's own work costs what was being
    /// done, never the session.
    async fn actor(self: &Arc<Self>, session: &SessionId) {
        loop {
            if AssertUnwindSafe(self.act(session)).catch_unwind().await.is_ok() {
                return;
            }
            self.end_after_panic(session).await;
            if self.leave(session) {
                return;
            }
        }
    }

    async fn act(self: &Arc<Self>, session: &SessionId) {
        loop {
            if let Some(live) = self.state().live.get_mut(session) {
                live.wake = false;
            }
            let ran = if self.closing.is_cancelled() {
                Ok(false)
            } else if self.compact_idle(session).await {
                Ok(true)
            } else {
                Box::pin(self.turn(session)).await
            };
            match ran {
                Ok(true) => continue,
                // Another process took what waited here before we looked: whoever sent it is told how that ends.
                Ok(false) => {
                    if self.is_answered_elsewhere(session).await && self.wait_for_others(session).await {
                        continue;
                    }
                }
                Err(failure) if takeover::is_elsewhere(&failure) => {
                    if self.wait_for_others(session).await {
                        continue;
                    }
                }
                Err(failure) => self.fail_waiting(session, &failure).await,
            }
            failpoint::reach("turn.leaving").await;
            if self.leave(session) {
                return;
            }
        }
    }

    /// The actor goes, unless something came meanwhile.
    fn leave(&self, session: &SessionId) -> bool {
        let mut state = self.state();
        let leaves = state.live.get(session).is_none_or(|live| !live.wake) || self.closing.is_cancelled();
        if leaves {
            state.live.remove(session);
        }
        leaves
    }

    /// Ends the turn that a panic has left open, and answers everybody who waits.
    async fn end_after_panic(&self, session: &SessionId) {
        let failure = Failure::internal("a turn panicked; the log has the place");
        let turn = self.state().live.get(session).and_then(|live| live.turn.clone());
        if let Some(turn) = turn
            && let Err(failure) = self.end(session, &turn, Err(failure.clone())).await
        {
            tracing::error!(%failure, "a turn that panicked has no end");
        }
        self.fail_waiting(session, &failure).await;
    }
}
