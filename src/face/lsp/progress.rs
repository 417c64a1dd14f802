//! Running turns as work-done progress, for clients without a screen for sessions.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, json};
use tokio::{runtime::Handle, sync::watch};

use super::client::Declared;
use crate::{
    transcript::{SessionId, Status},
    wire::{calls::Calls, message::notification, outbox::Outbox},
};

/// Shows running turns where the client can show them.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<Shared>>);

struct Shared {
    outbox: Outbox,
    calls: Calls,
    client: Declared,
    runtime: Handle,
    turns: Mutex<Turns>,
}

/// What each shown turn was told last; its end is the end of the channel.
#[derive(Default)]
struct Turns {
    shown: HashMap<SessionId, watch::Sender<String>>,
    begun: u64,
}

impl Progress {
    /// Shown through `outbox` and `calls` as far as `client` can; `runtime` waits for the client.
    pub fn new(outbox: Outbox, calls: Calls, client: Declared, runtime: Handle) -> Self {
        Self(Some(Arc::new(Shared { outbox, calls, client, runtime, turns: Mutex::default() })))
    }

    /// A session does something else now. Never waits.
    pub fn status(&self, session: &SessionId, status: Status, detail: Option<&str>) {
        let Some(shared) = &self.0 else { return };
        if !shared.client.get().work_done_progress {
            return;
        }
        let mut turns = shared.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if status == Status::Idle {
            turns.shown.remove(session);
            return;
        }
        let words = detail.map_or_else(|| words(status).to_owned(), str::to_owned);
        if let Some(turn) = turns.shown.get(session) {
            turn.send_replace(words);
            return;
        }
        turns.begun += 1;
        let token = format!("agentls/{session}/{}", turns.begun);
        let (turn, told) = watch::channel(words);
        turns.shown.insert(session.clone(), turn);
        shared.runtime.spawn(shared.clone().show(token, told));
    }
}

impl Shared {
    async fn show(self: Arc<Self>, token: String, mut told: watch::Receiver<String>) {
        let params = json!({ "token": token });
        let created = tokio::select! {
            created = self.calls.ask("window/workDoneProgress/create", &params) => created,
            // A client that does not answer is not waited for longer than there is something to show.
            () = ended(&mut told) => return,
        };
        if let Err(problem) = created {
            tracing::debug!(%problem, "the client wants no progress");
            return;
        }
        let first = told.borrow_and_update().clone();
        self.report(
            &token,
            &json!({"kind": "begin", "title": "agentls", "message": first, "cancellable": false}),
        );
        while told.changed().await.is_ok() {
            let words = told.borrow_and_update().clone();
            self.report(&token, &json!({"kind": "report", "message": words}));
        }
        self.report(&token, &json!({"kind": "end"}));
    }

    fn report(&self, token: &str, value: &Value) {
        match notification("$/progress", &json!({"token": token, "value": value})) {
            Ok(body) => self.outbox.send(body),
            Err(problem) => tracing::error!(%problem, "progress cannot be written as JSON"),
        }
    }
}

/// Resolves when nothing more is told.
async fn ended(told: &mut watch::Receiver<String>) {
    while told.changed().await.is_ok() {}
}

fn words(status: Status) -> &'static str {
    match status {
        Status::Idle => "idle",
        Status::Running => "running",
        Status::Waiting => "waiting for you",
        Status::Retrying => "waiting for the provider",
        Status::Compacting => "compacting the history",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{face::lsp::client::Abilities, wire::message::RequestId};

    async fn sent(work_done_progress: bool) -> String {
        let outbox = Outbox::default();
        let calls = Calls::new(outbox.clone());
        let client = Declared::default();
        client.set(Abilities { work_done_progress, ..Abilities::default() });
        let progress = Progress::new(outbox.clone(), calls.clone(), client, Handle::current());
        let session = SessionId::from("ses_1");
        progress.status(&session, Status::Running, None);
        tokio::task::yield_now().await;
        calls.answer(&RequestId::from("agentls-1"), Ok(Value::Null));
        tokio::task::yield_now().await;
        progress.status(&session, Status::Waiting, Some("a permission"));
        tokio::task::yield_now().await;
        progress.status(&session, Status::Idle, None);
        tokio::task::yield_now().await;
        outbox.close();
        let mut bytes = Vec::new();
        outbox.write_to(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[tokio::test]
    async fn a_turn_begins_reports_and_ends_once_the_client_has_made_room() {
        let sent = sent(true).await;
        let places: Vec<_> = ["workDoneProgress/create", r#""begin""#, "a permission", r#""end""#]
            .iter()
            .map(|piece| sent.find(piece).unwrap())
            .collect();
        assert!(places.is_sorted(), "{sent}");
    }

    #[tokio::test]
    async fn a_client_that_never_makes_room_costs_nothing_after_the_turn() {
        let outbox = Outbox::default();
        let calls = Calls::new(outbox.clone());
        let client = Declared::default();
        client.set(Abilities { work_done_progress: true, ..Abilities::default() });
        let progress = Progress::new(outbox, calls.clone(), client, Handle::current());
        let session = SessionId::from("ses_1");
        for turn in 0..100 {
            progress.status(&session, Status::Running, Some(&format!("turn {turn}")));
            tokio::task::yield_now().await;
            assert_eq!(calls.open(), 1);
            progress.status(&session, Status::Idle, None);
            tokio::task::yield_now().await;
        }
        assert_eq!(calls.open(), 0);
    }

    #[tokio::test]
    async fn a_client_that_cannot_show_progress_gets_none() {
        assert_eq!(sent(false).await, "");
    }
}
