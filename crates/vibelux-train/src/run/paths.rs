//! Where a run reads its data, and what it reads there.

use std::path::PathBuf;

use super::choices::Choices;
use crate::dataset::{BandStatistics, Condition, EvaluationSet, SpectrogramCache, TrainingSet};

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
    /// Rows of the table that teach nothing and were left out: no emotions, and nothing for a head.
    pub silent: Vec<PathBuf>,
    /// Songs that are trained on.
    pub songs: Vec<PathBuf>,
    /// Which labels, rows and folds these are.
    pub choices: Choices,
    /// What the inputs are standardised by, for songs.
    pub statistics: Option<BandStatistics>,
}
