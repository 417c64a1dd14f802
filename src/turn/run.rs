//! One turn, from its first step to its end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use super::{
    Shared, TurnContext,
    cache::Cache,
    commands,
    desk::compactions::Wish,
    inbox,
    thread::Thread,
    tools::RepeatedCalls,
    waiting::{AwaitedPerson, Waiting},
};
use crate::{
    context::{gallery, history, window::Window},
    failpoint,
    permission::{Gate, Person, gate::GateParts, trust::TrustGate},
    store::Baseline,
    transcript::{
        Failure, FailureKind, FinishReason, MessageId, Part, Seq, SessionId, Status, StopReason, Timestamp,
        TurnId, Update,
    },
    turn::gate::StoredApprovals,
};

/// Told what the session does now, so that lists and late-comers know too.
pub(super) type SetStatus = Arc<dyn Fn(Status, Option<String>, Option<Timestamp>) + Send + Sync>;

/// A running turn.
pub(super) struct Turn {
    pub(super) shared: Shared,
    pub(super) context: Arc<TurnContext>,
    pub(super) session: SessionId,
    pub(super) id: TurnId,
    /// The message that the next answer answers, and its place.
    pub(super) prompt: Option<(MessageId, Seq)>,
    pub(super) cancel: CancellationToken,
    pub(super) set_status: SetStatus,
    pub(super) gate: Arc<dyn Gate>,
    /// Whom tools ask.
    pub(super) person: Arc<dyn Person>,
    pub(super) window: Window,
    /// What stands before the conversation, and what the model was told of changes since.
    pub(super) baseline: Baseline,
    /// What the next request may continue, and what it would be asked with.
    pub(super) thread: Thread,
    /// What the provider's cache should hold.
    pub(super) cache: Cache,
    /// Calls for a summary in a row that won nothing.
    pub(super) failures: u32,
    pub(super) repeated: RepeatedCalls,
    /// When the last byte of the previous answer arrived.
    pub(super) answered_at: Option<Instant>,
    /// Told about each prompt that joins the turn.
    pub(super) joined: Arc<dyn Fn(MessageId) + Send + Sync>,
    /// Compactions that somebody asked for.
    pub(super) wishes: NextWish,
}

/// The next compaction that somebody asked for.
pub(super) type NextWish = Arc<dyn Fn() -> Option<Wish> + Send + Sync>;

/// How one provider call and its tools ended.
pub(super) enum StepEnd {
    /// The model wants to go on.
    More,
    /// It is done.
    Stop(StopReason),
}

/// Why the loop ends before the model says so.
pub(super) enum Broken {
    /// Somebody stopped it.
    Cancelled,
    /// It failed.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What a turn is made from.
pub(super) struct Start {
    pub(super) shared: Shared,
    pub(super) context: TurnContext,
    pub(super) session: SessionId,
    pub(super) turn: TurnId,
    /// The newest message of the session.
    pub(super) last: Seq,
    /// That message, when it is the prompt to answer.
    pub(super) prompt: Option<MessageId>,
    /// Commands of that prompt that wait for their snippets.
    pub(super) commands: Vec<Part>,
    pub(super) cancel: CancellationToken,
    pub(super) set_status: SetStatus,
    pub(super) joined: Arc<dyn Fn(MessageId) + Send + Sync>,
    pub(super) wishes: NextWish,
}

/// Runs a turn to its end.
pub(super) async fn run(start: Start) -> Result<StopReason, Failure> {
    let (cancel, longest) = (start.cancel.clone(), start.context.longest_turn);
    let work = async move {
        let mut start = start;
        let commands = std::mem::take(&mut start.commands);
        let mut turn = Turn::load(start).await?;
        if !commands.is_empty() {
            if turn.complete_commands(commands).await? {
                return Ok(StopReason::PermissionRejected);
            }
            turn.reload().await?;
        }
        turn.steps().await
    };
    let ended = tokio::time::timeout(longest, work).await;
    // Whatever still runs for this turn (tools, questions) ends with it.
    let cancelled = cancel.is_cancelled();
    cancel.cancel();
    match ended {
        Ok(Ok(reason)) => Ok(reason),
        Ok(Err(Broken::Cancelled)) => Ok(StopReason::Cancelled),
        Ok(Err(Broken::Failed(_))) if cancelled => Ok(StopReason::Cancelled),
        Ok(Err(Broken::Failed(failure))) => Err(failure),
        Err(_) => Err(too_long(longest)),
    }
}

fn too_long(longest: Duration) -> Failure {
    Failure::new(
        FailureKind::ProviderStalled { phase: "turn".to_owned() },
        format!("the turn took longer than {} s", longest.as_secs()),
    )
}

impl Turn {
    pub(super) async fn load(start: Start) -> Result<Self, Broken> {
        let Start {
            shared, context, session, turn, last, prompt, cancel, set_status, joined, wishes, ..
        } = start;
        let mut context = context;
        let baseline = context.settle(&shared.store, &session).await?;
        let context = Arc::new(context);
        let (asked, overflow) = (context.asked(), context.overflow());
        let window = Window::load(&shared.store, &session, last, asked, overflow).await?;
        let thread = Thread::load(&shared.store, &session, &context).await?;
        let cache = Cache::load(&shared.store, &session).await?;
        let waiting = Waiting::new(Arc::clone(&set_status));
        let (waited, person) = (Arc::clone(&waiting), Arc::clone(&shared.person));
        let parts = GateParts {
            session: session.clone(),
            rules: context.rules.as_ref().clone(),
            ceiling: context.ceiling,
            approvals: Arc::new(StoredApprovals { store: shared.store.clone(), session: session.clone() }),
            person: Arc::clone(&shared.person),
            sandbox: context.sandbox.line(),
            headless_allows: context.headless == crate::workspace::config::HeadlessPermission::Allow,
            cancel: cancel.clone(),
            on_wait: Arc::new(move |waits| waited.on_wait(waits)),
        };
        let gate = TrustGate::new(parts, Arc::clone(&context.workspace));
        Ok(Self {
            shared,
            context,
            session,
            id: turn,
            prompt: prompt.map(|id| (id, last)),
            cancel,
            set_status,
            gate: Arc::new(gate),
            person: Arc::new(AwaitedPerson { person, waiting }),
            failures: window.live().failures,
            thread,
            cache,
            baseline,
            window,
            repeated: RepeatedCalls::default(),
            answered_at: None,
            joined,
            wishes,
        })
    }

    async fn steps(&mut self) -> Result<StopReason, Broken> {
        let mut taken = 0;
        self.prune().await?;
        self.tell_rejections().await?;
        loop {
            self.stop_if_cancelled()?;
            taken += 1;
            let last = taken >= self.context.max_steps;
            if last && taken > 1 {
                self.say_that_the_limit_is_reached().await?;
            }
            self.tell_news().await?;
            self.grant_wishes().await;
            let end = self.step(last).await?;
            if let StepEnd::Stop(StopReason::PermissionRejected) = end {
                return Ok(StopReason::PermissionRejected);
            }
            if last {
                return Ok(match end {
                    StepEnd::Stop(reason) if taken == 1 => reason,
                    _ => StopReason::MaxSteps,
                });
            }
            let steered = self.take_steering().await?;
            if let (StepEnd::Stop(reason), false) = (end, steered) {
                return Ok(reason);
            }
        }
    }

    pub(super) fn stop_if_cancelled(&self) -> Result<(), Broken> {
        if self.cancel.is_cancelled() { Err(Broken::Cancelled) } else { Ok(()) }
    }

    /// Lets prompts that want to steer join here: every call has its result. Says whether any did.
    async fn take_steering(&mut self) -> Result<bool, Broken> {
        let messages = self.shared.store.take_steering(&self.session, &self.id, inbox::from_inbox).await?;
        // They are this turn's from now on, also when it fails at the next line: whoever waits for them is answered.
        for message in messages.iter() {
            (self.joined)(message.id.clone());
        }
        for message in messages.iter() {
            // A refused snippet is told in its place: the turn goes on with the prompt that it began with.
            self.complete_commands(commands::waiting(&message.parts)).await?;
            // Images of a prompt that waited through an update are looked at first.
            let alone = history::Place::alone(message.seq);
            gallery::settle(&self.shared.store, &self.session, &alone, self.window.asked()).await?;
            if let Some((sent, contents)) =
                history::one(&self.shared.store, &self.session, message.seq).await?
            {
                self.window.push(&sent, &contents);
            }
            self.prompt = Some((message.id.clone(), message.seq));
            self.emit(Update::Message(message.clone()));
        }
        if !messages.is_empty() {
            failpoint::reach("steering.stored").await;
            inbox::show(&self.shared, &self.session).await;
        }
        Ok(!messages.is_empty())
    }

    async fn say_that_the_limit_is_reached(&mut self) -> Result<(), Broken> {
        let text = format!(
            "[agentls] The limit of {} steps for one turn is reached. Answer now without further tool calls: \
             what is done, what is open.",
            self.context.max_steps
        );
        self.add_note(text).await
    }

    pub(super) fn emit(&self, update: Update) {
        self.shared.events.emit(&self.session, Some(&self.id), update);
    }

    pub(super) fn status(&self, status: Status, detail: Option<String>, retry_at: Option<Timestamp>) {
        (self.set_status)(status, detail, retry_at);
    }
}

/// What the end of an answer without calls means for the turn.
pub(super) fn stop_reason(finish: FinishReason) -> StopReason {
    match finish {
        FinishReason::EndTurn | FinishReason::ToolCalls => StopReason::EndTurn,
        FinishReason::MaxTokens => StopReason::MaxTokens,
        FinishReason::Refusal => StopReason::Refusal,
    }
}
