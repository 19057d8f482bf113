//! `vibelux recommend`.

use std::process::ExitCode;

/// Flags of `vibelux recommend`.
#[derive(Debug, clap::Args)]
pub struct RecommendArgs {}

/// Runs the command.
pub fn run(_args: RecommendArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
