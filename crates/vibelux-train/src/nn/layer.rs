//! What every layer of the engine can do, and the arrays it learns.

use super::random::hash;

/// How a forward pass is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Batch statistics and dropout; the seed must differ from step to step.
    Train {
        /// Decides what dropout drops.
        seed: u64,
    },
    /// Running statistics, no dropout.
    Evaluate,
}

/// A learnt array in the engine's own layout, with its gradient.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// As in [`vibelux::model::architecture::ParameterSpec`].
    pub name: String,
    /// Shape in files; `value` is transposed to `[height][width][in][out]` or `[in][out]`.
    pub shape: Vec<usize>,
    /// Current numbers.
    pub value: Vec<f32>,
    /// Gradient of the last backward pass; empty if not trainable.
    pub gradient: Vec<f32>,
    /// Whether the optimiser changes it.
    pub trainable: bool,
    /// Whether weight decay applies: matrices yes, biases and norms no.
    pub decays: bool,
}

/// A step of the network on batches of `n` examples, each channels-last.
///
/// `x` and `y` are the step's input and output; a backward pass gets the same `x` and `y` as the
/// forward pass before it, may overwrite `dy`, and fills `dx`.
pub(super) trait Layer: Send {
    /// Computes `y` from `x`.
    fn forward(&mut self, p: &mut [Parameter], x: &[f32], y: &mut [f32], n: usize, mode: Mode);

    /// Computes `dx` from `dy`, and the gradients of its own parameters.
    fn backward(
        &mut self,
        p: &mut [Parameter],
        x: &[f32],
        y: &[f32],
        dy: &mut [f32],
        dx: &mut [f32],
        n: usize,
    );

    /// Tells the first layer that nobody needs its `dx`.
    fn skip_input_gradient(&mut self) {}
}

/// Sums over a batch are taken in this many parts, whatever the number of threads.
pub(super) const PARTS: usize = 8;

/// Examples per part.
pub(super) fn part_len(n: usize) -> usize {
    n.div_ceil(PARTS).max(1)
}

/// The gradient before the activation, from its output's sign; in place.
pub(super) fn deactivate(dy: &mut [f32], y: &[f32], alpha: f32) {
    for (d, &v) in dy.iter_mut().zip(y) {
        *d = if v > 0.0 { *d } else { alpha * *d };
    }
}

/// Adds rows of as many values as there are sums, in their order.
pub(super) fn add_rows(rows: &[f32], sums: &mut [f32]) {
    for row in rows.chunks_exact(sums.len()) {
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
}

/// Which of `len` values of example `example` dropout keeps: calls `f(index, keep)`.
pub(crate) fn for_each_kept(
    seed: u64,
    example: usize,
    len: usize,
    rate: f32,
    mut f: impl FnMut(usize, bool),
) {
    // Four 16-bit draws from each hash: a rate is honoured to 1/65,536.
    let threshold = (rate.clamp(0.0, 1.0) * 65_536.0) as u64;
    for i in (0..len).step_by(4) {
        let bits = hash(seed, example as u64, i as u64);
        for j in 0..4.min(len - i) {
            f(i + j, (bits >> (16 * j)) & 0xffff >= threshold);
        }
    }
}
