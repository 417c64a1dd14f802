//! Asking the person.

use serde_json::json;

use super::*;
use crate::tool::fixture::Desk;

#[tokio::test]
async fn each_question_comes_back_with_its_answer() {
    let mut desk = Desk::new(&[]);
    desk.answers = Ok(vec!["yes".to_owned()]);
    let input = json!({"questions": [{"question": "A?", "options": ["yes", "no"]}, {"question": "B?"}]});
    assert_eq!(desk.text(AskPerson, input).await, "A?\n→ yes\n\nB?\n→ (no answer)");
}

#[tokio::test]
async fn the_model_is_told_when_nobody_is_there_or_the_answer_cannot_be_read() {
    let mut desk = Desk::new(&[]);
    let error = desk.error(AskPerson, json!({"questions": [{"question": "A?"}]})).await;
    assert!(error.starts_with("nobody is there"), "{error}");
    desk.answers = Err(Unanswered::Unreadable);
    let error = desk.error(AskPerson, json!({"questions": [{"question": "A?"}]})).await;
    assert!(error.starts_with("the answer could not be read"), "{error}");
    let error = desk.error(AskPerson, json!({"questions": []})).await;
    assert!(error.contains("1 to 10"), "{error}");
}
