//! [`DataSets`]: what a run reads at its paths.

use std::path::PathBuf;

use super::choices::Choices;
use crate::config::BandStatistics;
use crate::dataset::{EvaluationSet, TrainingSet};

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
