//! The next request of a session: made in one place for the step that sends it and for whoever wants to see it first.
//!
//! Nothing here has an effect: the context, the window and the thread decide, so that what is shown is what is sent.
//! What leaves is checked before (invariants 5 and 6).

use super::{TurnContext, thread::Thread};
use crate::{
    context::{
        anchor::Threading,
        window::{Window, WindowError},
    },
    provider::{Envelope, Outgoing, ToolChoice},
    transcript::SessionId,
};

/// A request, and what the ledger says of it.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) outgoing: Outgoing,
    pub(super) threading: Threading,
    /// Units of conversation in it.
    pub(super) items: usize,
}

/// The next request, valid and small enough. `last` allows no further calls.
pub(super) fn next(
    context: &TurnContext,
    session: &SessionId,
    window: &Window,
    thread: &Thread,
    last: bool,
) -> Result<Next, WindowError> {
    window.check()?;
    Ok(draft(context, session, window, thread, last))
}

/// The next request as far as it stands, which may be no further than the model's own answer.
pub(super) fn draft(
    context: &TurnContext,
    session: &SessionId,
    window: &Window,
    thread: &Thread,
    last: bool,
) -> Next {
    let choice = if last { ToolChoice::None } else { ToolChoice::Auto };
    let threading = thread.plan(window);
    let outgoing = window.request(&envelope(context, session, choice), &threading);
    let items = match &threading {
        Threading::Full { .. } => window.items().len(),
        Threading::Delta { from, .. } => window.items().len() - from,
    };
    Next { outgoing, threading, items }
}

/// All of a request that is not conversation.
pub(super) fn envelope<'a>(
    context: &'a TurnContext,
    session: &'a SessionId,
    tool_choice: ToolChoice,
) -> Envelope<'a> {
    Envelope {
        model: &context.limits,
        instructions: &context.instructions,
        tools: &context.specs,
        tool_choice,
        cache_key: session.as_str(),
        previous_response_id: None,
    }
}
