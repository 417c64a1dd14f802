//! `agentls doctor`: what is here, what is wrong with it, and the cure. Changes nothing.
//!
//! Exit code 1 when something is broken. Invariant 13: whether a key is at hand is said, never the key.

mod checks;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use agentls::workspace::paths::Directories;

use super::{
    local,
    style::{Style, printable},
};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// Neither good nor bad.
    Plain,
    Fine,
    Doubtful,
    Broken,
}

/// Something that was found.
#[derive(Debug)]
struct Finding {
    weight: Weight,
    what: String,
    /// What to do about it.
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

pub(super) fn examine(directories: &Directories) -> anyhow::Result<ExitCode> {
    let here = local::working_directory()?;
    let configuration = checks::load(directories, &here);
    let sections = [
        ("Program", checks::program()),
        ("Places", checks::places(directories)),
        ("Database", checks::database(directories)),
        ("Configuration", checks::configuration(&configuration)),
        ("Providers", checks::providers(directories, &configuration.config, &here)?),
    ];
    let mut stdout = io::stdout().lock();
    let style = Style::of(&stdout);
    for (heading, findings) in &sections {
        writeln!(stdout, "{}", style.bold(heading))?;
        for finding in findings {
            write_finding(&mut stdout, style, finding)?;
        }
    }
    let found = || sections.iter().flat_map(|(_, findings)| findings);
    let count = |weight| found().filter(|finding| finding.weight == weight).count();
    let (broken, doubtful) = (count(Weight::Broken), count(Weight::Doubtful));
    writeln!(stdout, "{}", verdict(broken, doubtful))?;
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
