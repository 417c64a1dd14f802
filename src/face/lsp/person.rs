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
    permission::{PermissionAnswer, PermissionQuestion, Person, Question},
    transcript::SessionId,
    wire::calls::Calls,
};

/// The method that asks for permission.
pub const REQUEST_PERMISSION: &str = "session/requestPermission";

/// The method that asks questions.
pub const ASK_QUESTION: &str = "session/askQuestion";

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

    async fn ask<A: DeserializeOwned>(&self, method: &str, params: &impl Serialize) -> Option<A> {
        let answer = match self.calls.ask(method, params).await {
            Ok(answer) => answer,
            Err(problem) => {
                tracing::warn!(method, %problem, "the client did not answer");
                return None;
            }
        };
        match serde_json::from_value(answer) {
            Ok(answer) => Some(answer),
            Err(problem) => {
                tracing::warn!(method, %problem, "the client's answer makes no sense");
                None
            }
        }
    }
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
            let answer = self.ask::<PermissionAnswer>(REQUEST_PERMISSION, &question).await;
            let offered = |answer: &PermissionAnswer| {
                question.options.iter().any(|option| option.id == answer.option_id)
            };
            Some(answer.filter(offered).unwrap_or_else(PermissionAnswer::refused))
        })
    }

    fn questions(&self, session: &SessionId, questions: Vec<Question>) -> BoxFuture<'_, Option<Vec<String>>> {
        let asked = AskQuestion { session_id: session.clone(), questions };
        Box::pin(async move {
            let client = self.client.get();
            if !client.question {
                let plain = client.show_message_actions && !client.permission;
                let asking = plain.then(|| dialog::questions(&self.calls, &asked.questions));
                return OptionFuture::from(asking).await.flatten();
            }
            let answer: QuestionAnswers = self.ask(ASK_QUESTION, &asked).await?;
            (answer.answers.len() == asked.questions.len()).then_some(answer.answers)
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

    #[tokio::test]
    async fn what_is_not_an_offered_option_refuses() {
        assert_eq!(answered_with(json!({"optionId": "once"})).await.unwrap().option_id, "once");
        for nonsense in [json!({"optionId": "always"}), json!("yes"), Value::Null] {
            assert_eq!(answered_with(nonsense).await, Some(PermissionAnswer::refused()));
        }
    }

    #[tokio::test]
    async fn nobody_is_asked_whom_the_client_does_not_speak_for() {
        let outbox = Outbox::default();
        let person = RemotePerson::new(Calls::new(outbox.clone()), Declared::default());
        assert_eq!(person.permission(question()).now_or_never(), Some(None));
        assert_eq!(person.questions(&"ses_1".into(), Vec::new()).now_or_never(), Some(None));
        assert_eq!(outbox.waiting(), 0);
    }
}
