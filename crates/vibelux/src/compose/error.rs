//! [`ComposeError`]: what can go wrong with writing a piece.

use std::io;
use std::path::PathBuf;

/// What can go wrong with writing a piece.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// The file cannot be written.
    #[error("cannot write {path}; check the folder's permissions and free space")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A WAV file holds at most 4 GiB.
    #[error("{path} would not fit into a WAV file: {seconds:.0} s; write a shorter one")]
    TooLong {
        /// Which file.
        path: PathBuf,
        /// How long it would be.
        seconds: f64,
    },
}
