//! The weights that a run starts from, where it does not start from fresh ones.

use std::path::Path;

use vibelux::model::sidecar::{FrontEnd, Sidecar};
use vibelux::model::weights::Weights;

use super::error::RunError;
use crate::config::{BandStatistics, TaskConfig, TrainingConfig};
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

/// Refuses to start from a run whose inputs were made otherwise: its weights mean nothing for these. Says
/// nothing of a weights file that no configuration lies beside.
pub(super) fn check_inputs_of_start(config: &TrainingConfig) -> Result<(), RunError> {
    let Some(from) = &config.from else {
        return Ok(());
    };
    let path = weights_file(from).with_file_name("config.toml");
    if !path.is_file() {
        return Ok(());
    }
    let (theirs, ours) = (
        inputs(&TrainingConfig::load(&path)?.task),
        inputs(&config.task),
    );
    if theirs == ours {
        return Ok(());
    }
    Err(RunError::OtherInputs { path, theirs, ours })
}

/// Writes into the configuration what the run that it starts from standardises its inputs by: weights mean
/// little for inputs of another scale. Leaves it alone where the configuration says so itself, and for a
/// weights file without a model beside it.
pub(super) fn take_statistics_of_start(config: &mut TrainingConfig) -> Result<(), RunError> {
    let (Some(from), TaskConfig::Music { statistics, .. }) = (&config.from, &mut config.task)
    else {
        return Ok(());
    };
    let path = weights_file(from).with_file_name("model.toml");
    if statistics.is_some() || !path.is_file() {
        return Ok(());
    }
    let start = Sidecar::load(&path)?;
    if let FrontEnd::LogMel { mean, std, .. } = start.front_end {
        *statistics = Some(BandStatistics { mean, std });
    }
    Ok(())
}

/// What makes the inputs of a task what they are; not how many are taken, nor how they are augmented.
fn inputs(task: &TaskConfig) -> String {
    match task {
        TaskConfig::Face { mean, std, .. } => format!("faces with mean {mean}, std {std}"),
        TaskConfig::SpectrogramImage { mean, std } => {
            format!("spectrogram pictures with mean {mean}, std {std}")
        }
        TaskConfig::Music { spectrogram: s, .. } => format!(
            "log-mel windows of {} frames at {} Hz, n_fft {}, hop_length {}, {} bands from {} to {} Hz",
            s.window_frames,
            s.sample_rate_hz,
            s.n_fft,
            s.hop_length,
            s.n_mels,
            s.f_min_hz,
            s.f_max_hz
        ),
    }
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
