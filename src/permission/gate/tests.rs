//! The gate with a scripted person and approvals in memory.

use std::sync::{
    Mutex as StdMutex,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::json;

use super::*;
use crate::permission::{Answers, Question, Unanswered};

#[derive(Default)]
struct Memory(StdMutex<Vec<Approval>>);

impl Approvals for Memory {
    fn list(&self) -> BoxFuture<'_, Vec<Approval>> {
        Box::pin(async { self.0.lock().unwrap().clone() })
    }

    fn remember(&self, _scope: Scope, tool: String, rules: Vec<String>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let approvals = rules.into_iter().map(|rule| Approval { tool: tool.clone(), rule });
            self.0.lock().unwrap().extend(approvals);
        })
    }
}

#[derive(Default)]
struct Scripted {
    answer: Option<PermissionAnswer>,
    asked: AtomicUsize,
    silent: bool,
    /// The question that came last.
    seen: StdMutex<Option<PermissionQuestion>>,
}

impl Person for Scripted {
    fn permission(&self, question: PermissionQuestion) -> BoxFuture<'_, Option<PermissionAnswer>> {
        *self.seen.lock().unwrap() = Some(question);
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.answer.clone();
        Box::pin(async move {
            if self.silent {
                futures::future::pending::<()>().await;
            }
            tokio::task::yield_now().await;
            answer
        })
    }

    fn questions(&self, _: &SessionId, _: Vec<Question>) -> BoxFuture<'_, Answers> {
        Box::pin(async { Err(Unanswered::Nobody) })
    }
}

fn answer(option: &str, items: Option<&[&str]>, feedback: Option<&str>) -> PermissionAnswer {
    PermissionAnswer {
        option_id: option.to_owned(),
        items: items.map(|items| items.iter().map(ToString::to_string).collect()),
        feedback: feedback.map(ToOwned::to_owned),
    }
}

struct World {
    gate: RuleGate,
    person: Arc<Scripted>,
    memory: Arc<Memory>,
    waits: Arc<StdMutex<Vec<bool>>>,
    cancel: CancellationToken,
}

fn world(person: Scripted, section: &serde_json::Value) -> World {
    below(Ceiling::Everything, person, section)
}

fn below(ceiling: Ceiling, person: Scripted, section: &serde_json::Value) -> World {
    let (person, memory) = (Arc::new(person), Arc::new(Memory::default()));
    let waits = Arc::new(StdMutex::new(Vec::new()));
    let heard = waits.clone();
    let cancel = CancellationToken::new();
    let mut rules = Rules::new();
    rules.add(section.as_object().unwrap());
    let gate = RuleGate::new(GateParts {
        session: "ses_x".into(),
        rules,
        ceiling,
        approvals: memory.clone(),
        person: person.clone(),
        sandbox: "held".to_owned(),
        headless_allows: false,
        cancel: cancel.clone(),
        on_wait: Arc::new(move |waits| heard.lock().unwrap().push(waits)),
    });
    World { gate, person, memory, waits, cancel }
}

fn ask(items: &[(&str, &str)], must_ask: bool) -> Ask {
    Ask {
        tool: "bash".to_owned(),
        title: "run".to_owned(),
        reason: "x".to_owned(),
        items: items.iter().map(|(label, rule)| Item::new(*label, *rule)).collect(),
        path: None,
        diff: None,
        must_ask,
    }
}

#[tokio::test]
async fn an_allowed_command_is_not_asked_and_a_denied_one_neither() {
    let world = world(Scripted::default(), &json!({"bash": {"ls *": "allow", "rm *": "deny"}}));
    assert_eq!(world.gate.permit(ask(&[("ls -l", "ls *")], false)).await, Ok(()));
    let refusal = world.gate.permit(ask(&[("ls", "ls *"), ("rm x", "rm x")], true)).await;
    assert_eq!(refusal, Err(Refusal::Rule { rule: "bash: rm *".to_owned() }));
    assert_eq!(world.person.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_a_person_must_see_is_asked_although_a_rule_allows_it() {
    let world = world(
        Scripted { answer: Some(answer("once", None, None)), ..Scripted::default() },
        &json!({"*": "allow"}),
    );
    for _ in 0..2 {
        assert_eq!(world.gate.permit(ask(&[("ls $X", "")], true)).await, Ok(()));
    }
    assert_eq!(world.person.asked.load(Ordering::Relaxed), 2);
    assert_eq!(*world.waits.lock().unwrap(), [true, false, true, false]);
}

#[tokio::test]
async fn exactly_the_ticked_rules_are_kept() {
    let ticked = answer("session", Some(&["git status *", "sneaky *"]), None);
    let world = world(Scripted { answer: Some(ticked), ..Scripted::default() }, &json!({}));
    let both = ask(&[("git status", "git status *"), ("make", "make")], false);
    world.gate.permit(both).await.unwrap();
    let kept = world.memory.0.lock().unwrap().clone();
    assert_eq!(kept, [Approval { tool: "bash".to_owned(), rule: "git status *".to_owned() }]);
}

#[tokio::test]
async fn what_hides_is_visible_in_a_question_and_decided_as_it_is() {
    let name = "a\u{202e}txt\nb";
    let mut write = ask(&[(name, name)], false);
    (write.tool, write.title) = ("write".to_owned(), format!("Write {name}"));
    write.path = Some(PathQuestion { link: name.into(), target: "/etc/\u{1b}]0;x".into() });
    write.diff = Some("+\u{1b}[8m\ta\r\n".to_owned());
    let ticked = answer("session", Some(&["a\\u{202e}txt\\u{a}b"]), None);
    let world = world(Scripted { answer: Some(ticked), ..Scripted::default() }, &json!({}));
    world.gate.permit(write.clone()).await.unwrap();
    let seen = world.person.seen.lock().unwrap().clone().unwrap();
    assert_eq!(seen.title, "Write a\\u{202e}txt\\u{a}b");
    assert_eq!(seen.items, [Item::new("a\\u{202e}txt\\u{a}b", "a\\u{202e}txt\\u{a}b")]);
    assert_eq!(seen.path.unwrap().target.to_str(), Some("/etc/\\u{1b}]0;x"));
    assert_eq!(seen.diff.as_deref(), Some("+\\u{1b}[8m\ta\r\n"));
    assert_eq!(world.memory.0.lock().unwrap()[0].rule, name, "the rule is kept for the real name");
    world.gate.permit(write).await.unwrap();
    assert_eq!(world.person.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_queued_question_is_decided_by_the_answer_to_the_one_before() {
    let world =
        world(Scripted { answer: Some(answer("session", None, None)), ..Scripted::default() }, &json!({}));
    let one = || world.gate.permit(ask(&[("git status", "git status *")], false));
    assert_eq!(tokio::join!(one(), one(), one()), (Ok(()), Ok(()), Ok(())));
    assert_eq!(world.person.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn refusals_and_garbage_refuse() {
    for (given, expected) in [
        (Some(answer("refuse", None, None)), Refusal::Person),
        (Some(answer("refuse", None, Some(" "))), Refusal::Person),
        (
            Some(answer("refuse", None, Some("use make"))),
            Refusal::Advised { feedback: "use make".to_owned() },
        ),
        (Some(answer("garbage", None, None)), Refusal::Person),
        (Some(answer("", Some(&[]), None)), Refusal::Person),
        (None, Refusal::Nobody),
    ] {
        let world = world(Scripted { answer: given, ..Scripted::default() }, &json!({}));
        assert_eq!(world.gate.permit(ask(&[("x", "x")], false)).await, Err(expected));
    }
}

#[tokio::test]
async fn an_answer_that_was_not_offered_refuses() {
    let world =
        world(Scripted { answer: Some(answer("project", None, None)), ..Scripted::default() }, &json!({}));
    assert_eq!(world.gate.permit(ask(&[("x $Y", "")], true)).await, Err(Refusal::Person));
}

#[tokio::test]
async fn a_wider_approval_does_not_cover_what_must_be_seen() {
    let world = world(Scripted::default(), &json!({}));
    world.memory.0.lock().unwrap().push(Approval { tool: "bash".to_owned(), rule: "*".to_owned() });
    assert_eq!(world.gate.permit(ask(&[("x", "x")], false)).await, Ok(()));
    assert_eq!(world.gate.permit(ask(&[("x", "x")], true)).await, Err(Refusal::Nobody));
}

#[tokio::test]
async fn a_cancelled_turn_closes_its_question() {
    let world = world(Scripted { silent: true, ..Scripted::default() }, &json!({}));
    let question = world.gate.permit(ask(&[("x", "x")], false));
    let (refusal, ()) = tokio::join!(question, async {
        tokio::task::yield_now().await;
        world.cancel.cancel();
    });
    assert_eq!(refusal, Err(Refusal::Cancelled));
    assert_eq!(*world.waits.lock().unwrap(), [true, false]);
}

#[tokio::test]
async fn no_rule_no_approval_and_no_person_lifts_the_ceiling() {
    let yes = Scripted { answer: Some(answer("once", None, None)), ..Scripted::default() };
    let mut world = below(Ceiling::LooksOnly, yes, &json!({"*": "allow"}));
    world.gate.parts.headless_allows = true;
    world.memory.0.lock().unwrap().push(Approval { tool: "bash".to_owned(), rule: "make *".to_owned() });
    let refused = Err(Refusal::Ceiling { tool: "bash".to_owned() });
    assert_eq!(world.gate.permit(ask(&[("make", "make *")], false)).await, refused);
    let mut looks = ask(&[("ls", "ls *")], false);
    looks.items[0].looks = true;
    assert_eq!(world.gate.permit(looks).await, Ok(()));
    assert_eq!(world.person.asked.load(Ordering::Relaxed), 0, "nobody is asked for what cannot be");
}
