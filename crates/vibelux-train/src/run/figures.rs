//! The figures of a finished run: its temperature, its report, and both on disk.

use std::path::Path;

use super::error::RunError;
use crate::metrics::{MetricsError, Report, fit_temperature_by, report_of};
use crate::plots;
use crate::trainer::predict::Predictions;

/// The temperature that makes the labels most likely: the soft targets where songs have them, else
/// the classes.
#[must_use]
pub fn temperature_of(predictions: &Predictions) -> f32 {
    if predictions.averages_logits {
        let known = |(p, class): ([f32; 7], &Option<usize>)| {
            Some((p.map(|p| p.max(1e-12).ln()), (*class)?))
        };
        let rows = predictions.probabilities(1.0).into_iter();
        let (rows, classes): (Vec<[f32; 7]>, Vec<usize>) =
            rows.zip(&predictions.classes).filter_map(known).unzip();
        return crate::metrics::fit_temperature(&rows, &classes);
    }
    fit_temperature_by(|temperature| predictions.soft_loss(temperature))
}

/// Every figure of a set of predictions at a temperature.
///
/// # Errors
/// If there is nothing to measure.
pub fn report(
    predictions: &Predictions,
    temperature: f32,
    seed: u64,
) -> Result<Report, MetricsError> {
    let rows = predictions.probabilities(temperature);
    let known = || (0..rows.len()).filter_map(|i| predictions.classes[i].map(|class| (i, class)));
    let of: Vec<[f32; 7]> = known().map(|(i, _)| rows[i]).collect();
    let classes: Vec<usize> = known().map(|(_, class)| class).collect();
    let targets: Vec<_> = known().map(|(i, _)| predictions.targets[i]).collect();
    report_of(&of, &classes, &targets, seed)
}

/// Writes `report.json` and its pictures.
///
/// # Errors
/// If a file cannot be written.
pub fn write_report(out: &Path, report: &Report) -> Result<(), RunError> {
    let path = out.join("report.json");
    let text = serde_json::to_string_pretty(report).map_err(|source| RunError::Json {
        path: path.clone(),
        source,
    })?;
    vibelux::atomic::write(&path, (text + "\n").as_bytes())
        .map_err(|source| RunError::Io { path, source })?;
    plots::confusion_matrix(out, report)?;
    plots::reliability_diagram(out, report)?;
    Ok(())
}
