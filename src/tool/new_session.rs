//! `newSession`: proposes to go on in a fresh session that begins with a hand-over note. The person decides.

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Output, Tool, ToolContext, ToolError, params, place::cancelled};
use crate::{
    permission::Question,
    provider::ToolSpec,
    transcript::{SessionId, text},
};

/// The tool's name.
const NAME: &str = "newSession";

/// The longest title, in bytes.
pub(in crate::tool) const LONGEST_TITLE: usize = 200;

/// The longest note, in bytes.
pub(in crate::tool) const LONGEST_NOTE: usize = 64 * 1024;

/// The answers that the person chooses from.
const START: &str = "Start it now";
const MAKE: &str = "Make it, do not start";
const NO: &str = "No";

/// Makes sessions. Implemented above, where they are known.
pub trait Sessions: Send + Sync {
    /// Makes a session that begins with the note: a child of `parent` with its directory, agent and model. When this
    /// resolves, session and note are stored. Fails with a sentence for the model.
    fn hand_over<'a>(
        &'a self,
        parent: &'a SessionId,
        handover: Handover,
    ) -> BoxFuture<'a, Result<SessionId, String>>;
}

/// A session to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Its title.
    pub title: String,
    /// Its first user message.
    pub note: String,
    /// Whether the note is answered at once, or with the person's first prompt.
    pub start: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Params {
    /// What the new session is about: a few words.
    title: String,
    /// All that whoever goes on there has to know: the aim, what is done, what is open, files and decisions that matter.
    note: String,
}

/// The tool.
#[derive(Clone, Copy, Debug)]
pub struct ProposeSession;

impl Tool for ProposeSession {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            NAME,
            "Proposes to go on in a fresh session that begins with your hand-over note, where a task is done or the \
             context is nearly full. The person decides.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let Params { title, note } = params::read(input)?;
            let title = checked("title", title.trim(), LONGEST_TITLE)?;
            let note = checked("note", note.trim(), LONGEST_NOTE)?;
            if context.gate.denies(NAME, &title) {
                return Err(ToolError::Failed("a rule denies new sessions; go on here".to_owned()));
            }
            let start = match decision(&context, &title, &note).await? {
                Decision::Start => true,
                Decision::Make => false,
                Decision::No => return Ok(declined(&title, "The person wants to go on here.")),
                Decision::Other(words) => {
                    return Ok(declined(&title, &format!("No session was made. The person says: {words}")));
                }
            };
            let handover = Handover { title: title.clone(), note, start };
            let made = context.sessions.hand_over(&context.session, handover).await;
            let id = made.map_err(ToolError::Failed)?;
            let what =
                if start { "and is being worked on" } else { "and waits for the person's first prompt" };
            let text = format!(
                "The session {id} is made {what}; it begins with your note. Nothing more is to be done here: say so in \
                 a sentence."
            );
            Ok(Output { title: format!("new session: {title}"), text, ..Output::default() })
        })
    }
}

/// What the person said.
enum Decision {
    Start,
    Make,
    No,
    /// Words of their own.
    Other(String),
}

async fn decision(context: &ToolContext, title: &str, note: &str) -> Result<Decision, ToolError> {
    let question = Question {
        question: format!("Go on in a new session, “{title}”? It would begin with this note:\n\n{note}"),
        options: [START, MAKE, NO].map(str::to_owned).to_vec(),
    };
    let asking = context.person.questions(&context.session, vec![question]);
    let answers = tokio::select! {
        biased;
        () = context.cancel.cancelled() => return Err(cancelled()),
        answers = asking => answers,
    };
    let answers = answers
        .map_err(|why| ToolError::Failed(format!("{why}; no new session was decided on, so go on here")))?;
    let answer = answers.into_iter().next().unwrap_or_default();
    let is = |option: &str| answer.trim().eq_ignore_ascii_case(option);
    Ok(match answer.trim() {
        _ if is(START) => Decision::Start,
        _ if is(MAKE) => Decision::Make,
        _ if is(NO) || is("") => Decision::No,
        words => Decision::Other(words.to_owned()),
    })
}

fn declined(title: &str, text: &str) -> Output {
    Output { title: format!("not made: {title}"), text: text.to_owned(), ..Output::default() }
}

fn checked(name: &str, given: &str, longest: usize) -> Result<String, ToolError> {
    match given.len() {
        0 => Err(ToolError::Parameter(format!("`{name}` must not be empty"))),
        size if size > longest => {
            let begins = text::ellipsis(given, 40);
            Err(ToolError::Parameter(format!("`{name}` has {size} bytes, at most {longest}: “{begins}”")))
        }
        _ => Ok(given.to_owned()),
    }
}

#[cfg(test)]
mod tests;
