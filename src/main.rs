//! agentls, the program.

fn main() -> std::process::ExitCode {
    let directories = match agentls::workspace::paths::directories() {
        Ok(d) => d,
        Err(_) => return std::process::ExitCode::from(2),
    };
    match agentls::face::lsp::serve(agentls::engine::Options {
        data_dir: directories.data,
        config_dir: directories.config,
    }) {
        Ok(c) => c,
        Err(_) => std::process::ExitCode::FAILURE,
    }
}
