//! How good a model is: everything between predicted probabilities and a judgement.
//!
//! ```text
//! logits -> temperature::softmax -> probabilities + truth -> Report -> terminal, JSON, plots
//! ```
//!
//! No I/O happens here. [`Report`] is the one result type of `vibelux evaluate`; [`crate::plots`]
//! draws it. Definitions follow scikit-learn where it has the measure, so that numbers can be
//! compared: a precision without predictions is 0, and macro F1 averages over the classes that
//! occur among the true or the predicted ones.

mod bootstrap;
mod cross_fit;
mod display;
mod temperature;

use serde::{Deserialize, Serialize};

pub use cross_fit::{CrossFitted, cross_fitted_temperature};
pub use temperature::{fit_temperature, fit_temperature_by, softmax};

/// Probabilities below this are raised to it before a logarithm is taken.
pub const PROBABILITY_FLOOR: f64 = 1e-12;

/// How many equal-width bins of confidence the calibration error is measured over.
pub const RELIABILITY_BINS: usize = 15;

/// How far a row of probabilities may sum from 1; beyond it, somebody passed logits.
const SUM_TOLERANCE: f64 = 1e-2;

/// What can be wrong with the input of [`Report::new`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// No example was given.
    #[error("there is nothing to measure: give at least one example")]
    Empty,
    /// No class name was given.
    #[error("there are no classes: give at least one class name")]
    NoClasses,
    /// Two inputs that belong together differ in length.
    #[error("{what} has {actual} rows but there are {expected} predictions; give one per example")]
    LengthMismatch {
        /// Which input.
        what: &'static str,
        /// The number of predictions.
        expected: usize,
        /// Its own length.
        actual: usize,
    },
    /// A row has not one value per class.
    #[error("{what} row {row} has {actual} values; there are {expected} classes")]
    WrongWidth {
        /// Which input.
        what: &'static str,
        /// Which row, from 0.
        row: usize,
        /// The number of classes.
        expected: usize,
        /// The length of the row.
        actual: usize,
    },
    /// A value is NaN, infinite or negative.
    #[error("{what} row {row} holds {value}; probabilities must be finite and not negative")]
    BadProbability {
        /// Which input.
        what: &'static str,
        /// Which row, from 0.
        row: usize,
        /// The value.
        value: f32,
    },
    /// A row does not sum to 1.
    #[error("{what} row {row} sums to {sum:.4}, not 1; apply softmax to logits first")]
    NotADistribution {
        /// Which input.
        what: &'static str,
        /// Which row, from 0.
        row: usize,
        /// What it sums to.
        sum: f64,
    },
    /// A true class is out of range.
    #[error("example {row} has the true class {class}; there are only {classes} classes")]
    UnknownClass {
        /// Which example, from 0.
        row: usize,
        /// Its class index.
        class: usize,
        /// The number of classes.
        classes: usize,
    },
}

/// Precision, recall and F1 of one class; all 0..=1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassReport {
    /// The name of the class.
    pub class: String,
    /// Of the examples predicted as this class, the share that are it; 0 if none was predicted.
    pub precision: f64,
    /// Of the examples of this class, the share that were found; 0 if there are none.
    pub recall: f64,
    /// The harmonic mean of both; 0 if both are 0.
    pub f1: f64,
    /// How many examples are truly of this class.
    pub support: usize,
}

/// One bin of a reliability diagram: the examples whose largest probability lies in
/// `(lower, upper]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Exclusive lower end of the confidence, 0..1 (the first bin includes 0).
    pub lower: f64,
    /// Inclusive upper end.
    pub upper: f64,
    /// How many examples fell into it.
    pub count: usize,
    /// Their mean confidence; 0 if there are none.
    pub confidence: f64,
    /// The share of them that are right; 0 if there are none.
    pub accuracy: f64,
}

/// Agreement with soft target distributions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SoftReport {
    /// Mean of KL(target || predicted) in nats, 0 is best.
    pub kl_divergence: f64,
    /// Mean cosine of target and prediction, 1 is best.
    pub cosine: f64,
}

/// Everything measured about one model on one set of examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How many examples.
    pub examples: usize,
    /// The share of examples whose most probable class (the first of equals) is the true one.
    pub accuracy: f64,
    /// Its 95 % interval, lower and upper: percentile bootstrap, [`Self::RESAMPLES`] resamples.
    pub accuracy_interval: [f64; 2],
    /// Mean recall over the classes that occur.
    pub balanced_accuracy: f64,
    /// Its 95 % interval, lower and upper: as that of the accuracy, classes drawn with their examples.
    pub balanced_accuracy_interval: [f64; 2],
    /// Mean F1 over the classes that occur among true or predicted ones.
    pub macro_f1: f64,
    /// Mean negative log likelihood of the true class in nats, probabilities clipped at
    /// [`PROBABILITY_FLOOR`].
    pub nll: f64,
    /// Mean squared distance of the probabilities to the one-hot truth, summed over classes: 0..=2
    /// (Brier 1950).
    pub brier: f64,
    /// Expected calibration error over [`RELIABILITY_BINS`] bins (Guo et al. 2017,
    /// arXiv:1706.04599).
    pub ece: f64,
    /// The accuracy of always naming the most frequent class.
    pub majority_share: f64,
    /// The accuracy of guessing uniformly: 1 / classes.
    pub chance: f64,
    /// Per class, in class order.
    pub per_class: Vec<ClassReport>,
    /// Counts, `confusion[true][predicted]`.
    pub confusion: Vec<Vec<usize>>,
    /// The bins behind [`Self::ece`], in rising order.
    pub reliability: Vec<ReliabilityBin>,
    /// Agreement with soft targets, if there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft: Option<SoftReport>,
}

impl Report {
    /// How many bootstrap resamples stand behind the interval.
    pub const RESAMPLES: usize = 2_000;

    /// Measures `predictions` (n rows of one probability per class, summing to 1) against `truth`
    /// (n class indices) and, if given, against `targets` (n distributions). `seed` drives the
    /// bootstrap only. Permuting the examples changes nothing but rounding.
    ///
    /// # Errors
    /// [`MetricsError`] for no examples, mismatched sizes, classes out of range, or rows that are
    /// no distributions.
    pub fn new<P: AsRef<[f32]>>(
        classes: &[&str],
        predictions: &[P],
        truth: &[usize],
        targets: Option<&[P]>,
        seed: u64,
    ) -> Result<Self, MetricsError> {
        check_input(classes, predictions, truth, targets)?;
        let count = classes.len();
        let n = predictions.len() as f64;
        let mut confusion = vec![vec![0_usize; count]; count];
        let mut bins = vec![(0_usize, 0.0_f64, 0_usize); RELIABILITY_BINS];
        let (mut nll, mut brier) = (0.0, 0.0);
        for (row, &class) in predictions.iter().zip(truth) {
            let row = row.as_ref();
            let predicted = argmax(row);
            confusion[class][predicted] += 1;
            nll -= f64::from(row[class]).clamp(PROBABILITY_FLOOR, 1.0).ln();
            brier += squared_distance_to_one_hot(row, class);
            let confidence = f64::from(row[predicted]).min(1.0);
            let bin = &mut bins[bin_of(confidence)];
            bin.0 += 1;
            bin.1 += confidence;
            bin.2 += usize::from(predicted == class);
        }
        let correct: usize = (0..count).map(|i| confusion[i][i]).sum();
        let per_class = per_class(classes, &confusion);
        let reliability = reliability(&bins);
        let ece = reliability
            .iter()
            .map(|bin| bin.count as f64 / n * (bin.accuracy - bin.confidence).abs())
            .sum();
        Ok(Self {
            examples: predictions.len(),
            accuracy: correct as f64 / n,
            accuracy_interval: bootstrap::accuracy_interval(
                correct,
                predictions.len(),
                Self::RESAMPLES,
                seed,
            ),
            balanced_accuracy: mean(per_class.iter().filter(|c| c.support > 0).map(|c| c.recall)),
            balanced_accuracy_interval: bootstrap::balanced_accuracy_interval(
                &confusion,
                Self::RESAMPLES,
                seed,
            ),
            macro_f1: mean((0..count).filter_map(|i| {
                let predicted: usize = confusion.iter().map(|row| row[i]).sum();
                (per_class[i].support + predicted > 0).then_some(per_class[i].f1)
            })),
            nll: nll / n,
            brier: brier / n,
            ece,
            majority_share: per_class.iter().map(|c| c.support).max().unwrap_or(0) as f64 / n,
            chance: 1.0 / count as f64,
            per_class,
            confusion,
            reliability,
            soft: targets.map(|targets| soft_agreement(predictions, targets)),
        })
    }
}

fn check_input<P: AsRef<[f32]>>(
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

/// The index of the largest value; the first of equals.
pub(crate) fn argmax(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

fn squared_distance_to_one_hot(row: &[f32], class: usize) -> f64 {
    row.iter()
        .enumerate()
        .map(|(i, &p)| (f64::from(p) - f64::from(u8::from(i == class))).powi(2))
        .sum()
}

/// Bins are open below and closed above, as in Guo et al.: a confidence of exactly 1 is in the last.
fn bin_of(confidence: f64) -> usize {
    let position = (confidence * RELIABILITY_BINS as f64).ceil() as usize;
    position.saturating_sub(1).min(RELIABILITY_BINS - 1)
}

/// `bins` hold count, sum of confidence and number right.
fn reliability(bins: &[(usize, f64, usize)]) -> Vec<ReliabilityBin> {
    let width = 1.0 / bins.len() as f64;
    bins.iter()
        .enumerate()
        .map(|(i, &(count, confidence, correct))| {
            let divisor = count.max(1) as f64;
            ReliabilityBin {
                lower: i as f64 * width,
                upper: (i + 1) as f64 * width,
                count,
                confidence: confidence / divisor,
                accuracy: correct as f64 / divisor,
            }
        })
        .collect()
}

fn per_class(classes: &[&str], confusion: &[Vec<usize>]) -> Vec<ClassReport> {
    let ratio = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    classes
        .iter()
        .enumerate()
        .map(|(i, &class)| {
            let support: usize = confusion[i].iter().sum();
            let predicted: usize = confusion.iter().map(|row| row[i]).sum();
            let hits = confusion[i][i];
            ClassReport {
                class: class.to_owned(),
                precision: ratio(hits, predicted),
                recall: ratio(hits, support),
                f1: ratio(2 * hits, support + predicted),
                support,
            }
        })
        .collect()
}

/// Agreement of rows of probabilities with as many target distributions.
pub(crate) fn soft_agreement<P: AsRef<[f32]>>(predictions: &[P], targets: &[P]) -> SoftReport {
    let pairs = || {
        predictions
            .iter()
            .zip(targets)
            .map(|(p, t)| (p.as_ref(), t.as_ref()))
    };
    SoftReport {
        kl_divergence: mean(pairs().map(|(p, t)| kl_divergence(t, p))),
        cosine: mean(pairs().map(|(p, t)| cosine(p, t))),
    }
}

/// KL(target || predicted) in nats; terms without target mass are 0 by their limit.
fn kl_divergence(target: &[f32], predicted: &[f32]) -> f64 {
    target
        .iter()
        .zip(predicted)
        .filter(|(t, _)| **t > 0.0)
        .map(|(&t, &p)| {
            let (t, p) = (f64::from(t), f64::from(p).max(PROBABILITY_FLOOR));
            t * (t / p).ln()
        })
        .sum()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| -> f64 {
        x.iter()
            .zip(y)
            .map(|(&p, &q)| f64::from(p) * f64::from(q))
            .sum()
    };
    // Rows sum to 1 within the tolerance, so neither has length 0.
    (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()).clamp(0.0, 1.0)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_usize), |(s, n), v| (s + v, n + 1));
    sum / count.max(1) as f64
}

#[cfg(test)]
mod tests;
