//! The person behind the client, asked through requests of ours, or through a message with buttons where the client
//! does not know them. Nobody is asked whom the client does not speak for.

use futures::future::{BoxFuture, OptionFuture};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    client::Declared,
    dialog,
    updates::{AskQuestion, QuestionAnswers},
};
use crate::{
    permission::{Answers, PermissionAnswer, PermissionQuestion, Person, Question, Unanswered},
    transcript::{SessionId, text},
    wire::calls::Calls,
};

/// The method that asks for permission.
pub const REQUEST_PERMISSION: &str = "session/requestPermission";

/// The method that asks questions.
pub const ASK_QUESTION: &str = "session/askQuestion";

/// What the log shows of what a client chose, in bytes.
pub(in crate::face) const LONGEST_LOGGED: usize = 100;

/// The person behind the client.
pub struct RemotePerson {
    calls: Calls,
    client: Declared,
}

impl RemotePerson {
    /// Asked through `calls`, as far as `client` can.
    pub fn new(calls: Calls, client: Declared) -> Self {
        Self { calls, client }
    }

    /// Asks the client; `check` says what is wrong with an answer that can be read as one.
    async fn ask<A: DeserializeOwned>(
        &self,
        method: &str,
        params: &impl Serialize,
        check: impl FnOnce(&A) -> Option<String>,
    ) -> Result<A, Unanswered> {
        let answer = self.calls.ask(method, params).await.map_err(|problem| {
            tracing::warn!(method, %problem, "the client did not answer");
            Unanswered::Nobody
        })?;
        let read = serde_json::from_value::<A>(answer).map_err(|problem| problem.to_string());
        let checked = read.and_then(|answer| check(&answer).map_or(Ok(answer), Err));
        checked.map_err(|problem| {
            tracing::warn!(method, %problem, "the client's answer makes no sense");
            Unanswered::Unreadable
        })
    }
}

/// What is wrong with an answer that names none of the options.
fn unoffered(question: &PermissionQuestion, answer: &PermissionAnswer) -> Option<String> {
    let chosen = &answer.option_id;
    let offered = question.options.iter().any(|option| option.id == *chosen);
    (!offered).then(|| format!("the option `{}` was not offered", text::ellipsis(chosen, LONGEST_LOGGED)))
}

/// What is wrong with answers that are not one for each question.
fn miscounted(questions: &[Question], answers: &[String]) -> Option<String> {
    let (asked, given) = (questions.len(), answers.len());
    (asked != given).then(|| format!("{given} answers to {asked} questions"))
}

impl Person for RemotePerson {
    fn permission(&self, question: PermissionQuestion) -> BoxFuture<'_, Option<PermissionAnswer>> {
        Box::pin(async move {
            let client = self.client.get();
            if !client.permission {
                // A plain language client has a person before it if it can show buttons.
                let asking = client.show_message_actions.then(|| dialog::permission(&self.calls, &question));
                return OptionFuture::from(asking).await;
            }
            // Somebody is there: an error, nonsense, an option that was not offered refuse. The policy for nobody
            // being there could allow, and nothing may be allowed by a misunderstanding.
            let check = |answer: &PermissionAnswer| unoffered(&question, answer);
            let answer = self.ask(REQUEST_PERMISSION, &question, check).await;
            Some(answer.unwrap_or_else(|_| PermissionAnswer::refused()))
        })
    }

    fn questions(&self, session: &SessionId, questions: Vec<Question>) -> BoxFuture<'_, Answers> {
        let asked = AskQuestion { session_id: session.clone(), questions };
        Box::pin(async move {
            let client = self.client.get();
            if !client.question {
                let plain = client.show_message_actions && !client.permission;
                let asking = plain.then(|| dialog::questions(&self.calls, &asked.questions));
                return OptionFuture::from(asking).await.flatten().ok_or(Unanswered::Nobody);
            }
            let check = |answer: &QuestionAnswers| miscounted(&asked.questions, &answer.answers);
            Ok(self.ask(ASK_QUESTION, &asked, check).await?.answers)
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        face::lsp::client::Abilities,
        permission::{PermissionOption, Scope},
        wire::{message::RequestId, outbox::Outbox},
    };

    fn question() -> PermissionQuestion {
        PermissionQuestion {
            session_id: "ses_1".into(),
            permission_id: "per_1".into(),
            tool: "bash".into(),
            title: "ls".into(),
            reason: "it is asked".into(),
            items: Vec::new(),
            path: None,
            diff: None,
            sandbox: None,
            options: vec![PermissionOption { id: "once".into(), label: "Once".into(), scope: Scope::Once }],
        }
    }

    async fn answered_with(answer: Value) -> Option<PermissionAnswer> {
        let calls = Calls::new(Outbox::default());
        let client = Declared::default();
        client.set(Abilities { permission: true, ..Abilities::default() });
        let person = RemotePerson::new(calls.clone(), client);
        let answer = async { calls.answer(&RequestId::from("agentls-1"), Ok(answer)) };
        futures::join!(person.permission(question()), answer).0
    }

    #[test]
    fn a_choice_that_was_not_offered_is_told_by_its_beginning() {
        let answer = PermissionAnswer { option_id: "x".repeat(1_000), ..PermissionAnswer::refused() };
        let told = unoffered(&question(), &answer).unwrap();
        assert_eq!(told.matches('x').count(), LONGEST_LOGGED - "…".len(), "{told}");
    }

    #[tokio::test]
    async fn what_is_not_an_offered_option_refuses() {
        assert_eq!(answered_with(json!({"optionId": "once"})).await.unwrap().option_id, "once");
        for nonsense in [json!({"optionId": "always"}), json!("yes"), Value::Null] {
            assert_eq!(answered_with(nonsense).await, Some(PermissionAnswer::refused()));
        }
    }

    #[tokio::test]
    async fn answers_that_are_not_one_for_each_question_are_told_from_nobody_being_there() {
        let asked = |count: usize| vec![Question { question: "A?".into(), options: Vec::new() }; count];
        for (questions, answer, expected) in [
            (1, json!({"answers": ["a"]}), Ok(vec!["a".to_owned()])),
            (1, json!({"answers": []}), Err(Unanswered::Unreadable)),
            (1, json!({"answers": ["a", "b"]}), Err(Unanswered::Unreadable)),
            (2, json!({"answers": ["a"]}), Err(Unanswered::Unreadable)),
            (1, json!("a"), Err(Unanswered::Unreadable)),
            (1, Value::Null, Err(Unanswered::Unreadable)),
        ] {
            let calls = Calls::new(Outbox::default());
            let client = Declared::default();
            client.set(Abilities { question: true, ..Abilities::default() });
            let person = RemotePerson::new(calls.clone(), client);
            let answering = async { calls.answer(&RequestId::from("agentls-1"), Ok(answer.clone())) };
            let session = "ses_1".into();
            let (heard, ()) = futures::join!(person.questions(&session, asked(questions)), answering);
            assert_eq!(heard, expected, "{answer}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_answer_is_said() {
        let chosen = |id: &str| PermissionAnswer { option_id: id.to_owned(), ..PermissionAnswer::refused() };
        assert_eq!(unoffered(&question(), &chosen("once")), None);
        assert_eq!(unoffered(&question(), &chosen("all")).unwrap(), "the option `all` was not offered");
        assert_eq!(miscounted(&[], &["a".to_owned()]).unwrap(), "1 answers to 0 questions");
    }

    #[tokio::test]
    async fn nobody_is_asked_whom_the_client_does_not_speak_for() {
        let outbox = Outbox::default();
        let person = RemotePerson::new(Calls::new(outbox.clone()), Declared::default());
        assert_eq!(person.permission(question()).now_or_never(), Some(None));
        assert_eq!(
            person.questions(&"ses_1".into(), Vec::new()).now_or_never(),
            Some(Err(Unanswered::Nobody))
        );
        assert_eq!(outbox.waiting(), 0);
    }
}
