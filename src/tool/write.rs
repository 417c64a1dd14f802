//! `write`: a whole file, new or replaced. The person is shown the difference.

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Output, Tool, ToolContext, ToolError, params, place,
    textfile::{self, unified_diff},
};
use crate::provider::ToolSpec;

#[derive(Debug, Deserialize, JsonSchema)]
struct Params {
    /// File; folders above it are created.
    path: String,
    /// The whole new content.
    content: String,
}

/// The tool.
#[derive(Clone, Copy, Debug)]
pub struct Write;

impl Tool for Write {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            "write",
            "Creates a file or replaces its whole content. To change a part of a file use edit.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let params: Params = params::read(input)?;
            let place = place::locate(&context, &params.path).await?;
            let _hold = place::hold(&context, [&place]).await?;
            let subject = place.subject();
            let text = textfile::load(context.editor.as_ref(), &place.target).await?;
            let diff = unified_diff(&subject, text.content.as_deref(), Some(&params.content));
            let verb = if text.content.is_some() { "Replace" } else { "Create" };
            let ask =
                place::ask("write", format!("{verb} {subject}"), std::slice::from_ref(&place), Some(diff));
            context.gate.permit(ask).await?;
            place::going_on(&context)?;
            textfile::store(context.editor.as_ref(), &text, &params.content).await?;
            let done = if text.content.is_some() { "replaced" } else { "created" };
            let (lines, bytes) = (params.content.lines().count(), params.content.len());
            Ok(Output {
                text: format!("{done} {subject} ({lines} lines, {bytes} bytes)"),
                title: subject,
                changed: vec![text.changed_to(Some(&params.content))],
                ..Output::default()
            })
        })
    }
}

#[cfg(test)]
mod tests;
