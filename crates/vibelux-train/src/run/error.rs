//! [`RunError`]: why a run could not start or finish.

use std::path::PathBuf;

use vibelux::model::onnx::OnnxError;
use vibelux::model::sidecar::SidecarError;
use vibelux::model::weights::WeightsError;

use crate::config::ConfigError;
use crate::dataset::DatasetError;
use crate::distil::DistilError;
use crate::metrics::MetricsError;
use crate::nn::NetworkError;
use crate::plots::PlotError;
use crate::trainer::TrainError;
use crate::trainer::history::HistoryError;

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
    /// The run to start from has learnt on other inputs.
    #[error(
        "{path} has learnt on other inputs: {theirs}, and this run has {ours}; take the same inputs, or \
         leave `from` out"
    )]
    OtherInputs {
        /// The run's configuration.
        path: PathBuf,
        /// Its inputs.
        theirs: String,
        /// The inputs of this run.
        ours: String,
    },
    /// A run is to be resumed with other choices than it began with.
    #[error(
        "{path} was begun with other choices: {differences}; leave these flags out to go on, or start \
         another run with --out"
    )]
    OtherChoices {
        /// The run folder.
        path: PathBuf,
        /// What differs, one after the other.
        differences: String,
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
    Weights(#[from] WeightsError),
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
