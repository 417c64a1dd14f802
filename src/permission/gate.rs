//! The gate of a session: the ceiling of its agent first, then rules, then what a person allowed before, then the person.
//!
//! Invariant 12: a configured deny wins over every approval; where nobody can be asked the headless policy
//! answers at once. One question of a session is open at a time; one that waited for another is looked at
//! again, since the answer to that may have decided it. Rules decide about a thing as it is; a person sees it with its
//! hidden characters visible.

use std::{path::Path, sync::Arc};

use futures::future::BoxFuture;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{
    Ask, Gate, Item, PathQuestion, PermissionAnswer, PermissionOption, PermissionQuestion, Person, Refusal,
    Scope,
    ceiling::Ceiling,
    rules::{self, Decision, Rules},
};
use crate::transcript::{
    PermissionId, SessionId,
    hidden::{visible, visible_line, visible_lines},
};

/// The tool that runs commands: what holds them is said with each question of it.
const COMMANDS: &str = "bash";

/// Something that a person allowed for longer than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The tool.
    pub tool: String,
    /// The pattern, matched like a configured rule.
    pub rule: String,
}

/// Where approvals are kept.
pub trait Approvals: Send + Sync {
    /// Those that hold for this session, its project's included.
    fn list(&self) -> BoxFuture<'_, Vec<Approval>>;

    /// Keeps approvals of `tool` for the session or the project. Resolves when they hold.
    fn remember(&self, scope: Scope, tool: String, rules: Vec<String>) -> BoxFuture<'_, ()>;
}

/// Hears when the session begins (`true`) and ceases to wait for a person.
pub type OnWait = Arc<dyn Fn(bool) + Send + Sync>;

/// What a [`RuleGate`] works with.
pub struct GateParts {
    /// The session that asks.
    pub session: SessionId,
    /// The configured rules.
    pub rules: Rules,
    /// The most that may happen, whatever the rest says.
    pub ceiling: Ceiling,
    /// What was allowed before.
    pub approvals: Arc<dyn Approvals>,
    /// Who is asked.
    pub person: Arc<dyn Person>,
    /// What holds commands, in a line for a person.
    pub sandbox: String,
    /// Whether an ask is allowed when nobody can be asked.
    pub headless_allows: bool,
    /// The turn's end.
    pub cancel: CancellationToken,
    /// Told about waiting.
    pub on_wait: OnWait,
}

/// The gate of one session's turn. Tools of one session share it.
pub struct RuleGate {
    parts: GateParts,
    /// Held while a question is open.
    asking: Mutex<()>,
}

/// What is known without a person.
enum Known {
    Allowed,
    Open,
}

impl RuleGate {
    /// A gate of these parts.
    pub fn new(parts: GateParts) -> Self {
        Self { parts, asking: Mutex::new(()) }
    }

    async fn decide(&self, ask: Ask) -> Result<(), Refusal> {
        if matches!(self.known(&ask).await?, Known::Allowed) {
            return Ok(());
        }
        let _turn = self.asking.lock().await;
        if matches!(self.known(&ask).await?, Known::Allowed) {
            return Ok(());
        }
        let _waiting = Waiting::begin(&self.parts.on_wait);
        let question = self.question(&ask);
        match self.parts.person.permission(question).await {
            Some(answer) => self.settle(&ask, answer).await,
            None if self.parts.headless_allows => Ok(()),
            None => Err(Refusal::Nobody),
        }
    }

    async fn known(&self, ask: &Ask) -> Result<Known, Refusal> {
        if !self.parts.ceiling.admits(ask) {
            return Err(Refusal::Ceiling { tool: ask.tool.clone() });
        }
        let mut open: Vec<&Item> = Vec::new();
        for item in &ask.items {
            match self.parts.rules.decide_item(&ask.tool, item) {
                Decision::Deny { rule } => return Err(Refusal::Rule { rule }),
                Decision::Allow if !ask.must_ask => {}
                Decision::Allow | Decision::Ask => open.push(item),
            }
        }
        if open.is_empty() && !ask.items.is_empty() && !ask.must_ask {
            return Ok(Known::Allowed);
        }
        let approvals = self.parts.approvals.list().await;
        let approved = |item: &&Item| approvals.iter().any(|approval| covers(approval, ask, item));
        Ok(if !open.is_empty() && open.iter().all(approved) { Known::Allowed } else { Known::Open })
    }

    fn question(&self, ask: &Ask) -> PermissionQuestion {
        // A command may have several lines; any other name that has some would pretend to be more than a name.
        let shown = if ask.tool == COMMANDS { visible } else { visible_line };
        let item =
            |item: &Item| Item { label: shown(&item.label), rule: shown_rule(&item.rule), ..item.clone() };
        PermissionQuestion {
            session_id: self.parts.session.clone(),
            permission_id: PermissionId::random(),
            tool: visible_line(&ask.tool),
            title: shown(&ask.title),
            reason: shown(&ask.reason),
            items: ask.items.iter().map(item).collect(),
            path: ask.path.as_ref().map(shown_path),
            diff: ask.diff.as_deref().map(visible_lines),
            sandbox: (ask.tool == COMMANDS).then(|| self.parts.sandbox.clone()),
            options: options(ask),
        }
    }

    /// An answer that names no option that was offered refuses.
    async fn settle(&self, ask: &Ask, answer: PermissionAnswer) -> Result<(), Refusal> {
        let chosen = options(ask).into_iter().find(|option| option.id == answer.option_id);
        match chosen.map_or(Scope::Never, |option| option.scope) {
            Scope::Never => Err(match answer.feedback {
                Some(feedback) if !feedback.trim().is_empty() => Refusal::Advised { feedback },
                _ => Refusal::Person,
            }),
            Scope::Once => Ok(()),
            scope => {
                let ticked = |rule: &String| {
                    answer.items.as_ref().is_none_or(|ticked| ticked.contains(&shown_rule(rule)))
                };
                let rules: Vec<String> =
                    ask.items.iter().map(|item| item.rule.clone()).filter(ticked).collect();
                if !rules.is_empty() {
                    self.parts.approvals.remember(scope, ask.tool.clone(), rules).await;
                }
                Ok(())
            }
        }
    }
}

impl Gate for RuleGate {
    fn permit(&self, ask: Ask) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            tokio::select! {
                biased;
                () = self.parts.cancel.cancelled() => Err(Refusal::Cancelled),
                decided = self.decide(ask) => decided,
            }
        })
    }

    fn denies(&self, tool: &str, subject: &str) -> bool {
        matches!(self.parts.rules.decide(tool, subject), Decision::Deny { .. })
    }
}

/// A rule as a question shows it, by which an answer names it.
fn shown_rule(rule: &str) -> String {
    visible_line(rule)
}

fn shown_path(path: &PathQuestion) -> PathQuestion {
    let shown = |path: &Path| visible_line(&path.to_string_lossy()).into();
    PathQuestion { link: shown(&path.link), target: shown(&path.target) }
}

/// What a person has to see is covered only by having allowed this very thing before, not by a wider pattern.
fn covers(approval: &Approval, ask: &Ask, item: &Item) -> bool {
    approval.tool == ask.tool
        && !item.rule.is_empty()
        && (approval.rule == item.rule || (!ask.must_ask && rules::matches(&approval.rule, &item.label)))
}

/// The answers on offer: those that hold for longer only where each item has a rule to keep.
fn options(ask: &Ask) -> Vec<PermissionOption> {
    let option =
        |id: &str, label: &str, scope| PermissionOption { id: id.into(), label: label.into(), scope };
    let mut options = vec![option("once", "Allow once", Scope::Once)];
    if ask.items.iter().all(|item| !item.rule.is_empty()) {
        options.push(option("session", "Allow for this session", Scope::Session));
        options.push(option("project", "Allow for this project", Scope::Project));
    }
    options.push(option("refuse", "Refuse", Scope::Never));
    options
}

/// Says that the session waits, until it is dropped, in whatever way the question ends.
pub(super) struct Waiting<'a>(&'a OnWait);

impl<'a> Waiting<'a> {
    pub(super) fn begin(on_wait: &'a OnWait) -> Self {
        on_wait(true);
        Self(on_wait)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        (self.0)(false);
    }
}

#[cfg(test)]
mod tests;
