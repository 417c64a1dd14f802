//! `skill`: loads the instructions for a kind of task that stand in the list of skills.

use std::sync::Arc;

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Output, Tool, ToolContext, ToolError, params};
use crate::provider::ToolSpec;

/// Loads a skill.
#[derive(Clone, Copy, Debug)]
pub struct LoadSkill;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {
    /// The skill's name, as in the list of skills.
    name: String,
}

impl Tool for LoadSkill {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            "skill",
            "Load a skill from the list of skills: instructions for a kind of task. Load it before you begin such a task.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let Params { name } = params::read(input)?;
            let skills = Arc::clone(&context.skills);
            let wanted = name.clone();
            let loaded = tokio::task::spawn_blocking(move || skills.load(&wanted))
                .await
                .map_err(|error| ToolError::Failed(error.to_string()))?;
            let (skill, text) = loaded.map_err(|names| {
                let there = if names.is_empty() { "there are none".to_owned() } else { names.join(", ") };
                ToolError::Failed(format!("There is no skill `{name}`. Skills: {there}."))
            })?;
            let folder = skill.path.parent().unwrap_or(&skill.path).display();
            Ok(Output {
                title: skill.name.clone(),
                text: format!("Files that the skill names lie in {folder}.\n\n{text}"),
                ..Output::default()
            })
        })
    }
}
