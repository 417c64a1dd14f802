//! A session that another process runs: who may take it over, and how it is asked to stop.
//!
//! * An idle session has no owner: a prompt simply begins a turn.
//! * An owner that is *alive* keeps the session: a prompt is refused and told who has it (`sessionBusy`). A prompt that
//!   comes to interrupt asks for it: the owner sees the claim within [`super::keeper`]'s next look, cancels its turn,
//!   stores what there is and lets go; nobody else can begin a turn before the one who asked. An owner that has not let
//!   go after [`PATIENCE`] is overruled: its turn is ended for it, and what it still writes is refused.
//! * An owner that is *silent* (stopped, hung, or out of reach: no heartbeat for a while) is watched for [`WATCH`]. If
//!   it says nothing then either, its turn is ended for it, whatever the prompt's delivery. Clocks alone never
//!   decide: a laptop that was asleep makes every heartbeat look old.
//! * Prompts that wait belong to the session's inbox, not to a process: whoever runs the session answers them, and the
//!   process whose client sent one tells it how that ended ([`Desk::wait_for_others`]).
//!
//! Every wait has a deadline (invariant 9).

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Desk, outcome};
use crate::{
    store::{Claim, Committed, Enqueued, Holder, NewPrompt, PromptFate, Store, StoreError, Vitality},
    transcript::{Delivery, Failure, FailureKind, MessageId, SessionId},
};

/// How long a living owner may take to let go: its tools get TERM, and KILL after 2 s.
pub(in crate::turn) const PATIENCE: Duration = Duration::from_secs(8);

/// How long a silent owner is watched before it is overruled: two heartbeats and a bit.
pub(in crate::turn) const WATCH: Duration = Duration::from_millis(4_500);

/// How often the owner is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// How often it is looked what others have made of our prompts.
const FATE: Duration = Duration::from_millis(150);

/// How often a session may change hands while somebody waits for it.
pub(in crate::turn) const MOST_HANDS: u32 = 4;

/// A claim of ours, taken back when nothing comes of it.
struct Claimed {
    store: Store,
    session: SessionId,
    kept: bool,
}

impl Drop for Claimed {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let (store, session) = (self.store.clone(), self.session.clone());
        let taking_back = async move {
            if let Err(error) = store.unclaim(&session).await {
                tracing::debug!(%error, "a claim stays until it is void");
            }
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(taking_back);
        }
    }
}

impl Desk {
    /// Puts a prompt into the inbox, after the session was taken over where that may be.
    pub(super) async fn enqueue(
        &self,
        session: &SessionId,
        prompt: NewPrompt,
    ) -> Result<Committed<Enqueued>, Failure> {
        let store = &self.shared.store;
        let (mut claimed, mut last) = (None, None);
        for _ in 0..MOST_HANDS {
            match store.enqueue(session, prompt.clone()).await {
                Err(StoreError::Leased(owner)) => {
                    last = Some(owner.clone());
                    let Some(holder) = store.holder(session).await? else {
                        // It has let go just now, or another window was before us.
                        if prompt.delivery != Delivery::Interrupt {
                            return Err(StoreError::Leased(owner).into());
                        }
                        sleep(LOOK).await;
                        continue;
                    };
                    if prompt.delivery == Delivery::Interrupt && claimed.is_none() {
                        store.claim(session, Claim::Take).await?;
                        claimed =
                            Some(Claimed { store: store.clone(), session: session.clone(), kept: false });
                    }
                    self.dispossess(session, holder, prompt.delivery).await?;
                }
                stored => {
                    let stored = stored?;
                    // It stands until our turn begins.
                    if let Some(claimed) = &mut claimed {
                        claimed.kept = true;
                    }
                    return Ok(stored);
                }
            }
        }
        // It went from hand to hand: whoever had it last is who is told of.
        Err(last.map_or(StoreError::LeaseLost(None), StoreError::Leased).into())
    }

    /// Waits until the owner has let go, or ends its turn for it where that may be.
    async fn dispossess(
        &self,
        session: &SessionId,
        holder: Holder,
        delivery: Delivery,
    ) -> Result<(), Failure> {
        if holder.vitality == Vitality::Silent {
            return self.watch_silent(session, holder).await;
        }
        if delivery != Delivery::Interrupt {
            return Err(StoreError::Leased(holder.owner()).into());
        }
        if !self.wait_until_free(session, &holder).await? {
            self.shared.store.overrule(session, &holder).await?;
        }
        Ok(())
    }

    /// Ends the turn of a silent owner, unless it says something meanwhile.
    async fn watch_silent(&self, session: &SessionId, first: Holder) -> Result<(), Failure> {
        let begun = Instant::now();
        while begun.elapsed() < WATCH {
            sleep(LOOK).await;
            match self.shared.store.holder(session).await? {
                Some(now) if now == first => {}
                Some(now) if now.vitality != Vitality::Silent => {
                    return Err(StoreError::Leased(now.owner()).into());
                }
                _ => return Ok(()),
            }
        }
        self.shared.store.revoke(session, &first).await?;
        Ok(())
    }

    /// Waits for the end of the turn that `holder` runs. False when it has not ended in time.
    async fn wait_until_free(&self, session: &SessionId, holder: &Holder) -> Result<bool, Failure> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            match self.shared.store.holder(session).await? {
                Some(now) if now.owner() == holder.owner() => sleep(LOOK).await,
                _ => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Stops a turn that another process runs. False when none does, or when it did not stop in time.
    pub async fn stop_elsewhere(&self, session: &SessionId) -> Result<bool, Failure> {
        let Some(holder) = self.shared.store.holder(session).await? else { return Ok(false) };
        self.shared.store.claim(session, Claim::Stop).await?;
        let claimed = Claimed { store: self.shared.store.clone(), session: session.clone(), kept: false };
        let stopped = self.wait_until_stopped(session, &holder).await?;
        drop(claimed);
        Ok(stopped)
    }

    /// Waits for the end of the turn that `holder` was asked to stop, after which it may go on with the next prompt. False
    /// when it has not ended in time.
    async fn wait_until_stopped(&self, session: &SessionId, holder: &Holder) -> Result<bool, Failure> {
        let (store, begun) = (&self.shared.store, Instant::now());
        while begun.elapsed() < PATIENCE {
            let holds = store.holder(session).await?.is_some_and(|now| now.owner() == holder.owner());
            if !holds || !store.is_claimed(session).await? {
                return Ok(true);
            }
            sleep(LOOK).await;
        }
        Ok(false)
    }

    /// The session went to another process while prompts of our clients wait in its inbox. Waits until it is free again
    /// (true: our turn to try) or nobody waits here any more; prompts that were answered elsewhere are answered here, too.
    pub(super) async fn wait_for_others(&self, session: &SessionId) -> bool {
        loop {
            tokio::select! {
                () = self.closing.cancelled() => return false,
                () = sleep(FATE) => {}
            }
            let free = match self.resolve_fates(session).await {
                Ok(false) => return false,
                Ok(true) => self.shared.store.holder(session).await.map(|holder| holder.is_none()),
                Err(failure) => {
                    self.fail_waiting(session, &failure).await;
                    return false;
                }
            };
            // An owner that died, or that was overruled, leaves what waits to us.
            if free.unwrap_or(true) {
                return true;
            }
        }
    }

    /// Whether prompts of our clients are in the hands of another process. Those that it has answered are answered here.
    pub(super) async fn is_answered_elsewhere(&self, session: &SessionId) -> bool {
        if self.state().waiting.is_empty() || self.closing.is_cancelled() {
            return false;
        }
        let open = self.resolve_fates(session).await.unwrap_or_else(|failure| {
            tracing::warn!(%failure, "what others made of waiting prompts is not known");
            false
        });
        let woken = self.state().live.get(session).is_some_and(|live| live.wake);
        open && !woken
    }

    /// Answers the prompts that others have answered. Whether some still wait.
    async fn resolve_fates(&self, session: &SessionId) -> Result<bool, Failure> {
        let waiting: Vec<MessageId> = self.state().waiting.keys().cloned().collect();
        let mut open = false;
        for (prompt, fate) in self.shared.store.prompt_fates(session, waiting).await? {
            match fate {
                PromptFate::Open => open = true,
                PromptFate::Withdrawn => self.resolve(&[prompt], &Err(withdrawn())),
                PromptFate::Answered(turn) => {
                    let end = self.shared.store.turn_end(&turn).await?;
                    self.resolve(&[prompt], &outcome(end));
                }
            }
        }
        Ok(open)
    }
}

/// What becomes of a prompt that was taken out of the inbox.
pub(super) fn withdrawn() -> Failure {
    Failure::new(FailureKind::Interrupted, "the prompt was withdrawn")
}

/// Whether a turn could not be begun because another process was first.
pub(super) fn is_elsewhere(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::SessionBusy { .. })
}
