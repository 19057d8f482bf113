//! Calibration that has not seen what it is judged on: a temperature from one half for the other.
//!
//! A temperature fitted on the very examples that the calibration error is measured on makes that
//! error look smaller than it will be. Here each half gets the temperature of the other (two-fold
//! cross-fitting), so that every example counts once and none helps to calibrate itself.

use serde::{Deserialize, Serialize};

use super::{PROBABILITY_FLOOR, Report, fit_temperature, softmax};
use crate::nn::Random;

/// What a temperature from the other half leaves of the calibration error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CrossFitted {
    /// Expected calibration error over [`super::RELIABILITY_BINS`] bins, 0..=1.
    pub ece: f64,
    /// Mean negative log likelihood of the true class in nats.
    pub nll: f64,
    /// Mean squared distance to the one-hot truth, 0..=2.
    pub brier: f64,
    /// The temperatures fitted on the two halves; both near 1 if the model was calibrated before.
    pub temperatures: [f32; 2],
}

/// Splits the examples at random (`seed`), fits a temperature on each half, and measures each half
/// with the temperature of the other.
///
/// `predictions` are n rows of one probability per class, `truth` n class indices. Their logarithms
/// stand for the logits: both differ by a constant per row and by the temperature applied before,
/// which the fit takes in. (Those of an ensemble's mean are no logits; the fit is of the mean then.)
/// `None` for fewer than two examples or rows that are no distributions.
#[must_use]
pub fn cross_fitted_temperature(
    predictions: &[[f32; 7]],
    truth: &[usize],
    seed: u64,
) -> Option<CrossFitted> {
    if predictions.len() < 2 || predictions.len() != truth.len() {
        return None;
    }
    let logits: Vec<[f32; 7]> = predictions
        .iter()
        .map(|row| row.map(|p| p.max(PROBABILITY_FLOOR as f32).ln()))
        .collect();
    let mut order: Vec<usize> = (0..logits.len()).collect();
    Random::new(seed, 0xc705, 0).shuffle(&mut order);
    let (first, second) = order.split_at(order.len() / 2);
    let fit = |half: &[usize]| {
        let rows: Vec<[f32; 7]> = half.iter().map(|&i| logits[i]).collect();
        let classes: Vec<usize> = half.iter().map(|&i| truth[i]).collect();
        fit_temperature(&rows, &classes)
    };
    let temperatures = [fit(first), fit(second)];
    let mut rows = vec![Vec::new(); logits.len()];
    for (half, other) in [(first, temperatures[1]), (second, temperatures[0])] {
        for &i in half {
            rows[i] = softmax(&logits[i].map(|z| z / other));
        }
    }
    let report = Report::new(
        &["0", "1", "2", "3", "4", "5", "6"],
        &rows,
        truth,
        None,
        seed,
    )
    .ok()?;
    Some(CrossFitted {
        ece: report.ece,
        nll: report.nll,
        brier: report.brier,
        temperatures,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Truth drawn from a distribution, predictions sharpened by `factor`.
    fn examples(factor: f32) -> (Vec<[f32; 7]>, Vec<usize>) {
        let mut random = Random::new(3, 0, 0);
        (0..4_000)
            .map(|_| {
                let z: [f32; 7] = std::array::from_fn(|_| 1.5 * random.normal());
                let honest = softmax(&z);
                let mut left = random.unit();
                let class = honest.iter().position(|p| {
                    left -= p;
                    left < 0.0
                });
                let sharp = softmax(&z.map(|v| v * factor));
                (std::array::from_fn(|i| sharp[i]), class.unwrap_or(6))
            })
            .unzip()
    }

    #[test]
    fn overconfidence_is_undone_by_the_other_half() {
        let (rows, truth) = examples(3.0);
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let before = Report::new(&names, &rows, &truth, None, 1).unwrap().ece;
        let fitted = cross_fitted_temperature(&rows, &truth, 1).unwrap();
        assert!(before > 0.15 && fitted.ece < 0.03, "{before} {fitted:?}");
        for t in fitted.temperatures {
            assert!((t / 3.0 - 1.0).abs() < 0.1, "{t}");
        }
        // The halves are different ones, so are their temperatures.
        assert_ne!(fitted.temperatures[0], fitted.temperatures[1]);
    }

    #[test]
    fn honest_predictions_keep_their_temperature() {
        let (rows, truth) = examples(1.0);
        let fitted = cross_fitted_temperature(&rows, &truth, 1).unwrap();
        assert!(fitted.temperatures.iter().all(|t| (t - 1.0).abs() < 0.1));
        assert_eq!(Some(fitted), cross_fitted_temperature(&rows, &truth, 1));
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        assert_eq!(cross_fitted_temperature(&[[1.0 / 7.0; 7]], &[0], 1), None);
        assert_eq!(cross_fitted_temperature(&[[0.0; 7]; 3], &[0], 1), None);
        let sure = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert!(cross_fitted_temperature(&[sure; 4], &[0, 1, 0, 0], 1).is_some());
    }
}
