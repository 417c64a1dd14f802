//! `question`: asks the person, and waits for the answers.

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Output, Tool, ToolContext, ToolError, params, place::cancelled};
use crate::{
    permission::{Question, Unanswered},
    provider::ToolSpec,
};

/// Questions in one call.
pub(in crate::tool) const MAX_QUESTIONS: usize = 10;

#[derive(Debug, Deserialize, JsonSchema)]
struct Params {
    /// Questions, each with answers to choose from; free text is always possible.
    questions: Vec<Question>,
}

/// The tool.
#[derive(Clone, Copy, Debug)]
pub struct AskPerson;

impl Tool for AskPerson {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            "question",
            "Asks the person when a decision is theirs. Not for permissions: tools ask for those themselves.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let Params { questions } = params::read(input)?;
            let blank = questions.iter().any(|question| question.question.trim().is_empty());
            if questions.is_empty() || questions.len() > MAX_QUESTIONS || blank {
                let text =
                    format!("`questions` must hold 1 to {MAX_QUESTIONS} questions, none of them empty");
                return Err(ToolError::Parameter(text));
            }
            let asking = context.person.questions(&context.session, questions.clone());
            let answers = tokio::select! {
                biased;
                () = context.cancel.cancelled() => return Err(cancelled()),
                answers = asking => answers,
            };
            let mut answers = match answers {
                Ok(answers) => answers.into_iter(),
                Err(why @ Unanswered::Nobody) => {
                    return Err(ToolError::Failed(format!("{why}; decide yourself and say so")));
                }
                Err(why @ Unanswered::Unreadable) => {
                    return Err(ToolError::Failed(format!(
                        "{why}; ask again, one question, or in your answer"
                    )));
                }
            };
            let pairs = questions.iter().map(|question| {
                let answer = answers.next().unwrap_or_else(|| "(no answer)".to_owned());
                format!("{}\n→ {answer}", question.question)
            });
            let text = pairs.collect::<Vec<_>>().join("\n\n");
            let title = match questions.as_slice() {
                [only] => only.question.clone(),
                several => format!("{} questions", several.len()),
            };
            Ok(Output { title, text, ..Output::default() })
        })
    }
}

#[cfg(test)]
mod tests;
