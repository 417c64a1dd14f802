//! One step: a provider call with its retries, its answer stored, its tools run.

use std::time::{Duration, Instant};

use futures::StreamExt;
use tokio::time::{Instant as TokioInstant, sleep_until};

use super::{
    later, request,
    retry::Retries,
    room::{Cause, NoRoom, refused_for_size},
    run::{Broken, StepEnd, Turn, stop_reason},
    stream::{Answer, FLUSH_BYTES, Finish},
};
use crate::{
    context::{anchor::Threading, cache::Frame, render::Contents},
    failpoint,
    provider::{EventStream, Outgoing, ProviderError, ToolChoice},
    store::{Change, NewMessage, NewPart, StoreError},
    transcript::{
        Failure, FailureKind, Message, MessageId, Part, PartId, PartKind, Role, Status, Timestamp, Update,
        Usage,
    },
};

/// Streamed text reaches the store at least this often while it comes: other windows see it soon after.
pub(in crate::turn) const FLUSH_AFTER: Duration = Duration::from_millis(200);

/// … and at most this often.
const FLUSH_PAUSE: Duration = Duration::from_millis(50);

/// How often an answer that broke off after output may be continued in a new message, in a row.
pub(in crate::turn) const MOST_CONTINUATIONS: u32 = 3;

/// One provider call as the ledger will have it.
pub(super) struct Call {
    pub(super) started: Instant,
    pub(super) started_at: Timestamp,
    pub(super) request_bytes: u64,
    pub(super) input_items: u64,
    pub(super) threading: Threading,
    /// What it is asked with beside the conversation.
    pub(super) frame: Frame,
    pub(super) first_event: Option<Duration>,
    pub(super) overhead: Duration,
}

impl Call {
    /// A call that begins now; the answer before it ended at `answered_at`.
    pub(super) fn begin(
        request_bytes: usize,
        input_items: usize,
        threading: Threading,
        answered_at: Option<Instant>,
    ) -> Self {
        Self {
            threading,
            frame: Frame::default(),
            started: Instant::now(),
            started_at: Timestamp::now(),
            request_bytes: request_bytes as u64,
            input_items: input_items as u64,
            first_event: None,
            overhead: answered_at.map(|at| at.elapsed()).unwrap_or_default(),
        }
    }
}

/// Why an answer did not come to its end.
enum Cut {
    Cancelled,
    Provider(ProviderError),
    Store(StoreError),
}

impl Turn {
    /// A provider's error as the turn's: another provider's key in its words is hidden, too (invariant 13).
    pub(super) fn failure(&self, error: ProviderError) -> Failure {
        let mut failure = Failure::from(error);
        failure.message = self.context.secrets.hide(&failure.message);
        failure
    }

    /// Calls the provider, stores the answer, runs the tools it asks for. `last` allows no further calls.
    pub(super) async fn step(&mut self, last: bool) -> Result<StepEnd, Broken> {
        let (mut continuations, mut overflowed) = (0, false);
        loop {
            self.make_room().await?;
            let (message, calls, finish) = match self.answer(last).await? {
                Answered::Whole { message, calls, finish } => (message, calls, finish),
                Answered::BrokeOff(error) if continuations < MOST_CONTINUATIONS => {
                    continuations += 1;
                    tracing::info!(%error, continuations, "the answer broke off; going on in a new message");
                    continue;
                }
                Answered::BrokeOff(error) => return Err(error.into()),
                Answered::Overflowed(error) if !self.context.compaction.auto || overflowed => {
                    return Err(error.into());
                }
                Answered::Overflowed(error) => {
                    overflowed = true;
                    tracing::info!(%error, "the provider counts more than we do");
                    match self.compact(&Cause::Overflow).await {
                        Ok(_) => continue,
                        Err(NoRoom::Cancelled) => return Err(Broken::Cancelled),
                        Err(why) => return Err(refused_for_size(&self.window, why, &error).into()),
                    }
                }
            };
            if calls.is_empty() {
                self.window.push(&message.0, &message.1);
                return Ok(StepEnd::Stop(stop_reason(finish.reason)));
            }
            return self.run_tools(message.0, message.1, calls).await;
        }
    }

    /// One answer, called for again as long as nothing of it came and the policy allows.
    async fn answer(&mut self, last: bool) -> Result<Answered, Broken> {
        let mut retries = Retries::within(self.context.longest_wait);
        let mut message: Option<Message> = None;
        loop {
            let (outgoing, mut call) = self.prepare_call(last)?;
            failpoint::reach("request.sending").await;
            // The message is stored while the request is on its way.
            let (opened, stored) = tokio::join!(self.open(outgoing), self.answer_message(message.take()));
            let stored = stored?;
            let next_index = u32::try_from(stored.parts.len()).unwrap_or(u32::MAX);
            let mut answer = Answer::new(stored.id.clone(), stored.seq, next_index);
            let heard = match opened {
                Ok(stream) => self.collect(stream, &mut answer, &mut call).await,
                Err(cut) => Err(cut),
            };
            self.answered_at = Some(Instant::now());
            let error = match heard {
                Ok(finish) => {
                    return Ok(self.settle_whole(stored, &mut answer, finish, &call, retries.failed).await?);
                }
                Err(Cut::Store(error)) => {
                    let failure = Failure::from(error);
                    self.settle_cut(stored, &mut answer, &call, retries.failed, failure.clone()).await?;
                    return Err(failure.into());
                }
                Err(Cut::Cancelled) => {
                    let failure = Failure::new(FailureKind::Interrupted, "stopped");
                    self.settle_cut(stored, &mut answer, &call, retries.failed, failure).await?;
                    return Err(Broken::Cancelled);
                }
                Err(Cut::Provider(error)) => error,
            };
            if answer.has_begun() {
                let failure = self.failure(error.clone());
                self.settle_cut(stored, &mut answer, &call, retries.failed, failure.clone()).await?;
                return if error.retryable() { Ok(Answered::BrokeOff(failure)) } else { Err(failure.into()) };
            }
            if let Some(changes) = self.thread.refused(&call, &error) {
                tracing::info!(%error, "the response cannot be continued; sending everything");
                self.shared.store.apply(&self.session, changes).await?;
                retries.failed += 1;
                message = Some(stored);
                continue;
            }
            let Some(wait) = retries.next(&error, random()) else {
                let overflow = matches!(error, ProviderError::Overflow(_));
                let failure = self.failure(error);
                self.settle_cut(stored, &mut answer, &call, retries.failed - 1, failure.clone()).await?;
                return if overflow { Ok(Answered::Overflowed(failure)) } else { Err(failure.into()) };
            };
            message = Some(stored);
            self.wait_to_retry(&error, wait, message.as_ref(), &call, retries.failed).await?;
        }
    }

    /// Sends a request, unless the turn is stopped before the answer begins.
    async fn open(&self, outgoing: Outgoing) -> Result<EventStream, Cut> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Cut::Cancelled),
            stream = self.context.provider.open(outgoing, self.context.deadlines) => stream.map_err(Cut::Provider),
        }
    }

    /// The request of this step, and its line of the ledger as far as it is known.
    fn prepare_call(&self, last: bool) -> Result<(Outgoing, Call), Broken> {
        let next = request::next(&self.context, &self.session, &self.window, &self.thread, last)?;
        let frame = self.frame(&self.context, if last { ToolChoice::None } else { ToolChoice::Auto });
        let call = Call::begin(next.outgoing.body.len(), next.items, next.threading, self.answered_at);
        Ok((next.outgoing, Call { frame, ..call }))
    }

    /// The assistant message that the answer is written to: the one of the failed attempt, or a new one.
    async fn answer_message(&self, earlier: Option<Message>) -> Result<Message, StoreError> {
        if let Some(message) = earlier {
            return Ok(message);
        }
        let id = MessageId::random();
        let start =
            Part { id: PartId::random(), message_id: id.clone(), index: 0, kind: PartKind::StepStart };
        let new = NewMessage {
            id,
            role: Role::Assistant,
            parent_id: self.prompt.as_ref().map(|(id, _)| id.clone()),
            turn: self.id.clone(),
            agent: self.context.agent.clone(),
            model: self.context.model.clone(),
            complete: false,
            parts: vec![NewPart::from(start)],
        };
        let message = self.shared.store.add_message(&self.session, new).await?.into_inner();
        failpoint::reach("message.stored").await;
        self.emit(Update::Message(message.clone()));
        Ok(message)
    }

    /// Takes in the stream to its end. What comes is shown at once and stored in time.
    async fn collect(
        &self,
        mut stream: EventStream,
        answer: &mut Answer,
        call: &mut Call,
    ) -> Result<Finish, Cut> {
        let (mut flushed, mut flushes) = (TokioInstant::now(), 0_u32);
        loop {
            let due =
                if answer.unstored() >= FLUSH_BYTES { flushed + FLUSH_PAUSE } else { flushed + FLUSH_AFTER };
            if answer.unstored() > 0 && TokioInstant::now() >= due {
                flushed = TokioInstant::now();
                self.shared.store.apply(&self.session, answer.flush()).await.map_err(Cut::Store)?;
                flushes = flushes.saturating_add(1);
                if flushes == 1 {
                    failpoint::reach("output.stored").await;
                } else {
                    failpoint::reach("chunk.stored").await;
                }
            }
            let event = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(Cut::Cancelled),
                event = stream.next() => event,
                () = sleep_until(due), if answer.unstored() > 0 => continue,
            };
            match event {
                Some(Ok(event)) => {
                    call.first_event.get_or_insert_with(|| call.started.elapsed());
                    if let Some(update) = answer.take(event) {
                        self.emit(update);
                    }
                    if let Some(finish) = answer.finish.take() {
                        return Ok(finish);
                    }
                }
                Some(Err(error)) => return Err(Cut::Provider(error)),
                None => {
                    let message = "the answer ended before it was complete".to_owned();
                    return Err(Cut::Provider(ProviderError::Unavailable { message, retry_after: None }));
                }
            }
        }
    }

    async fn wait_to_retry(
        &self,
        error: &ProviderError,
        wait: Duration,
        message: Option<&Message>,
        call: &Call,
        failed: u32,
    ) -> Result<(), Broken> {
        tracing::info!(%error, ?wait, "calling the provider again later");
        self.status(Status::Retrying, Some(error.to_string()), Some(later(Timestamp::now(), wait)));
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => {}
            () = tokio::time::sleep(wait) => {
                self.status(Status::Running, None, None);
                return Ok(());
            }
        }
        if let Some(message) = message {
            let failure =
                Failure::new(FailureKind::Interrupted, format!("stopped while waiting to retry: {error}"));
            let changes = vec![
                Change::Completed {
                    message: message.id.clone(),
                    at: Timestamp::now(),
                    finish: None,
                    error: Some(failure.clone()),
                    usage: None,
                    response: None,
                },
                Change::Step(self.ledger(
                    &message.id,
                    call,
                    failed - 1,
                    Usage::default(),
                    failure.kind.name(),
                )),
            ];
            self.shared.store.apply(&self.session, changes).await?;
        }
        Err(Broken::Cancelled)
    }
}

/// What came of one call of the provider.
pub(super) enum Answered {
    /// All of it.
    Whole { message: Box<(Message, Contents)>, calls: Vec<PartId>, finish: Finish },
    /// A part of it; it is stored, and a further call may continue it.
    BrokeOff(Failure),
    /// Nothing: the provider says that the request is too large.
    Overflowed(Failure),
}

/// Any number, to spread those who retry at the same time.
pub(super) fn random() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => 0,
    }
}
