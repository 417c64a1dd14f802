//! Asking a person with what every language client has: `window/showMessageRequest`, a message with buttons.
//!
//! <https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#window_showMessageRequest>

use serde_json::{Value, json};
use tower_lsp::lsp_types::MessageType;

use crate::{
    permission::{PermissionAnswer, PermissionQuestion, Question},
    transcript::text,
    wire::calls::Calls,
};

/// The method.
const METHOD: &str = "window/showMessageRequest";

/// Lines of a difference that a message shows. Dialogs are small.
pub(in crate::face) const SHOWN_DIFF: usize = 30;

/// The longest message, in bytes.
pub(in crate::face) const LONGEST: usize = 4 * 1024;

/// Shows a message and waits for one of the buttons. `None` when it was closed, or could not be shown.
pub(super) async fn choose(calls: &Calls, message: &str, buttons: &[&str]) -> Option<String> {
    let actions: Vec<Value> = buttons.iter().map(|title| json!({"title": title})).collect();
    let message = text::ellipsis(message, LONGEST);
    let params = json!({"type": MessageType::INFO, "message": message, "actions": actions});
    match calls.ask(METHOD, &params).await {
        Ok(chosen) => chosen.get("title").and_then(Value::as_str).map(str::to_owned),
        Err(problem) => {
            tracing::warn!(%problem, "the client did not show a question");
            None
        }
    }
}

/// Asks for permission. A closed dialog refuses.
pub(super) async fn permission(calls: &Calls, question: &PermissionQuestion) -> PermissionAnswer {
    let labels: Vec<&str> = question.options.iter().map(|option| option.label.as_str()).collect();
    let chosen = choose(calls, &wording(question), &labels).await;
    let option = question.options.iter().find(|option| chosen.as_deref() == Some(&option.label));
    option.map_or_else(PermissionAnswer::refused, |option| PermissionAnswer {
        option_id: option.id.clone(),
        ..PermissionAnswer::refused()
    })
}

/// Asks questions one after the other. `None` when one has nothing to choose from, or was closed.
pub(super) async fn questions(calls: &Calls, questions: &[Question]) -> Option<Vec<String>> {
    if questions.iter().any(|question| question.options.is_empty()) {
        return None;
    }
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        let options: Vec<&str> = question.options.iter().map(String::as_str).collect();
        answers.push(choose(calls, &question.question, &options).await?);
    }
    Some(answers)
}

/// What will happen, as far as it fits into a dialog.
fn wording(question: &PermissionQuestion) -> String {
    let mut lines = vec![question.title.clone(), question.reason.clone()];
    if question.items.len() > 1 {
        lines.extend(question.items.iter().map(|item| format!("- {}", item.label)));
    }
    if let Some(path) = &question.path {
        lines.push(format!("{} leads to {}", path.link.display(), path.target.display()));
    }
    lines.extend(question.sandbox.clone());
    let mut diff = question.diff.as_deref().unwrap_or_default().lines();
    lines.extend(diff.by_ref().take(SHOWN_DIFF).map(str::to_owned));
    let left = diff.count();
    if left > 0 {
        lines.push(format!("… (+{left} lines)"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::{Item, PermissionOption, Scope};

    fn question(diff: &str) -> PermissionQuestion {
        let item = |label: &str| Item::new(label, label);
        PermissionQuestion {
            session_id: "ses_1".into(),
            permission_id: "per_1".into(),
            tool: "bash".into(),
            title: "Run make && rm x".into(),
            reason: "rules for `bash`".into(),
            items: vec![item("make"), item("rm x")],
            path: None,
            diff: Some(diff.into()),
            sandbox: Some("Sandbox: held.".into()),
            options: vec![PermissionOption { id: "once".into(), label: "Once".into(), scope: Scope::Once }],
        }
    }

    #[test]
    fn a_dialog_says_what_will_happen_and_how_much_it_leaves_out() {
        let words = wording(&question(&"+line\n".repeat(35)));
        assert!(
            words.starts_with("Run make && rm x\nrules for `bash`\n- make\n- rm x\nSandbox: held.\n+line\n"),
            "{words}"
        );
        assert!(words.ends_with("\n+line\n… (+5 lines)"), "{words}");
    }
}
