//! [`RunPaths`]: where a run reads its data.

use std::path::PathBuf;

use crate::dataset::{Condition, SpectrogramCache};

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
