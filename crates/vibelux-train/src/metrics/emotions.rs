//! A [`Report`] of distributions over the seven emotions, only some of which may have soft targets.

use vibelux::Emotion;

use super::{MetricsError, Report};

/// Every figure of distributions against classes and, where there are any, soft targets.
///
/// # Errors
/// If there is nothing to measure.
pub fn report_of(
    rows: &[[f32; 7]],
    classes: &[usize],
    targets: &[Option<[f32; 7]>],
    seed: u64,
) -> Result<Report, MetricsError> {
    let names: Vec<&str> = Emotion::ALL.iter().map(|e| e.name()).collect();
    let mut report = Report::new(&names, rows, classes, None, seed)?;
    let voted: Vec<usize> = (0..rows.len()).filter(|&i| targets[i].is_some()).collect();
    if !voted.is_empty() {
        let rows: Vec<[f32; 7]> = voted.iter().map(|&i| rows[i]).collect();
        let classes: Vec<usize> = voted.iter().map(|&i| classes[i]).collect();
        let targets: Vec<[f32; 7]> = voted.iter().filter_map(|&i| targets[i]).collect();
        report.soft = Report::new(&names, &rows, &classes, Some(&targets), seed)?.soft;
    }
    Ok(report)
}
