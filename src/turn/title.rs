//! Names for sessions: at once from the first prompt, later by a small model where one is configured.

use futures::StreamExt;

use super::{Shared, TurnContext};
use crate::{
    provider::{BlockKind, Content, Entry, Envelope, Event, ToolChoice},
    store::{Step, TitleBy},
    transcript::{Message, SessionId, Timestamp, Update, text},
    turn::events,
};

/// The longest title in bytes.
pub(in crate::turn) const LONGEST: usize = 80;

/// How much of the first prompt the small model reads, in bytes.
pub(in crate::turn) const READ: usize = 4_000;

const INSTRUCTIONS: &str = "Name the conversation that begins with the user's message: at most eight words, in the \
user's language, no quotation marks, no full stop. Answer with the name only.";

/// The first line of a prompt that says something.
pub(super) fn from_prompt(message: &Message) -> Option<String> {
    let said = message.words();
    let line = said.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(text::ellipsis(line, LONGEST))
}

/// Names an unnamed session after its first prompt.
pub(super) async fn set_from_prompt(shared: &Shared, session: &SessionId, message: &Message) {
    if let Some(title) = from_prompt(message) {
        set(shared, session, title, TitleBy::Prompt).await;
    }
}

async fn set(shared: &Shared, session: &SessionId, title: String, by: TitleBy) {
    match shared.store.set_title(session, title.clone(), by).await {
        Ok(changed) if *changed => {
            shared.follower.knows_title(session, &title).await;
            shared.events.emit(session, None, Update::Title(title));
            shared.events.changed(session, events::Change::Updated);
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the title was not stored"),
    }
}

/// Asks the small model for a better name, for as long as a turn may take. A failure leaves the name as it is.
pub(super) async fn improve(shared: &Shared, context: &TurnContext, session: &SessionId, message: &Message) {
    let asked = ask(shared, context, session, message);
    if tokio::time::timeout(context.longest_turn, asked).await.is_err() {
        tracing::info!("no title from the small model in time");
    }
}

async fn ask(shared: &Shared, context: &TurnContext, session: &SessionId, message: &Message) {
    let Some((reference, model, provider)) = &context.titles else { return };
    let started_at = Timestamp::now();
    let entry = Entry::User(vec![Content::Text(text::head(&message.words(), READ).to_owned())]);
    let envelope = Envelope {
        model,
        instructions: INSTRUCTIONS,
        tools: &[],
        tool_choice: ToolChoice::None,
        cache_key: "agentls-title",
        previous_response_id: None,
    };
    let outgoing = provider.request(&envelope, &[provider.encode(model, &entry)], &[]);
    let request_bytes = outgoing.body.len() as u64;
    let mut stream = match provider.open(outgoing, context.deadlines).await {
        Ok(stream) => stream,
        Err(error) => return tracing::info!(%error, "no title from the small model"),
    };
    let (mut answer, mut visible, mut first_event_ms) = (String::new(), None, None);
    while let Some(event) = stream.next().await {
        first_event_ms.get_or_insert_with(|| Timestamp::now().since(started_at));
        match event {
            Ok(Event::Open { block, kind: BlockKind::Text }) => visible = Some(block),
            Ok(Event::Delta { block, text }) if Some(block) == visible && answer.len() < READ => {
                answer.push_str(&text);
            }
            Ok(Event::Finish { mut usage, .. }) => {
                usage.cost_usd = model.cost.of(&usage);
                let step = Step {
                    seq: 0,
                    message_id: message.id.clone(),
                    started_at,
                    model: reference.clone(),
                    request_bytes,
                    input_items: 1,
                    threading: "full".to_owned(),
                    threading_reason: "title".to_owned(),
                    usage,
                    cache_miss: None,
                    frame: String::new(),
                    first_event_ms,
                    duration_ms: Timestamp::now().since(started_at),
                    retries: 0,
                    overhead_us: 0,
                    finish: "title".to_owned(),
                };
                if let Err(error) = shared.store.add_step(session, step).await {
                    tracing::warn!(%error, "the title's ledger row was not stored");
                }
            }
            Ok(_) => {}
            Err(error) => return tracing::info!(%error, "no title from the small model"),
        }
    }
    let answer = context.secrets.hide(&answer);
    let title = text::ellipsis(text::first_line(answer.trim()).trim_matches(['"', '.', ' ']), LONGEST);
    if !title.is_empty() {
        set(shared, session, title, TitleBy::Model).await;
    }
}
