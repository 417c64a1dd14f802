//! The person at the terminal: asked on stderr, answering on stdin.
//!
//! One question is shown at a time, whoever asks, and its answer is what is typed after it was shown: a line never
//! answers another question than the one that stands above it.

use std::{
    io::{self, IsTerminal, Write},
    sync::Arc,
};

use futures::future::BoxFuture;
use rustix::termios::{QueueSelector, tcflush};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    task::spawn_blocking,
};

use agentls::{
    permission::{Answers, PermissionAnswer, PermissionQuestion, Person, Question, Scope, Unanswered},
    transcript::SessionId,
};

use crate::cli::style::{Style, printable};

/// The most lines that are shown of what would change.
const SHOWN_DIFF: usize = 60;

/// The person at the terminal.
#[derive(Default)]
pub(super) struct Terminal {
    /// Held from before a question is shown until its answer is read.
    asking: Arc<Mutex<()>>,
}

/// The terminal, for as long as questions that belong together are asked.
#[derive(Clone)]
struct Attention {
    _held: Arc<OwnedMutexGuard<()>>,
}

impl Terminal {
    /// Waits until nobody else asks.
    async fn attention(&self) -> Attention {
        Attention { _held: Arc::new(Arc::clone(&self.asking).lock_owned().await) }
    }
}

impl Person for Terminal {
    fn permission(&self, question: PermissionQuestion) -> BoxFuture<'_, Option<PermissionAnswer>> {
        Box::pin(async move {
            let shown = permission_text(Style::of(&io::stderr()), &question);
            let line = self.attention().await.ask(shown).await?;
            Some(permission_answer(&question, &line))
        })
    }

    fn questions(&self, _: &SessionId, questions: Vec<Question>) -> BoxFuture<'_, Answers> {
        Box::pin(async move {
            let style = Style::of(&io::stderr());
            let attention = self.attention().await;
            let mut answers = Vec::new();
            for question in &questions {
                let asked = attention.ask(question_text(style, question)).await;
                let line = asked.ok_or(Unanswered::Nobody)?;
                answers.push(chosen(question, &line));
            }
            Ok(answers)
        })
    }
}

impl Attention {
    /// Shows `text` and reads a line; `None` when the person closed the input. A question that is withdrawn keeps the
    /// terminal until a line ends it: what is typed is meant for what was shown.
    async fn ask(&self, text: String) -> Option<String> {
        let attention = self.clone();
        let asked = spawn_blocking(move || {
            let line = show_and_read(&text);
            drop(attention);
            line
        });
        match asked.await {
            Ok(Ok(line)) => line,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the terminal cannot be asked");
                None
            }
            Err(error) => {
                tracing::error!(%error, "the question at the terminal failed");
                None
            }
        }
    }
}

fn show_and_read(text: &str) -> io::Result<Option<String>> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        // What was typed until now was typed by somebody who had not seen the question.
        tcflush(&stdin, QueueSelector::IFlush)?;
    }
    // Not locked while it waits: the turn may end meanwhile and has something to say.
    io::stderr().write_all(text.as_bytes())?;
    let mut line = String::new();
    let read = stdin.read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}

fn permission_text(style: Style, question: &PermissionQuestion) -> String {
    let (tool, title) = (printable(&question.tool), printable(&question.title));
    let mut text = format!("\n{} {}\n", style.yellow(format_args!("? {tool}")), style.bold(title));
    text += &format!("  {}\n", style.dim(printable(&question.reason)));
    for item in question.items.iter().filter(|item| item.label != question.title) {
        text += &format!("  {}\n", printable(&item.label));
    }
    if let Some(path) = &question.path {
        let (link, target) = (path.link.display().to_string(), path.target.display().to_string());
        text += &format!("  {} → {}\n", printable(&link), printable(&target));
    }
    if let Some(sandbox) = &question.sandbox {
        text += &format!("  {}\n", style.dim(printable(sandbox)));
    }
    let diff = question.diff.as_deref().unwrap_or_default();
    for line in diff.lines().take(SHOWN_DIFF) {
        text += &format!("  {}\n", style.diff_line(line));
    }
    if let Some(more) = diff.lines().count().checked_sub(SHOWN_DIFF).filter(|more| *more > 0) {
        text += &format!("  … {more} more lines\n");
    }
    let keys: Vec<_> = question.options.iter().map(|option| key(question, option.scope).1).collect();
    text + &format!("  Allow? {}, or say what to do instead: ", keys.join(", "))
}

/// The key that chooses a scope, and how it is offered. Where nothing can be allowed for once, yes is for good.
fn key(question: &PermissionQuestion, scope: Scope) -> (&'static str, &'static str) {
    let once = question.options.iter().any(|option| option.scope == Scope::Once);
    match scope {
        Scope::Project if !once => ("y", "[y] yes"),
        Scope::Once => ("y", "[y] once"),
        Scope::Session => ("s", "[s] for this session"),
        Scope::Project => ("p", "[p] for this project"),
        Scope::Never => ("n", "[n] no"),
    }
}

/// What a line means: a key chooses, other words refuse with advice, nothing refuses.
fn permission_answer(question: &PermissionQuestion, line: &str) -> PermissionAnswer {
    let line = line.trim();
    let key_of = |scope| key(question, scope).0;
    let typed = match line.to_lowercase().as_str() {
        "" | "no" => key_of(Scope::Never).to_owned(),
        "yes" => key_of(Scope::Once).to_owned(),
        word => word.to_owned(),
    };
    let option = |wanted: &str| question.options.iter().find(|option| key_of(option.scope) == wanted);
    let chosen = option(&typed);
    let option_id = chosen.or_else(|| option(key_of(Scope::Never))).map(|option| option.id.clone());
    PermissionAnswer {
        option_id: option_id.unwrap_or_default(),
        items: None,
        feedback: chosen.is_none().then(|| line.to_owned()),
    }
}

fn question_text(style: Style, question: &Question) -> String {
    let mut text = format!("\n{} {}\n", style.yellow("?"), style.bold(printable(&question.question)));
    for (number, option) in (1..).zip(&question.options) {
        text += &format!("  {number}. {}\n", printable(option));
    }
    text + if question.options.is_empty() { "  Answer: " } else { "  A number, or your own words: " }
}

/// The option of that number, or the words themselves.
fn chosen(question: &Question, line: &str) -> String {
    let line = line.trim();
    let number = line.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    number.and_then(|at| question.options.get(at)).cloned().unwrap_or_else(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use agentls::permission::{Item, PermissionOption};

    use super::*;

    fn question() -> PermissionQuestion {
        let option = |id: &str, scope| PermissionOption { id: id.to_owned(), label: String::new(), scope };
        PermissionQuestion {
            session_id: "ses_1".into(),
            permission_id: "per_1".into(),
            tool: "bash".into(),
            title: "run the tests".into(),
            reason: "the rule `*` asks".into(),
            items: vec![Item::new("make \x1b[8mtest", "make *")],
            path: None,
            diff: Some("-a\n+b".into()),
            sandbox: Some("Sandbox: held.".into()),
            options: vec![option("1", Scope::Once), option("2", Scope::Session), option("4", Scope::Never)],
        }
    }

    fn answer(line: &str) -> (String, Option<String>) {
        let answer = permission_answer(&question(), line);
        (answer.option_id, answer.feedback)
    }

    #[test]
    fn a_key_chooses_and_words_refuse_with_advice() {
        assert_eq!(answer("y\n"), ("1".into(), None));
        assert_eq!(answer("YES\n"), ("1".into(), None));
        assert_eq!(answer("s"), ("2".into(), None));
        assert_eq!(answer("n"), ("4".into(), None));
        assert_eq!(answer("\n"), ("4".into(), None));
        assert_eq!(answer("use cargo\n"), ("4".into(), Some("use cargo".into())));
    }

    #[test]
    fn a_key_that_was_not_offered_allows_nothing() {
        assert_eq!(answer("p"), ("4".into(), Some("p".into())));
    }

    #[test]
    fn where_nothing_is_for_once_yes_is_for_good() {
        let mut question = question();
        question.options.retain(|option| option.scope == Scope::Never);
        let option = PermissionOption { id: "trust".into(), label: String::new(), scope: Scope::Project };
        question.options.insert(0, option);
        assert_eq!(permission_answer(&question, "y").option_id, "trust");
        assert_eq!(permission_answer(&question, "p").option_id, "4");
        let text = permission_text(Style::plain(), &question);
        assert!(text.ends_with("[y] yes, [n] no, or say what to do instead: "), "{text}");
    }

    #[test]
    fn what_is_asked_hides_nothing() {
        let text = permission_text(Style::plain(), &question());
        assert!(text.contains("  make [8mtest\n  Sandbox: held.\n  -a\n  +b\n"), "{text}");
        assert!(text.ends_with("[y] once, [s] for this session, [n] no, or say what to do instead: "));
    }

    #[test]
    fn a_number_or_own_words_answer_a_question() {
        let question = Question { question: "Which?".into(), options: vec!["red".into(), "blue".into()] };
        assert_eq!(
            [chosen(&question, "2\n"), chosen(&question, "green"), chosen(&question, "9")],
            ["blue", "green", "9"]
        );
    }
}
