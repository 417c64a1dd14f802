//! The next request of a session, shown before it is sent.
//!
//! Made from the stored history by the functions that a turn uses; nothing is written and no lease is taken.

use super::Desk;
use crate::{
    context::{
        anchor::Threading,
        compaction, fragments,
        render::Contents,
        validate::{Shape, Violation},
        window::{Window, WindowError},
    },
    provider::Outgoing,
    transcript::{CacheMiss, Failure, Message, MessageId, Role, Seq, SessionId},
    turn::{
        TurnContext,
        cache::Cache,
        changes,
        inbox::{AcceptedPart, from_inbox, to_inbox},
        request,
        room::{self, NoRoom, lack_of_room},
        thread::Thread,
    },
};

/// A request that was not sent.
#[derive(Clone, Debug)]
pub struct Preview {
    /// It, without secrets.
    pub outgoing: Outgoing,
    /// Size of its body as it is sent.
    pub bytes: u64,
    /// How it reaches the provider.
    pub threading: Threading,
    /// What the model is to read, and what of it the provider has read before.
    pub forecast: Forecast,
    /// What has to happen before, after which the request is another.
    pub first: Option<First>,
    /// What else keeps it from being sent as it is.
    pub notes: Vec<String>,
}

/// What the provider may find in its cache: what was sent before unchanged, unless the ledger says why it will not be
/// there. Judged as the ledger will judge the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Units of conversation that the model reads, continued ones included.
    pub items: u64,
    /// Tokens of the whole.
    pub tokens: u64,
    /// Units that were sent before.
    pub cached_items: u64,
    /// Tokens up to there, instructions and tools included.
    pub cached_tokens: u64,
    /// Why none of it will be found.
    pub miss: Option<CacheMiss>,
}

/// What a turn does before it sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// Old outputs become evidence.
    Prune,
    /// The history is summarised.
    Compaction,
    /// The window moves on: the beginning of the history is left out.
    Window,
}

impl Desk {
    /// The request that would go out next: the history as it stands, with a prompt of these parts behind it if there
    /// are any. Fails as the turn would, where no request could be made at all.
    pub async fn preview(&self, session: &SessionId, prompt: &[AcceptedPart]) -> Result<Preview, Failure> {
        let store = &self.shared.store;
        let (context, baseline) = self.frozen_context(session).await?;
        let last = store.live(session).await?.last;
        let (asked, overflow) = (context.asked(), context.overflow());
        let mut window = Window::look(store, session, last, asked, overflow, &mut |_, _, _| {}).await?;
        if !prompt.is_empty() {
            window.push(&message(session, Seq(last.0 + 1), prompt), &Contents::default());
        }
        // Without anything to answer a prompt comes first.
        let mut news = Vec::new();
        if is_to_be_answered(&window) {
            news.extend(changes::rejections(store, session).await?);
            let now = context.look().await;
            news.extend(now.map(|now| fragments::news(&baseline.told, &now)).unwrap_or_default());
        }
        for (note, seq) in news.into_iter().zip(last.0 + 2..) {
            window.push(&message(session, Seq(seq), &[AcceptedPart::Text(note)]), &Contents::default());
        }
        let first = first(&context, &window)?;
        let mut notes = self.obstacles(session).await?;
        match window.check() {
            Ok(()) => {}
            Err(WindowError::TooLarge { .. }) if first.is_some() => {}
            Err(WindowError::Invalid(Violation::Ending | Violation::Empty)) => {
                notes.push("nothing waits for an answer: a prompt comes behind this".to_owned());
            }
            Err(error) => return Err(error.into()),
        }
        let thread = Thread::load(store, session, &context).await?;
        let miss = Cache::load(store, session).await?.foresee(&context, &thread, window.live());
        let next = request::draft(&context, session, &window, &thread, context.max_steps <= 1);
        Ok(Preview {
            bytes: next.outgoing.body.len() as u64,
            outgoing: context.provider.shown(&context.limits, &next.outgoing),
            forecast: forecast(&window, miss),
            threading: next.threading,
            first,
            notes,
        })
    }

    /// How the next request of this window would reach the provider.
    pub async fn threading(
        &self,
        session: &SessionId,
        context: &TurnContext,
        window: &Window,
    ) -> Result<Threading, Failure> {
        Ok(Thread::load(&self.shared.store, session, context).await?.plan(window))
    }

    /// What comes before any request that is asked for now.
    async fn obstacles(&self, session: &SessionId) -> Result<Vec<String>, Failure> {
        let mut notes = Vec::new();
        if self.shared.store.session(session).await?.owner.is_some() {
            notes.push(
                "a turn is running: what its tools and its model have not said yet is missing".to_owned(),
            );
        }
        let waiting = self.shared.store.waiting_prompts(session).await?.len();
        if waiting > 0 {
            notes.push(format!("prompts that wait and are answered before: {waiting}"));
        }
        Ok(notes)
    }
}

/// Whether somebody but the model spoke last.
fn is_to_be_answered(window: &Window) -> bool {
    window.items().last().is_some_and(|item| !matches!(item.shape, Shape::Assistant(_)))
}

/// The message that a prompt would become.
fn message(session: &SessionId, seq: Seq, prompt: &[AcceptedPart]) -> Message {
    let id = MessageId::random();
    let parts = from_inbox(&to_inbox(prompt), &id).into_iter().flatten().map(|new| new.part).collect();
    Message::draft(id, session.clone(), seq, Role::User, parts)
}

/// What the turn would do before it sends anything; why it would fail, if it would.
fn first(context: &TurnContext, window: &Window) -> Result<Option<First>, Failure> {
    let (how, budget) = (context.compaction, window.budget());
    if how.prune && window.prunable(how.protect_tokens).is_some() {
        return Ok(Some(First::Prune));
    }
    if window.used() <= budget.usable {
        return Ok(None);
    }
    if !how.auto {
        return Ok(window.stride().map(|_| First::Window));
    }
    if window.live().failures >= compaction::MOST_FAILURES {
        return Err(lack_of_room(window, NoRoom::Stuck));
    }
    match room::plan(window, how.keep_tokens) {
        Ok(_) => Ok(Some(First::Compaction)),
        Err(NoRoom::Nothing) if window.used() <= budget.room => Ok(None),
        Err(why) => Err(lack_of_room(window, why)),
    }
}

fn forecast(window: &Window, miss: Option<CacheMiss>) -> Forecast {
    let (cached_items, cached_tokens) = if miss.is_some() { (0, 0) } else { window.sent_before() };
    let tokens = window.used();
    Forecast {
        items: window.items().len() as u64,
        tokens,
        cached_items: cached_items as u64,
        cached_tokens: cached_tokens.min(tokens),
        miss,
    }
}
