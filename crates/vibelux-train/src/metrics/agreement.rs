//! Agreement of predicted with soft target distributions.

use serde::{Deserialize, Serialize};

use super::average::mean;

/// Probabilities below this are raised to it before a logarithm is taken.
pub const PROBABILITY_FLOOR: f64 = 1e-12;

/// Agreement with soft target distributions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SoftReport {
    /// Mean of KL(target || predicted) in nats, 0 is best.
    pub kl_divergence: f64,
    /// Mean cosine of target and prediction, 1 is best.
    pub cosine: f64,
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
