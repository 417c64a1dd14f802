//! The gate around the gate, with a scripted person and a workspace in memory.

use std::sync::{
    Mutex as StdMutex,
    atomic::{AtomicUsize, Ordering},
};

use futures::FutureExt;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::permission::Unanswered;
use crate::{
    permission::{
        ceiling::Ceiling,
        gate::{Approval, Approvals},
        rules::Rules,
    },
    transcript::project::{Edit, Use},
};

struct Nothing;

impl Approvals for Nothing {
    fn list(&self) -> BoxFuture<'_, Vec<Approval>> {
        Box::pin(async { Vec::new() })
    }

    fn remember(&self, _: Scope, _: String, _: Vec<String>) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// Answers every question with the same option, when there is somebody.
#[derive(Default)]
struct Scripted {
    option: Option<&'static str>,
    feedback: Option<&'static str>,
    open: AtomicUsize,
    asked: StdMutex<Vec<PermissionQuestion>>,
}

impl Person for Scripted {
    fn permission(&self, question: PermissionQuestion) -> BoxFuture<'_, Option<PermissionAnswer>> {
        self.asked.lock().unwrap().push(question);
        assert_eq!(self.open.fetch_add(1, Ordering::SeqCst), 0, "one question at a time");
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.open.fetch_sub(1, Ordering::SeqCst);
            let (option_id, feedback) = (self.option?.to_owned(), self.feedback.map(str::to_owned));
            Some(PermissionAnswer { option_id, items: None, feedback })
        })
    }

    fn questions(&self, _: &SessionId, _: Vec<Question>) -> BoxFuture<'_, Answers> {
        Box::pin(async { Err(Unanswered::Nobody) })
    }
}

struct Folder(StdMutex<Standing>);

impl Workspace for Folder {
    fn root(&self) -> String {
        "/r".to_owned()
    }

    fn standing(&self) -> BoxFuture<'_, Standing> {
        Box::pin(async { self.0.lock().unwrap().clone() })
    }

    fn trust(&self, _: Grounds) -> BoxFuture<'_, ()> {
        Box::pin(async { *self.0.lock().unwrap() = Standing::Trusted })
    }
}

fn unknown() -> Standing {
    let brought = |path: &str, change| Brought { path: path.into(), what: Use::Agent, change };
    Standing::Unknown(Grounds {
        reason: "it is new".into(),
        brings: vec![brought("a\u{1b}.md", None), brought("b.md", Some(Edit::Changed))],
        footprint: Footprint::default(),
    })
}

fn gate(person: &Arc<Scripted>, standing: Standing, section: &serde_json::Value) -> TrustGate {
    let mut rules = Rules::new();
    rules.add(section.as_object().unwrap());
    let parts = GateParts {
        session: "ses_x".into(),
        rules,
        ceiling: Ceiling::Everything,
        approvals: Arc::new(Nothing),
        person: Arc::clone(person) as Arc<dyn Person>,
        headless_allows: true,
        sandbox: String::new(),
        cancel: CancellationToken::new(),
        on_wait: Arc::new(|_| {}),
    };
    TrustGate::new(parts, Arc::new(Folder(StdMutex::new(standing))))
}

fn ask(tool: &str) -> Ask {
    Ask {
        tool: tool.to_owned(),
        title: "do".to_owned(),
        reason: "x".to_owned(),
        items: vec![Item::new("x", "x")],
        path: None,
        diff: None,
        must_ask: false,
    }
}

fn somebody(option: &'static str) -> Arc<Scripted> {
    Arc::new(Scripted { option: Some(option), ..Scripted::default() })
}

fn untrusted() -> Result<(), Refusal> {
    Err(Refusal::Untrusted { root: "/r".to_owned() })
}

#[tokio::test]
async fn the_person_is_asked_once_and_sees_what_would_count() {
    let person = somebody(TRUST);
    let gate = gate(&person, unknown(), &json!({"*": "allow"}));
    let (bash, edit) = futures::join!(gate.permit(ask("bash")), gate.permit(ask("edit")));
    assert_eq!((bash, edit), (Ok(()), Ok(())));
    let asked = person.asked.lock().unwrap();
    let [question] = asked.as_slice() else { panic!("asked {} times", asked.len()) };
    assert_eq!((question.tool.as_str(), question.title.as_str()), ("workspace", "Trust /r?"));
    let lines: Vec<&str> = question.items.iter().map(|item| item.label.as_str()).collect();
    assert_eq!(lines[1..], ["a\\u{1b}.md (agent)", "b.md (agent, changed)"]);
    assert!(question.items.iter().all(|item| item.rule.is_empty()));
    let scopes: Vec<_> = question.options.iter().map(|option| (option.id.as_str(), option.scope)).collect();
    assert_eq!(scopes, [("trust", Scope::Project), ("refuse", Scope::Never)]);
}

#[tokio::test]
async fn behind_trust_the_ordinary_rules_decide() {
    let person = somebody(TRUST);
    let gate = gate(&person, unknown(), &json!({}));
    // The scripted answer is none of the options of an ordinary question.
    assert_eq!(gate.permit(ask("bash")).await, Err(Refusal::Person));
    let tools: Vec<_> = person.asked.lock().unwrap().iter().map(|question| question.tool.clone()).collect();
    assert_eq!(tools, ["workspace", "bash"]);
}

#[tokio::test]
async fn who_refuses_may_say_what_to_do_instead() {
    for (feedback, expected) in
        [(None, Refusal::Person), (Some("look"), Refusal::Advised { feedback: "look".into() })]
    {
        let person = Arc::new(Scripted { option: Some(REFUSE), feedback, ..Scripted::default() });
        assert_eq!(gate(&person, unknown(), &json!({"*": "allow"})).permit(ask("bash")).await, Err(expected));
    }
}

#[tokio::test]
async fn where_nobody_is_there_no_policy_allows_it_and_a_denial_is_told_as_one() {
    let nobody = Arc::new(Scripted::default());
    let gate = gate(&nobody, unknown(), &json!({"*": "allow", "write": "deny"}));
    assert_eq!(gate.permit(ask("bash")).await, untrusted());
    assert_eq!(gate.permit(ask("write")).await, Err(Refusal::Rule { rule: "write: *".into() }));
}

#[tokio::test]
async fn where_asking_is_of_no_use_nobody_is_asked() {
    let person = somebody(TRUST);
    assert_eq!(
        gate(&person, Standing::Refused, &json!({"*": "allow"})).permit(ask("bash")).await,
        untrusted()
    );
    assert!(person.asked.lock().unwrap().is_empty());
}

proptest! {
    #[test]
    fn only_looking_needs_no_trust(tool in "[a-z]{1,12}|read|grep|glob|list|todo|question|recall|webfetch") {
        let nobody = Arc::new(Scripted::default());
        let gate = gate(&nobody, Standing::Refused, &json!({"*": "allow"}));
        let permitted = gate.permit(ask(&tool)).now_or_never().unwrap();
        prop_assert_eq!(permitted, if rules::only_looks(&tool) { Ok(()) } else { untrusted() });
    }
}
