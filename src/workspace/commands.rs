//! Commands: prompts that a person keeps and calls by name, `/name arguments`.
//!
//! They come from Markdown files, whose front matter says what they are for and who answers, and from the configuration.
//! A later layer replaces what an earlier one has under the same name: the user's files, the configuration, a trusted
//! project's files. Reads files, runs nothing: what [`template`] finds to be run is run elsewhere, through the gate
//! (invariant 12).

pub mod template;

use std::path::Path;

use super::{
    agents::{Origin, Places},
    config::CommandConfig,
    front_matter::{self, Fields},
    names, reading,
};
use crate::transcript::{ModelRef, text};

/// Bytes of a command's file, or of a template in the configuration. A longer one cannot be used.
pub(in crate::workspace) const MOST_BYTES: u64 = 64 * 1024;

/// Shell snippets in one template. One with more cannot be used.
pub(in crate::workspace) const MOST_SNIPPETS: usize = 20;

/// Bytes of a hint at the arguments, and of a description that is taken from the template.
const HINT: usize = 120;

/// Fields of the front matter.
const FIELDS: &[&str] = &["description", "argumentHint", "agent", "model"];

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What is typed behind the slash.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What may be typed behind the name.
    pub argument_hint: Option<String>,
    /// Who answers it.
    pub agent: Option<String>,
    /// The model that answers it.
    pub model: Option<ModelRef>,
    /// The prompt.
    pub template: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether the person wrote it, and not a project.
    pub own: bool,
    /// What is wrong with it, a line for each.
    pub mistakes: Vec<String>,
    /// Whether it can be used.
    pub usable: bool,
}

/// All commands, by name.
pub fn list(places: &Places<'_>) -> Vec<Command> {
    let mut commands = Vec::new();
    for path in reading::markdown(&places.config_dir.join("commands")) {
        add(&mut commands, from_file(&path));
    }
    for (name, own) in &places.config.commands {
        let origin = (places.source)(&format!("commands.{name}"));
        add(&mut commands, configured(name, own, origin));
    }
    if let Some(root) = places.project {
        let files = reading::markdown(&root.join(".agentls").join("commands"));
        for path in files.iter().filter(|path| reading::lies_in(path, root)) {
            add(&mut commands, Command { own: false, ..from_file(path) });
        }
    }
    commands.sort_by(|one, other| one.name.cmp(&other.name));
    commands
}

/// One that cannot be used does not replace one that can: its mistakes are said there.
fn add(commands: &mut Vec<Command>, new: Command) {
    match commands.iter_mut().find(|command| command.name == new.name) {
        Some(before) if before.usable && !new.usable => {
            let place = new.origin.name();
            before.mistakes.extend(new.mistakes.iter().map(|mistake| format!("{place}: {mistake}")));
        }
        Some(before) => *before = new,
        None => commands.push(new),
    }
}

/// The command that a text calls, and its arguments: a slash and a name at the very beginning.
pub fn called(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix('/')?;
    let (name, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    names::is_name(name).then_some((name, arguments.trim()))
}

fn configured(name: &str, own: &CommandConfig, origin: Option<String>) -> Command {
    let mut mistakes = Vec::new();
    let model = model(own.model.as_deref(), &mut mistakes);
    let command = Command {
        description: own.description.as_deref().map(names::description).unwrap_or_default(),
        agent: own.agent.clone(),
        model,
        template: own.template.trim().to_owned(),
        mistakes,
        ..nothing(name, origin.unwrap_or_else(|| "configuration".to_owned()))
    };
    checked(command)
}

/// Reads a command's file. What is wrong with it stands in it.
fn from_file(path: &Path) -> Command {
    let mut command = nothing(&names::of_file(path), path.to_string_lossy().into_owned());
    let document = match reading::read(path, MOST_BYTES) {
        Ok(document) if document.truncated => {
            command.mistakes.push(format!("it is longer than {MOST_BYTES} bytes"));
            return command;
        }
        Ok(document) => document,
        Err(error) => {
            command.mistakes.push(format!("it cannot be read: {error}"));
            return command;
        }
    };
    if document.hidden > 0 {
        command.mistakes.push(reading::hidden_note(document.hidden));
    }
    let (matter, body) = front_matter::split(&document.text).unwrap_or(("", &document.text));
    let mut fields = Fields::read(matter);
    command.description =
        fields.text("description").map(|text| names::description(&text)).unwrap_or_default();
    command.argument_hint = fields.text("argumentHint").map(|text| text::ellipsis(&text, HINT));
    command.agent = fields.text("agent");
    let model = fields.text("model");
    fields.finish(FIELDS);
    command.mistakes.append(&mut fields.mistakes);
    command.model = self::model(model.as_deref(), &mut command.mistakes);
    if fields.broken {
        return command;
    }
    body.trim().clone_into(&mut command.template);
    checked(command)
}

/// A command that has nothing yet and cannot be used.
fn nothing(name: &str, origin: String) -> Command {
    Command {
        name: name.to_owned(),
        description: String::new(),
        argument_hint: None,
        agent: None,
        model: None,
        template: String::new(),
        origin: Origin::Place(origin),
        own: true,
        mistakes: Vec::new(),
        usable: false,
    }
}

fn model(written: Option<&str>, mistakes: &mut Vec<String>) -> Option<ModelRef> {
    let parsed = written?.parse();
    parsed.inspect_err(|error| mistakes.push(format!("`model` names no model, it is left out: {error}"))).ok()
}

/// Whether what was read can be used.
fn checked(mut command: Command) -> Command {
    let before = command.mistakes.len();
    if !names::is_name(&command.name) {
        command.mistakes.push(names::RULE.to_owned());
    }
    if command.template.is_empty() {
        command.mistakes.push("its template is empty".to_owned());
    }
    if command.template.len() as u64 > MOST_BYTES {
        command.mistakes.push(format!("its template is longer than {MOST_BYTES} bytes"));
    }
    if template::snippets(&command.template) > MOST_SNIPPETS {
        command.mistakes.push(format!("it has more than {MOST_SNIPPETS} shell snippets"));
    }
    command.usable = command.mistakes.len() == before;
    if command.description.is_empty() {
        command.description = text::ellipsis(&names::description(text::first_line(&command.template)), HINT);
    }
    command
}

#[cfg(test)]
mod tests;
