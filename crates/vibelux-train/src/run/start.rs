//! The weights that a run starts from, where it does not start from fresh ones.

use std::path::Path;

use vibelux::model::weights::Weights;

use super::error::RunError;
use crate::config::TrainingConfig;
use crate::distil::weights_file;
use crate::heads::Heads;
use crate::trainer::Trainer;

/// Whether this run has the outputs of the one that it starts from, so that it can take over its last
/// layer too. True for a weights file that no configuration lies beside, and without a run to start from.
///
/// # Errors
/// If that run's configuration cannot be read.
pub fn has_outputs_of_start(config: &TrainingConfig) -> Result<bool, RunError> {
    let Some(from) = &config.from else {
        return Ok(true);
    };
    let path = weights_file(from).with_file_name("config.toml");
    if !path.is_file() {
        return Ok(true);
    }
    let start = Heads::new(&TrainingConfig::load(&path)?.heads);
    Ok(start.names().eq(Heads::new(&config.heads).names()))
}

/// Gives a fresh run the weights of a run folder or a weights file, with the last layer or without.
pub(super) fn start_from<'a>(
    trainer: Trainer<'a>,
    from: &Path,
    with_outputs: bool,
) -> Result<Trainer<'a>, RunError> {
    let path = weights_file(from);
    let weights = Weights::load(&path)?;
    let started = if with_outputs {
        trainer.with_weights(&weights)
    } else {
        trainer.with_backbone(&weights)
    };
    started.map_err(|source| RunError::From { path, source })
}
