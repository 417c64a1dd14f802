//! `agentls doctor`: what is here, what is wrong with it, and the cure. Changes nothing, unless it is asked to repair.
//!
//! Exit code 1 when something is broken. Invariant 13: whether a key is at hand is said, never the key.

mod checks;
mod children;
mod configuration;
mod database;
mod online;
mod repair;
mod sandbox;
mod workspace;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use agentls::workspace::paths::Directories;
use serde::Serialize;
use serde_json::json;

use super::{
    local,
    style::{Style, printable},
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Salvage a damaged database into a new one, and compact one that is mostly empty
    #[arg(long)]
    repair: bool,
    /// Call the providers too: whether they can be reached and take the key. Costs no tokens
    #[arg(long, conflicts_with = "repair")]
    online: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Weight {
    /// Neither good nor bad.
    Plain,
    Fine,
    Doubtful,
    Broken,
}

/// Something that was found.
#[derive(Debug, Serialize)]
struct Finding {
    weight: Weight,
    what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<String>,
}

impl Finding {
    fn plain(what: impl Into<String>) -> Self {
        Self { weight: Weight::Plain, what: what.into(), cure: None }
    }

    fn fine(what: impl Into<String>) -> Self {
        Self { weight: Weight::Fine, what: what.into(), cure: None }
    }

    fn doubtful(what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { weight: Weight::Doubtful, what: what.into(), cure: Some(cure.into()) }
    }

    fn broken(what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { weight: Weight::Broken, what: what.into(), cure: Some(cure.into()) }
    }
}

/// What was found of one thing.
#[derive(Serialize)]
struct Section {
    heading: &'static str,
    findings: Vec<Finding>,
}

pub(super) fn doctor(arguments: &Arguments, directories: &Directories) -> anyhow::Result<ExitCode> {
    if arguments.repair {
        return repair::repair(directories, arguments.json);
    }
    let sections = examine(directories, arguments.online)?;
    let found = || sections.iter().flat_map(|section| &section.findings);
    let count = |weight| found().filter(|finding| finding.weight == weight).count();
    let (broken, doubtful) = (count(Weight::Broken), count(Weight::Doubtful));
    let mut stdout = io::stdout().lock();
    if arguments.json {
        let report = json!({"sections": sections, "broken": broken, "doubtful": doubtful});
        writeln!(stdout, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        let style = Style::of(&stdout);
        for Section { heading, findings } in &sections {
            writeln!(stdout, "{}", style.bold(heading))?;
            for finding in findings {
                write_finding(&mut stdout, style, finding)?;
            }
        }
        writeln!(stdout, "{}", verdict(broken, doubtful))?;
    }
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn examine(directories: &Directories, online: bool) -> anyhow::Result<Vec<Section>> {
    // As sessions have it.
    let here = local::working_directory()?.canonicalize()?;
    let workspace = workspace::Workspace::look(directories, &here);
    let configured = configuration::load(directories, &workspace.root, workspace.is_trusted());
    let engine = workspace.engine(directories);
    let section = |heading, findings| Section { heading, findings };
    let mut sections = vec![
        section("Program", checks::program()),
        section("Places", checks::places(directories)),
        section("Database", database::database(directories)),
        section("Workspace", workspace.trust()),
        section("Configuration", configuration::configuration(&configured)),
        section("Agents, commands, skills", workspace::brought(&engine, &here)?),
        section("Sandbox", sandbox::sandbox(&configured.config, &here)),
        section("Environment of commands", children::environment(&configured.config)),
        section("Providers", checks::providers(&engine, &configured.config, &here)?),
    ];
    if online {
        sections.push(section("Online", online::providers(&engine, &here)?));
    }
    Ok(sections)
}

fn write_finding(out: &mut impl Write, style: Style, finding: &Finding) -> io::Result<()> {
    let mark = match finding.weight {
        Weight::Plain => style.dim("·"),
        Weight::Fine => style.green("✓"),
        Weight::Doubtful => style.yellow("!"),
        Weight::Broken => style.red("✗"),
    };
    writeln!(out, "  {mark} {}", printable(&finding.what))?;
    match &finding.cure {
        Some(cure) => writeln!(out, "    {}", style.dim(format_args!("→ {}", printable(cure)))),
        None => Ok(()),
    }
}

fn verdict(broken: usize, doubtful: usize) -> String {
    match (broken, doubtful) {
        (0, 0) => "All is well.".to_owned(),
        (0, doubtful) => format!("It works; {doubtful} to look at."),
        (broken, _) => format!("{broken} broken."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_stands_with_its_cure() {
        let mut out = Vec::new();
        let finding = Finding::broken("config.jsonc:3: `model` is \x1b[8mwrong", "Correct it.");
        write_finding(&mut out, Style::plain(), &finding).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "  ✗ config.jsonc:3: `model` is [8mwrong\n    → Correct it.\n");
    }

    #[test]
    fn only_what_is_broken_is_called_broken() {
        assert_eq!(verdict(0, 0), "All is well.");
        assert_eq!(verdict(0, 2), "It works; 2 to look at.");
        assert_eq!(verdict(1, 2), "1 broken.");
    }
}
