//! `agentls schema`: the protocol as one JSON Schema document, made from the types.

use std::{
    io::{self, Write},
    process::ExitCode,
};

pub(super) fn print() -> anyhow::Result<ExitCode> {
    let document = serde_json::to_string_pretty(&agentls::face::lsp::schema::document())?;
    writeln!(io::stdout(), "{document}")?;
    Ok(ExitCode::SUCCESS)
}
