//! `agentls import`: sessions of other programs, taken over.
//!
//! Exit code 0 when it was done, also with rows that were skipped: each is named on stderr. 1 when it failed: what was
//! taken until then stays, and the same call goes on behind it.

mod progress;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use clap::Subcommand;
use etcetera::{BaseStrategy, base_strategy::Xdg};

use agentls::{engine::ImportSource, workspace::paths::Directories};

use super::local;
use progress::Progress;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    program: Program,
}

#[derive(Subcommand)]
enum Program {
    /// Sessions of opencode 1.18, from its database or from what `opencode export` printed
    ///
    /// The database is only read. Sessions keep their ids: importing again adds what is new there, except to sessions
    /// that were continued here.
    Opencode(Opencode),
}

#[derive(clap::Args)]
struct Opencode {
    /// The database; without it the one that opencode uses ($OPENCODE_DB, else opencode.db in its data directory)
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Only this session, and those that it started
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// One session from a file that `opencode export` made, instead of the database
    #[arg(long, value_name = "FILE", conflicts_with_all = ["db", "session"])]
    json: Option<PathBuf>,
}

pub(super) fn import(arguments: Arguments, directories: Directories) -> anyhow::Result<ExitCode> {
    let Program::Opencode(opencode) = arguments.program;
    let source = source(opencode)?;
    let progress = Arc::new(Mutex::new(Progress::new()));
    let shown = Arc::clone(&progress);
    let heard = move |event| shown.lock().unwrap_or_else(PoisonError::into_inner).show(event);
    let engine = local::reading_engine(directories);
    let done = local::runtime()?.block_on(async {
        let done = engine.import(source, heard).await;
        engine.shut_down().await;
        done
    });
    progress.lock().unwrap_or_else(PoisonError::into_inner).end(done?)?;
    Ok(ExitCode::SUCCESS)
}

fn source(arguments: Opencode) -> anyhow::Result<ImportSource> {
    if let Some(path) = arguments.json {
        return Ok(ImportSource::OpencodeExport(path));
    }
    let path = match arguments.db {
        Some(path) => path,
        None => {
            let data =
                Xdg::new().context("there is no home directory; name the database with --db")?.data_dir();
            database(&data.join("opencode"), std::env::var_os("OPENCODE_DB"))
        }
    };
    Ok(ImportSource::OpencodeDatabase { path, session: arguments.session })
}

/// Where opencode keeps its database: `$OPENCODE_DB`, relative to its data directory, else `opencode.db` there.
fn database(data: &Path, named: Option<OsString>) -> PathBuf {
    let named = named.filter(|path| !path.is_empty());
    data.join(named.unwrap_or_else(|| "opencode.db".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opencodes_own_variable_names_its_database() {
        let data = Path::new("/d/opencode");
        for (named, expected) in [
            (None, "/d/opencode/opencode.db"),
            (Some(""), "/d/opencode/opencode.db"),
            (Some("mine.db"), "/d/opencode/mine.db"),
            (Some("/e/x.db"), "/e/x.db"),
        ] {
            assert_eq!(database(data, named.map(OsString::from)), Path::new(expected));
        }
    }
}
