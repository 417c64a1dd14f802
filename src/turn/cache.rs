//! What a turn knows of its provider's cache: the newest call that was answered, by which the next one is judged.
//!
//! Read from the ledger when a turn begins and kept up to date within it, so that a step reads nothing (invariant 2).

use super::{
    TurnContext,
    run::Turn,
    step::Call,
    stream::Finish,
    thread::{self, Thread},
};
use crate::{
    context::cache::{self, Before, Frame, Now},
    provider::ToolChoice,
    store::{Live, Step, Store, StoreError},
    transcript::{CacheMiss, Message, Seq, SessionId, Timestamp, Usage},
};

/// The newest call that was answered.
#[derive(Debug, Default)]
pub(super) struct Cache(Option<Before>);

/// An answer's figures, as caches are judged by them.
pub(super) struct Figures<'a> {
    pub(super) usage: &'a Usage,
    /// Whether the provider says what its cache held.
    pub(super) told: bool,
    pub(super) retries: u32,
}

impl Cache {
    /// As the ledger has it.
    pub(super) async fn load(store: &Store, session: &SessionId) -> Result<Self, StoreError> {
        let last = store.last_answered(session).await?;
        Ok(Self(last.map(|last| Before {
            answer: last.answer,
            model: last.step.model,
            frame: serde_json::from_str(&last.step.frame).unwrap_or_default(),
            tokens: last.step.usage.total_input(),
            ended_at: last.step.started_at.after(last.step.duration_ms),
            failed_since: last.failed_since,
        })))
    }

    /// Why it will not hold what was sent before, for a request that is made now.
    pub(super) fn foresee(&self, context: &TurnContext, thread: &Thread, live: &Live) -> Option<CacheMiss> {
        let frame =
            Frame { agent: context.agent.clone(), calls: true, fingerprint: thread.fingerprint().clone() };
        let now = Now {
            model: &context.model,
            frame: &frame,
            started_at: Timestamp::now(),
            retried: false,
            reshaped: (live.reshaped, cache::reshaped_by(&live.reason)),
            floor: 0,
            usage: &Usage::default(),
        };
        cache::foreseen(self.0.as_ref(), &now)
    }

    /// A call came to nothing, or to a part of an answer.
    pub(super) fn failed(&mut self) {
        if let Some(before) = &mut self.0 {
            before.failed_since = true;
        }
    }
}

impl Turn {
    /// What a request of `context` is asked with.
    pub(super) fn frame(&self, context: &TurnContext, choice: ToolChoice) -> Frame {
        let ours = std::ptr::eq(context, &raw const *self.context);
        let fingerprint = if ours {
            self.thread.fingerprint().clone()
        } else {
            thread::fingerprint(&self.session, context)
        };
        Frame { agent: context.agent.clone(), calls: choice == ToolChoice::Auto, fingerprint }
    }

    /// The ledger's row of a call that was answered whole; the next call is judged by it.
    pub(super) fn answered(&mut self, message: &Message, call: &Call, retries: u32, finish: &Finish) -> Step {
        let figures = Figures { usage: &finish.usage, told: finish.cache_told, retries };
        let cache_miss = self.cache_miss(&self.context, call, &figures, self.reshaped());
        let word = finish.reason.name().to_owned();
        let step = Step { cache_miss, ..self.ledger(&message.id, call, retries, finish.usage, word) };
        self.cache.0 = Some(Before {
            answer: message.seq,
            model: step.model.clone(),
            frame: call.frame.clone(),
            tokens: step.usage.total_input(),
            ended_at: step.started_at.after(step.duration_ms),
            failed_since: false,
        });
        step
    }

    /// When what is sent of the history was last changed, and how.
    pub(super) fn reshaped(&self) -> (Seq, CacheMiss) {
        let live = self.window.live();
        (live.reshaped, cache::reshaped_by(&live.reason))
    }

    /// Why a call read less from the cache than was expected.
    pub(super) fn cache_miss(
        &self,
        context: &TurnContext,
        call: &Call,
        figures: &Figures<'_>,
        reshaped: (Seq, CacheMiss),
    ) -> Option<CacheMiss> {
        let now = Now {
            model: &context.model,
            frame: &call.frame,
            started_at: call.started_at,
            retried: figures.retries > 0,
            reshaped,
            floor: context.provider.cache_floor(&context.limits),
            usage: figures.usage,
        };
        figures.told.then(|| cache::miss(self.cache.0.as_ref(), &now)).flatten()
    }
}
