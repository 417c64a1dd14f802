//! agentls, the program: reads the command line and hands over to one command.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
