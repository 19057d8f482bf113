//! `vibelux import keras`.

use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `vibelux import keras`.
#[derive(Debug, clap::Args)]
pub struct KerasArgs {
    /// The Keras model
    #[arg(value_name = "FILE")]
    _file: PathBuf,
    /// The folder to write the model to
    #[arg(short, long = "output", value_name = "DIR")]
    _output: PathBuf,
}

/// Runs the command.
pub fn run(_args: KerasArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
