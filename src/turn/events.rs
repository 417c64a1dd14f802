//! What happens in sessions, on its way to whoever listens. Numbering is the listener's: it knows what it merges.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::transcript::{SessionEvent, SessionId, TurnId, Update};

/// Hears what happens. Called in order; must not block.
pub trait Listener: Send + Sync {
    /// Something happened in a session.
    fn session_event(&self, event: SessionEvent);
    /// A session list changed.
    fn session_changed(&self, session: &SessionId, change: Change);
}

/// How a session list changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Change {
    Created,
    Updated,
    Deleted,
    Archived,
}

/// Where a turn tells what happens.
#[derive(Clone)]
pub struct Events {
    listener: Arc<dyn Listener>,
}

impl Events {
    /// Events for `listener`.
    pub fn new(listener: Arc<dyn Listener>) -> Self {
        Self { listener }
    }

    /// Something happened in a session.
    pub fn emit(&self, session: &SessionId, turn: Option<&TurnId>, update: Update) {
        let event = SessionEvent { session_id: session.clone(), turn_id: turn.cloned(), update };
        self.listener.session_event(event);
    }

    /// Session lists changed.
    pub fn changed(&self, session: &SessionId, change: Change) {
        self.listener.session_changed(session, change);
    }
}
