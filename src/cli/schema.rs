//! `agentls schema`: the protocol as one JSON Schema document, made from the types; `agentls schema bounds`: the table of
//! everything that grows, waits or repeats, made from the constants.

use std::{
    io::{self, Write},
    process::ExitCode,
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// What to print
    #[arg(value_enum, default_value_t = What::Protocol)]
    what: What,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// The JSON Schema of the protocol
    Protocol,
    /// The table of bounds, as Markdown
    Bounds,
}

pub(super) fn print(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let document = match arguments.what {
        What::Protocol => serde_json::to_string_pretty(&agentls::face::lsp::schema::document())? + "\n",
        What::Bounds => agentls::bounds::markdown(),
    };
    write!(io::stdout(), "{document}")?;
    Ok(ExitCode::SUCCESS)
}
