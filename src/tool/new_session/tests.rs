//! A proposal, the decision about it, and what is made.

use serde_json::json;

use super::*;
use crate::tool::fixture::Desk;

fn proposal() -> Value {
    json!({"title": " Next ", "note": "Tests are green; the docs are open."})
}

#[tokio::test]
async fn the_persons_choice_is_what_happens() {
    for (answer, start, told) in [
        (START, Some(true), "is being worked on"),
        (MAKE, Some(false), "waits for the person's first prompt"),
        (NO, None, "wants to go on here"),
        ("Finish the docs first", None, "The person says: Finish the docs first"),
    ] {
        let mut desk = Desk::new(&[]);
        desk.answers = Ok(vec![answer.to_owned()]);
        let text = desk.text(ProposeSession, proposal()).await;
        assert!(text.contains(told), "{answer}: {text}");
        let made = desk.handovers.lock().unwrap().clone();
        let expected = start.map(|start| Handover {
            title: "Next".to_owned(),
            note: "Tests are green; the docs are open.".to_owned(),
            start,
        });
        assert_eq!(made, Vec::from_iter(expected), "{answer}");
    }
}

#[tokio::test]
async fn without_a_person_or_against_a_rule_nothing_is_made() {
    let mut desk = Desk::new(&[]);
    assert!(desk.error(ProposeSession, proposal()).await.starts_with("nobody is there"));
    desk.answers = Ok(vec![START.to_owned()]);
    desk.denied = vec!["Next".to_owned()];
    assert!(desk.error(ProposeSession, proposal()).await.contains("denies"));
    assert!(desk.handovers.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_proposal_without_words_names_what_is_missing() {
    let mut desk = Desk::new(&[]);
    desk.answers = Ok(vec![START.to_owned()]);
    for (input, named) in [
        (json!({"title": "", "note": "x"}), "`title` must not be empty"),
        (json!({"title": "x", "note": " \n"}), "`note` must not be empty"),
        (json!({"title": "x".repeat(201), "note": "x"}), "`title` has 201 bytes"),
        (json!({"title": "x"}), "note"),
    ] {
        let error = desk.error(ProposeSession, input).await;
        assert!(error.contains(named), "{error}");
    }
    assert!(desk.handovers.lock().unwrap().is_empty());
}
