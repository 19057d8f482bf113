//! Before a run: whether its folder is free or holds what is to be resumed.

use std::path::Path;

use super::error::RunError;
use crate::config::TrainingConfig;
use crate::distil;

/// Looks whether the run folder is free, or holds what `resume` needs; gives the configuration to run
/// with (the saved one when resuming; teachers are pinned, see [`distil::pin`]). Writes nothing yet:
/// data that cannot be read leave no folder.
///
/// # Errors
/// If the folder holds a run and `resume` is off, or holds none and it is on, or if a teacher cannot
/// be used.
pub fn prepare(
    mut config: TrainingConfig,
    out: &Path,
    resume: bool,
) -> Result<TrainingConfig, RunError> {
    let saved = out.join("config.toml");
    if resume {
        if !out.join("checkpoint.safetensors").is_file() {
            return Err(RunError::NothingToResume {
                path: out.to_owned(),
            });
        }
        config = TrainingConfig::load(&saved)?;
        distil::pin(&mut config)?;
        return Ok(config);
    }
    if out.join("checkpoint.safetensors").exists() {
        return Err(RunError::Exists {
            path: out.to_owned(),
        });
    }
    config.check()?;
    if let Some(from) = &mut config.from {
        *from = std::path::absolute(&from).map_err(|source| RunError::Io {
            path: from.clone(),
            source,
        })?;
    }
    distil::pin(&mut config)?;
    Ok(config)
}
