//! `vibelux train`.

use std::process::ExitCode;

/// Flags of `vibelux train`.
#[derive(Debug, clap::Args)]
pub struct TrainArgs {}

/// Runs the command.
pub fn run(_args: TrainArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
