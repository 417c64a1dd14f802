//! Calls for a summary: which requests it takes, and what came back.
//!
//! The first request is the window as it was sent last with an instruction behind it, so that the provider's cache
//! holds; where that does not fit, outputs stand as evidence, and where that does not either, the history is
//! summarised piece by piece. Nothing is left out.

use std::sync::Arc;

use futures::StreamExt;

use super::{
    TurnContext,
    cache::Figures,
    request,
    retry::Retries,
    room::Cause,
    run::Turn,
    step::{Call, random},
};
use crate::{
    context::{
        anchor::Threading,
        compaction::{self, Flaw, Plan},
        item::Item,
        window::{self, Window},
    },
    provider::{BlockKind, Event, ProviderError, ToolChoice},
    store::{Change, Step},
    transcript::{CacheMiss, Failure, MessageId, Seq, Status, Usage, text},
};

/// How often one call is made again when the provider does not answer.
pub(in crate::turn) const MOST_CALLS: u32 = 3;

/// A summary, not yet committed.
pub(super) struct Written {
    /// The message that it will be.
    pub(super) message: MessageId,
    /// It.
    pub(super) text: String,
    /// What all calls for it consumed.
    pub(super) usage: Usage,
    /// The last call's line of the ledger.
    pub(super) step: Step,
}

/// Why there is no summary.
pub(super) enum Unwritten {
    /// The answer was of no use.
    Flawed(Flaw, Box<Step>),
    /// No answer came.
    Failed(Failure),
    /// Somebody stopped it.
    Cancelled,
}

impl<E: Into<Failure>> From<E> for Unwritten {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Who summarises: the model of the turn, or the one before it when its window is larger.
struct Summariser<'a> {
    context: &'a TurnContext,
    window: &'a Window,
}

/// An answer.
struct Heard {
    text: String,
    usage: Usage,
    /// Whether the provider says what its cache held.
    cache_told: bool,
}

impl Turn {
    /// Asks for a summary. `flaw` is what was wrong with an earlier answer.
    pub(super) async fn write_summary(
        &self,
        cause: &Cause,
        plan: &Plan,
        flaw: Option<&Flaw>,
    ) -> Result<Written, Unwritten> {
        let earlier = self.earlier_model().await?;
        let by = match &earlier {
            Some((context, window)) => Summariser { context, window },
            None => Summariser { context: &self.context, window: &self.window },
        };
        let wish = match cause {
            Cause::Person(wish) => wish.as_deref(),
            Cause::Overflow => None,
        };
        let instruction = compaction::instruction(plan.summary, wish, flaw);
        let pieces = self.pieces(&by, plan, &instruction, flaw).await?;
        let message = MessageId::random();
        let (mut summary, mut usage) = (None::<String>, Usage::default());
        let count = pieces.len();
        for (index, mut items) in pieces.into_iter().enumerate() {
            let asked = by.window.asked();
            if count > 1 {
                items.insert(0, Item::loose(asked, &compaction::part_note(summary.as_deref())));
            }
            items.push(Item::loose(asked, &instruction));
            let choice = if flaw.is_none() { ToolChoice::Auto } else { ToolChoice::None };
            let (heard, step) = self.ask(&by, &message, &items, choice, plan.summary).await?;
            usage += heard.usage;
            match compaction::check(&heard.text, plan.summary) {
                Ok(text) if index + 1 == count => return Ok(Written { message, text, usage, step }),
                Ok(text) => summary = Some(text),
                Err(flaw) => {
                    let step = Step { finish: "compactionFailed".to_owned(), ..step };
                    return Err(Unwritten::Flawed(flaw, Box::new(step)));
                }
            }
            self.shared.store.apply(&self.session, vec![Change::Step(step)]).await?;
        }
        Err(Failure::internal("a summary of nothing").into())
    }

    /// The model that the session was answered by before, when its window is larger than that of the present one: it
    /// has read all this, and it has room for it.
    async fn earlier_model(&self) -> Result<Option<(TurnContext, Window)>, Failure> {
        let Some(counted) = self.window.live().counted.as_ref() else { return Ok(None) };
        let model = counted.model.clone();
        if model == self.context.model {
            return Ok(None);
        }
        let row = self.shared.store.session(&self.session).await?;
        let (prepare, agent, wanted) =
            (Arc::clone(&self.shared.prepare), self.context.agent.clone(), model.clone());
        let prepared = tokio::task::spawn_blocking(move || prepare.prepare(&row, &agent, &wanted)).await;
        let Ok(Ok(context)) = prepared else { return Ok(None) };
        if context.model != model || context.limits.context <= self.context.limits.context {
            return Ok(None);
        }
        let (asked, overflow) = (context.asked(), context.overflow());
        let last = self.window.last_seq();
        let window = Window::load(&self.shared.store, &self.session, last, asked, overflow).await?;
        Ok(Some((context, window)))
    }

    /// The conversation in as many requests as it takes.
    async fn pieces(
        &self,
        by: &Summariser<'_>,
        plan: &Plan,
        instruction: &str,
        flaw: Option<&Flaw>,
    ) -> Result<Vec<Vec<Item>>, Unwritten> {
        let ratio = by.window.calibration();
        let answer = ratio.apply(text::estimate_tokens(instruction.len() as u64)) + plan.summary * 2;
        let room = by.window.budget().room;
        let overflowed = matches!(flaw, Some(Flaw::Overflow(_)));
        if !overflowed && by.window.used() + answer <= room {
            return Ok(vec![by.window.items().to_vec()]);
        }
        let evidence = by.window.as_evidence(&self.shared.store, &self.session).await?;
        if !overflowed && evidence.used() + answer <= room {
            return Ok(vec![evidence.items().to_vec()]);
        }
        // A provider that counts more than we do gets half.
        let room = if overflowed { room / 2 } else { room };
        let frame = ratio.apply(text::estimate_tokens(by.window.asked().frame_bytes));
        let piece = ratio.undo(room.saturating_sub(frame + answer + plan.summary * 2));
        let chunks = compaction::chunks(evidence.items(), piece).filter(|_| piece > 0);
        let Some(chunks) = chunks else {
            let (need, have) = (evidence.used(), room);
            let kind = crate::transcript::FailureKind::ContextFloor { need, have };
            let words = format!("the history needs {need} tokens; the model reads {have} at once");
            return Err(Failure::new(kind, words).into());
        };
        Ok(chunks.into_iter().map(|chunk| shortened(by.window, chunk, piece)).collect())
    }

    /// One call, made again a few times when the provider does not answer.
    async fn ask(
        &self,
        by: &Summariser<'_>,
        message: &MessageId,
        items: &[Item],
        tool_choice: ToolChoice,
        tokens: u64,
    ) -> Result<(Heard, Step), Unwritten> {
        let context = by.context;
        let envelope = request::envelope(context, &self.session, tool_choice);
        let outgoing = window::compose(&*context.provider, &envelope, items).map_err(|violation| {
            Failure::internal(format!("an invalid request was not sent: {violation}"))
        })?;
        let threading = Threading::Full { reason: "compaction".to_owned() };
        let call = Call::begin(outgoing.body.len(), items.len(), threading, None);
        let mut call = Call { frame: self.frame(context, tool_choice), ..call };
        let mut retries = Retries::within(context.longest_wait);
        loop {
            let heard = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(Unwritten::Cancelled),
                heard = listen(context, outgoing.clone(), tokens, &mut call) => heard,
            };
            let error = match heard {
                Ok(mut heard) => {
                    heard.usage.cost_usd = context.limits.cost.of(&heard.usage);
                    let step =
                        self.summary_step(context, message, &call, retries.failed, heard.usage, "compaction");
                    let figures =
                        Figures { usage: &heard.usage, told: heard.cache_told, retries: retries.failed };
                    let reshaped = self.reshaped_for(by, items);
                    let cache_miss = self.cache_miss(context, &call, &figures, reshaped);
                    return Ok((heard, Step { cache_miss, ..step }));
                }
                Err(error) => error,
            };
            let flaw = match &error {
                ProviderError::Overflow(words) => Some(Flaw::Overflow(words.clone())),
                ProviderError::Rejected { message, .. } => Some(Flaw::Refused(message.clone())),
                _ => None,
            };
            if let Some(flaw) = flaw {
                let usage = Usage::default();
                let step =
                    self.summary_step(context, message, &call, retries.failed, usage, "compactionFailed");
                return Err(Unwritten::Flawed(flaw, Box::new(step)));
            }
            let wait = retries.next(&error, random()).filter(|_| retries.failed < MOST_CALLS);
            let Some(wait) = wait else { return Err(self.failure(error).into()) };
            tracing::info!(%error, ?wait, "asking for a summary again later");
            self.status(Status::Compacting, Some(error.to_string()), None);
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(Unwritten::Cancelled),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// A request that does not begin as the one before did begins so for the compaction's sake.
    fn reshaped_for(&self, by: &Summariser<'_>, items: &[Item]) -> (Seq, CacheMiss) {
        let sent = by.window.items();
        let same = items
            .get(..sent.len())
            .is_some_and(|items| items.iter().zip(sent).all(|(item, sent)| item.encoded == sent.encoded));
        if same { self.reshaped() } else { (Seq(i64::MAX), CacheMiss::Compaction) }
    }

    fn summary_step(
        &self,
        context: &TurnContext,
        message: &MessageId,
        call: &Call,
        retries: u32,
        usage: Usage,
        finish: &str,
    ) -> Step {
        Step { model: context.model.clone(), ..self.ledger(message, call, retries, usage, finish.to_owned()) }
    }
}

/// A piece of a history; a single message that is too large for a request is cut.
fn shortened(window: &Window, chunk: &[Item], room: u64) -> Vec<Item> {
    let size: u64 = chunk.iter().map(|item| item.tokens).sum();
    if size <= room {
        return chunk.to_vec();
    }
    let bytes: Vec<u8> = chunk.iter().flat_map(|item| item.encoded.to_vec()).collect();
    let whole = String::from_utf8_lossy(&bytes);
    let half = usize::try_from(room).unwrap_or(usize::MAX);
    let words = format!(
        "[agentls] A message too large to be shown whole, as it was sent; its beginning:\n{}\n… and its end:\n{}",
        text::head(&whole, half),
        text::tail(&whole, half)
    );
    let seq = chunk.first().map_or(Seq(0), |item| item.seq);
    vec![Item { seq, ..Item::loose(window.asked(), &words) }]
}

/// The visible text of an answer, at most four times what was asked for: what comes beyond is not waited for.
async fn listen(
    context: &TurnContext,
    outgoing: crate::provider::Outgoing,
    tokens: u64,
    call: &mut Call,
) -> Result<Heard, ProviderError> {
    let most = usize::try_from(tokens.saturating_mul(16)).unwrap_or(usize::MAX);
    let mut stream = context.provider.open(outgoing, context.deadlines).await?;
    let mut heard = Heard { text: String::new(), usage: Usage::default(), cache_told: false };
    let mut visible = Vec::new();
    while let Some(event) = stream.next().await {
        call.first_event.get_or_insert_with(|| call.started.elapsed());
        match event? {
            Event::Open { block, kind: BlockKind::Text } => visible.push(block),
            Event::Delta { block, text } if visible.contains(&block) => heard.text.push_str(&text),
            Event::Finish { usage, cache_told, .. } => {
                (heard.usage, heard.cache_told) = (usage, cache_told);
                return Ok(heard);
            }
            _ => {}
        }
        if heard.text.len() > most {
            return Ok(heard);
        }
    }
    let message = "the summary ended before it was complete".to_owned();
    Err(ProviderError::Unavailable { message, retry_after: None })
}
