//! Before a run: whether its folder is free or holds what is to be resumed.

use std::path::Path;

use super::error::RunError;
use super::start::{check_inputs_of_start, take_statistics_of_start};
use crate::config::TrainingConfig;
use crate::distil;

/// The configuration of the run in `out`, which must hold a checkpoint to go on from.
///
/// # Errors
/// If there is none, or a teacher has changed.
pub fn saved(out: &Path) -> Result<TrainingConfig, RunError> {
    if !out.join("checkpoint.safetensors").is_file() {
        return Err(RunError::NothingToResume {
            path: out.to_owned(),
        });
    }
    let mut config = TrainingConfig::load(&out.join("config.toml"))?;
    distil::pin(&mut config)?;
    Ok(config)
}

/// Looks whether the run folder is free; gives the configuration to run with, with absolute paths and pinned
/// teachers (see [`distil::pin`]). Writes nothing yet: data that cannot be read leave no folder.
///
/// # Errors
/// If the folder holds a run, a value is out of its range, a teacher cannot be used, or the run to start
/// from has other inputs.
pub fn prepare(mut config: TrainingConfig, out: &Path) -> Result<TrainingConfig, RunError> {
    if out.join("checkpoint.safetensors").exists() {
        return Err(RunError::Exists {
            path: out.to_owned(),
        });
    }
    config.check()?;
    settle(&mut config)?;
    check_inputs_of_start(&config)?;
    Ok(config)
}

/// Makes the paths in a configuration absolute, pins its teachers and takes over what the run that it starts
/// from standardises its inputs by, as a run's own is.
///
/// # Errors
/// If a teacher cannot be used, or the model of the run to start from cannot be read.
pub fn settle(config: &mut TrainingConfig) -> Result<(), RunError> {
    if let Some(from) = &mut config.from {
        *from = std::path::absolute(&from).map_err(|source| RunError::Io {
            path: from.clone(),
            source,
        })?;
    }
    take_statistics_of_start(config)?;
    distil::pin(config)?;
    Ok(())
}
