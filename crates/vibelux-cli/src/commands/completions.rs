//! `vibelux completions SHELL`: a completion script on standard output.

use std::process::ExitCode;

use clap_complete::Shell;

/// Flags of `vibelux completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// Which shell the script is for
    shell: Shell,
}

/// Runs the command; `program` is the command line that the script completes.
pub fn run(args: CompletionsArgs, mut program: clap::Command) -> anyhow::Result<ExitCode> {
    clap_complete::generate(args.shell, &mut program, "vibelux", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}
