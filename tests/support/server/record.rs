//! What a server has said: replies, notifications, questions, and what it should not have said.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use tokio::sync::{Notify, oneshot};

/// A result, or an error object.
pub type Reply = Result<Value, Value>;

/// A request of the server's.
#[derive(Clone, Debug)]
pub struct Question {
    pub id: Value,
    pub method: String,
    pub params: Value,
}

type Answerer = Box<dyn Fn(&Question) + Send>;

/// Everything that came.
#[derive(Default)]
pub(super) struct Record {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    requests: u64,
    waiting: HashMap<u64, oneshot::Sender<Reply>>,
    notifications: Vec<Value>,
    questions: Vec<Question>,
    asked: HashMap<String, usize>,
    question_ids: HashSet<String>,
    answerers: HashMap<String, Answerer>,
    event_seqs: HashMap<String, u64>,
    stderr: Vec<u8>,
    problems: Vec<String>,
    ended: bool,
}

impl Record {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of the next request, and where its reply will be.
    pub(super) fn expect_reply(&self) -> (u64, oneshot::Receiver<Reply>) {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        state.requests += 1;
        let id = state.requests;
        if !state.ended {
            state.waiting.insert(id, sender);
        }
        (id, receiver)
    }

    /// Answers questions of `method` as they come.
    pub(super) fn on_question(&self, method: &str, answer: impl Fn(&Question) + Send + 'static) {
        self.lock().answerers.insert(method.to_owned(), Box::new(answer));
    }

    /// A message came.
    pub(super) fn take(&self, message: Value) {
        self.lock().take(message);
        self.changed.notify_waiters();
    }

    pub(super) fn wrote_to_stderr(&self, bytes: &[u8]) {
        self.lock().stderr.extend_from_slice(bytes);
    }

    pub(super) fn problem(&self, problem: String) {
        self.lock().problems.push(problem);
    }

    /// Nothing will come any more.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        state.waiting.clear();
        drop(state);
        self.changed.notify_waiters();
    }

    /// Looks again whenever something came, until `found` finds something.
    pub(super) async fn watch<T>(&self, found: impl Fn(&Self) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(found) = found(self) {
                return found;
            }
            changed.await;
        }
    }

    pub(super) fn notification(&self, seen: usize, wanted: &impl Fn(&Value) -> bool) -> Option<Value> {
        self.lock().notifications.iter().skip(seen).find(|it| wanted(it)).cloned()
    }

    pub(super) fn take_question(&self, method: &str) -> Option<Question> {
        let mut state = self.lock();
        let at = state.questions.iter().position(|question| question.method == method)?;
        Some(state.questions.remove(at))
    }

    pub(super) fn questions_asked(&self, method: &str) -> usize {
        self.lock().asked.get(method).copied().unwrap_or(0)
    }

    pub(super) fn ended(&self) -> Option<()> {
        self.lock().ended.then_some(())
    }

    pub(super) fn notifications(&self) -> Vec<Value> {
        self.lock().notifications.clone()
    }

    pub(super) fn problems(&self) -> Vec<String> {
        self.lock().problems.clone()
    }

    pub(super) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.lock().stderr).into_owned()
    }

    /// What came last, for the message of a wait that was in vain.
    pub(super) fn lately(&self) -> String {
        let state = self.lock();
        let first = state.notifications.len().saturating_sub(12);
        let lately: Vec<_> = state.notifications[first..].iter().map(shortened).collect();
        let open: Vec<_> = state.questions.iter().map(|question| question.method.as_str()).collect();
        format!("lately came:\n{}\nquestions open: {open:?}", lately.join("\n"))
    }
}

fn shortened(message: &Value) -> String {
    message.to_string().chars().take(400).collect()
}

impl State {
    fn take(&mut self, message: Value) {
        if message["jsonrpc"] != "2.0" {
            self.problems.push(format!("no JSON-RPC 2.0: {message}"));
        }
        match (message.get("method").and_then(Value::as_str), message.get("id")) {
            (Some(method), Some(id)) => {
                let (id, method) = (id.clone(), method.to_owned());
                self.take_question(Question { id, method, params: message["params"].clone() });
            }
            (Some(_), None) => self.take_notification(message),
            (None, Some(_)) => self.take_reply(message),
            (None, None) => self.problems.push(format!("neither request nor reply: {message}")),
        }
    }

    fn take_question(&mut self, question: Question) {
        if !self.question_ids.insert(question.id.to_string()) {
            self.problems.push(format!("the id of a question was used twice: {}", question.id));
        }
        *self.asked.entry(question.method.clone()).or_default() += 1;
        match self.answerers.get(&question.method) {
            Some(answer) => answer(&question),
            None => self.questions.push(question),
        }
    }

    /// Updates of a session are numbered without gaps.
    fn take_notification(&mut self, message: Value) {
        let params = &message["params"];
        if let (Some(session), Some(seq)) = (params["sessionId"].as_str(), params["eventSeq"].as_u64())
            && let Some(before) = self.event_seqs.insert(session.to_owned(), seq)
            && before + 1 != seq
        {
            self.problems.push(format!("eventSeq {seq} follows {before}"));
        }
        self.notifications.push(message);
    }

    fn take_reply(&mut self, mut message: Value) {
        let reply = match (message.get("result").is_some(), message.get("error").is_some()) {
            (true, false) => Ok(message["result"].take()),
            (false, true) => Err(message["error"].take()),
            _ => return self.problems.push(format!("neither a result nor an error: {message}")),
        };
        match message["id"].as_u64().and_then(|id| self.waiting.remove(&id)) {
            // Who asked may have stopped waiting.
            Some(waiting) => drop(waiting.send(reply)),
            None => self.problems.push(format!("a second reply, or to nothing: {message}")),
        }
    }
}
