//! `vibelux evaluate`.

use std::process::ExitCode;

/// Flags of `vibelux evaluate`.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {}

/// Runs the command.
pub fn run(_args: EvaluateArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
