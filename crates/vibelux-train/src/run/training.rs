//! A run from its first step to the files of its folder.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::data_sets::DataSets;
use super::error::RunError;
use super::export::export;
use super::figures::{report, temperature_of, write_report};
use super::start::{has_outputs_of_start, start_from};
use crate::accelerator::Accelerator;
use crate::config::{TaskConfig, TrainingConfig};
use crate::dataset::{TRAINED_ON, TrainedOn};
use crate::distil::weights_file;
use crate::heads::Heads;
use crate::metrics::Report;
use crate::plots;
use crate::trainer::predict::predict;
use crate::trainer::{Event, Outcome, Trainer, history};

/// What a finished run found.
#[derive(Debug)]
pub struct Finished {
    /// The figures on the validation split.
    pub report: Report,
    /// Fitted on the validation split; divides the logits.
    pub temperature: f32,
    /// The epoch whose weights were kept, from 1.
    pub epoch: usize,
}

/// Trains, on the accelerator if there is one, and, unless interrupted, writes everything that a
/// finished run leaves.
///
/// # Errors
/// If training fails or a file cannot be written.
pub fn run(
    config: &TrainingConfig,
    data: &DataSets,
    out: &Path,
    resume: bool,
    accelerator: Option<Box<dyn Accelerator>>,
    stop: &AtomicBool,
    observe: &mut dyn FnMut(&Event),
) -> Result<Option<Finished>, RunError> {
    let mut trainer = Trainer::new(config.clone(), &*data.training, &*data.validation)?
        .with_checkpoint(out.join("checkpoint.safetensors"));
    if let Some(accelerator) = accelerator {
        trainer = trainer.with_accelerator(accelerator);
    }
    if resume {
        trainer = trainer.resume()?;
    } else if let Some(from) = &config.from {
        trainer = start_from(trainer, from, has_outputs_of_start(config)?)?;
    }
    if !resume {
        std::fs::create_dir_all(out).map_err(|source| RunError::Io {
            path: out.to_owned(),
            source,
        })?;
        config.save(&out.join("config.toml"))?;
        data.choices.save(out)?;
    }
    let mut epochs = trainer.history().to_vec();
    let outcome = trainer.run(stop, &mut |event| {
        if let Event::Epoch(metrics) = event {
            epochs.push(*metrics);
            // A history that cannot be written now is written, or reported, at the end.
            let _ = history::write_csv(&out.join("metrics.csv"), &epochs);
        }
        observe(event);
    })?;
    history::write_csv(&out.join("metrics.csv"), trainer.history())?;
    history::write_json(&out.join("metrics.json"), trainer.history())?;
    if !trainer.history().is_empty() {
        plots::training_curves(out, trainer.history())?;
    }
    if outcome == Outcome::Interrupted {
        return Ok(None);
    }
    let epoch = trainer.selected_epoch();
    let mut network = trainer.into_network();
    network.weights().save(&out.join("weights.safetensors"))?;
    let predictions = predict(&mut network, &*data.validation);
    let temperature = temperature_of(&predictions);
    let report = report(&predictions, temperature, config.seed)?;
    export(config, data, out, &network, &predictions, temperature)?;
    if matches!(config.task, TaskConfig::Music { .. }) {
        let heads = Heads::new(&config.heads);
        let path = out.join("predictions.csv");
        let failed = |source| RunError::Io {
            path: path.clone(),
            source,
        };
        let table = predictions.csv(&*data.validation, &heads, temperature);
        vibelux::atomic::write(&path, &table.map_err(failed)?).map_err(failed)?;
    }
    if !data.songs.is_empty() {
        write_trained_on(config, &data.songs, out)?;
    }
    write_report(out, &report)?;
    Ok(Some(Finished {
        report,
        temperature,
        epoch,
    }))
}

/// Writes which songs the model has heard, those of the run that it started from included.
fn write_trained_on(
    config: &TrainingConfig,
    songs: &[PathBuf],
    out: &Path,
) -> Result<(), RunError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| RunError::Io { path, source }
    };
    let mut heard = TrainedOn::of(songs);
    if let Some(from) = &config.from {
        let weights = weights_file(from);
        heard.extend(TrainedOn::beside(&weights).map_err(failed(&weights))?);
    }
    let path = out.join(TRAINED_ON);
    vibelux::atomic::write(&path, heard.to_text().as_bytes()).map_err(failed(&path))
}
