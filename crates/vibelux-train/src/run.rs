//! A run folder: what `vibelux train` writes, from the configuration to the pictures.
//!
//! | file | what |
//! | --- | --- |
//! | `config.toml` | every choice, the seed included |
//! | `checkpoint.safetensors` | the state to resume from |
//! | `metrics.csv`, `metrics.json` | one row per epoch |
//! | `weights.safetensors` | the selected weights |
//! | `model.onnx`, `model.toml` | the model to use elsewhere, and how to feed it |
//! | `training_curves.*`, `confusion_matrix.*`, `reliability_diagram.*` | PNG and SVG |
//! | `report.json` | the figures on the validation split |
//! | `predictions.csv` | for songs: what the network says of each that it was judged on |

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use vibelux::model::architecture::{Architecture, LayerSpec};
use vibelux::model::onnx::{OnnxError, WeightPrecision, to_onnx_with};
use vibelux::model::sidecar::{self, FrontEnd, OutputKind, Sidecar, SidecarError};
use vibelux::model::weights::Weights;
use vibelux::{Emotion, EmotionVector};

use crate::accelerator::Accelerator;
use crate::config::{ConfigError, TaskConfig, TrainingConfig};
use crate::dataset::{
    BandStatistics, Condition, DatasetError, EvaluationSet, FaceSet, MusicSet, PictureSet,
    SoftLabels, SpectrogramCache, TableRow, TrainingSet, load_rows, songs_in_folders, splits,
};
use crate::distil::{self, DistilError, weights_file};
use crate::fingerprint::fnv1a;
use crate::heads::{self, Heads};
use crate::history::{self, HistoryError};
use crate::metrics::{MetricsError, Report, fit_temperature_by};
use crate::nn::{Network, NetworkError};
use crate::plots::{self, PlotError};
use crate::predict::{Predictions, predict};
use crate::trainer::{Event, Outcome, TrainError, Trainer};

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
    /// A teacher cannot be used.
    #[error(transparent)]
    Distil(#[from] DistilError),
    /// The weights to start from are those of another network.
    #[error("{path} cannot start this run: {source}; train the same network, or leave `from` out")]
    From {
        /// The weights file.
        path: PathBuf,
        /// What does not fit.
        source: NetworkError,
    },
    /// There are heads beside the seven emotions, but class folders say nothing to them.
    #[error(
        "{path} is no table of songs, and only its columns could teach the configuration's heads"
    )]
    HeadsWithoutTable {
        /// What was given.
        path: PathBuf,
    },
    /// The data cannot be used.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The weights cannot be written.
    #[error(transparent)]
    Weights(#[from] vibelux::model::weights::WeightsError),
    /// The model cannot be exported.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// The sidecar cannot be written.
    #[error(transparent)]
    Sidecar(#[from] SidecarError),
    /// Folds were named, but the table has none like that.
    #[error("{path} has no row in fold {fold}")]
    NoFold {
        /// The table.
        path: PathBuf,
        /// What was asked for.
        fold: String,
    },
    /// Nothing says what the songs are to be in the seven emotions.
    #[error(
        "{path} says nothing of the seven emotions for the songs to {purpose}; fill in p_angry ... p_surprised for some"
    )]
    NoTargets {
        /// The table.
        path: PathBuf,
        /// What the songs are for.
        purpose: &'static str,
    },
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

/// Where a run reads its data.
#[derive(Debug, Clone)]
pub struct RunPaths {
    /// Folder with `train/` and `validation/` or `test/`, or a table of songs (`labels.csv`).
    pub data: PathBuf,
    /// Soft labels; by default `labels.csv` in the data folder, if it is there.
    pub labels: Option<PathBuf>,
    /// Which rows of a table are used at all.
    pub conditions: Vec<Condition>,
    /// Folds of a table to train on.
    pub train_folds: Vec<String>,
    /// Folds of a table to judge on.
    pub validation_folds: Vec<String>,
    /// Where the spectrograms of songs are kept between runs, if they are.
    pub spectrograms: Option<SpectrogramCache>,
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
    /// What the inputs are standardised by, for songs.
    pub statistics: Option<BandStatistics>,
}

/// Reads the data of a run.
///
/// # Errors
/// If the folders are not there or nothing in them can be read.
pub fn load_data(config: &TrainingConfig, paths: &RunPaths) -> Result<DataSets, RunError> {
    match &config.task {
        TaskConfig::Face { .. } => load_faces(config, paths),
        TaskConfig::Music { .. } => load_songs(config, paths),
        TaskConfig::SpectrogramImage { mean, std } => {
            let (train, validation) = splits(&paths.data)?;
            let input = config.architecture.input;
            let mut training = PictureSet::load(&train, input, (*mean, *std))?;
            let mut validation = PictureSet::load(&validation, input, (*mean, *std))?;
            let mut failed = std::mem::take(&mut training.failed);
            failed.append(&mut validation.failed);
            Ok(DataSets {
                training: Box::new(training),
                validation: Box::new(validation),
                failed,
                dropped: 0,
                statistics: None,
            })
        }
    }
}

fn load_faces(config: &TrainingConfig, paths: &RunPaths) -> Result<DataSets, RunError> {
    let TaskConfig::Face {
        mean,
        std,
        mirror,
        augmentation,
    } = &config.task
    else {
        return Err(DatasetError::NoFolder {
            path: paths.data.clone(),
        }
        .into());
    };
    let (train, validation) = splits(&paths.data)?;
    let beside = paths.data.join("labels.csv");
    let labels = match &paths.labels {
        Some(path) => Some(SoftLabels::load(path)?),
        None if beside.is_file() => Some(SoftLabels::load(&beside)?),
        None => None,
    };
    let how = (*mean, *std, *mirror);
    let labels = labels.as_ref();
    // Without soft targets nothing says that the votes should be heeded at all.
    let drop = config.soft_target_weight > 0.0;
    let mut training = FaceSet::load(&paths.data, &train, labels, drop, how)?.with_training(
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
        statistics: None,
    })
}

/// The rows of a table that teach the seven emotions or one of the other heads.
fn table_rows(config: &TrainingConfig, paths: &RunPaths) -> Result<Vec<TableRow>, RunError> {
    Ok(load_rows(&paths.data, &paths.conditions, |row| {
        row.target.is_some() || config.heads.iter().any(|head| head.is_taught_by(row))
    })?)
}

/// Looks into the training rows of a table for what the configuration's heads are to learn: their names,
/// and so the width of the network.
///
/// # Errors
/// If the table cannot be read or has nothing for a head; if there are heads but no table.
pub fn resolve_heads(config: &mut TrainingConfig, paths: &RunPaths) -> Result<(), RunError> {
    if config.heads.is_empty() {
        return Ok(());
    }
    if !paths.data.is_file() {
        return Err(RunError::HeadsWithoutTable {
            path: paths.data.clone(),
        });
    }
    let training = |row: &TableRow| {
        row.fold
            .as_ref()
            .is_some_and(|f| paths.train_folds.contains(f))
    };
    let rows = table_rows(config, paths)?;
    let rows: Vec<TableRow> = rows.into_iter().filter(training).collect();
    heads::resolve(config, &rows)?;
    Ok(())
}

fn load_songs(config: &TrainingConfig, paths: &RunPaths) -> Result<DataSets, RunError> {
    let TaskConfig::Music {
        spectrogram,
        windows,
        augmentation,
        crops_per_song,
    } = &config.task
    else {
        return Err(DatasetError::NoFolder {
            path: paths.data.clone(),
        }
        .into());
    };
    let heads = Heads::new(&config.heads);
    let (train, validation) = if paths.data.is_file() {
        let rows = table_rows(config, paths)?;
        let chosen = |folds: &[String]| -> Result<Vec<_>, RunError> {
            for fold in folds {
                if !rows.iter().any(|r| r.fold.as_ref() == Some(fold)) {
                    let (path, fold) = (paths.data.clone(), fold.clone());
                    return Err(RunError::NoFold { path, fold });
                }
            }
            let inside = |fold: &Option<String>| fold.as_ref().is_some_and(|f| folds.contains(f));
            Ok(rows.iter().filter(|r| inside(&r.fold)).cloned().collect())
        };
        (
            chosen(&paths.train_folds)?,
            chosen(&paths.validation_folds)?,
        )
    } else {
        let (train, validation) = splits(&paths.data)?;
        (songs_in_folders(&train)?, songs_in_folders(&validation)?)
    };
    for (rows, purpose) in [(&train, "train on"), (&validation, "judge on")] {
        if rows.iter().all(|row| row.target.is_none()) {
            let path = paths.data.clone();
            return Err(RunError::NoTargets { path, purpose });
        }
    }
    let cache = paths.spectrograms.as_ref();
    let mut training = MusicSet::load(&train, spectrogram, *windows, &heads, cache)?.with_training(
        augmentation.clone(),
        *crops_per_song,
        config.label_smoothing,
    );
    let statistics = training.statistics().clone();
    let mut validation = MusicSet::load(&validation, spectrogram, *windows, &heads, cache)?
        .with_statistics(statistics.clone());
    let mut failed = std::mem::take(&mut training.failed);
    failed.append(&mut validation.failed);
    Ok(DataSets {
        training: Box::new(training),
        validation: Box::new(validation),
        failed,
        dropped: 0,
        statistics: Some(statistics),
    })
}

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
    write_report(out, &report)?;
    Ok(Some(Finished {
        report,
        temperature,
        epoch,
    }))
}

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
fn start_from<'a>(
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

/// Writes `model.onnx`, which gives logits, and its sidecar.
fn export(
    config: &TrainingConfig,
    data: &DataSets,
    out: &Path,
    network: &Network,
    predictions: &Predictions,
    temperature: f32,
) -> Result<(), RunError> {
    let mut architecture = network.architecture().clone();
    architecture
        .layers
        .retain(|layer| *layer != LayerSpec::Softmax);
    let mut weights = network.weights();
    keep_emotions(&mut architecture, &mut weights);
    let onnx = to_onnx_with(&architecture, &weights, WeightPrecision::F16)?;
    let path = out.join("model.onnx");
    vibelux::atomic::write(&path, &onnx).map_err(|source| RunError::Io { path, source })?;
    let (task, front_end) = match &config.task {
        TaskConfig::Face {
            mean, std, mirror, ..
        } => (
            "face",
            FrontEnd::Face {
                mean: *mean,
                std: *std,
                mirror: *mirror,
            },
        ),
        TaskConfig::SpectrogramImage { mean, std } => (
            "music",
            FrontEnd::SpectrogramImage {
                mean: *mean,
                std: *std,
            },
        ),
        TaskConfig::Music {
            spectrogram,
            windows,
            ..
        } => {
            let zeros = || BandStatistics {
                mean: vec![0.0; spectrogram.n_mels],
                std: vec![1.0; spectrogram.n_mels],
            };
            let statistics = data.statistics.clone().unwrap_or_else(zeros);
            let front_end = FrontEnd::LogMel {
                spectrogram: spectrogram.clone(),
                windows: *windows,
                mean: statistics.mean,
                std: statistics.std,
            };
            ("music", front_end)
        }
    };
    let vectors: Vec<EmotionVector> = predictions
        .probabilities(temperature)
        .into_iter()
        .filter_map(|p| EmotionVector::from_weights(p).ok())
        .collect();
    let sidecar = Sidecar {
        version: sidecar::VERSION,
        // Other weights are another model: the song store must notice.
        name: format!("{task}-{}-{:08x}", config.preset, fnv1a(onnx) as u32),
        input: architecture.input,
        classes: Emotion::ALL.to_vec(),
        output: OutputKind::Logits,
        temperature,
        prior: EmotionVector::mean(&vectors),
        front_end,
    };
    sidecar.save(&out.join("model.toml"))?;
    Ok(())
}

/// Takes the outputs of other heads off the last layer: a model gives the seven emotions.
fn keep_emotions(architecture: &mut Architecture, weights: &mut Weights) {
    let dense_layers = architecture
        .layers
        .iter_mut()
        .filter_map(|layer| match layer {
            LayerSpec::Dense { units } => Some(units),
            _ => None,
        });
    let (last, count) = dense_layers.fold((None, 0), |(_, count), units| (Some(units), count + 1));
    let Some(units) = last.filter(|units| **units > Emotion::ALL.len()) else {
        return;
    };
    *units = Emotion::ALL.len();
    for name in ["weight", "bias"] {
        if let Some(tensor) = weights.0.get_mut(&format!("dense{count}.{name}"))
            && let Some((outputs, inputs)) = tensor.shape.split_first_mut()
        {
            *outputs = Emotion::ALL.len();
            let len = *outputs * inputs.iter().product::<usize>();
            tensor.data.truncate(len);
        }
    }
}

/// The temperature that makes the labels most likely: the soft targets where songs have them, else
/// the classes.
#[must_use]
pub fn temperature_of(predictions: &Predictions) -> f32 {
    if predictions.averages_logits {
        let known = |(p, class): ([f32; 7], &Option<usize>)| {
            Some((p.map(|p| p.max(1e-12).ln()), (*class)?))
        };
        let rows = predictions.probabilities(1.0).into_iter();
        let (rows, classes): (Vec<[f32; 7]>, Vec<usize>) =
            rows.zip(&predictions.classes).filter_map(known).unzip();
        return crate::metrics::fit_temperature(&rows, &classes);
    }
    fit_temperature_by(|temperature| predictions.soft_loss(temperature))
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
    let rows = predictions.probabilities(temperature);
    let known = || (0..rows.len()).filter_map(|i| predictions.classes[i].map(|class| (i, class)));
    let of: Vec<[f32; 7]> = known().map(|(i, _)| rows[i]).collect();
    let classes: Vec<usize> = known().map(|(_, class)| class).collect();
    let targets: Vec<_> = known().map(|(i, _)| predictions.targets[i]).collect();
    report_of(&of, &classes, &targets, seed)
}

/// Every figure of distributions against classes and, where there are any, soft targets.
///
/// # Errors
/// If there is nothing to measure.
pub fn report_of(
    rows: &[[f32; 7]],
    classes: &[usize],
    targets: &[Option<[f32; 7]>],
    seed: u64,
) -> Result<Report, MetricsError> {
    let names: Vec<&str> = Emotion::ALL.iter().map(|e| e.name()).collect();
    let mut report = Report::new(&names, rows, classes, None, seed)?;
    let voted: Vec<usize> = (0..rows.len()).filter(|&i| targets[i].is_some()).collect();
    if !voted.is_empty() {
        let rows: Vec<[f32; 7]> = voted.iter().map(|&i| rows[i]).collect();
        let classes: Vec<usize> = voted.iter().map(|&i| classes[i]).collect();
        let targets: Vec<[f32; 7]> = voted.iter().filter_map(|&i| targets[i]).collect();
        report.soft = Report::new(&names, &rows, &classes, Some(&targets), seed)?.soft;
    }
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
    vibelux::atomic::write(&path, (text + "\n").as_bytes())
        .map_err(|source| RunError::Io { path, source })?;
    plots::confusion_matrix(out, report)?;
    plots::reliability_diagram(out, report)?;
    Ok(())
}
