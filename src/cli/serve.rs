//! `agentls serve`: the server for editors and headless clients. All of it is the face's.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use anyhow::Context;

use agentls::engine::Options;

use super::log;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Serve on stdin and stdout: what happens anyway; language clients append it
    #[arg(long)]
    stdio: bool,
}

pub(super) fn serve(options: Options) -> anyhow::Result<ExitCode> {
    if io::stdin().is_terminal() {
        let hint =
            "This is for programs: it waits for frames on stdin. For a look, `agentls demo`; Ctrl-D ends it.";
        writeln!(io::stderr(), "{hint}")?;
    }
    agentls::face::lsp::serve(options, log::set_level).context("the server cannot start")
}
