//! The command line: one file for each command, and what they share.
//!
//! Knows the engine and the face, and nothing of how they work. A command returns its exit code or an error,
//! which is shown here as one line with its cure. The only place where `anyhow` is used: here nobody matches on
//! errors any more.

mod client;
mod context;
mod demo;
mod doctor;
mod export;
mod failure;
mod figures;
mod import;
mod local;
mod log;
mod page;
mod run;
mod schema;
mod serve;
mod sessions;
mod style;
mod table;
mod trust;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[cfg(target_os = "linux")]
use agentls::tool::guardian;
use agentls::workspace::paths::{self, Directories};

/// Sessions with AI coding agents, kept in one place and served to every editor.
#[derive(Parser)]
#[command(name = "agentls", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Command {
    /// Serve an editor or another client on stdin and stdout
    Serve(serve::Arguments),
    /// See the whole path work, without a key and without a network
    Demo,
    /// Answer one prompt in the current directory
    Run(run::Arguments),
    /// List sessions
    Sessions(sessions::Arguments),
    /// Show what the model still sees of a session
    Context(context::Arguments),
    /// Write a session as Markdown or JSON
    Export(export::Arguments),
    /// Take over sessions from another program
    Import(import::Arguments),
    /// Trust the project of a directory, so that it may be worked in and what it brings counts
    Trust(trust::Arguments),
    /// Look for what is wrong with this installation
    Doctor(doctor::Arguments),
    /// Print the JSON Schema of the protocol, or the table of all bounds
    Schema(schema::Arguments),
}

/// What the program is started as.
#[derive(Subcommand)]
enum Part {
    #[command(flatten)]
    Command(Command),
    /// Wait until the process at the other end of stdin is gone, then end what its tools have started
    #[cfg(target_os = "linux")]
    #[command(name = guardian::COMMAND, hide = true)]
    Guardian {
        /// What that carries in its environment
        id: String,
    },
}

/// Does what the command line says; the process's exit code.
pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.part {
        Part::Command(command) => dispatch(command),
        #[cfg(target_os = "linux")]
        Part::Guardian { id } => guardian::keep(&id).map(|()| ExitCode::SUCCESS).map_err(Into::into),
    };
    done.unwrap_or_else(|error| failure::report(&error))
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    #[cfg(target_os = "linux")]
    guardian::allow();
    let directories = paths::directories()?;
    log::start(&directories, matches!(command, Command::Serve(_)));
    match command {
        Command::Serve(_) => serve::serve(options(directories)),
        Command::Demo => demo::demo(),
        Command::Run(arguments) => run::run(arguments, directories),
        Command::Sessions(arguments) => sessions::list(&arguments, directories),
        Command::Context(arguments) => context::context(&arguments, directories),
        Command::Export(arguments) => export::export(arguments, directories),
        Command::Import(arguments) => import::import(arguments, directories),
        Command::Trust(arguments) => trust::trust(arguments, directories),
        Command::Doctor(arguments) => doctor::doctor(&arguments, &directories),
        Command::Schema(arguments) => schema::print(&arguments),
    }
}

/// The engine's options for these directories.
fn options(directories: Directories) -> agentls::engine::Options {
    agentls::engine::Options { data_dir: directories.data, config_dir: directories.config }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
