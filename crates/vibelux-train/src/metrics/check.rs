//! Whether rows of probabilities and what they are held against belong together.

use super::error::MetricsError;

/// How far a row of probabilities may sum from 1; beyond it, somebody passed logits.
const SUM_TOLERANCE: f64 = 1e-2;

pub(super) fn check_input<P: AsRef<[f32]>>(
    classes: &[&str],
    predictions: &[P],
    truth: &[usize],
    targets: Option<&[P]>,
) -> Result<(), MetricsError> {
    if classes.is_empty() {
        return Err(MetricsError::NoClasses);
    }
    if predictions.is_empty() {
        return Err(MetricsError::Empty);
    }
    let expected = predictions.len();
    let same_length = |what, actual| {
        if actual == expected {
            Ok(())
        } else {
            Err(MetricsError::LengthMismatch {
                what,
                expected,
                actual,
            })
        }
    };
    same_length("the truth", truth.len())?;
    check_rows("predictions", predictions, classes.len())?;
    if let Some(targets) = targets {
        same_length("the targets", targets.len())?;
        check_rows("targets", targets, classes.len())?;
    }
    match truth.iter().position(|&class| class >= classes.len()) {
        Some(row) => Err(MetricsError::UnknownClass {
            row,
            class: truth[row],
            classes: classes.len(),
        }),
        None => Ok(()),
    }
}

fn check_rows<P: AsRef<[f32]>>(
    what: &'static str,
    rows: &[P],
    classes: usize,
) -> Result<(), MetricsError> {
    for (row, values) in rows.iter().map(AsRef::as_ref).enumerate() {
        if values.len() != classes {
            return Err(MetricsError::WrongWidth {
                what,
                row,
                expected: classes,
                actual: values.len(),
            });
        }
        if let Some(&value) = values.iter().find(|v| !v.is_finite() || **v < 0.0) {
            return Err(MetricsError::BadProbability { what, row, value });
        }
        let sum: f64 = values.iter().map(|&v| f64::from(v)).sum();
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(MetricsError::NotADistribution { what, row, sum });
        }
    }
    Ok(())
}
