//! Batch normalisation (Ioffe & Szegedy 2015), with the activation that usually follows it.

use rayon::prelude::*;

use super::layer::{Layer, Mode, Parameter, part_len};

/// Weight of a new batch in the running statistics.
pub(crate) const MOMENTUM: f32 = 0.1;

/// Batch norm over everything but the channel, then optionally a (leaky) ReLU.
pub(super) struct BatchNorm {
    channels: usize,
    epsilon: f32,
    /// Index of the first of its four parameters: weight, bias, running mean, running variance.
    first: usize,
    activation: Option<f32>,
    mean: Vec<f32>,
    inverse_std: Vec<f32>,
}

impl BatchNorm {
    pub fn new(channels: usize, epsilon: f32, first: usize, activation: Option<f32>) -> Self {
        Self {
            channels,
            epsilon,
            first,
            activation,
            mean: Vec::new(),
            inverse_std: Vec::new(),
        }
    }
}

/// Sums two per-channel quantities over a batch, in parts: f32 within an example, f64 across.
fn sum_pairs(
    channels: usize,
    parts: impl IndexedParallelIterator<Item = Vec<[f64; 2]>>,
) -> Vec<[f64; 2]> {
    let parts: Vec<_> = parts.collect();
    let mut total = vec![[0.0; 2]; channels];
    for part in parts {
        for (t, p) in total.iter_mut().zip(part) {
            t[0] += p[0];
            t[1] += p[1];
        }
    }
    total
}

/// Adds what `f` makes of every row of `channels` values to two f32 sums, then to `total`.
fn add_example(
    total: &mut [[f64; 2]],
    scratch: &mut [Vec<f32>; 2],
    f: impl FnOnce(&mut [f32], &mut [f32]),
) {
    let [a, b] = scratch;
    a.fill(0.0);
    b.fill(0.0);
    f(a, b);
    for (t, (&a, &b)) in total.iter_mut().zip(a.iter().zip(b.iter())) {
        t[0] += f64::from(a);
        t[1] += f64::from(b);
    }
}

impl Layer for BatchNorm {
    fn forward(&mut self, p: &mut [Parameter], x: &[f32], y: &mut [f32], n: usize, mode: Mode) {
        let c = self.channels;
        let example = x.len() / n;
        if let Mode::Train { .. } = mode {
            let sums = sum_pairs(
                c,
                x.par_chunks(part_len(n) * example).map(|x| {
                    let mut total = vec![[0.0; 2]; c];
                    let mut scratch = [vec![0.0; c], vec![0.0; c]];
                    for x in x.chunks_exact(example) {
                        add_example(&mut total, &mut scratch, |sum, squares| {
                            for row in x.chunks_exact(c) {
                                for ((s, q), &v) in sum.iter_mut().zip(&mut *squares).zip(row) {
                                    *s += v;
                                    *q += v * v;
                                }
                            }
                        });
                    }
                    total
                }),
            );
            let count = (x.len() / c) as f64;
            self.mean.clear();
            self.inverse_std.clear();
            for (i, [sum, squares]) in sums.into_iter().enumerate() {
                let mean = sum / count;
                let variance = (squares / count - mean * mean).max(0.0);
                self.mean.push(mean as f32);
                self.inverse_std
                    .push((1.0 / (variance + f64::from(self.epsilon)).sqrt()) as f32);
                // The running variance is the unbiased estimate, as other frameworks keep it.
                let unbiased = (variance * count / (count - 1.0).max(1.0)) as f32;
                let running = &mut p[self.first + 2].value[i];
                *running += MOMENTUM * (mean as f32 - *running);
                let running = &mut p[self.first + 3].value[i];
                *running += MOMENTUM * (unbiased - *running);
            }
        } else {
            self.mean.clone_from(&p[self.first + 2].value);
            self.inverse_std = p[self.first + 3]
                .value
                .iter()
                .map(|v| 1.0 / (v + self.epsilon).sqrt())
                .collect();
        }
        let weight = &p[self.first].value;
        let bias = &p[self.first + 1].value;
        let scale: Vec<f32> = (0..c).map(|i| weight[i] * self.inverse_std[i]).collect();
        let shift: Vec<f32> = (0..c).map(|i| bias[i] - self.mean[i] * scale[i]).collect();
        let alpha = self.activation.unwrap_or(1.0);
        y.par_chunks_exact_mut(example)
            .zip(x.par_chunks_exact(example))
            .for_each(|(y, x)| {
                for (y, x) in y.chunks_exact_mut(c).zip(x.chunks_exact(c)) {
                    for (((y, &x), &a), &b) in y.iter_mut().zip(x).zip(&scale).zip(&shift) {
                        let v = x * a + b;
                        *y = if v > 0.0 { v } else { alpha * v };
                    }
                }
            });
    }

    fn backward(
        &mut self,
        p: &mut [Parameter],
        x: &[f32],
        y: &[f32],
        dy: &mut [f32],
        dx: &mut [f32],
        n: usize,
    ) {
        let c = self.channels;
        let example = x.len() / n;
        let alpha = self.activation.unwrap_or(1.0);
        let (mean, inverse_std) = (&self.mean, &self.inverse_std);
        let part = part_len(n) * example;
        let sums = sum_pairs(
            c,
            dy.par_chunks_mut(part)
                .zip(x.par_chunks(part))
                .zip(y.par_chunks(part))
                .map(|((dy, x), y)| {
                    let mut total = vec![[0.0; 2]; c];
                    let mut scratch = [vec![0.0; c], vec![0.0; c]];
                    let examples = dy.chunks_exact_mut(example).zip(x.chunks_exact(example));
                    for ((dy, x), y) in examples.zip(y.chunks_exact(example)) {
                        add_example(&mut total, &mut scratch, |sum, products| {
                            let rows = dy.chunks_exact_mut(c).zip(x.chunks_exact(c));
                            for ((dy, x), y) in rows.zip(y.chunks_exact(c)) {
                                for i in 0..c {
                                    let d = if y[i] > 0.0 { dy[i] } else { alpha * dy[i] };
                                    dy[i] = d;
                                    sum[i] += d;
                                    products[i] += d * (x[i] - mean[i]);
                                }
                            }
                        });
                    }
                    total
                }),
        );
        let count = (x.len() / c) as f32;
        let (mut from_dy, mut from_x, mut constant) = (vec![0.0; c], vec![0.0; c], vec![0.0; c]);
        for i in 0..c {
            let d_bias = sums[i][0] as f32;
            let d_weight = sums[i][1] as f32 * inverse_std[i];
            p[self.first].gradient[i] = d_weight;
            p[self.first + 1].gradient[i] = d_bias;
            let scale = p[self.first].value[i] * inverse_std[i];
            from_dy[i] = scale;
            from_x[i] = -scale * inverse_std[i] * d_weight / count;
            constant[i] = -scale * d_bias / count - from_x[i] * mean[i];
        }
        dx.par_chunks_exact_mut(example)
            .zip(dy.par_chunks_exact(example))
            .zip(x.par_chunks_exact(example))
            .for_each(|((dx, dy), x)| {
                let rows = dx.chunks_exact_mut(c).zip(dy.chunks_exact(c));
                for ((dx, dy), x) in rows.zip(x.chunks_exact(c)) {
                    for i in 0..c {
                        dx[i] = from_dy[i] * dy[i] + from_x[i] * x[i] + constant[i];
                    }
                }
            });
    }
}
