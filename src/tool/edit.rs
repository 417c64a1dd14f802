//! `edit`: replaces one text in a file by another.
//!
//! The old text has to be there exactly and once; else its lines, white space apart, have to be there once.
//! Anything looser is refused with the nearest candidate, so that no other lines than those meant can be
//! replaced.

pub(in crate::tool) mod matching;

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Output, Tool, ToolContext, ToolError, params, place,
    textfile::{self, from_lf, line_ends, to_lf, unified_diff},
};
use crate::provider::ToolSpec;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Params {
    /// File.
    path: String,
    /// Text to replace, as it is in the file, without line numbers; enough of it to be unique.
    old_text: String,
    /// Text to put in its place.
    new_text: String,
    /// Replace every occurrence.
    #[serde(default)]
    replace_all: bool,
}

/// The tool.
#[derive(Clone, Copy, Debug)]
pub struct Edit;

impl Tool for Edit {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            "edit",
            "Replaces text in a file. oldText must occur exactly once unless replaceAll is set. Read the file first.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let params: Params = params::read(input)?;
            if params.old_text.trim().is_empty() {
                return Err(ToolError::Parameter(
                    "`oldText` is empty; to create a file use write".to_owned(),
                ));
            }
            let place = place::locate(&context, &params.path).await?;
            let _hold = place::hold(&context, [&place]).await?;
            let subject = place.subject();
            let text = textfile::load(context.editor.as_ref(), &place.target).await?;
            let Some(old) = text.content.as_deref() else {
                return Err(ToolError::Failed(format!(
                    "{subject} does not exist; to create a file use write"
                )));
            };
            let edited = replace(old, &params)?;
            let diff = unified_diff(&subject, Some(old), Some(&edited.text));
            let ask = place::ask(
                "edit",
                format!("Edit {subject}"),
                std::slice::from_ref(&place),
                Some(diff.clone()),
            );
            context.gate.permit(ask).await?;
            place::going_on(&context)?;
            textfile::store(context.editor.as_ref(), &text, &edited.text).await?;
            Ok(Output {
                text: format!("{}\n{diff}", edited.note(&subject)),
                title: subject,
                changed: vec![text.changed_to(Some(&edited.text))],
                ..Output::default()
            })
        })
    }
}

struct Edited {
    text: String,
    replaced: usize,
    loosely: bool,
}

impl Edited {
    fn note(&self, subject: &str) -> String {
        let loosely = if self.loosely { " (white space of oldText differed from the file)" } else { "" };
        match self.replaced {
            1 => format!("edited {subject}{loosely}"),
            times => format!("edited {subject} in {times} places"),
        }
    }
}

/// The text after the edit, with the file's own line ends.
fn replace(old: &str, params: &Params) -> Result<Edited, ToolError> {
    let ends = line_ends(old);
    let (text, wanted, new) =
        (to_lf(old, ends), to_lf(&params.old_text, ends), to_lf(&params.new_text, ends));
    if wanted == new {
        return Err(ToolError::Parameter("`newText` is the same as `oldText`".to_owned()));
    }
    let exact = text.matches(&wanted).count();
    if exact == 1 || (exact > 1 && params.replace_all) {
        let text = from_lf(&text.replace(&wanted, &new), ends);
        return Ok(Edited { text, replaced: exact, loosely: false });
    }
    if exact > 1 {
        let lines = matching::lines_of(&text, &wanted);
        return Err(ToolError::Failed(format!(
            "`oldText` occurs {exact} times, at {lines}; give more of its surroundings, or set replaceAll"
        )));
    }
    match matching::loosely(&text, &wanted).as_slice() {
        [only] => {
            let text = from_lf(&matching::replace_lines(&text, only.clone(), &new), ends);
            Ok(Edited { text, replaced: 1, loosely: true })
        }
        [] => Err(ToolError::Failed(format!(
            "`oldText` is not in the file{}",
            matching::nearest(&text, &wanted)
        ))),
        several => {
            let lines: Vec<_> = several.iter().map(|lines| (lines.start + 1).to_string()).collect();
            Err(ToolError::Failed(format!(
                "`oldText` matches, white space apart, at lines {}; give it exactly and with more around it",
                lines.join(", ")
            )))
        }
    }
}

#[cfg(test)]
mod tests;
