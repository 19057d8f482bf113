//! A run folder: what `vibelux train` writes, from the configuration to the pictures.
//!
//! | file | what |
//! | --- | --- |
//! | `config.toml` | every choice, the seed included |
//! | `checkpoint.safetensors` | the state to resume from |
//! | `metrics.csv`, `metrics.json` | one row per epoch |
//! | `weights.safetensors` | the selected weights |
//! | `training_curves.*`, `confusion_matrix.*`, `reliability_diagram.*` | PNG and SVG |
//! | `report.json` | the figures on the validation split |

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use vibelux::Emotion;

use crate::config::{ConfigError, TaskConfig, TrainingConfig};
use crate::dataset::{DatasetError, EvaluationSet, FaceSet, SoftLabels, TrainingSet, splits};
use crate::history::{self, HistoryError};
use crate::metrics::{MetricsError, Report, fit_temperature};
use crate::nn::{log_softmax, softmax};
use crate::plots::{self, PlotError};
use crate::trainer::{Event, Outcome, Predictions, TrainError, Trainer, predict};

/// Why a run could not start or finish.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The folder holds a run already.
    #[error("{path} holds a run already; go on with --resume or choose another folder with --out")]
    Exists {
        /// The run folder.
        path: PathBuf,
    },
    /// There is nothing to resume.
    #[error("{path} holds no checkpoint to resume from")]
    NothingToResume {
        /// The run folder.
        path: PathBuf,
    },
    /// The folder cannot be made.
    #[error("{path}: {source}")]
    Io {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data cannot be used.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The weights cannot be written.
    #[error(transparent)]
    Weights(#[from] vibelux::model::weights::WeightsError),
    /// The history cannot be written.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The model cannot be measured.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A plot cannot be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// The report cannot be written as JSON.
    #[error("{path}: {source}")]
    Json {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

/// Where a run reads and writes.
#[derive(Debug, Clone)]
pub struct RunPaths {
    /// Folder with `train/` and `validation/` or `test/`.
    pub data: PathBuf,
    /// Soft labels; by default `labels.csv` in the data folder, if it is there.
    pub labels: Option<PathBuf>,
    /// The run folder.
    pub out: PathBuf,
}

/// The training and the validation set of a run.
pub struct DataSets {
    /// What is trained on.
    pub training: Box<dyn TrainingSet>,
    /// What is judged on.
    pub validation: Box<dyn EvaluationSet>,
    /// Files that could not be read, with the reason.
    pub failed: Vec<(PathBuf, String)>,
    /// Files left out of training because their labels say that there is nothing to see.
    pub dropped: usize,
}

/// Reads the data of a run.
///
/// # Errors
/// If the folders are not there or nothing in them can be read.
pub fn load_data(config: &TrainingConfig, paths: &RunPaths) -> Result<DataSets, RunError> {
    let (train, validation) = splits(&paths.data)?;
    let beside = paths.data.join("labels.csv");
    let labels = match &paths.labels {
        Some(path) => Some(SoftLabels::load(path)?),
        None if beside.is_file() => Some(SoftLabels::load(&beside)?),
        None => None,
    };
    match &config.task {
        TaskConfig::Face {
            mean,
            std,
            mirror,
            augmentation,
        } => {
            let how = (*mean, *std, *mirror);
            let labels = labels.as_ref();
            // Without soft targets nothing says that the votes should be heeded at all.
            let drop = config.soft_target_weight > 0.0;
            let mut training = FaceSet::load(&paths.data, &train, labels, drop, how)?
                .with_training(
                    augmentation.clone(),
                    config.soft_target_weight,
                    config.label_smoothing,
                );
            let mut validation = FaceSet::load(&paths.data, &validation, labels, false, how)?;
            let mut failed = std::mem::take(&mut training.failed);
            failed.append(&mut validation.failed);
            let dropped = training.dropped;
            Ok(DataSets {
                training: Box::new(training),
                validation: Box::new(validation),
                failed,
                dropped,
            })
        }
        TaskConfig::Music { .. } | TaskConfig::SpectrogramImage { .. } => unreachable!(),
    }
}

/// Prepares the run folder; gives the configuration to run with (the saved one when resuming).
///
/// # Errors
/// If the folder holds a run and `resume` is off, or holds none and it is on.
pub fn prepare(
    config: TrainingConfig,
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
        return Ok(TrainingConfig::load(&saved)?);
    }
    if out.join("checkpoint.safetensors").exists() {
        return Err(RunError::Exists {
            path: out.to_owned(),
        });
    }
    config.check()?;
    std::fs::create_dir_all(out).map_err(|source| RunError::Io {
        path: out.to_owned(),
        source,
    })?;
    config.save(&saved)?;
    Ok(config)
}

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

/// Trains and, unless interrupted, writes everything that a finished run leaves.
///
/// # Errors
/// If training fails or a file cannot be written.
pub fn run(
    config: &TrainingConfig,
    data: &DataSets,
    out: &Path,
    resume: bool,
    stop: &AtomicBool,
    observe: &mut dyn FnMut(&Event),
) -> Result<Option<Finished>, RunError> {
    let mut trainer = Trainer::new(config.clone(), &*data.training, &*data.validation)?
        .with_checkpoint(out.join("checkpoint.safetensors"));
    if resume {
        trainer = trainer.resume()?;
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
    write_report(out, &report)?;
    Ok(Some(Finished {
        report,
        temperature,
        epoch,
    }))
}

/// The temperature that makes the predictions' likelihood largest.
#[must_use]
pub fn temperature_of(predictions: &Predictions) -> f32 {
    let rows: Vec<&[f32]> = predictions.logits.chunks_exact(7).collect();
    fit_temperature(&rows, &predictions.classes)
}

/// Every figure of a set of predictions at a temperature.
///
/// # Errors
/// If there is nothing to measure.
pub fn report(
    predictions: &Predictions,
    temperature: f32,
    seed: u64,
) -> Result<Report, MetricsError> {
    let names: Vec<&str> = Emotion::ALL.iter().map(|e| e.name()).collect();
    let scaled: Vec<f32> = predictions.logits.iter().map(|z| z / temperature).collect();
    let probabilities = softmax(&scaled, 7);
    let rows: Vec<&[f32]> = probabilities.chunks_exact(7).collect();
    let mut report = Report::new(&names, &rows, &predictions.classes, None, seed)?;
    let (mut voted, mut votes, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    for ((row, target), &class) in rows
        .iter()
        .zip(&predictions.targets)
        .zip(&predictions.classes)
    {
        if let Some(target) = target {
            voted.push(*row);
            votes.push(target.as_slice());
            classes.push(class);
        }
    }
    if !voted.is_empty() {
        report.soft = Report::new(&names, &voted, &classes, Some(&votes), seed)?.soft;
    }
    debug_assert!(log_softmax(&scaled, 7).iter().all(|p| p.is_finite()));
    Ok(report)
}

/// Writes `report.json` and its pictures.
///
/// # Errors
/// If a file cannot be written.
pub fn write_report(out: &Path, report: &Report) -> Result<(), RunError> {
    let path = out.join("report.json");
    let text = serde_json::to_string_pretty(report).map_err(|source| RunError::Json {
        path: path.clone(),
        source,
    })?;
    std::fs::write(&path, text + "\n").map_err(|source| RunError::Io { path, source })?;
    plots::confusion_matrix(out, report)?;
    plots::reliability_diagram(out, report)?;
    Ok(())
}
