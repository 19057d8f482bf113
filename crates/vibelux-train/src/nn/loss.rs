//! Softmax cross-entropy against soft targets.

/// The logarithm of softmax, row by row; `logits` are `[n][classes]`.
#[must_use]
pub fn log_softmax(logits: &[f32], classes: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(logits.len());
    for row in logits.chunks_exact(classes) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = row.iter().map(|z| (z - largest).exp()).sum();
        out.extend(row.iter().map(|z| z - largest - sum.ln()));
    }
    out
}

/// Softmax, row by row; `logits` are `[n][classes]`.
#[must_use]
pub fn softmax(logits: &[f32], classes: usize) -> Vec<f32> {
    log_softmax(logits, classes)
        .into_iter()
        .map(f32::exp)
        .collect()
}

/// The mean over the batch of `-sum target log softmax(logits)`, and its gradient to the logits.
///
/// `targets` has the shape of `logits` and rows that sum to 1.
#[must_use]
pub fn soft_cross_entropy(logits: &[f32], targets: &[f32], classes: usize) -> (f64, Vec<f32>) {
    let n = (logits.len() / classes).max(1) as f32;
    let log_p = log_softmax(logits, classes);
    let loss: f64 = log_p
        .iter()
        .zip(targets)
        .map(|(&l, &t)| -f64::from(l) * f64::from(t))
        .sum();
    let gradient = log_p
        .iter()
        .zip(targets)
        .map(|(&l, &t)| (l.exp() - t) / n)
        .collect();
    (loss / f64::from(n), gradient)
}
