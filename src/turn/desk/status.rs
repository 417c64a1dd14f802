//! What a session does, told to our client at once and to other windows through the lease.

use std::sync::Arc;

use super::Desk;
use crate::{
    transcript::{Session, SessionId, Status, Timestamp, TurnId, Update},
    turn::run::SetStatus,
};

impl Desk {
    pub(super) fn status_setter(self: &Arc<Self>, session: &SessionId, turn: &TurnId) -> SetStatus {
        let (desk, session, turn) = (Arc::clone(self), session.clone(), turn.clone());
        Arc::new(move |status, detail, retry_at| desk.set_status(&session, &turn, status, detail, retry_at))
    }

    /// Says what the session does. Nothing follows `idle`: what a tool says after the end of its turn is not heard,
    /// and the lock is held until all is told.
    pub(super) fn set_status(
        &self,
        session: &SessionId,
        turn: &TurnId,
        status: Status,
        detail: Option<String>,
        retry_at: Option<Timestamp>,
    ) {
        let mut state = self.state();
        let Some(live) = state.live.get_mut(session).filter(|live| live.turn.as_ref() == Some(turn)) else {
            return;
        };
        if live.status.is_some_and(|before| before != status || status != Status::Running) {
            self.write_status(session, status, detail.clone(), retry_at);
        }
        live.status = Some(status);
        self.shared.events.emit(session, Some(turn), Update::Status { status, detail, retry_at });
    }

    /// Lets other windows see what the session does.
    fn write_status(
        &self,
        session: &SessionId,
        status: Status,
        detail: Option<String>,
        retry_at: Option<Timestamp>,
    ) {
        if status != Status::Idle {
            let written = self.shared.store.show_status(session, status, detail, retry_at);
            self.actors.spawn(async move {
                if let Err(error) = written.await {
                    tracing::debug!(%error, "other windows do not see what the session does");
                }
            });
        }
    }

    /// Fills in what a session does in this process.
    pub fn with_status(&self, mut session: Session) -> Session {
        if let Some(status) = self.state().live.get(&session.id).and_then(|live| live.status) {
            session.status = status;
        }
        session
    }
}
