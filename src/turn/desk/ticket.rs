//! A place in the queue of prompts, held by whoever waits for the answer.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Desk, Outcome};
use crate::transcript::{Failure, FailureKind, MessageId, SessionId};

/// A place in the queue. Dropped before the end, it withdraws the prompt, or stops the turn that answers it.
pub struct Ticket {
    desk: Arc<Desk>,
    session: SessionId,
    /// The prompt's message.
    pub message: MessageId,
    answer: Option<oneshot::Receiver<Outcome>>,
}

impl Ticket {
    pub(super) fn new(
        desk: Arc<Desk>,
        session: SessionId,
        message: MessageId,
        answer: oneshot::Receiver<Outcome>,
    ) -> Self {
        Self { desk, session, message, answer: Some(answer) }
    }

    /// Waits for the end of the prompt's turn.
    pub async fn answer(mut self) -> Outcome {
        let Some(answer) = self.answer.as_mut() else {
            return Err(Failure::internal("a ticket without an answer"));
        };
        let outcome = answer
            .await
            .unwrap_or_else(|_| Err(Failure::new(FailureKind::Interrupted, "the server is ending")));
        self.answer = None;
        outcome
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.answer.take().is_none() {
            return;
        }
        let abandoned = Arc::clone(&self.desk).abandon(self.session.clone(), self.message.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(abandoned);
        }
    }
}
