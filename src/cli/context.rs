//! `agentls context`: what the model still sees of a session, as a picture.

mod bar;
mod picture;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use agentls::{face::lsp::render, workspace::paths::Directories};

use super::{
    local,
    style::{Style, terminal_width},
};
use picture::Frame;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The session's id, as `agentls sessions` shows it, or `last` for the newest here
    session: String,
    /// Print the report as `session/context` answers it
    #[arg(long)]
    json: bool,
    /// The widest so many pieces
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: u16,
}

pub(super) fn context(arguments: &Arguments, directories: Directories) -> anyhow::Result<ExitCode> {
    let engine = local::reading_engine(directories);
    let here = local::working_directory()?;
    let (session, report) = local::runtime()?.block_on(async {
        let session = local::session(&engine, &arguments.session, &here).await?;
        let report = engine.context(&session.id).await?;
        anyhow::Ok((session, render::context_report(report)))
    })?;
    let mut stdout = io::stdout().lock();
    if arguments.json {
        writeln!(stdout, "{}", serde_json::to_string_pretty(&report)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let style = Style::of(&stdout);
    let frame = Frame { style, width: terminal_width(), limit: arguments.limit.into() };
    let heading = format!("{}  {}", session.title, session.id);
    for line in picture::lines(&heading, &report, &frame) {
        writeln!(stdout, "{line}")?;
    }
    Ok(ExitCode::SUCCESS)
}
