//! `vibelux embed`.

use std::process::ExitCode;

/// Flags of `vibelux embed`.
#[derive(Debug, clap::Args)]
pub struct EmbedArgs {}

/// Runs the command.
pub fn run(_args: EmbedArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
