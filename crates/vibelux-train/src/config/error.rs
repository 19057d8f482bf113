//! [`ConfigError`]: what can be wrong with a configuration.

use std::path::PathBuf;

use vibelux::model::sidecar::InvalidSidecar;

use crate::heads::TrackError;

/// What can be wrong with a configuration file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not the TOML that is expected.
    #[error("{path}: {source}")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// It cannot be written as TOML.
    #[error("{path}: {source}")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Box<toml::ser::Error>,
    },
    /// A value is out of its range.
    #[error("{field} is {value}, but must be {expected}")]
    Range {
        /// Which field.
        field: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// The input that the network takes is not what the task gives, or cannot be made.
    #[error("the network's input and the task do not fit: {0}")]
    Input(#[from] InvalidSidecar),
    /// What teachers said of the songs cannot be read.
    #[error(transparent)]
    Track(#[from] TrackError),
}
