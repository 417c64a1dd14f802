//! `agentls export`: a session as Markdown for people or JSON for programs.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::ValueEnum;

use agentls::{engine::ExportFormat, workspace::paths::Directories};

use super::local;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The session's id, as `agentls sessions` shows it, or `last` for the newest here
    session: String,
    /// In which format
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,
    /// The file to write, instead of stdout; readable by you only
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Markdown,
}

impl From<Format> for ExportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Json => Self::Json,
            Format::Markdown => Self::Markdown,
        }
    }
}

pub(super) fn export(arguments: Arguments, directories: Directories) -> anyhow::Result<ExitCode> {
    let engine = local::reading_engine(directories);
    let here = local::working_directory()?;
    let text = local::runtime()?.block_on(async {
        let session = local::session(&engine, &arguments.session, &here).await?;
        anyhow::Ok(engine.export(&session.id, arguments.format.into()).await?)
    })?;
    match arguments.output {
        Some(path) => {
            let unwritable = || format!("{} cannot be written", path.display());
            write_file(&path, &text).with_context(unwritable)?;
        }
        None => writeln!(io::stdout(), "{}", text.trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A session may hold what others should not see: the file is the owner's.
fn write_file(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
