//! Commands that a prompt calls: from what was typed to what the model is to get.
//!
//! What a template names is read here, by the rules for reading; what it wants run is left to the turn, which asks first
//! (invariant 12).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    EngineError, intake, models,
    settings::{self, Settings},
    site::Site,
};
use crate::{
    permission::{
        path::{Resolved, resolve},
        rules::Decision,
    },
    tool::buffers::Editor,
    transcript::{Failure, FailureKind, ModelRef, Session, text},
    turn::inbox::AcceptedPart,
    workspace::{
        agents::Agent,
        commands::{
            self, Command,
            template::{self, Named, Piece},
        },
    },
};

/// Expands the commands of one prompt.
pub(super) struct Caller {
    settings: Arc<Settings>,
    cwd: PathBuf,
    /// The agent that would answer without a command.
    session_agent: String,
    /// The agent and the model that answer, where the prompt or a command of it chose them.
    agent: Option<String>,
    model: Option<ModelRef>,
}

impl Caller {
    /// For a prompt to a session, which chose `agent` and `model` itself or left them open.
    pub(super) fn new(
        settings: Arc<Settings>,
        session: &Session,
        agent: Option<String>,
        model: Option<ModelRef>,
    ) -> Self {
        let (cwd, session_agent) = (PathBuf::from(&session.cwd), session.agent.clone());
        Self { settings, cwd, session_agent, agent, model }
    }

    /// Who answers, as far as the prompt or its commands say.
    pub(super) fn answers(self) -> (Option<String>, Option<ModelRef>) {
        (self.agent, self.model)
    }

    /// What a text becomes that calls a command; `None` when it calls none that is there.
    pub(super) fn call(
        &mut self,
        typed: &str,
        editor: &dyn Editor,
    ) -> Result<Option<Vec<AcceptedPart>>, EngineError> {
        let Some((name, arguments)) = commands::called(typed) else { return Ok(None) };
        let site = self.settings.look(Some(&self.cwd));
        let commands = self.settings.commands(&site);
        let Some(command) = commands.into_iter().find(|command| command.name == name) else {
            return Ok(None);
        };
        if !command.usable {
            let why = command.mistakes.join("; ");
            return Err(invalid(&command, &format!("cannot be used: {}: {why}", command.origin.name())));
        }
        let expanded = template::expand(&command.template, arguments, intake::LARGEST_PROMPT)
            .map_err(|problem| invalid(&command, &problem.to_string()))?;
        let agent = self.choose(&command, &site)?;
        let pieces = expanded.pieces;
        let mut parts =
            vec![AcceptedPart::Command { name: command.name.clone(), typed: typed.to_owned(), pieces }];
        for named in &expanded.files {
            parts.extend(self.attached(&command, named, &agent, &site, editor)?);
        }
        Ok(Some(parts))
    }

    /// Lets the command say who answers, where the prompt does not. A command does not lift an agent that only looks.
    fn choose(&mut self, command: &Command, site: &Site) -> Result<Agent, EngineError> {
        let current = self.agent.as_ref().unwrap_or(&self.session_agent);
        let (current, _) = self.settings.answering(site, current);
        let wanted = match command.agent.as_ref().filter(|_| self.agent.is_none()) {
            Some(name) => Some(
                self.settings.agent(site, name).map_err(|problem| invalid(command, &problem.to_string()))?,
            ),
            None => None,
        };
        let agent = wanted.filter(|wanted| wanted.looks_only || !current.looks_only);
        if let Some(agent) = &agent {
            self.agent = Some(agent.name.clone());
        }
        if self.model.is_none() {
            let own = agent.as_ref().and_then(|agent| agent.model.clone());
            self.model = command.model.clone().or(own);
            if let Some(model) = &self.model {
                models::find_model(site.config(), model)
                    .map_err(|failure| invalid(command, &failure.message))?;
            }
        }
        Ok(agent.unwrap_or(current))
    }

    /// A file that a command or its arguments name. What is no file stays text. Outside of the working directory only the
    /// person may name one: by typing it, or in a command of their own.
    fn attached(
        &self,
        command: &Command,
        named: &Named,
        agent: &Agent,
        site: &Site,
        editor: &dyn Editor,
    ) -> Result<Option<AcceptedPart>, EngineError> {
        let Some(place) = resolve(&self.cwd, &named.path).ok().filter(is_file) else {
            return Ok(None);
        };
        let said = |what: &str| format!("/{} names {}, which {what}", command.name, shown(&place.written));
        if !place.inside && !named.typed && !command.own {
            let (link, target) = (place.written.display().to_string(), place.target.display().to_string());
            let message = said(&format!("leads out of the working directory, to {}", shown(&place.target)));
            return Err(Failure::new(FailureKind::PathOutside { link, target }, message).into());
        }
        let rules = settings::rules(site.config(), agent);
        if let Decision::Deny { rule } = rules.decide_item("read", &place.item()) {
            let message = said(&format!("the rule `{rule}` denies"));
            return Err(Failure::new(FailureKind::PermissionDenied { rule }, message).into());
        }
        let uri = reqwest::Url::from_file_path(&place.target)
            .map_err(|()| invalid(command, &said("has no URI")))?;
        let part = intake::file(uri.as_str(), None, None, editor);
        part.map(Some).map_err(|problem| invalid(command, &problem))
    }
}

/// A part of a prompt as it is before anything of it was run: snippets are shown as they are written.
pub(super) fn unrun(part: AcceptedPart) -> AcceptedPart {
    let AcceptedPart::Command { name, typed, pieces } = part else { return part };
    let shown = pieces.into_iter().map(|piece| match piece {
        Piece::Text(text) => text,
        Piece::Shell(command) => format!("!`{command}`"),
    });
    AcceptedPart::Command { name, typed, pieces: vec![Piece::Text(shown.collect())] }
}

fn is_file(place: &Resolved) -> bool {
    place.exists && place.target.is_file()
}

fn shown(path: &Path) -> String {
    text::ellipsis(&path.display().to_string(), 200)
}

fn invalid(command: &Command, problem: &str) -> EngineError {
    EngineError::InvalidParams(format!("/{}: {problem}", command.name))
}
