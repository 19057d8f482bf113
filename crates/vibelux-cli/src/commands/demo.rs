//! `vibelux demo`.

use std::process::ExitCode;

/// Flags of `vibelux demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {}

/// Runs the command.
pub fn run(_args: DemoArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
