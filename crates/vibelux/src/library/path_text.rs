//! [`PathText`]: a path where only text may stand, as in JSON. Between processes and machines that tell each other of songs.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::hex;
use super::path_bytes::{from_bytes, to_bytes};

/// A path as hexadecimal digits, as paths need not be text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathText(PathBuf);

/// A text that is no [`PathText`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a path is written as pairs of hexadecimal digits")]
pub struct BadPathText;

impl PathText {
    /// Of this path.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl From<PathText> for String {
    fn from(text: PathText) -> Self {
        hex::encode(&to_bytes(&text.0))
    }
}

impl TryFrom<String> for PathText {
    type Error = BadPathText;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = hex::decode(&text).ok_or(BadPathText)?;
        Ok(Self(from_bytes(&bytes)))
    }
}
