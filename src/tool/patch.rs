//! `patch`: several changes of several files at once, all or nothing.
//!
//! Everything is computed from what is there, asked for once with the whole difference, and then written.
//! When a write fails, what was written before is put back.

mod apply;
mod parse;

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use self::parse::{Action, Change};
use super::{
    Output, Tool, ToolContext, ToolError, params, place,
    textfile::{self, Text, unified_diff},
};
use crate::{permission::path::Resolved, provider::ToolSpec, transcript::FileChange};

#[derive(Debug, Deserialize, JsonSchema)]
struct Params {
    /// Unified diff, or `*** Begin Patch` … `*** End Patch` with `*** Add File: p`, `*** Delete File: p`,
    /// `*** Update File: p` and perhaps `*** Move to: q`, then `@@` hunks of ` `, `-` and `+` lines.
    patch: String,
}

/// The tool.
#[derive(Clone, Copy, Debug)]
pub struct Patch;

impl Tool for Patch {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            "patch",
            "Changes several files at once, all or nothing. For one change in one file use edit.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let params: Params = params::read(input)?;
            let changes = parse::parse(&params.patch).map_err(ToolError::Parameter)?;
            let places = locate_all(&context, &changes).await?;
            let _hold = place::hold(&context, &places).await?;
            let mut plan = Plan::default();
            for change in &changes {
                plan.add(&context, change).await?;
            }
            let ask = place::ask("patch", plan.title(), &plan.places, Some(plan.diff.clone()));
            context.gate.permit(ask).await?;
            place::going_on(&context)?;
            plan.carry_out(&context).await?;
            Ok(Output {
                title: plan.title(),
                text: plan.notes.join("\n"),
                changed: plan.changed(),
                ..Output::default()
            })
        })
    }
}

/// What a patch makes of each file that it names, if each of them held `text`; `None` for one that goes.
#[doc(hidden)]
pub fn rehearse(patch: &str, text: &str) -> Result<Vec<Option<String>>, String> {
    let after = |change: Change| match change.action {
        Action::Add(new) => Ok(Some(new)),
        Action::Delete => Ok(None),
        Action::Update { hunks, .. } => apply::apply(text, &hunks).map(Some),
    };
    parse::parse(patch)?.into_iter().map(after).collect()
}

/// Every place that the changes name.
async fn locate_all(context: &ToolContext, changes: &[Change]) -> Result<Vec<Resolved>, ToolError> {
    let mut places = Vec::with_capacity(changes.len());
    for change in changes {
        places.push(place::locate(context, &change.path).await?);
        if let Action::Update { move_to: Some(target), .. } = &change.action {
            places.push(place::locate(context, target).await?);
        }
    }
    Ok(places)
}

/// A file before and after. `None`: it is not there.
struct Step {
    before: Text,
    after: Option<String>,
}

/// What will be done, in order.
#[derive(Default)]
struct Plan {
    steps: Vec<Step>,
    places: Vec<Resolved>,
    notes: Vec<String>,
    diff: String,
}

impl Plan {
    async fn add(&mut self, context: &ToolContext, change: &Change) -> Result<(), ToolError> {
        let (place, before) = self.visit(context, &change.path).await?;
        let subject = place.subject();
        let old = before.content.clone();
        match (&change.action, old) {
            (Action::Add(_), Some(_)) => {
                Err(ToolError::Failed(format!("{subject} exists already; update it instead")))
            }
            (Action::Add(new), None) => {
                self.push(place, before, Some(new.clone()), format!("added {subject}"));
                Ok(())
            }
            (Action::Delete, Some(_)) => {
                self.push(place, before, None, format!("deleted {subject}"));
                Ok(())
            }
            (Action::Update { hunks, move_to }, Some(old)) => {
                let new = apply::apply(&old, hunks).map_err(|reason| {
                    ToolError::Failed(format!("{subject}: {reason}; nothing was changed"))
                })?;
                match move_to {
                    None => self.push(place, before, Some(new), format!("updated {subject}")),
                    Some(target) => self.relocate(context, place, before, new, target).await?,
                }
                Ok(())
            }
            (Action::Delete | Action::Update { .. }, None) => {
                Err(ToolError::Failed(format!("{subject} does not exist; nothing was changed")))
            }
        }
    }

    async fn relocate(
        &mut self,
        context: &ToolContext,
        place: Resolved,
        before: Text,
        new: String,
        target: &str,
    ) -> Result<(), ToolError> {
        let (to, there) = self.visit(context, target).await?;
        if there.content.is_some() {
            return Err(ToolError::Failed(format!("{} exists already; nothing was moved", to.subject())));
        }
        let note = format!("moved {} to {}", place.subject(), to.subject());
        self.push(to, there, Some(new), note);
        let gone = format!("deleted {}", place.subject());
        self.push(place, before, None, gone);
        Ok(())
    }

    async fn visit(&self, context: &ToolContext, path: &str) -> Result<(Resolved, Text), ToolError> {
        let place = place::locate(context, path).await?;
        if self.places.iter().any(|other| other.target == place.target) {
            let subject = place.subject();
            return Err(ToolError::Parameter(format!(
                "{subject} is in the patch twice; put its hunks together"
            )));
        }
        let text = textfile::load(context.editor.as_ref(), &place.target).await?;
        Ok((place, text))
    }

    fn push(&mut self, place: Resolved, before: Text, after: Option<String>, note: String) {
        let diff = unified_diff(&place.subject(), before.content.as_deref(), after.as_deref());
        self.diff.push_str(&diff);
        self.notes.push(note);
        self.places.push(place);
        self.steps.push(Step { before, after });
    }

    fn title(&self) -> String {
        match self.places.as_slice() {
            [only] => format!("Patch {}", only.subject()),
            places => format!("Patch {} files", places.len()),
        }
    }

    fn changed(&self) -> Vec<FileChange> {
        self.steps.iter().map(|step| step.before.changed_to(step.after.as_deref())).collect()
    }

    async fn carry_out(&self, context: &ToolContext) -> Result<(), ToolError> {
        for (at, step) in self.steps.iter().enumerate() {
            let Err(error) = carry_out(context, &step.before, step.after.as_deref()).await else { continue };
            let undone = self.undo(context, at).await;
            return Err(ToolError::Failed(format!("{error}; {undone}")));
        }
        Ok(())
    }

    /// Puts back the first `done` steps and says how that went.
    async fn undo(&self, context: &ToolContext, done: usize) -> String {
        let mut left = Vec::new();
        for step in self.steps.iter().take(done).rev() {
            let restored = match textfile::load(context.editor.as_ref(), &step.before.path).await {
                Ok(now) => carry_out(context, &now, step.before.content.as_deref()).await,
                Err(error) => Err(error),
            };
            if let Err(error) = restored {
                left.push(format!("{} could not be put back: {error}", step.before.path.to_string_lossy()));
            }
        }
        if left.is_empty() { "nothing was changed".to_owned() } else { left.join("; ") }
    }
}

async fn carry_out(context: &ToolContext, before: &Text, after: Option<&str>) -> Result<(), ToolError> {
    match after {
        Some(after) => textfile::store(context.editor.as_ref(), before, after).await,
        None => textfile::remove(context.editor.as_ref(), before).await,
    }
}

#[cfg(test)]
mod tests;
