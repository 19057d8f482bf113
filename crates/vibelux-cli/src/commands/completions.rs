//! `vibelux completions SHELL`: a completion script on standard output.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;

/// Flags of `vibelux completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// Which shell the script is for
    shell: Shell,
}

/// Runs the command.
pub fn run(args: CompletionsArgs) -> anyhow::Result<ExitCode> {
    clap_complete::generate(
        args.shell,
        &mut Args::command(),
        "vibelux",
        &mut std::io::stdout(),
    );
    Ok(ExitCode::SUCCESS)
}
