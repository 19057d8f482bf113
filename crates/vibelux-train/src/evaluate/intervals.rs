//! Means with their intervals: what [`super::matching`], [`super::robustness`],
//! [`super::through_the_detector`] and [`super::heads`] say about sets of files.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::nn::Random;

/// Bootstrap resamples behind an interval.
const RESAMPLES: usize = 1_000;

/// A mean and its 95 % interval by bootstrap over the files.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The mean.
    pub mean: f64,
    /// Lower and upper end.
    pub interval: [f64; 2],
}

/// The mean; 0 of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The mean and its percentile bootstrap interval (Efron 1979).
///
/// Of differences between two measures of the same files this is the paired interval.
pub(super) fn share(values: &[f64], seed: u64) -> Share {
    resampled(values.len(), seed, |chosen| {
        chosen.iter().map(|&i| values[i]).sum::<f64>() / values.len() as f64
    })
}

/// A figure of `count` examples, given by their indices, and its percentile bootstrap interval; 0 of
/// nothing.
pub(super) fn resampled(count: usize, seed: u64, figure: impl Fn(&[usize]) -> f64 + Sync) -> Share {
    if count == 0 {
        return Share {
            mean: 0.0,
            interval: [0.0; 2],
        };
    }
    let mut figures: Vec<f64> = (0..RESAMPLES)
        .into_par_iter()
        .map(|resample| {
            let mut random = Random::new(seed, 0xb007, resample as u64);
            let chosen: Vec<usize> = (0..count).map(|_| random.below(count)).collect();
            figure(&chosen)
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    let at = |share: f64| figures[((figures.len() - 1) as f64 * share).round() as usize];
    let all: Vec<usize> = (0..count).collect();
    Share {
        mean: figure(&all),
        interval: [at(0.025), at(0.975)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_normal_approximation() {
        let values: Vec<f64> = (0..1_000).map(|i| f64::from(u8::from(i < 600))).collect();
        let Share { mean, interval } = share(&values, 1);
        let half = 1.96 * (0.6_f64 * 0.4 / 1_000.0).sqrt();
        assert_eq!(mean, 0.6);
        assert!((interval[0] - (0.6 - half)).abs() < 0.006, "{interval:?}");
        assert!((interval[1] - (0.6 + half)).abs() < 0.006, "{interval:?}");
        assert_eq!(share(&[0.25; 9], 1).interval, [0.25; 2]);
    }
}
