//! Commands of a prompt: the shell snippets of their templates are run when the turn begins, each asked for like any
//! other command line (invariant 12), and what the model reads is stored with what was typed.
//!
//! Until then the part that holds it has no text, and the snippets wait in its data: after a crash the model reads what
//! was typed, and nothing is run.

use std::sync::Arc;

use serde_json::json;

use super::{
    run::{Broken, Turn},
    tools::without_secrets,
};
use crate::{
    permission::Refusal,
    store::{Bodies, Change, Field},
    tool::{Progress, ToolError},
    transcript::{Body, CommandPart, Failure, Part, PartId, PartKind, Status, TodoItem, Update, text},
    workspace::commands::template::Piece,
};

/// The part of a command. One with snippets waits for them.
pub(super) fn part(name: String, pieces: &[Piece]) -> (PartKind, Bodies) {
    let whole: Option<String> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Shell(_) => None,
        })
        .collect();
    let bodies = match &whole {
        Some(_) => Bodies::new(),
        None => vec![(Field::Data, serde_json::to_vec(pieces).unwrap_or_default())],
    };
    (PartKind::Command(CommandPart { name, text: Body::whole(whole.unwrap_or_default()) }), bodies)
}

/// The commands among these parts whose snippets have to be run.
pub(super) fn waiting(parts: &[Part]) -> Vec<Part> {
    let waits = |part: &&Part| matches!(&part.kind, PartKind::Command(command) if command.text.bytes == 0);
    parts.iter().filter(waits).cloned().collect()
}

/// What came of a snippet.
enum Ran {
    /// What stands in its place.
    Said(String),
    /// A person refused it, or nobody was there to allow it.
    Refused(String),
}

impl Turn {
    /// Runs what the commands wait for, and stores what the model reads. Says whether a person refused something: then
    /// the prompt is not answered.
    pub(super) async fn complete_commands(&mut self, commands: Vec<Part>) -> Result<bool, Broken> {
        let mut refused = false;
        for mut part in commands {
            let PartKind::Command(command) = &mut part.kind else { continue };
            let mut said = String::new();
            for piece in self.waiting_pieces(&part.id).await? {
                match piece {
                    Piece::Text(text) => said.push_str(&text),
                    Piece::Shell(line) if refused => said.push_str(&format!("[`{line}` was not run]")),
                    Piece::Shell(line) => match self.snippet(&command.name, &line).await? {
                        Ran::Said(output) => said.push_str(&output),
                        Ran::Refused(why) => {
                            said.push_str(&why);
                            refused = true;
                        }
                    },
                }
            }
            command.text = Body::whole(said.clone());
            let change = Change::Append(part.id.clone(), Field::Text, said);
            self.shared.store.apply(&self.session, vec![change]).await?;
            self.emit(Update::Part(part));
        }
        Ok(refused)
    }

    /// What a command waits for, as it was stored with it.
    async fn waiting_pieces(&self, part: &PartId) -> Result<Vec<Piece>, Broken> {
        let stored = self.shared.store.read_part(part, Field::Data, 0, u64::MAX).await?;
        serde_json::from_slice(&stored.data).map_err(|error| {
            let report = format!("the command of {part} cannot be read: {error}");
            Broken::Failed(Failure::internal(report))
        })
    }

    /// Runs a snippet as the tool `bash` does, through the turn's gate.
    async fn snippet(&self, name: &str, line: &str) -> Result<Ran, Broken> {
        let title = text::ellipsis(&format!("/{name}: {}", text::first_line(line.trim())), 120);
        let bash = self.shared.tools.find("bash").ok_or_else(|| Failure::internal("there is no bash"))?;
        self.status(Status::Running, Some(title.clone()), None);
        let context = self.tool_context(Arc::new(Unseen));
        let ran = bash.call(context, json!({"command": line, "description": title})).await;
        self.status(Status::Running, None, None);
        match without_secrets(&self.context.secrets, ran) {
            Ok(output) => Ok(Ran::Said(text::cap_output(output.text.trim_end(), None))),
            Err(ToolError::Cancelled { .. } | ToolError::Refused(Refusal::Cancelled)) => {
                Err(Broken::Cancelled)
            }
            Err(ToolError::Refused(refusal)) if refusal.ends_turn() => {
                Ok(Ran::Refused(format!("[`{line}` was not run: {refusal}]")))
            }
            Err(error) => Ok(Ran::Said(format!("[`{line}` was not run: {error}]"))),
        }
    }
}

/// A snippet's output is shown with the prompt that it becomes part of.
struct Unseen;

impl Progress for Unseen {
    fn output(&self, _: &str) {}

    fn title(&self, _: &str) {}

    fn todo(&self, _: Vec<TodoItem>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_without_snippets_is_whole_and_one_with_them_waits() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let made = |pieces: &[Piece]| {
            let (kind, bodies) = part("fix".to_owned(), pieces);
            let part = Part { id: "prt_1".into(), message_id: "msg_1".into(), index: 1, kind };
            (waiting(std::slice::from_ref(&part)).len(), part.text_bytes(), bodies.len())
        };
        assert_eq!(made(&[text("Fix "), text("it.")]), (0, 7, 0));
        assert_eq!(made(&[text("See "), Piece::Shell("ls".to_owned())]), (1, 0, 1));
    }
}
