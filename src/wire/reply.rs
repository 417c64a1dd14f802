//! What has to wait for a reply: a request's handler leaves it here, the pump does it right behind the reply.
//!
//! Invariant 10: a reply never passes its own notifications, nor do they pass it.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

type Action = Box<dyn FnOnce() + Send>;

/// What waits for one request's reply.
#[derive(Clone, Default)]
pub(super) struct AfterReply(Arc<Mutex<Vec<Action>>>);

tokio::task_local! {
    static CURRENT: AfterReply;
}

/// Does `action` as soon as the reply to the request being handled is in the queue; at once where no request
/// is being handled.
pub fn after_reply(action: impl FnOnce() + Send + 'static) {
    match CURRENT.try_with(AfterReply::clone) {
        Ok(current) => current.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(action)),
        Err(_) => action(),
    }
}

impl AfterReply {
    /// `handler` with this as the place where its actions wait.
    pub(super) fn scope<F: Future>(&self, handler: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(self.clone(), handler)
    }

    /// The reply is in the queue.
    pub(super) fn run(&self) {
        let actions = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for action in actions {
            action();
        }
    }
}
