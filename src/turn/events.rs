//! Events of sessions, numbered and handed on in order.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

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

/// Numbers events by session and hands them to the listener.
pub struct Events {
    listener: Arc<dyn Listener>,
    /// The last number given, by session. One entry for each session that had a turn in this process.
    numbers: Mutex<HashMap<SessionId, u64>>,
}

impl Events {
    /// Events for `listener`.
    pub fn new(listener: Arc<dyn Listener>) -> Self {
        Self { listener, numbers: Mutex::default() }
    }

    /// Tells the listener. The lock is held meanwhile, so that numbers arrive in order.
    pub fn emit(&self, session: &SessionId, turn: Option<&TurnId>, update: Update) {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let number = numbers.entry(session.clone()).or_default();
        *number += 1;
        self.listener.session_event(SessionEvent {
            session_id: session.clone(),
            event_seq: *number,
            turn_id: turn.cloned(),
            update,
        });
    }

    /// Tells the listener that session lists changed.
    pub fn changed(&self, session: &SessionId, change: Change) {
        if change == Change::Deleted {
            self.numbers.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
        }
        self.listener.session_changed(session, change);
    }
}
