//! `agentls trust`: vouching for a workspace, and taking that back.
//!
//! Shows what the workspace brings that counts from then on; a later change of that is asked about anew.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use agentls::{
    engine::Which,
    transcript::project::{Brought, Project, Trust},
    workspace::paths::Directories,
};

use super::{
    failure::Usage,
    local,
    style::{Style, one_line},
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// A directory of the project; the current one when missing
    path: Option<PathBuf>,
    /// Trust it no longer
    #[arg(long)]
    revoke: bool,
    /// List what is trusted
    #[arg(long, conflicts_with_all = ["path", "revoke"])]
    list: bool,
}

pub(super) fn trust(arguments: Arguments, directories: Directories) -> anyhow::Result<ExitCode> {
    let engine = local::reading_engine(directories);
    let runtime = local::runtime()?;
    let (style, mut out) = (Style::of(&io::stdout()), io::stdout());
    if arguments.list {
        let projects = runtime.block_on(engine.projects())?;
        for line in list(style, &projects) {
            writeln!(out, "{line}")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let path = local::working_directory()?.join(arguments.path.unwrap_or_default());
    if !path.is_dir() {
        return Err(Usage(format!("{} is no directory that can be opened", path.display())).into());
    }
    let folder = Which::Folder(path.to_string_lossy().into_owned());
    let project = runtime.block_on(engine.trust_project(folder, !arguments.revoke))?;
    runtime.block_on(engine.shut_down());
    for line in told(style, &project) {
        writeln!(out, "{line}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What became of a project.
fn told(style: Style, project: &Project) -> Vec<String> {
    let root = one_line(&project.root);
    if project.trust != Trust::Trusted {
        return vec![format!("{root} is not trusted: it is read, and nothing is changed or run in it.")];
    }
    let brings = project.would_run.iter().map(|brought| format!("  {}", file(style, brought)));
    std::iter::once(format!("{} {root} is trusted.", style.green("✓"))).chain(brings).collect()
}

/// The projects that somebody trusted.
fn list(style: Style, projects: &[Project]) -> Vec<String> {
    let mut lines = Vec::new();
    for project in projects.iter().filter(|project| project.trust != Trust::Untrusted) {
        let root = one_line(&project.root);
        if project.trust == Trust::Trusted {
            lines.push(root);
            continue;
        }
        lines.push(format!("{root}  {}", style.yellow("changed: trust it again with `agentls trust`")));
        let changed = project.would_run.iter().filter(|brought| brought.change.is_some());
        lines.extend(changed.map(|brought| format!("  {}", file(style, brought))));
    }
    if lines.is_empty() {
        lines.push("Nothing is trusted.".to_owned());
    }
    lines
}

fn file(style: Style, brought: &Brought) -> String {
    let change = brought.change.map(|change| format!(", {}", change.word())).unwrap_or_default();
    format!("{} {}", one_line(&brought.path), style.dim(format_args!("({}{change})", brought.what.word())))
}

#[cfg(test)]
mod tests {
    use agentls::transcript::{
        Timestamp,
        project::{Edit, Use},
    };

    use super::*;

    fn project(root: &str, trust: Trust) -> Project {
        let brought = |path: &str, change| Brought { path: path.into(), what: Use::Agent, change };
        let change = (trust == Trust::Changed).then_some(Edit::Changed);
        Project {
            id: "prj_1".into(),
            root: root.into(),
            name: String::new(),
            icon: None,
            vcs: None,
            sandboxes: Vec::new(),
            trust,
            would_run: vec![brought("a\u{1b}.md", change), brought("b.md", None)],
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            opened_at: Timestamp(0),
        }
    }

    #[test]
    fn what_is_trusted_is_listed_and_what_changed_in_it_is_named() {
        let projects =
            [project("/a\n", Trust::Trusted), project("/b", Trust::Untrusted), project("/c", Trust::Changed)];
        let lines = list(Style::plain(), &projects);
        let changed = "/c  changed: trust it again with `agentls trust`";
        assert_eq!(lines, ["/a ", changed, "  a.md (agent, changed)"]);
        assert_eq!(list(Style::plain(), &[]), ["Nothing is trusted."]);
    }

    #[test]
    fn who_trusts_sees_what_counts_from_now_on() {
        let lines = told(Style::plain(), &project("/a", Trust::Trusted));
        assert_eq!(lines, ["✓ /a is trusted.", "  a.md (agent)", "  b.md (agent)"]);
    }
}
