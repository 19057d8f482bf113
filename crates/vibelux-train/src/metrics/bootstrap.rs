//! The intervals around accuracies: how much of it is luck of the draw.

use super::average::mean;
use crate::nn::Random;

/// Keeps the resamples apart from what else is drawn with the same seed.
const STREAM: u64 = 0xb007;

/// 95 % percentile bootstrap interval (Efron 1979) of `correct / n`, lower and upper.
///
/// Resampling n hits and misses with replacement depends on their counts alone, so the interval
/// does not depend on the order of the examples. `n` must be positive.
pub fn accuracy_interval(correct: usize, n: usize, resamples: usize, seed: u64) -> [f64; 2] {
    let mut random = Random::new(seed, STREAM, 0);
    let mut accuracies: Vec<f64> = (0..resamples)
        .map(|_| {
            let hits = (0..n).filter(|_| random.below(n) < correct).count();
            hits as f64 / n as f64
        })
        .collect();
    accuracies.sort_by(f64::total_cmp);
    [
        percentile(&accuracies, 0.025),
        percentile(&accuracies, 0.975),
    ]
}

/// The same for the balanced accuracy: the mean, over the classes that a resample holds, of the share
/// of their examples that are right.
///
/// `confusion` counts `[true][predicted]`; examples are drawn with their class, so the classes' sizes
/// vary as they would in another sample. Depends on the counts alone, as above.
pub fn balanced_accuracy_interval(
    confusion: &[Vec<usize>],
    resamples: usize,
    seed: u64,
) -> [f64; 2] {
    let examples: Vec<(usize, bool)> = confusion
        .iter()
        .enumerate()
        .flat_map(|(class, row)| {
            let hits = row.get(class).copied().unwrap_or(0);
            let all: usize = row.iter().sum();
            (0..all).map(move |i| (class, i < hits))
        })
        .collect();
    let mut random = Random::new(seed, STREAM, 0);
    let mut accuracies: Vec<f64> = (0..resamples)
        .map(|_| {
            let mut drawn = vec![(0_usize, 0_usize); confusion.len()];
            for _ in 0..examples.len() {
                let (class, hit) = examples[random.below(examples.len())];
                drawn[class].0 += usize::from(hit);
                drawn[class].1 += 1;
            }
            let recalls = drawn.iter().filter(|(_, all)| *all > 0);
            mean(recalls.map(|&(hits, all)| hits as f64 / all as f64))
        })
        .collect();
    accuracies.sort_by(f64::total_cmp);
    [
        percentile(&accuracies, 0.025),
        percentile(&accuracies, 0.975),
    ]
}

/// Linear interpolation between the neighbours, as numpy's default. `sorted` must not be empty.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_normal_approximation() {
        let [low, high] = accuracy_interval(600, 1_000, 2_000, 1);
        let half = 1.96 * (0.6_f64 * 0.4 / 1_000.0).sqrt();
        assert!((low - (0.6 - half)).abs() < 0.006, "{low}");
        assert!((high - (0.6 + half)).abs() < 0.006, "{high}");
    }

    #[test]
    fn is_degenerate_when_all_are_right_or_wrong() {
        assert_eq!(accuracy_interval(5, 5, 100, 3), [1.0, 1.0]);
        assert_eq!(accuracy_interval(0, 5, 100, 3), [0.0, 0.0]);
    }

    #[test]
    fn a_rare_class_makes_the_balanced_interval_wide() {
        // 0.9 of 1,000 and 0.5 of 20: the variance is a quarter of the sum of both recalls' variances.
        let [low, high] = balanced_accuracy_interval(&[vec![900, 100], vec![10, 10]], 2_000, 1);
        let half = 1.96 * 0.5 * (0.9 * 0.1 / 1_000.0_f64 + 0.25 / 20.0).sqrt();
        assert!((low - (0.7 - half)).abs() < 0.015, "{low}");
        assert!((high - (0.7 + half)).abs() < 0.015, "{high}");
        let perfect = balanced_accuracy_interval(&[vec![3, 0], vec![0, 2]], 50, 1);
        assert_eq!(perfect, [1.0, 1.0]);
    }

    #[test]
    fn is_repeatable_by_seed() {
        assert_eq!(
            accuracy_interval(40, 90, 500, 7),
            accuracy_interval(40, 90, 500, 7)
        );
    }
}
