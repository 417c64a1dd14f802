//! Keeps the window small enough before each step (invariant 6): old images make room, old outputs become evidence,
//! the history is summarised, or the window moves on.
//!
//! One compaction for one overflow, judged by its outcome; calls that win nothing are counted in the store, and after
//! [`compaction::MOST_FAILURES`] in a row no further one is made by itself (invariant 9).

use super::{
    run::{Broken, Turn},
    summarise::{Unwritten, Written},
};
use crate::{
    context::{
        compaction::{self, Flaw, Kept, NoPlan, Plan},
        history,
        window::Window,
    },
    failpoint,
    store::{NewMessage, NewPart, NewSummary, Reshape, Step, Store, StoreError, Won},
    transcript::{
        Compaction, Failure, FailureKind, Message, MessageId, Part, PartId, Role, Seq, SessionId, Status,
        Update, Usage,
    },
};

/// Calls for one compaction: the second says what was wrong with the first.
pub(in crate::turn) const MOST_ATTEMPTS: u32 = 2;

/// Who wants a compaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The next request would be too large.
    Overflow,
    /// A person, for whom these instructions matter.
    Person(Option<String>),
}

/// What a compaction did, or would do. Sizes in tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// The request before.
    pub before: u64,
    /// The request after.
    pub after: u64,
    /// The place of the summary; of the one before it when nothing was won by a new one.
    pub boundary: Option<Seq>,
    /// Calls whose evidence stands behind it.
    pub evidence: u64,
    /// The summary.
    pub summary: Option<MessageId>,
}

/// Why there is no more room than before.
#[derive(Clone, Debug)]
pub(super) enum NoRoom {
    /// A compaction would win nothing.
    Nothing,
    /// Even what has to stay does not fit.
    Floor { need: u64, have: u64 },
    /// Too many calls in a row won nothing.
    Stuck,
    /// No summary came of it this time.
    Useless(Flaw),
    /// The provider did not answer.
    Failed(Failure),
    /// Somebody stopped it.
    Cancelled,
}

impl<E: Into<Failure>> From<E> for NoRoom {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Turn {
    /// Makes evidence of old outputs where that wins enough.
    pub(super) async fn prune(&mut self) -> Result<(), Broken> {
        let compaction = self.context.compaction;
        let Some(parts) = self.window.prunable(compaction.protect_tokens).filter(|_| compaction.prune) else {
            return Ok(());
        };
        let (before, evidence) = (self.window.used(), parts.len() as u64);
        self.shared.store.reshape(&self.session, Reshape::Prune(parts)).await?;
        failpoint::reach("prune.stored").await;
        self.reload().await?;
        let after = self.window.used();
        tracing::info!(before, after, evidence, "old outputs became evidence");
        self.tell_won(Won { before, after, evidence }, self.boundary()).await?;
        Ok(())
    }

    /// Tells our client, and those who follow elsewhere, what a change of what is sent has won.
    async fn tell_won(&self, won: Won, boundary: Option<Seq>) -> Result<(), StoreError> {
        self.shared.store.show_won(&self.session, won).await?;
        let Won { before, after, evidence } = won;
        self.emit(Update::Compacted { before, after, evidence, boundary });
        Ok(())
    }

    /// Makes sure that the next request fits, as far as that can be done.
    pub(super) async fn make_room(&mut self) -> Result<(), Broken> {
        if self.window.is_crowded() {
            self.reload().await?;
        }
        if self.fits() {
            return Ok(());
        }
        self.prune().await?;
        if self.fits() {
            return Ok(());
        }
        if !self.context.compaction.auto {
            self.window.move_on(&self.shared.store, &self.session).await?;
            return Ok(());
        }
        match self.compact(&Cause::Overflow).await {
            Ok(_) => Ok(()),
            Err(NoRoom::Useless(flaw)) if self.has_room() => {
                tracing::warn!(%flaw, "the history could not be compacted; there is still some room");
                Ok(())
            }
            Err(NoRoom::Failed(failure)) if self.has_room() => {
                tracing::warn!(%failure, "the history could not be compacted; there is still some room");
                Ok(())
            }
            Err(NoRoom::Nothing) if self.has_room() => Ok(()),
            Err(why) => Err(self.no_room(why)),
        }
    }

    fn fits(&self) -> bool {
        self.window.used() <= self.window.budget().usable
    }

    fn has_room(&self) -> bool {
        self.window.used() <= self.window.budget().room
    }

    fn boundary(&self) -> Option<Seq> {
        self.window.live().boundary.as_ref().map(|boundary| boundary.seq)
    }

    /// What the lack of room means for the turn.
    pub(super) fn no_room(&self, why: NoRoom) -> Broken {
        match why {
            NoRoom::Cancelled => Broken::Cancelled,
            why => Broken::Failed(lack_of_room(&self.window, why)),
        }
    }

    /// Summarises the history. It stays as it was until the new boundary is committed.
    pub(super) async fn compact(&mut self, cause: &Cause) -> Result<Compacted, NoRoom> {
        let by_itself = *cause == Cause::Overflow;
        if by_itself && self.failures >= compaction::MOST_FAILURES {
            return Err(NoRoom::Stuck);
        }
        let plan = self.plan()?;
        self.status(Status::Compacting, Some("summarising the history".to_owned()), None);
        let done = self.try_to_compact(cause, &plan).await;
        self.status(Status::Running, None, None);
        done
    }

    /// What a compaction would keep now.
    pub(super) fn plan(&self) -> Result<Plan, NoRoom> {
        plan(&self.window, self.context.compaction.keep_tokens)
    }

    async fn try_to_compact(&mut self, cause: &Cause, plan: &Plan) -> Result<Compacted, NoRoom> {
        let mut flaw = None;
        for _ in 0..MOST_ATTEMPTS {
            let wrong = match self.write_summary(cause, plan, flaw.as_ref()).await {
                Ok(written) => match self.keep_summary(cause, plan, written).await? {
                    Ok(compacted) => return Ok(compacted),
                    Err((flaw, step)) => (flaw, step),
                },
                Err(Unwritten::Flawed(flaw, step)) => (flaw, step),
                Err(Unwritten::Failed(failure)) => return Err(NoRoom::Failed(failure)),
                Err(Unwritten::Cancelled) => return Err(NoRoom::Cancelled),
            };
            tracing::info!(flaw = %wrong.0, "a summary was of no use");
            self.failures = self.shared.store.summary_failed(&self.session, *wrong.1).await?.into_inner();
            failpoint::reach("breaker.stored").await;
            if *cause == Cause::Overflow && self.failures >= compaction::MOST_FAILURES {
                return Err(NoRoom::Stuck);
            }
            flaw = Some(wrong.0);
        }
        Err(NoRoom::Useless(flaw.unwrap_or(Flaw::Empty)))
    }

    /// Commits a summary, if the request is the smaller for it.
    async fn keep_summary(
        &mut self,
        cause: &Cause,
        plan: &Plan,
        written: Written,
    ) -> Result<Result<Compacted, (Flaw, Box<Step>)>, NoRoom> {
        let kept = self.kept(plan).await?;
        let evidence: Vec<PartId> = kept.evidence.iter().map(|(part, _)| part.clone()).collect();
        let mut compaction = Compaction {
            auto: *cause == Cause::Overflow,
            tail: plan.tail,
            before: plan.before,
            after: 0,
            evidence,
        };
        let id = written.message.clone();
        let draft = compaction::parts(&id, compaction.clone(), &written.text, &kept);
        let after = plan.stays + self.weigh(&id, draft);
        let (before, have) = (plan.before, self.window.budget().usable);
        let step = written.step;
        if !plan.wins(after) || after > have {
            let step = Step { finish: "compactionFailed".to_owned(), ..step };
            return Ok(Err((Flaw::WinsNothing { before, after }, Box::new(step))));
        }
        compaction.after = after;
        let calls = compaction.evidence.len() as u64;
        let parts = compaction::parts(&id, compaction, &written.text, &kept);
        let summary = self.new_summary(id, parts, written.usage, step);
        failpoint::reach("summary.written").await;
        let message = self.shared.store.add_summary(&self.session, summary).await?.into_inner();
        failpoint::reach("summary.stored").await;
        self.failures = 0;
        let (seq, id) = (message.seq, message.id.clone());
        self.emit(Update::Message(message));
        self.renew_baseline().await?;
        self.reload().await?;
        self.tell_won(Won { before, after, evidence: calls }, Some(seq)).await?;
        Ok(Ok(Compacted { before, after, boundary: Some(seq), evidence: calls, summary: Some(id) }))
    }

    /// What will stand behind the boundary beside the summary.
    async fn kept(&self, plan: &Plan) -> Result<Kept, NoRoom> {
        let store = &self.shared.store;
        let before = plan.tail.unwrap_or(Seq(self.window.last_seq().0 + 1));
        Ok(Kept {
            evidence: evidence_behind(store, &self.session, &self.window, plan).await?,
            request: self.request_in_work(before).await?,
            todos: store.todo(&self.session).await?,
        })
    }

    /// The words of the prompt that is being answered, when its message does not stay.
    async fn request_in_work(&self, before: Seq) -> Result<Option<String>, NoRoom> {
        let Some((_, seq)) = self.prompt.as_ref().filter(|(_, seq)| *seq < before) else { return Ok(None) };
        let Some((message, _)) = history::one(&self.shared.store, &self.session, *seq).await? else {
            return Ok(None);
        };
        Ok(Some(message.request()).filter(|words| !words.trim().is_empty()))
    }

    /// Tokens of a summary message with these parts.
    fn weigh(&self, id: &MessageId, parts: Vec<Part>) -> u64 {
        let (id, session) = (id.clone(), self.session.clone());
        let draft = Message::draft(id, session, Seq(0), Role::Assistant, parts);
        self.window.weigh(&Message { summary: true, ..draft })
    }

    fn new_summary(&self, id: MessageId, parts: Vec<Part>, usage: Usage, step: Step) -> NewSummary {
        NewSummary {
            message: NewMessage {
                id,
                role: Role::Assistant,
                parent_id: None,
                turn: self.id.clone(),
                agent: self.context.agent.clone(),
                model: step.model.clone(),
                complete: true,
                parts: parts.into_iter().map(NewPart::from).collect(),
            },
            first: self.window.place().first,
            usage,
            step,
        }
    }

    /// Reads the window again, after what is sent has changed.
    pub(super) async fn reload(&mut self) -> Result<(), StoreError> {
        let last = self.shared.store.live(&self.session).await?.last;
        let (asked, overflow) = (self.context.asked(), self.context.overflow());
        self.window = Window::load(&self.shared.store, &self.session, last, asked, overflow).await?;
        Ok(())
    }
}

/// What the lack of room means for whoever wants to go on.
pub(super) fn lack_of_room(window: &Window, why: NoRoom) -> Failure {
    let (need, have) = (window.used(), window.budget().usable);
    match why {
        NoRoom::Cancelled => Failure::new(FailureKind::Interrupted, "stopped"),
        NoRoom::Failed(failure) => failure,
        NoRoom::Floor { need, have } => Failure::new(
            FailureKind::ContextFloor { need, have },
            format!(
                "what has to stay in the conversation needs about {need} tokens; there is room for {have}"
            ),
        ),
        NoRoom::Nothing => Failure::new(
            FailureKind::CompactionStuck { need, have },
            format!(
                "the conversation needs about {need} tokens of {have}, and compacting it would win nothing"
            ),
        ),
        NoRoom::Stuck => Failure::new(
            FailureKind::CompactionStuck { need, have },
            format!(
                "the conversation needs about {need} tokens of {have}; {} attempts to compact it won nothing",
                compaction::MOST_FAILURES
            ),
        ),
        NoRoom::Useless(flaw) => Failure::new(
            FailureKind::CompactionStuck { need, have },
            format!(
                "the conversation needs about {need} tokens of {have} and could not be compacted: {flaw}"
            ),
        ),
    }
}

/// What a person is told who wanted a compaction of which nothing came.
pub(super) fn not_compacted(window: &Window, flaw: &Flaw) -> Failure {
    let (need, have) = (window.used(), window.budget().usable);
    let message = format!(
        "nothing came of compacting: {flaw}; the conversation stays as it was, about {need} tokens of {have}"
    );
    Failure::new(FailureKind::CompactionStuck { need, have }, message)
        .with_cure("Try again, with a wish for the summary or with another model, or start a new session.")
}

/// What is told when the provider takes no request of this size, though it should fit, and there is no smaller one.
/// `refused` has the provider's words.
pub(super) fn refused_for_size(window: &Window, why: NoRoom, refused: &Failure) -> Failure {
    if let NoRoom::Failed(failure) = why {
        return failure;
    }
    let lack = lack_of_room(window, why);
    Failure::new(
        lack.kind,
        format!("{}; the provider refused the request: {}", lack.message, refused.message),
    )
    .with_cure(refused.cure())
}

/// What a compaction of a window would keep.
pub(super) fn plan(window: &Window, keep_tokens: u64) -> Result<Plan, NoRoom> {
    compaction::plan(window, keep_tokens).map_err(|why| match why {
        NoPlan::Nothing => NoRoom::Nothing,
        NoPlan::Floor { need, have } => NoRoom::Floor { need, have },
    })
}

/// The digests of the newest calls that do not stay, oldest first, as far as there is room for them.
pub(super) async fn evidence_behind(
    store: &Store,
    session: &SessionId,
    window: &Window,
    plan: &Plan,
) -> Result<Vec<(PartId, String)>, StoreError> {
    let before = plan.tail.unwrap_or(Seq(window.last_seq().0 + 1));
    let mut digests = Vec::new();
    for part in store.calls_before(session, before, compaction::MOST_EVIDENCE).await? {
        let digest = store.evidence(&part).await?.text;
        digests.push((part, digest));
    }
    Ok(compaction::fitting_evidence(digests, window.calibration().undo(plan.evidence)))
}
