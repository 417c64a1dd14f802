//! Who runs: one actor for each session with work, and who waits for which prompt.
//!
//! A prompt belongs to its session's actor, not to the request that brought it. The wake flag and the actor's
//! leaving share one lock, so that a prompt that arrives while a turn ends is answered: it is a row before the
//! flag is set, and an actor leaves only while the flag is down.

mod actor;
pub(super) mod compactions;
mod keeper;
mod preview;
mod status;
pub(super) mod takeover;
mod ticket;

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::FutureExt;
use tokio::sync::oneshot;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Shared, commands, events, inbox,
    run::{self, Start},
    title,
};
use crate::{
    failpoint,
    store::{Begun, Committed, Enqueued, NewPrompt, TurnEnd},
    transcript::{
        Delivery, Failure, FailureKind, Message, MessageId, Seq, SessionId, Status, StopReason, TurnId,
        Update,
    },
};

pub use preview::{First, Forecast, Preview};
pub use ticket::Ticket;

/// How a prompt's turn ended.
pub type Outcome = Result<TurnEnd, Failure>;

/// A session with an actor.
#[derive(Default)]
struct Live {
    status: Option<Status>,
    /// Something was put into the inbox since the actor last looked.
    wake: bool,
    /// The turn that runs.
    turn: Option<TurnId>,
    /// Stops the turn that runs.
    cancel: Option<CancellationToken>,
    /// A prompt that came to interrupt while a turn was beginning.
    interrupted_by: Option<MessageId>,
    /// The prompts that the running turn answers.
    answering: Vec<MessageId>,
    /// The place of the first message that the turn wrote.
    first: Option<Seq>,
    /// Prompts that were given up after they had left the inbox and before the turn was known here.
    abandoned: Vec<MessageId>,
}

impl Live {
    /// The running turn answers this prompt too. One that was given up meanwhile stops it.
    fn answers(&mut self, message: MessageId) {
        if self.abandoned.contains(&message)
            && let Some(cancel) = &self.cancel
        {
            cancel.cancel();
        }
        self.answering.push(message);
    }
}

#[derive(Default)]
struct State {
    live: HashMap<SessionId, Live>,
    waiting: HashMap<MessageId, Vec<oneshot::Sender<Outcome>>>,
    wishes: HashMap<SessionId, compactions::Wishes>,
    /// The leases are being kept.
    keeping: bool,
}

/// The sessions that run in this process.
pub struct Desk {
    shared: Shared,
    state: Mutex<State>,
    actors: TaskTracker,
    /// Cancelled when the process ends: no further turn begins.
    closing: CancellationToken,
}

impl Desk {
    /// A desk without any actor.
    pub fn new(shared: Shared) -> Arc<Self> {
        Arc::new(Self {
            shared,
            state: Mutex::default(),
            actors: TaskTracker::new(),
            closing: CancellationToken::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts a prompt: when this resolves it is stored.
    pub async fn submit(self: &Arc<Self>, session: &SessionId, prompt: NewPrompt) -> Result<Ticket, Failure> {
        let (delivery, message) = (prompt.delivery, prompt.message_id.clone());
        // The waiter is there before the row, so that no answer can be missed.
        let mut ticket = self.wait_for(session, &prompt.message_id);
        match self.enqueue(session, prompt.clone()).await?.into_inner() {
            Enqueued::New => failpoint::reach("prompt.stored").await,
            Enqueued::Again { message_id } => {
                ticket = self.wait_for(session, &message_id);
                // Its turn may have ended before the waiter was there; asked again, the store knows.
                if let Enqueued::Answered { turn, .. } =
                    self.shared.store.enqueue(session, prompt).await?.into_inner()
                {
                    self.resolve(&[message_id], &outcome(self.shared.store.turn_end(&turn).await?));
                }
            }
            Enqueued::Answered { message_id, turn } => {
                ticket = self.wait_for(session, &message_id);
                self.resolve(&[message_id], &outcome(self.shared.store.turn_end(&turn).await?));
                return Ok(ticket);
            }
        }
        self.wake(session, (delivery == Delivery::Interrupt).then_some(message));
        inbox::show(&self.shared, session).await;
        Ok(ticket)
    }

    fn wait_for(self: &Arc<Self>, session: &SessionId, message: &MessageId) -> Ticket {
        let (sender, receiver) = oneshot::channel();
        self.state().waiting.entry(message.clone()).or_default().push(sender);
        Ticket::new(Arc::clone(self), session.clone(), message.clone(), receiver)
    }

    /// Runs the next turn. False when no prompt waits.
    async fn turn(self: &Arc<Self>, session: &SessionId) -> Result<bool, Failure> {
        let Some(begun) =
            self.shared.store.begin_turn(session, inbox::from_inbox).await?.map(Committed::into_inner)
        else {
            return Ok(false);
        };
        failpoint::reach("turn.begun").await;
        let cancel = CancellationToken::new();
        self.shared.follower.own(session, begun.message.seq).await;
        if let Some(live) = self.state().live.get_mut(session) {
            live.turn = Some(begun.turn.clone());
            live.cancel = Some(cancel.clone());
            live.first = Some(begun.message.seq);
            live.answers(begun.message.id.clone());
            if live.interrupted_by.take().is_some_and(|prompt| prompt != begun.message.id) {
                cancel.cancel();
            }
        }
        // A stop that came between the two looks at the flag is not lost.
        if self.closing.is_cancelled() {
            cancel.cancel();
        }
        let turn = begun.turn.clone();
        if let Some(note) = begun.recovered.clone() {
            self.shared.events.emit(session, None, Update::Recovered(note));
        }
        self.set_status(session, &turn, Status::Running, None, None);
        self.shared.events.emit(session, Some(&turn), Update::Message(begun.message.clone()));
        inbox::show(&self.shared, session).await;
        let result = AssertUnwindSafe(Box::pin(self.run(session, begun, cancel))).catch_unwind().await;
        let result =
            result.unwrap_or_else(|_| Err(Failure::internal("a turn panicked; the log has the place")));
        failpoint::reach("turn.ending").await;
        self.end(session, &turn, result).await?;
        Ok(true)
    }

    async fn run(
        self: &Arc<Self>,
        session: &SessionId,
        begun: Begun,
        cancel: CancellationToken,
    ) -> Result<StopReason, Failure> {
        let row = self.shared.store.session(session).await?;
        let message = begun.message.clone();
        if row.counts.messages <= 1 {
            title::set_from_prompt(&self.shared, session, &message).await;
        }
        let agent = message.agent.clone().unwrap_or_else(|| row.agent.clone());
        let model = message.model.clone().unwrap_or_else(|| row.model.clone());
        let (prepare, first) = (Arc::clone(&self.shared.prepare), row.counts.messages <= 1);
        let context = tokio::task::spawn_blocking(move || prepare.prepare(&row, &agent, &model))
            .await
            .map_err(|error| Failure::internal(error.to_string()))??;
        if let Some(notice) = context.notice.clone() {
            self.set_status(session, &begun.turn, Status::Running, Some(notice), None);
        }
        if first && context.titles.is_some() {
            let (shared, context, session) = (self.shared.clone(), context.clone(), session.clone());
            let closing = self.closing.clone();
            self.actors.spawn(async move {
                let improved = title::improve(&shared, &context, &session, &message);
                closing.run_until_cancelled(improved).await
            });
        }
        let commands = commands::waiting(&begun.message.parts);
        let (desk, name) = (Arc::clone(self), session.clone());
        let (wishing, wished) = (Arc::clone(self), session.clone());
        run::run(Start {
            shared: self.shared.clone(),
            context,
            session: session.clone(),
            set_status: self.status_setter(session, &begun.turn),
            turn: begun.turn,
            last: begun.message.seq,
            prompt: Some(begun.message.id),
            commands,
            cancel,
            joined: Arc::new(move |message| {
                if let Some(live) = desk.state().live.get_mut(&name) {
                    live.answers(message);
                }
            }),
            wishes: Arc::new(move || wishing.next_wish(&wished)),
        })
        .await
    }

    async fn end(
        &self,
        session: &SessionId,
        turn: &TurnId,
        result: Result<StopReason, Failure>,
    ) -> Result<(), Failure> {
        let (stop, failure) = match result {
            Ok(_) if self.closing.is_cancelled() => {
                (None, Some(Failure::new(FailureKind::Interrupted, "the server was shut down")))
            }
            Ok(reason) => (Some(reason), None),
            Err(failure) => (None, Some(failure)),
        };
        let end = self.shared.store.end_turn(session, turn, stop, failure.clone()).await;
        failpoint::reach("turn.ended").await;
        let (answering, first) = {
            let mut state = self.state();
            let live = state.live.get_mut(session);
            live.map(|live| {
                live.cancel = None;
                (std::mem::take(&mut live.answering), live.first.take())
            })
            .unwrap_or_default()
        };
        let (outcome, told) = match end.map(Committed::into_inner) {
            // What another process has made of the turn is told by whoever follows, from its beginning on.
            Ok(ended) if ended.lost => (outcome(ended.end), first.map(|first| Seq(first.0 - 1))),
            Ok(ended) => {
                self.show_closed(session, turn, ended.closed);
                (outcome(ended.end), Some(ended.last))
            }
            Err(error) => (Err(error.into()), None),
        };
        if let Some(failure) = failure {
            tracing::info!(%failure, "the turn failed");
            self.shared.events.emit(session, Some(turn), Update::Error(failure));
        }
        self.set_status(session, turn, Status::Idle, None, None);
        if let Some(live) = self.state().live.get_mut(session) {
            live.turn = None;
            live.abandoned.clear();
        }
        self.shared.events.changed(session, events::Change::Updated);
        self.shared.follower.let_go(session, told);
        self.resolve(&answering, &outcome);
        Ok(())
    }

    /// Shows in their final form the messages that the turn itself could not end.
    fn show_closed(&self, session: &SessionId, turn: &TurnId, closed: Vec<Message>) {
        for message in closed {
            for part in &message.parts {
                self.shared.events.emit(session, Some(turn), Update::Part(part.clone()));
            }
            self.shared.events.emit(session, Some(turn), Update::Message(message));
        }
    }

    fn resolve(&self, messages: &[MessageId], outcome: &Outcome) {
        for message in messages {
            for waiter in self.state().waiting.remove(message).unwrap_or_default() {
                // A waiter that went away has its answer in the store.
                drop(waiter.send(outcome.clone()));
            }
        }
    }

    /// Answers everybody who waits for a prompt that could not be begun. Such a prompt is withdrawn: who was told
    /// that it failed must not find it answered later.
    async fn fail_waiting(&self, session: &SessionId, failure: &Failure) {
        tracing::warn!(%failure, "no turn could be begun");
        let prompts = self.shared.store.waiting_prompts(session).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the inbox cannot be read");
            Vec::new()
        });
        for prompt in prompts {
            if self.state().waiting.contains_key(&prompt.message_id) {
                if let Err(error) = self.shared.store.withdraw_prompt(session, &prompt.message_id).await {
                    tracing::warn!(%error, "a prompt that failed stays in the inbox");
                }
                self.resolve(&[prompt.message_id], &Err(failure.clone()));
            }
        }
    }

    /// How many sessions run.
    pub fn running(&self) -> usize {
        self.state().live.values().filter(|live| live.cancel.is_some()).count()
    }

    /// Stops the turn that runs. False when none does.
    pub fn cancel(&self, session: &SessionId) -> bool {
        let state = self.state();
        let Some(cancel) = state.live.get(session).and_then(|live| live.cancel.as_ref()) else {
            return false;
        };
        let ran = !cancel.is_cancelled();
        cancel.cancel();
        ran
    }

    /// Stops the turn that runs, if one does, and waits until it has ended.
    pub async fn stop(&self, session: &SessionId) {
        while self.cancel(session) || self.state().live.get(session).is_some_and(|live| live.cancel.is_some())
        {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// Whether this turn runs.
    pub fn runs(&self, session: &SessionId, turn: &TurnId) -> bool {
        self.state().live.get(session).is_some_and(|live| live.turn.as_ref() == Some(turn))
    }

    /// Waits until no turn of the session runs.
    pub async fn rest(&self, session: &SessionId) {
        while self.state().live.get(session).is_some_and(|live| live.turn.is_some()) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Takes a prompt that waits out of the inbox.
    pub async fn withdraw(&self, session: &SessionId, message: &MessageId) -> Result<bool, Failure> {
        let removed = self.shared.store.withdraw_prompt(session, message).await?.into_inner();
        if removed {
            failpoint::reach("prompt.withdrawn").await;
            self.resolve(std::slice::from_ref(message), &Err(takeover::withdrawn()));
            inbox::show(&self.shared, session).await;
        }
        Ok(removed)
    }

    /// Stops every turn and waits until all is stored.
    pub async fn close(&self) {
        self.closing.cancel();
        self.shared.follower.close();
        for live in self.state().live.values() {
            if let Some(cancel) = &live.cancel {
                cancel.cancel();
            }
        }
        self.actors.close();
        self.actors.wait().await;
    }

    /// Nobody waits for this prompt any more: it is withdrawn, or its turn is stopped.
    async fn abandon(self: Arc<Self>, session: SessionId, message: MessageId) {
        {
            let mut state = self.state();
            let Some(waiters) = state.waiting.get_mut(&message) else { return };
            waiters.retain(|waiter| !waiter.is_closed());
            if !waiters.is_empty() {
                return;
            }
            state.waiting.remove(&message);
        }
        match self.withdraw(&session, &message).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(failure) => tracing::warn!(%failure, "an abandoned prompt could not be withdrawn"),
        }
        let mut state = self.state();
        let Some(live) = state.live.get_mut(&session) else { return };
        match &live.cancel {
            Some(cancel) if live.answering.contains(&message) => cancel.cancel(),
            _ => live.abandoned.push(message),
        }
    }
}

/// What the end of a turn means for those who wait.
fn outcome(end: TurnEnd) -> Outcome {
    match &end.error {
        Some(failure) => Err(failure.clone()),
        None => Ok(end),
    }
}
