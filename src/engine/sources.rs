//! Where the system prompt of a turn comes from: the agent and the skills as they were when it began, the instruction
//! files and the date as they are now (invariant 4).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use crate::{
    context::fragments::{self, Fragment},
    failpoint,
    transcript::text,
    turn::Sources,
    workspace::{
        agents::Agent,
        instructions::{Places, Watch},
        skills::Skills,
    },
};

/// The sources of one turn.
pub(super) struct PromptSources {
    agent: Agent,
    cwd: PathBuf,
    watch: Watch,
    skills: Arc<Skills>,
}

impl PromptSources {
    pub(super) fn new(agent: Agent, cwd: PathBuf, places: Places, skills: Skills) -> Self {
        Self { agent, cwd, watch: Watch::new(places), skills: Arc::new(skills) }
    }

    /// The skills that can be loaded.
    pub(super) fn skills(&self) -> Arc<Skills> {
        Arc::clone(&self.skills)
    }
}

impl Sources for PromptSources {
    fn look(&self) -> Vec<Fragment> {
        fragments::fragments(&self.agent, &self.cwd, &today(), &self.watch.look(), self.skills.list())
    }

    fn resume(&self, told: &[Fragment]) {
        self.watch.resume(told.iter().map(|fragment| fragment.name.as_str()));
    }

    fn visit(&self, path: &Path) {
        self.watch.visit(path);
    }
}

/// The day, as a person writes it.
fn today() -> String {
    let day = failpoint::today().unwrap_or_else(|| httpdate::fmt_http_date(SystemTime::now()));
    // What a HTTP date begins with: `Sat, 21 Nov 2026`.
    format!("{} (UTC)", text::head(&day, 16).trim_end())
}
