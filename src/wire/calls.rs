//! Questions to the client: requests of ours and their answers.
//!
//! An answer that comes late or to no question is ignored (invariant 11). A question that nobody waits for
//! any longer is withdrawn with `$/cancelRequest`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::Error;

use super::{
    message::{self, RequestId},
    outbox::Outbox,
};

/// Questions that may be open at once. A turn has one; so many turns do not run at once.
pub const MOST_OPEN: usize = 1_024;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The client answered with an error.
    #[error("{0}")]
    Refused(Error),
    /// The client is gone.
    #[error("the client is gone")]
    Gone,
    /// It has not answered [`MOST_OPEN`] others.
    #[error("{MOST_OPEN} questions wait for the client's answer")]
    TooMany,
    /// The question could not be written as JSON.
    #[error(transparent)]
    Unwritable(#[from] serde_json::Error),
}

type Answer = Result<Value, Error>;

/// Open questions. Clones are the same questions.
#[derive(Clone)]
pub struct Calls {
    outbox: Outbox,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    asked: u64,
    waiting: HashMap<RequestId, oneshot::Sender<Answer>>,
    closed: bool,
}

impl Calls {
    /// Asks through `outbox`.
    pub fn new(outbox: Outbox) -> Self {
        Self { outbox, open: Arc::default() }
    }

    /// Asks the client, and waits as long as it takes. Dropping the future withdraws the question.
    pub async fn ask(&self, method: &str, params: &impl Serialize) -> Result<Value, CallError> {
        let (sender, answer) = oneshot::channel();
        let id = self.lock().register(sender)?;
        let withdrawal = Withdrawal { calls: self, id: &id };
        self.outbox.send(message::request(&id, method, params)?);
        let answer = answer.await;
        drop(withdrawal);
        answer.map_err(|_| CallError::Gone)?.map_err(CallError::Refused)
    }

    /// The client has answered.
    pub fn answer(&self, id: &RequestId, answer: Answer) {
        let Some(question) = self.lock().waiting.remove(id) else {
            tracing::debug!(%id, "an answer to no open question");
            return;
        };
        // A question withdrawn at this very moment needs no answer.
        drop(question.send(answer));
    }

    /// How many questions are open.
    #[cfg(test)]
    pub(crate) fn open(&self) -> usize {
        self.lock().waiting.len()
    }

    /// The client is gone: nothing will be answered any more.
    pub fn close(&self) {
        let mut open = self.lock();
        open.closed = true;
        open.waiting.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Enters a question under an id of its own.
    fn register(&mut self, question: oneshot::Sender<Answer>) -> Result<RequestId, CallError> {
        if self.closed {
            return Err(CallError::Gone);
        }
        if self.waiting.len() >= MOST_OPEN {
            return Err(CallError::TooMany);
        }
        self.asked += 1;
        let id = RequestId::from(format!("agentls-{}", self.asked).as_str());
        self.waiting.insert(id.clone(), question);
        Ok(id)
    }
}

/// Withdraws a question that is still open when this goes.
struct Withdrawal<'a> {
    calls: &'a Calls,
    id: &'a RequestId,
}

impl Drop for Withdrawal<'_> {
    fn drop(&mut self) {
        if self.calls.lock().waiting.remove(self.id).is_none() {
            return;
        }
        let cancelled = RawValue::from_string(self.id.to_string())
            .and_then(|id| message::notification("$/cancelRequest", &json!({ "id": id })));
        match cancelled {
            Ok(body) => self.calls.outbox.send(body),
            Err(problem) => tracing::warn!(%problem, "a question could not be withdrawn"),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    async fn sent(outbox: &Outbox) -> String {
        outbox.close();
        let mut bytes = Vec::new();
        outbox.write_to(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[tokio::test]
    async fn an_answer_reaches_its_question_once_and_a_late_one_nobody() {
        let outbox = Outbox::default();
        let calls = Calls::new(outbox.clone());
        let params = json!({});
        let (answer, ()) = futures::join!(calls.ask("m", &params), async {
            calls.answer(&RequestId::from("agentls-9"), Ok(json!("nobody asked")));
            calls.answer(&RequestId::from("agentls-1"), Ok(json!(42)));
            calls.answer(&RequestId::from("agentls-1"), Ok(json!("late")));
        });
        assert_eq!(answer.unwrap(), 42);
        assert!(!sent(&outbox).await.contains("cancelRequest"));
    }

    #[tokio::test]
    async fn a_question_nobody_waits_for_is_withdrawn() {
        let outbox = Outbox::default();
        let calls = Calls::new(outbox.clone());
        assert!(calls.ask("m", &json!({})).now_or_never().is_none());
        assert!(calls.lock().waiting.is_empty());
        assert!(sent(&outbox).await.ends_with(r#""method":"$/cancelRequest","params":{"id":"agentls-1"}}"#));
    }

    #[tokio::test]
    async fn a_question_above_the_cap_is_refused_until_one_is_answered() {
        let calls = Calls::new(Outbox::default());
        let params = json!({});
        let mut open: Vec<_> = (0..MOST_OPEN).map(|_| Box::pin(calls.ask("m", &params))).collect();
        assert!(open.iter_mut().all(|question| question.as_mut().now_or_never().is_none()));
        assert!(matches!(calls.ask("m", &params).await, Err(CallError::TooMany)));
        open.pop();
        assert!(calls.ask("m", &params).now_or_never().is_none());
    }

    #[tokio::test]
    async fn nobody_waits_for_a_client_that_is_gone() {
        let calls = Calls::new(Outbox::default());
        let params = json!({});
        let (answer, ()) = futures::join!(calls.ask("m", &params), async { calls.close() });
        assert!(matches!(answer, Err(CallError::Gone)));
        assert!(matches!(calls.ask("m", &json!({})).await, Err(CallError::Gone)));
    }
}
