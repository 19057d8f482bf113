//! Logits to honest probabilities: softmax and the temperature that calibrates it.
//!
//! Temperature scaling (Guo et al. 2017, arXiv:1706.04599): one number T > 0, fitted on validation
//! data, divides the logits; it changes how sure the model says it is but never what it says.

/// The widest range searched; a fit at its end means the logits carry no information or separate
/// the classes perfectly.
const LOWEST_TEMPERATURE: f64 = 0.05;
const HIGHEST_TEMPERATURE: f64 = 20.0;

/// Softmax: probabilities that sum to 1 for any logits. Computed in `f64` with the largest
/// subtracted; NaN counts as minus infinity, equal infinities share, and if nothing is left the
/// result is uniform. Empty in, empty out.
#[must_use]
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let value = |z: f32| if z.is_nan() { f32::NEG_INFINITY } else { z };
    let largest = logits
        .iter()
        .copied()
        .map(value)
        .fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = logits
        .iter()
        .map(|&z| {
            if value(z) == largest {
                1.0
            } else {
                (f64::from(value(z)) - f64::from(largest)).exp()
            }
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|w| (w / sum) as f32).collect()
}

/// The temperature in 0.05..=20 that minimises the mean NLL of `softmax(logits / T)` over n rows of
/// logits with true class indices `truth`.
///
/// Golden-section search on ln T: the NLL is convex in 1/T, so it has a single minimum in ln T too.
/// Rows with a non-finite logit or a class out of range are left out; if none remains, 1 is
/// returned, which changes nothing.
#[must_use]
pub fn fit_temperature<L: AsRef<[f32]>>(logits: &[L], truth: &[usize]) -> f32 {
    let rows: Vec<(&[f32], usize)> = logits
        .iter()
        .map(AsRef::as_ref)
        .zip(truth.iter().copied())
        .filter(|(row, class)| *class < row.len() && row.iter().all(|z| z.is_finite()))
        .collect();
    // Where all logits of every row are equal, every temperature is as good: leave it at 1.
    let flat = rows
        .iter()
        .all(|(row, _)| row.windows(2).all(|w| w[0] == w[1]));
    if flat {
        return 1.0;
    }
    let nll = |log_t: f64| -> f64 {
        let inverse = (-log_t).exp();
        rows.iter()
            .map(|&(row, class)| row_nll(row, class, inverse))
            .sum()
    };
    let (low, high) = (LOWEST_TEMPERATURE.ln(), HIGHEST_TEMPERATURE.ln());
    golden_section(nll, low, high, 1e-5).exp() as f32
}

/// The temperature in 0.05..=20 that minimises any other loss, for predictions that are more than one
/// softmax: means over windows, or soft targets.
#[must_use]
pub fn fit_temperature_by(loss: impl Fn(f32) -> f64) -> f32 {
    let (low, high) = (LOWEST_TEMPERATURE.ln(), HIGHEST_TEMPERATURE.ln());
    golden_section(|log_t| loss(log_t.exp() as f32), low, high, 1e-3).exp() as f32
}

/// -ln softmax(row * inverse)[class], by log-sum-exp.
fn row_nll(row: &[f32], class: usize, inverse: f64) -> f64 {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let scaled = |z: f32| (f64::from(z) - f64::from(largest)) * inverse;
    row.iter().map(|&z| scaled(z).exp()).sum::<f64>().ln() - scaled(row[class])
}

/// The minimum of a unimodal function on `low..=high` to within `tolerance` (Kiefer 1953).
fn golden_section(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64, tolerance: f64) -> f64 {
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut at_a, mut at_b) = (f(a), f(b));
    while high - low > tolerance {
        if at_a <= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - ratio * (high - low);
            at_a = f(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + ratio * (high - low);
            at_b = f(b);
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn softmax_is_a_distribution(z in prop::collection::vec(prop::num::f32::ANY, 1..9)) {
            let p = softmax(&z);
            prop_assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{:?}", p);
            prop_assert!(p.iter().all(|v| (0.0..=1.0).contains(v)));
        }

        #[test]
        fn softmax_ignores_a_shift(z in prop::collection::vec(-20.0_f32..20.0, 2..9), shift in -50.0_f32..50.0) {
            let moved: Vec<f32> = z.iter().map(|v| v + shift).collect();
            for (a, b) in softmax(&z).iter().zip(softmax(&moved)) {
                prop_assert!((a - b).abs() < 1e-4);
            }
        }

        #[test]
        fn the_fit_is_in_range_for_any_logits(
            rows in prop::collection::vec((prop::array::uniform7(prop::num::f32::ANY), 0_usize..9), 0..20),
        ) {
            let (logits, truth): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let t = fit_temperature(&logits, &truth);
            prop_assert!((0.049..=20.01).contains(&t), "{}", t);
        }
    }

    /// Labels drawn as the calibrated probabilities say, logits then blown up by a known factor.
    fn overconfident(factor: f32) -> (Vec<[f32; 2]>, Vec<usize>) {
        let mut logits = Vec::new();
        let mut truth = Vec::new();
        for z in [0.5_f32, 1.0, 1.5, 2.0] {
            let p = softmax(&[z, 0.0])[0];
            let right = (p * 1_000.0).round() as usize;
            for i in 0..1_000 {
                logits.push([z * factor, 0.0]);
                truth.push(usize::from(i >= right));
            }
        }
        (logits, truth)
    }

    #[test]
    fn recovers_a_known_temperature() {
        for factor in [0.25, 1.0, 3.0] {
            let (logits, truth) = overconfident(factor);
            let t = fit_temperature(&logits, &truth);
            assert!((t / factor - 1.0).abs() < 0.01, "{t} for {factor}");
        }
    }

    #[test]
    fn without_information_it_is_one() {
        assert_eq!(fit_temperature::<[f32; 7]>(&[], &[]), 1.0);
        assert_eq!(fit_temperature(&[[2.0_f32; 7]], &[3]), 1.0);
        assert_eq!(fit_temperature(&[[f32::NAN; 7]], &[3]), 1.0);
    }

    #[test]
    fn perfect_and_hopeless_logits_end_at_the_bounds() {
        assert!(fit_temperature(&[[9.0_f32, 0.0], [0.0, 9.0]], &[0, 1]) < 0.5);
        assert!(fit_temperature(&[[9.0_f32, 0.0], [0.0, 9.0]], &[1, 0]) > 19.9);
    }
}
