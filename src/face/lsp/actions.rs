//! Code actions: asking about the code under the cursor, and having a diagnostic fixed, in any LSP editor.
//!
//! Each is a command of ours that prompts a session of its own; the answer is shown as a page.

use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::{
    jsonrpc::{Error, Result},
    lsp_types::{
        CodeAction, CodeActionKind, CodeActionOptions, CodeActionOrCommand, CodeActionParams,
        CodeActionProviderCapability, CodeActionTriggerKind, Command, Diagnostic, NumberOrString, Position,
        Range, Url,
    },
};

use super::{dialog, server::Server};
use crate::transcript::text;

/// Explains the lines.
pub const EXPLAIN: &str = "agentls.code.explain";
/// Asks about the lines.
pub const ASK: &str = "agentls.code.ask";
/// Has a diagnostic fixed.
pub const FIX: &str = "agentls.code.fix";

/// Diagnostics that are offered to be fixed at one place.
pub(in crate::face) const MOST_FIXES: usize = 5;

/// The longest title's share of a diagnostic's message, in bytes.
pub(in crate::face) const SHOWN_MESSAGE: usize = 80;

/// What a person without a field to write into can ask.
const QUESTIONS: [&str; 4] =
    ["What does this do?", "What can go wrong here?", "How is this used?", "How could this be simpler?"];

/// What a code action is about: the argument of its command.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    uri: Url,
    range: Range,
    /// What is asked; the person chooses when it is missing.
    question: Option<String>,
    diagnostic: Option<Diagnostic>,
}

/// What is announced in `initialize`.
pub fn capability() -> CodeActionProviderCapability {
    CodeActionProviderCapability::Options(CodeActionOptions {
        code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, kind()]),
        ..CodeActionOptions::default()
    })
}

/// The kind of actions that change nothing.
fn kind() -> CodeActionKind {
    CodeActionKind::from("agentls")
}

/// The actions for a place. An editor that looks by itself is offered fixes only, so that its light is not always on.
pub fn offered(params: &CodeActionParams) -> Vec<CodeActionOrCommand> {
    let CodeActionParams { text_document, range, context, .. } = params;
    let wanted = |kind: &CodeActionKind| {
        let only = context.only.as_ref();
        only.is_none_or(|only| only.iter().any(|asked| is_within(kind.as_str(), asked.as_str())))
    };
    let mut actions = Vec::new();
    if wanted(&CodeActionKind::QUICKFIX) {
        let diagnostics = context.diagnostics.iter().take(MOST_FIXES);
        actions.extend(diagnostics.map(|diagnostic| fix(&text_document.uri, diagnostic)));
    }
    let by_itself = context.trigger_kind == Some(CodeActionTriggerKind::AUTOMATIC);
    if wanted(&kind()) && !(by_itself && range.start == range.end) {
        let about = json!({"uri": text_document.uri, "range": range});
        actions.push(action("agentls: explain this", kind(), EXPLAIN, about.clone()));
        actions.push(action("agentls: ask about this", kind(), ASK, about));
    }
    actions.into_iter().map(CodeActionOrCommand::CodeAction).collect()
}

/// Whether a kind is the one asked for, or below it.
fn is_within(kind: &str, asked: &str) -> bool {
    asked.is_empty() || kind.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn fix(uri: &Url, diagnostic: &Diagnostic) -> CodeAction {
    let message = diagnostic.message.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = format!("agentls: fix \u{201c}{}\u{201d}", text::ellipsis(&message, SHOWN_MESSAGE));
    let about = json!({"uri": uri, "range": diagnostic.range, "diagnostic": diagnostic});
    let fix = action(&title, CodeActionKind::QUICKFIX, FIX, about);
    CodeAction { diagnostics: Some(vec![diagnostic.clone()]), ..fix }
}

fn action(title: &str, kind: CodeActionKind, command: &str, about: Value) -> CodeAction {
    let command = Command::new(title.to_owned(), command.to_owned(), Some(vec![about]));
    CodeAction { title: title.to_owned(), kind: Some(kind), command: Some(command), ..CodeAction::default() }
}

/// The prompt of a code action's command, as parts. `None` when the person did not say what to ask.
pub async fn prompt(server: &Server, command: &str, argument: Value) -> Result<Option<Value>> {
    let subject: Subject = serde_json::from_value(argument)
        .map_err(|problem| Error::invalid_params(format!("arguments: {problem}")))?;
    let words = match (command, &subject.diagnostic) {
        (FIX, Some(diagnostic)) => wording(diagnostic),
        (FIX, None) => return Err(Error::invalid_params("arguments: `diagnostic` is missing")),
        (EXPLAIN, _) => "Explain this code: what it does, and why it does it in this way.".to_owned(),
        _ => match subject.question.clone() {
            Some(question) => question,
            None if server.client.get().show_message_actions => {
                let about = format!("What do you want to know about {}?", place(&subject));
                match dialog::choose(&server.calls, &about, &QUESTIONS).await {
                    Some(question) => question,
                    None => return Ok(None),
                }
            }
            None => return Err(Error::invalid_params("arguments: `question` is missing")),
        },
    };
    let file = json!({"type": "file", "uri": subject.uri, "range": lines(subject.range)});
    Ok(Some(json!([file, {"type": "text", "text": format!("{words} ({})", place(&subject))}])))
}

fn wording(diagnostic: &Diagnostic) -> String {
    let source = diagnostic.source.as_deref().map_or_else(String::new, |source| format!(" of {source}"));
    let code = match &diagnostic.code {
        Some(NumberOrString::Number(code)) => format!(" {code}"),
        Some(NumberOrString::String(code)) => format!(" {code}"),
        None => String::new(),
    };
    format!("Fix this diagnostic{source}{code}: {}", diagnostic.message)
}

/// File name and lines, as a person reads them.
fn place(subject: &Subject) -> String {
    let name = subject.uri.path_segments().and_then(Iterator::last).unwrap_or_default();
    let lines = lines(subject.range);
    match (lines.start.line + 1, lines.end.line) {
        (first, last) if first >= last => format!("{name}, line {first}"),
        (first, last) => format!("{name}, lines {first} to {last}"),
    }
}

/// Whole lines: the last one is excluded.
fn lines(range: Range) -> Range {
    let first = range.start.line;
    let last = if range.end.character == 0 { range.end.line } else { range.end.line.saturating_add(1) };
    Range::new(Position::new(first, 0), Position::new(last.max(first.saturating_add(1)), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(value: &Value) -> CodeActionParams {
        let mut whole = json!({
            "textDocument": {"uri": "file:///w/a.rs"},
            "range": {"start": {"line": 2, "character": 0}, "end": {"line": 4, "character": 3}},
            "context": {"diagnostics": []},
        });
        for (name, value) in value.as_object().unwrap() {
            whole[name] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    fn titles(value: &Value) -> Vec<String> {
        let actions = offered(&params(value)).into_iter();
        actions
            .map(|action| serde_json::to_value(action).unwrap()["title"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn what_is_offered_depends_on_who_looks_and_for_what() {
        let diagnostic = json!({"message": "mismatched\n types", "range": {"start": {"line": 2, "character": 1}, "end": {"line": 2, "character": 4}}});
        let all = titles(&json!({"context": {"diagnostics": [diagnostic]}}));
        assert_eq!(
            all,
            ["agentls: fix “mismatched types”", "agentls: explain this", "agentls: ask about this"]
        );
        let only = |kinds: &[&str]| titles(&json!({"context": {"diagnostics": [diagnostic], "only": kinds}}));
        assert_eq!(only(&["quickfix"]).len(), 1);
        assert_eq!(only(&["agentls"]).len(), 2);
        assert_eq!(only(&["source.organizeImports"]).len(), 0);
        let nothing = json!({"line": 2, "character": 0});
        let by_itself = json!({"range": {"start": nothing, "end": nothing}, "context": {"diagnostics": [], "triggerKind": 2}});
        assert_eq!(titles(&by_itself).len(), 0);
    }

    #[test]
    fn of_many_and_long_diagnostics_a_few_are_offered_by_their_beginning() {
        let diagnostic = json!({"message": "x".repeat(500), "range": {"start": {"line": 2, "character": 1}, "end": {"line": 2, "character": 4}}});
        let fixes = titles(
            &json!({"context": {"diagnostics": vec![diagnostic; MOST_FIXES + 2], "only": ["quickfix"]}}),
        );
        assert_eq!(fixes.len(), MOST_FIXES);
        assert!(fixes.iter().all(|title| title.len() < SHOWN_MESSAGE + 30), "{fixes:?}");
    }

    #[test]
    fn lines_are_whole_and_at_least_one() {
        let range = |a, b, c, d| lines(Range::new(Position::new(a, b), Position::new(c, d)));
        assert_eq!((range(2, 5, 2, 5).start.line, range(2, 5, 2, 5).end.line), (2, 3));
        assert_eq!(range(2, 0, 4, 0).end.line, 4);
        assert_eq!(range(2, 0, 4, 1).end.line, 5);
    }
}
