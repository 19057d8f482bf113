//! [`PlotError`]: what can go wrong with a plot.

use std::io;
use std::path::PathBuf;

/// What can go wrong with a plot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// There is nothing to draw.
    #[error("there is nothing to draw in {plot}: give at least one {item}")]
    Empty {
        /// Which plot.
        plot: &'static str,
        /// What is missing.
        item: &'static str,
    },
    /// Two series that belong together differ in length.
    #[error("{plot} needs one time per vector; there are {times} times and {vectors} vectors")]
    LengthMismatch {
        /// Which plot.
        plot: &'static str,
        /// How many times.
        times: usize,
        /// How many vectors.
        vectors: usize,
    },
    /// The file cannot be written.
    #[error("cannot write {path}; check the folder's permissions and free space")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The compiled-in font cannot be read: a damaged build.
    #[error("the compiled-in font is broken; build the program again")]
    Font,
    /// The drawing library failed.
    #[error("the plot cannot be drawn: {reason}")]
    Drawing {
        /// What it said; its own error type depends on the backend.
        reason: String,
    },
    /// The PNG cannot be encoded.
    #[error("the plot cannot be encoded as PNG")]
    Encode(#[from] image::ImageError),
}

impl PlotError {
    pub(super) fn drawing(error: impl std::fmt::Display) -> Self {
        Self::Drawing {
            reason: error.to_string(),
        }
    }
}
