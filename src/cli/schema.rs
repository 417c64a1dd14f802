//! `agentls schema`: the protocol as one JSON Schema document, made from the types; `agentls schema config`: the same of a
//! configuration file; `agentls schema bounds`: the table of everything that grows, waits or repeats, made from the
//! constants.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use agentls::workspace::config;

use super::failure::Usage;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// What to print
    #[arg(value_enum, default_value_t = What::Protocol)]
    what: What,
    /// Print the configuration's keys as a Markdown table
    #[arg(long)]
    markdown: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// The JSON Schema of the protocol
    Protocol,
    /// The JSON Schema of a configuration file
    Config,
    /// The table of bounds, as Markdown
    Bounds,
}

pub(super) fn print(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let document = match (arguments.what, arguments.markdown) {
        (What::Protocol, false) => {
            serde_json::to_string_pretty(&agentls::face::lsp::schema::document())? + "\n"
        }
        (What::Config, false) => serde_json::to_string_pretty(config::schema())? + "\n",
        (What::Config, true) => config::markdown(),
        (What::Bounds, _) => agentls::bounds::markdown(),
        (What::Protocol, true) => {
            let only = "the protocol is printed as JSON Schema only: leave --markdown out";
            return Err(Usage(only.to_owned()).into());
        }
    };
    write!(io::stdout(), "{document}")?;
    Ok(ExitCode::SUCCESS)
}
