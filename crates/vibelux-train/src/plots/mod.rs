//! Pictures of training and evaluation, each written as SVG and as PNG at twice the size.
//!
//! ```text
//! EpochMetrics, Report, EmotionVectors -> Scene (shapes in logical pixels) -> .svg, .png
//! ```
//!
//! The plots need no display and no installed font: DejaVu Sans is compiled in. A measure that is
//! NaN leaves a gap instead of an error.

mod axis;
mod confusion;
mod corruptions;
mod emotions;
mod error;
mod matching;
pub mod palette;
mod reliability;
mod scene;
mod training;

use std::path::Path;

use vibelux::EmotionVector;

use crate::evaluate::{MatchingReport, RobustnessReport};
use crate::metrics::Report;
use crate::trainer::history::EpochMetrics;

pub use error::PlotError;
pub use training::best_epoch;

/// Writes `training_curves.{svg,png}` into `dir`: loss and accuracy over the epochs, training and
/// validation, the best epoch marked. A loss that spans more than two powers of ten gets a
/// logarithmic axis.
///
/// # Errors
/// [`PlotError::Empty`] without epochs, [`PlotError::Write`].
pub fn training_curves(dir: &Path, epochs: &[EpochMetrics]) -> Result<(), PlotError> {
    training::scene(epochs)?.save(dir, "training_curves")
}

/// Writes `confusion_matrix.{svg,png}` into `dir`: counts, and percentages of each true class.
///
/// # Errors
/// [`PlotError::Empty`] for a report without classes, [`PlotError::Write`].
pub fn confusion_matrix(dir: &Path, report: &Report) -> Result<(), PlotError> {
    confusion::scene(report)?.save(dir, "confusion_matrix")
}

/// Writes `reliability_diagram.{svg,png}` into `dir`: confidence against accuracy, and how many
/// examples stand behind each bin.
///
/// # Errors
/// [`PlotError::Empty`] for a report without bins, [`PlotError::Write`].
pub fn reliability_diagram(dir: &Path, report: &Report) -> Result<(), PlotError> {
    reliability::scene(report)?.save(dir, "reliability_diagram")
}

/// Writes `corruptions.{svg,png}` into `dir`: the accuracy under each corruption with its interval, of
/// the model and its baselines.
///
/// # Errors
/// [`PlotError::Empty`] for a report without rows, [`PlotError::Write`].
pub fn corruptions(dir: &Path, report: &RobustnessReport) -> Result<(), PlotError> {
    corruptions::scene(report)?.save(dir, "corruptions")
}

/// Writes `matching.{svg,png}` into `dir`: how much of a face's class the songs found for it carry, for
/// all faces and for those of each emotion, between songs at random and the best there are.
///
/// # Errors
/// [`PlotError::Write`].
pub fn matching(dir: &Path, report: &MatchingReport) -> Result<(), PlotError> {
    matching::scene(report).save(dir, "matching")
}

/// Writes `emotion_curve.{svg,png}` into `dir`: seven lines over time. `seconds` and `vectors` are
/// of equal length; times rise.
///
/// # Errors
/// [`PlotError::Empty`], [`PlotError::LengthMismatch`], [`PlotError::Write`].
pub fn emotion_curve(
    dir: &Path,
    seconds: &[f64],
    vectors: &[EmotionVector],
) -> Result<(), PlotError> {
    emotions::scene(seconds, vectors)?.save(dir, "emotion_curve")
}

#[cfg(test)]
mod tests;
