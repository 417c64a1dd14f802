//! agentls, the program: reads the command line and hands over to one command.

mod allocator;
mod cli;

fn main() -> std::process::ExitCode {
    allocator::keep_little();
    cli::main()
}
