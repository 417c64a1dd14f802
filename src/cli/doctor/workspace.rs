//! What `agentls doctor` says of the workspace: whether it is trusted, what it brings, and what is wrong with that.
//!
//! Looks at the database from outside, so that nothing is made or changed by looking.

use std::path::{Path, PathBuf};

use agentls::{
    engine::{Engine, StoredTrust, Vouching},
    store::StoreError,
    transcript::{
        Failure, Timestamp,
        project::{Brought, Trust},
    },
    workspace::{paths::Directories, project},
};

use super::Finding;
use crate::cli::{figures, local, style::one_line};

/// What vouches beside the person's own word.
const ELSEWHERE: &str = "An editor that vouches for its folders counts beside this, while it is connected.";

/// The workspace that doctor was called in.
pub(super) struct Workspace {
    /// The project's root.
    pub(super) root: PathBuf,
    standing: Result<StoredTrust, StoreError>,
}

impl Workspace {
    pub(super) fn look(directories: &Directories, here: &Path) -> Self {
        let root = project::find(here).path;
        Self { standing: StoredTrust::look(&directories.data, &root), root }
    }

    /// Whether what the workspace brings counts for a session here. Without a database it does not.
    pub(super) fn is_trusted(&self) -> bool {
        self.standing.as_ref().is_ok_and(|standing| standing.trust == Trust::Trusted)
    }

    /// An engine that sees the workspace as a session would.
    pub(super) fn engine(&self, directories: &Directories) -> Engine {
        let trust = if self.is_trusted() {
            Vouching::Trusted { folders: vec![self.root.clone()] }
        } else {
            Vouching::Untrusted
        };
        local::looking_engine(directories.clone(), trust)
    }

    /// Whether it is trusted, and what it brings.
    pub(super) fn trust(&self) -> Vec<Finding> {
        let root = one_line(&self.root.to_string_lossy());
        let StoredTrust { trust, brings, changed_at } = match &self.standing {
            Ok(standing) => standing,
            Err(error) => {
                let failure = Failure::from(error.clone());
                let what = format!("{root} is not trusted: the database cannot be read: {}", failure.message);
                return vec![Finding::doubtful(what, failure.cure())];
            }
        };
        let trust_it = format!("`agentls trust` trusts it. {ELSEWHERE}");
        let first = match trust {
            Trust::Trusted => {
                let age = changed_at.map(|at| figures::age(at, Timestamp::now()));
                let said = age.map(|age| format!(" (last said or changed: {age})")).unwrap_or_default();
                Finding::fine(format!("{root} is trusted: you said so{said}"))
            }
            Trust::Untrusted => Finding {
                cure: Some(trust_it),
                ..Finding::plain(format!(
                    "{root} is not trusted: it is read, nothing is changed or run in it, and what it brings does not count"
                ))
            },
            Trust::Changed => Finding::doubtful(
                format!("{root} is not trusted any more: what it brings is not what you trusted"),
                trust_it,
            ),
        };
        let counts = *trust == Trust::Trusted;
        std::iter::once(first).chain(brings.iter().map(|brought| brings_line(brought, counts))).collect()
    }
}

fn brings_line(Brought { path, what, change }: &Brought, counts: bool) -> Finding {
    let change = change.map(|change| format!(", {}", change.word())).unwrap_or_default();
    let counts = if counts { "it counts" } else { "withheld" };
    Finding::plain(format!("{} ({}{change}): {counts}", one_line(path), what.word()))
}

/// How many agents, commands and skills a session here has, and what is wrong with them.
pub(super) fn brought(engine: &Engine, here: &Path) -> anyhow::Result<Vec<Finding>> {
    let cwd = || Some(here.to_string_lossy().into_owned());
    let runtime = local::runtime()?;
    let (agents, commands, skills) = (
        runtime.block_on(engine.agents(cwd()))?,
        runtime.block_on(engine.commands(cwd()))?,
        runtime.block_on(engine.skills(cwd()))?,
    );
    let all = format!("agents {}, commands {}, skills {}", agents.len(), commands.len(), skills.len());
    let wrong = |kind: &str, name: &str, source: &str, mistakes: &[String]| -> Vec<Finding> {
        let line = |mistake: &String| {
            let what = format!("{kind} {}: {}", one_line(name), one_line(mistake));
            Finding::doubtful(what, format!("Correct {}, or take it away.", one_line(source)))
        };
        mistakes.iter().map(line).collect()
    };
    let mut findings = vec![Finding::fine(all)];
    findings.extend(agents.iter().flat_map(|it| wrong("agent", &it.name, &it.source, &it.mistakes)));
    findings.extend(commands.iter().flat_map(|it| wrong("command", &it.name, &it.source, &it.mistakes)));
    findings.extend(
        skills.iter().flat_map(|it| wrong("skill", &it.name, &it.path.to_string_lossy(), &it.mistakes)),
    );
    Ok(findings)
}
