//! Keeps the leases of the turns that run here: says that this process lives, hears who wants it to let go, and notices
//! when it has lost a session (invariant 8).
//!
//! Runs while a turn does. A turn whose lease is lost is cancelled at once; were it to write before that, the store
//! would refuse (every write of a turn looks at the lease in its own transaction).

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::Desk;
use crate::{
    store::{BEAT_MS, Pressed},
    transcript::SessionId,
};

/// How often it is looked whether another window wants a session.
const LOOK: Duration = Duration::from_millis(100);

impl Desk {
    /// Keeps the leases until the last turn of this process has ended. Does nothing where that is being done.
    pub(super) fn keep_leases(self: &Arc<Self>) {
        if !std::mem::replace(&mut self.state().keeping, true) {
            let desk = Arc::clone(self);
            self.actors.spawn(async move { desk.keep().await });
        }
    }

    async fn keep(self: Arc<Self>) {
        let mut beaten = Instant::now();
        loop {
            tokio::select! {
                () = self.closing.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            let running = {
                let mut state = self.state();
                let running: Vec<SessionId> = state
                    .live
                    .iter()
                    .filter(|(_, live)| live.cancel.is_some())
                    .map(|(id, _)| id.clone())
                    .collect();
                if running.is_empty() && state.live.is_empty() {
                    state.keeping = false;
                    return;
                }
                running
            };
            if beaten.elapsed() >= Duration::from_millis(BEAT_MS) {
                beaten = Instant::now();
                if let Err(error) = self.shared.store.beat().await {
                    tracing::warn!(%error, "the heartbeat was not written");
                }
            }
            match self.shared.store.pressed(running).await {
                Ok(pressed) => pressed.into_iter().for_each(|(session, how)| self.press(&session, how)),
                Err(error) => tracing::warn!(%error, "it cannot be seen who wants a session"),
            }
        }
    }

    fn press(&self, session: &SessionId, how: Pressed) {
        // A turn that has just ended has no lease either: then there is nothing to be cancelled.
        if !self.cancel(session) {
            return;
        }
        let why = match how {
            Pressed::Lost => "another process has taken the session over",
            Pressed::Asked => "another window wants the turn to stop",
        };
        tracing::info!(session = session.as_str(), why, "the turn is cancelled");
    }
}
