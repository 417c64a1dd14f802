//! Compactions that somebody asks for: in the running turn at its next safe boundary, else by themselves.

use std::{collections::VecDeque, panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::Desk;
use crate::{
    context::{compaction, window::Window},
    store::Baseline,
    transcript::{Failure, FailureKind, Seq, SessionId, Status, StopReason, text},
    turn::{
        TurnContext,
        room::{Cause, Compacted, NoRoom, evidence_behind, not_compacted},
        run::{Broken, Start, Turn},
    },
};

/// Somebody's wish for a compaction, and where the answer goes.
pub(in crate::turn) struct Wish {
    /// What the summary is to look after.
    instructions: Option<String>,
    answer: oneshot::Sender<Result<Compacted, Failure>>,
}

/// The wishes of one session, oldest first.
pub(super) type Wishes = VecDeque<Wish>;

impl Desk {
    /// Compacts a session's history: within its running turn, or now. Dropped before the end, it stops a compaction
    /// that runs by itself.
    pub async fn compact(
        self: &Arc<Self>,
        session: &SessionId,
        instructions: Option<String>,
    ) -> Result<Compacted, Failure> {
        self.shared.store.session(session).await?;
        let (answer, granted) = oneshot::channel();
        self.state().wishes.entry(session.clone()).or_default().push_back(Wish { instructions, answer });
        self.wake(session, None);
        granted.await.unwrap_or_else(|_| Err(Failure::new(FailureKind::Interrupted, "the server is ending")))
    }

    /// What a compaction would do now, as far as it can be told without calling the model.
    pub async fn plan_compaction(&self, session: &SessionId) -> Result<Compacted, Failure> {
        let store = &self.shared.store;
        let context = self.context(session).await?;
        let live = store.live(session).await?;
        let (asked, overflow) = (context.asked(), context.overflow());
        let window = Window::look(store, session, live.last, asked, overflow, &mut |_, _, _| {}).await?;
        let Ok(plan) = compaction::plan(&window, context.compaction.keep_tokens) else {
            return Ok(unchanged(&window));
        };
        let evidence = evidence_behind(store, session, &window, &plan).await?;
        let bytes: usize = evidence.iter().map(|(_, digest)| digest.len()).sum();
        let tokens = window.calibration().apply(text::estimate_tokens(bytes as u64));
        Ok(Compacted {
            before: plan.before,
            after: plan.likely_after(tokens),
            boundary: Some(Seq(live.last.0 + 1)),
            evidence: evidence.len() as u64,
            summary: None,
        })
    }

    /// What a turn of the session would use if it began now.
    pub async fn context(&self, session: &SessionId) -> Result<TurnContext, Failure> {
        Ok(self.frozen_context(session).await?.0)
    }

    /// That, and what the session's requests begin with.
    pub(super) async fn frozen_context(
        &self,
        session: &SessionId,
    ) -> Result<(TurnContext, Baseline), Failure> {
        let row = self.shared.store.session(session).await?;
        let (prepare, agent, model) =
            (Arc::clone(&self.shared.prepare), row.agent.clone(), row.model.clone());
        let prepared = tokio::task::spawn_blocking(move || prepare.prepare(&row, &agent, &model)).await;
        let mut context = prepared.map_err(|error| Failure::internal(error.to_string()))??;
        let (live, stored) =
            (self.shared.store.live(session).await?, self.shared.store.baseline(session).await?);
        context.resume(stored.as_ref()).await;
        let baseline = context.freeze(stored, &live);
        Ok((context, baseline))
    }

    /// The next wish that somebody still waits for.
    pub(super) fn next_wish(&self, session: &SessionId) -> Option<Wish> {
        let mut state = self.state();
        let wishes = state.wishes.get_mut(session)?;
        let next = std::iter::from_fn(|| wishes.pop_front()).find(|wish| !wish.answer.is_closed());
        if wishes.is_empty() {
            state.wishes.remove(session);
        }
        next
    }

    /// Grants the next wish of a session without a turn. False when there is none.
    pub(super) async fn compact_idle(self: &Arc<Self>, session: &SessionId) -> bool {
        let Some(mut wish) = self.next_wish(session) else { return false };
        let cause = Cause::Person(wish.instructions.take());
        let cancel = CancellationToken::new();
        let work = AssertUnwindSafe(self.run_compaction(session, &cause, cancel.clone())).catch_unwind();
        tokio::pin!(work);
        let done = tokio::select! {
            done = &mut work => done,
            () = wish.answer.closed() => {
                cancel.cancel();
                work.await
            }
        };
        let done =
            done.unwrap_or_else(|_| Err(Failure::internal("a compaction panicked; the log has the place")));
        // Who went away has the outcome in the store.
        drop(wish.answer.send(done));
        true
    }

    async fn run_compaction(
        self: &Arc<Self>,
        session: &SessionId,
        cause: &Cause,
        cancel: CancellationToken,
    ) -> Result<Compacted, Failure> {
        let (turn, last) = self.shared.store.begin_upkeep(session).await?.into_inner();
        let first = Seq(last.0 + 1);
        self.shared.follower.own(session, first).await;
        if let Some(live) = self.state().live.get_mut(session) {
            live.first = Some(first);
            live.turn = Some(turn.clone());
            live.cancel = Some(cancel.clone());
        }
        if self.closing.is_cancelled() {
            cancel.cancel();
        }
        self.set_status(session, &turn, Status::Compacting, None, None);
        let work = async {
            let start = Start {
                shared: self.shared.clone(),
                context: self.context(session).await?,
                session: session.clone(),
                turn: turn.clone(),
                last,
                prompt: None,
                commands: Vec::new(),
                cancel,
                set_status: self.status_setter(session, &turn),
                joined: Arc::new(|_| {}),
                wishes: Arc::new(|| None),
            };
            Turn::load(start).await?.grant(cause).await
        };
        let done = match work.await {
            Ok(compacted) => Ok(compacted),
            Err(Broken::Cancelled) => {
                Err(Failure::new(FailureKind::Interrupted, "the compaction was stopped"))
            }
            Err(Broken::Failed(failure)) => Err(failure),
        };
        self.end(session, &turn, done.clone().map(|_| StopReason::EndTurn)).await?;
        done
    }
}

impl Turn {
    /// Grants what was wished meanwhile: every call has its result here.
    pub(in crate::turn) async fn grant_wishes(&mut self) {
        while let Some(mut wish) = (self.wishes)() {
            let cause = Cause::Person(wish.instructions.take());
            let granted = self.grant(&cause).await.map_err(|broken| match broken {
                Broken::Cancelled => Failure::new(FailureKind::Interrupted, "the turn was stopped"),
                Broken::Failed(failure) => failure,
            });
            // Who went away has the outcome in the store.
            drop(wish.answer.send(granted));
        }
    }

    /// Compacts because a person wants it: the breaker does not count.
    async fn grant(&mut self, cause: &Cause) -> Result<Compacted, Broken> {
        self.shared.store.reset_breaker(&self.session).await?;
        self.failures = 0;
        match self.compact(cause).await {
            Ok(compacted) => Ok(compacted),
            Err(NoRoom::Nothing) => Ok(unchanged(&self.window)),
            Err(NoRoom::Useless(flaw)) => Err(not_compacted(&self.window, &flaw).into()),
            Err(why) => Err(self.no_room(why)),
        }
    }
}

/// Nothing would be won.
fn unchanged(window: &Window) -> Compacted {
    let boundary = window.live().boundary.as_ref().map(|boundary| boundary.seq);
    Compacted { before: window.used(), after: window.used(), boundary, evidence: 0, summary: None }
}
