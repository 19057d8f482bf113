//! `vibelux export`.

use std::process::ExitCode;

/// Flags of `vibelux export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {}

/// Runs the command.
pub fn run(_args: ExportArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
