//! [`DistilError`]: why a run cannot teach.

use std::path::PathBuf;

use vibelux::model::weights::WeightsError;

use crate::config::ConfigError;
use crate::nn::NetworkError;

/// Why a run cannot teach.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DistilError {
    /// Its configuration cannot be read.
    #[error("not a teacher's configuration: {0}")]
    Config(#[from] ConfigError),
    /// Its weights file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its weights file is none.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Its weights do not fit its configuration, or it cannot take the sizes of the run.
    #[error("{path}: {source}")]
    Network {
        /// The weights file.
        path: PathBuf,
        /// Why.
        source: NetworkError,
    },
    /// It is another kind of model.
    #[error("{path} does not give seven values for a face, so it cannot teach a face model")]
    NotAFaceRun {
        /// The weights file.
        path: PathBuf,
    },
    /// It is not the file that the run began with.
    #[error(
        "{path} has changed: its fingerprint is {got}, but the run was set up with {expected}; bring \
         the old file back, or start another run without distil.fingerprints in its configuration"
    )]
    Changed {
        /// The weights file.
        path: PathBuf,
        /// Its fingerprint now.
        got: String,
        /// Its fingerprint when the run began.
        expected: String,
    },
}
