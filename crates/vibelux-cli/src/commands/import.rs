//! `vibelux import`.

use std::process::ExitCode;

/// Flags of `vibelux import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {}

/// Runs the command.
pub fn run(_args: ImportArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
