//! [`Report`]: everything measured about one model on one set of examples.

use serde::{Deserialize, Serialize};

use super::agreement::{PROBABILITY_FLOOR, SoftReport, soft_agreement};
use super::average::{argmax, mean};
use super::bootstrap;
use super::check::check_input;
use super::error::MetricsError;

/// How many equal-width bins of confidence the calibration error is measured over.
pub const RELIABILITY_BINS: usize = 15;

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
    // A report that was stored without it is still read.
    #[serde(default)]
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

fn squared_distance_to_one_hot(row: &[f32], class: usize) -> f64 {
    row.iter()
        .enumerate()
        .map(|(i, &p)| (f64::from(p) - f64::from(u8::from(i == class))).powi(2))
        .sum()
}

/// Bins are open below and closed above, as in Guo et al.: a confidence of exactly 1 is in the last.
pub(super) fn bin_of(confidence: f64) -> usize {
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
