//! `vibelux preprocess`.

use std::process::ExitCode;

/// Flags of `vibelux preprocess`.
#[derive(Debug, clap::Args)]
pub struct PreprocessArgs {}

/// Runs the command.
pub fn run(_args: PreprocessArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
