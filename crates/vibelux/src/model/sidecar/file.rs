//! A sidecar to its file and back, checked both ways.

use std::path::{Path, PathBuf};

use super::check::InvalidSidecar;
use super::format::{MINIMAL_FACE, Sidecar};
use crate::atomic;

/// What can be wrong with a sidecar.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SidecarError {
    /// There is none beside the model.
    #[error(
        "{path} is missing; write it beside the model to say how it is fed, for a face model at \
         least:\n{MINIMAL_FACE}"
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML, or fields are missing or of the wrong type.
    #[error(
        "{path} is not a model sidecar: {source}\nFor a face model it holds at least:\n{MINIMAL_FACE}"
    )]
    Parse {
        /// Which file.
        path: PathBuf,
        /// What the parser says.
        source: Box<toml::de::Error>,
    },
    /// The values cannot be written as TOML.
    #[error("{path}: {source}")]
    Serialize {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: toml::ser::Error,
    },
    /// A field holds a value that makes no sense.
    #[error("{path}: {source}")]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Which value.
        source: InvalidSidecar,
    },
}

impl Sidecar {
    /// Where the sidecar of a model file lies: `F.toml` beside `F.onnx`.
    #[must_use]
    pub fn path_beside(onnx: &Path) -> PathBuf {
        onnx.with_extension("toml")
    }

    /// Reads and checks a sidecar.
    ///
    /// # Errors
    /// If it is missing, unreadable, not a sidecar or holds values that make no sense; the message
    /// shows what a minimal one looks like.
    pub fn load(path: &Path) -> Result<Self, SidecarError> {
        let text = std::fs::read_to_string(path).map_err(|source| {
            let path = path.to_owned();
            if source.kind() == std::io::ErrorKind::NotFound {
                SidecarError::Missing { path }
            } else {
                SidecarError::Io { path, source }
            }
        })?;
        Self::parse(&text, path)
    }

    /// The same from text; `path` is for the messages.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, SidecarError> {
        let sidecar: Self = toml::from_str(text).map_err(|source| SidecarError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        sidecar.validate().map_err(|source| SidecarError::Invalid {
            path: path.to_owned(),
            source,
        })?;
        Ok(sidecar)
    }

    /// Checks and writes a sidecar; a crash leaves either the old file or the new one.
    ///
    /// # Errors
    /// If a value makes no sense or the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), SidecarError> {
        self.validate().map_err(|source| SidecarError::Invalid {
            path: path.to_owned(),
            source,
        })?;
        let text = toml::to_string(self).map_err(|source| SidecarError::Serialize {
            path: path.to_owned(),
            source,
        })?;
        atomic::write(path, text.as_bytes()).map_err(|source| SidecarError::Io {
            path: path.to_owned(),
            source,
        })
    }
}
