//! Trust in a workspace: the gate around the gate.
//!
//! Invariant 12: where nobody vouches for the workspace, what would change or run something is refused before any rule
//! is asked; the headless policy cannot allow it. Where a person can be asked, they are asked once, and shown what
//! trusting would let count; what they trust is exactly what they were shown. A configured denial needs no trust.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{
    Answers, Ask, Gate, Item, PermissionAnswer, PermissionOption, PermissionQuestion, Person, Question,
    Refusal, Scope,
    gate::{GateParts, OnWait, RuleGate, Waiting},
    rules,
};
use crate::transcript::{
    PermissionId, SessionId,
    hidden::visible_line,
    project::{Brought, Footprint},
};

/// The tool that a question of trust is asked for.
pub const TOOL: &str = "workspace";

/// The answer that trusts.
pub const TRUST: &str = "trust";

/// The answer that does not.
pub const REFUSE: &str = "refuse";

/// How a session's workspace stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Somebody vouches for it.
    Trusted,
    /// It is not trusted, and there is no use in asking.
    Refused,
    /// It is not trusted; a person may be asked.
    Unknown(Grounds),
}

/// What a person is shown of a workspace before they trust it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grounds {
    /// Why it is asked.
    pub reason: String,
    /// What would count.
    pub brings: Vec<Brought>,
    /// The same with its digests: what the trust will be bound to.
    pub footprint: Footprint,
}

/// A session's workspace. Implemented above, where the client and the database are known.
pub trait Workspace: Send + Sync {
    /// Its root, as a person may see it.
    fn root(&self) -> String;

    /// How it stands now.
    fn standing(&self) -> BoxFuture<'_, Standing>;

    /// Keeps that the person trusts it on these grounds. Resolves when that holds.
    fn trust(&self, grounds: Grounds) -> BoxFuture<'_, ()>;
}

/// The gate of one session's turn: trust first, then the rules.
pub struct TrustGate {
    rules: RuleGate,
    workspace: Arc<dyn Workspace>,
    session: SessionId,
    person: Arc<dyn Person>,
    cancel: CancellationToken,
    on_wait: OnWait,
    /// Held while the workspace is looked at: who comes meanwhile finds what became of it.
    looking: Mutex<()>,
}

impl TrustGate {
    /// A gate of these parts, in this workspace.
    pub fn new(parts: GateParts, workspace: Arc<dyn Workspace>) -> Self {
        let person: Arc<dyn Person> =
            Arc::new(OneAtATime { person: Arc::clone(&parts.person), asking: Mutex::new(()) });
        Self {
            workspace,
            session: parts.session.clone(),
            person: Arc::clone(&person),
            cancel: parts.cancel.clone(),
            on_wait: Arc::clone(&parts.on_wait),
            rules: RuleGate::new(GateParts { person, ..parts }),
            looking: Mutex::new(()),
        }
    }

    fn needs_trust(&self, ask: &Ask) -> bool {
        let denied = |item: &Item| {
            let names = std::iter::once(&item.label).chain(&item.aliases);
            names.into_iter().any(|name| self.rules.denies(&ask.tool, name))
        };
        !rules::only_looks(&ask.tool) && !ask.items.iter().any(denied)
    }

    async fn vouched_for(&self) -> Result<(), Refusal> {
        let _look = self.looking.lock().await;
        let untrusted = || Refusal::Untrusted { root: self.workspace.root() };
        let grounds = match self.workspace.standing().await {
            Standing::Trusted => return Ok(()),
            Standing::Refused => return Err(untrusted()),
            Standing::Unknown(grounds) => grounds,
        };
        let _waiting = Waiting::begin(&self.on_wait);
        let answer = self.person.permission(self.question(&grounds)).await.ok_or_else(untrusted)?;
        if answer.option_id == TRUST {
            self.workspace.trust(grounds).await;
            return Ok(());
        }
        Err(match answer.feedback {
            Some(feedback) if !feedback.trim().is_empty() => Refusal::Advised { feedback },
            _ => Refusal::Person,
        })
    }

    fn question(&self, grounds: &Grounds) -> PermissionQuestion {
        let option =
            |id: &str, label: &str, scope| PermissionOption { id: id.into(), label: label.into(), scope };
        PermissionQuestion {
            session_id: self.session.clone(),
            permission_id: PermissionId::random(),
            tool: TOOL.to_owned(),
            title: format!("Trust {}?", self.workspace.root()),
            reason: grounds.reason.clone(),
            items: enabled(&grounds.brings),
            path: None,
            diff: None,
            sandbox: None,
            options: vec![
                option(TRUST, "Trust this workspace", Scope::Project),
                option(REFUSE, "Refuse: it stays read-only", Scope::Never),
            ],
        }
    }
}

/// What trusting lets happen, a line for each thing.
fn enabled(brings: &[Brought]) -> Vec<Item> {
    let tools = "Tools change files and run commands here, as your rules and you allow";
    let file = |brought: &Brought| {
        let change = brought.change.map(|change| format!(", {}", change.word())).unwrap_or_default();
        format!("{} ({}{change})", visible_line(&brought.path), brought.what.word())
    };
    let lines = std::iter::once(tools.to_owned()).chain(brings.iter().map(file));
    lines.map(|line| Item::new(line, "")).collect()
}

impl Gate for TrustGate {
    fn permit(&self, ask: Ask) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            if self.needs_trust(&ask) {
                tokio::select! {
                    biased;
                    () = self.cancel.cancelled() => return Err(Refusal::Cancelled),
                    vouched = self.vouched_for() => vouched?,
                }
            }
            self.rules.permit(ask).await
        })
    }

    fn denies(&self, tool: &str, subject: &str) -> bool {
        self.rules.denies(tool, subject)
    }
}

/// A person who is asked for one permission after the other, whichever gate asks.
struct OneAtATime {
    person: Arc<dyn Person>,
    /// Held while a question is open.
    asking: Mutex<()>,
}

impl Person for OneAtATime {
    fn permission(&self, question: PermissionQuestion) -> BoxFuture<'_, Option<PermissionAnswer>> {
        Box::pin(async move {
            let _turn = self.asking.lock().await;
            self.person.permission(question).await
        })
    }

    fn questions(&self, session: &SessionId, questions: Vec<Question>) -> BoxFuture<'_, Answers> {
        self.person.questions(session, questions)
    }
}

#[cfg(test)]
mod tests;
