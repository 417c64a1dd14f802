//! What happens in sessions, on its way to whoever listens. Numbering is the listener's: it knows what it merges.

use std::sync::Arc;

pub use crate::transcript::Change;
use crate::{
    transcript::{Project, SessionEvent, SessionId, TurnId, Update},
    workspace::config::Config,
};

/// Hears what happens. Called in order; must not block.
pub trait Listener: Send + Sync {
    /// Something happened in a session.
    fn session_event(&self, event: SessionEvent);
    /// A session list changed.
    fn session_changed(&self, session: &SessionId, change: Change);
    /// Configuration was read, for whatever reason. `news` are the mistakes that were not told of before, a line for each;
    /// the log has them.
    fn configured(&self, _config: &Config, _news: &[String]) {}
    /// A project is another than before. Most listeners show none.
    fn project_changed(&self, _: &Project) {}
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

    /// Configuration was read.
    pub fn configured(&self, config: &Config, news: &[String]) {
        self.listener.configured(config, news);
    }

    /// A project is another than before.
    pub fn project_changed(&self, project: &Project) {
        self.listener.project_changed(project);
    }
}
