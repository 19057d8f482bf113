//! Batch normalisation (Ioffe & Szegedy 2015), with the activation that usually follows it.

use rayon::prelude::*;

use super::layer::{Layer, Mode, Parameter, part_len};
use vibelux_kernels::InstructionSet;
use vibelux_kernels::passes::{self, Affine, BackwardAffine, repeated};

/// Weight of a new batch in the running statistics.
pub(crate) const MOMENTUM: f32 = 0.1;

/// Batch norm over everything but the channel, then optionally a (leaky) ReLU.
pub(super) struct BatchNorm {
    isa: InstructionSet,
    channels: usize,
    epsilon: f32,
    /// Index of the first of its four parameters: weight, bias, running mean, running variance.
    first: usize,
    activation: Option<f32>,
    mean: Vec<f32>,
    inverse_std: Vec<f32>,
}

impl BatchNorm {
    pub fn new(
        isa: InstructionSet,
        channels: usize,
        epsilon: f32,
        first: usize,
        activation: Option<f32>,
    ) -> Self {
        Self {
            isa,
            channels,
            epsilon,
            first,
            activation,
            mean: Vec::new(),
            inverse_std: Vec::new(),
        }
    }
}

/// Sums two per-channel quantities over a batch of images: f32 within an image, f64 across, always in
/// the same order. `f` gets the first and the last image of a part, and two arrays to overwrite.
fn sum_pairs(
    channels: usize,
    images: usize,
    f: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) -> Vec<[f64; 2]> {
    let part = part_len(images);
    let parts: Vec<Vec<[f64; 2]>> = (0..images.div_ceil(part))
        .into_par_iter()
        .map(|i| {
            let mut total = vec![[0.0; 2]; channels];
            let (mut a, mut b) = (vec![0.0; channels], vec![0.0; channels]);
            for image in i * part..((i + 1) * part).min(images) {
                f(image, &mut a, &mut b);
                for (t, (&a, &b)) in total.iter_mut().zip(a.iter().zip(b.iter())) {
                    t[0] += f64::from(a);
                    t[1] += f64::from(b);
                }
            }
            total
        })
        .collect();
    let mut total = vec![[0.0; 2]; channels];
    for part in parts {
        for (t, p) in total.iter_mut().zip(part) {
            t[0] += p[0];
            t[1] += p[1];
        }
    }
    total
}

impl BatchNorm {
    /// Takes the statistics of a batch and moves the running ones towards them.
    fn take_statistics(&mut self, p: &mut [Parameter], x: &[f32], n: usize) {
        let (isa, example) = (self.isa, x.len() / n);
        let sums = sum_pairs(self.channels, n, |image, sums, squares| {
            let x = &x[image * example..(image + 1) * example];
            // SAFETY: `isa` was detected on this machine.
            #[allow(unsafe_code, reason = "compiled for the instruction set")]
            unsafe {
                passes::moments(isa, x, sums, squares);
            }
        });
        let count = (x.len() / self.channels) as f64;
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
    }

    /// Scale and shift of each channel, repeated as the passes want them.
    fn factors(&self, p: &[Parameter]) -> [Vec<f32>; 2] {
        let (weight, bias) = (&p[self.first].value, &p[self.first + 1].value);
        let c = self.channels;
        let scale: Vec<f32> = (0..c).map(|i| weight[i] * self.inverse_std[i]).collect();
        let shift: Vec<f32> = (0..c).map(|i| bias[i] - self.mean[i] * scale[i]).collect();
        [repeated(&scale), repeated(&shift)]
    }
}

impl Layer for BatchNorm {
    fn forward(&mut self, p: &mut [Parameter], x: &[f32], y: &mut [f32], n: usize, mode: Mode) {
        if let Mode::Train { .. } = mode {
            self.take_statistics(p, x, n);
        } else {
            self.mean.clone_from(&p[self.first + 2].value);
            self.inverse_std = p[self.first + 3]
                .value
                .iter()
                .map(|v| 1.0 / (v + self.epsilon).sqrt())
                .collect();
        }
        let [scale, shift] = self.factors(p);
        let f = Affine {
            scale: &scale,
            shift: &shift,
            alpha: self.activation.unwrap_or(1.0),
        };
        let (isa, example) = (self.isa, x.len() / n);
        y.par_chunks_exact_mut(example)
            .zip(x.par_chunks_exact(example))
            .for_each(|(y, x)| {
                // SAFETY: `isa` was detected on this machine.
                #[allow(unsafe_code, reason = "compiled for the instruction set")]
                unsafe {
                    passes::affine(isa, x, f, y);
                }
            });
    }

    fn backward(
        &mut self,
        p: &mut [Parameter],
        x: &[f32],
        _y: &[f32],
        dy: &mut [f32],
        dx: &mut [f32],
        n: usize,
    ) {
        let (isa, c, example) = (self.isa, self.channels, x.len() / n);
        let [scale, shift] = self.factors(p);
        let f = Affine {
            scale: &scale,
            shift: &shift,
            alpha: self.activation.unwrap_or(1.0),
        };
        let (mean, dy) = (&self.mean, &*dy);
        let sums = sum_pairs(c, n, |image, sums, products| {
            let range = image * example..(image + 1) * example;
            let (x, dy) = (&x[range.clone()], &dy[range]);
            // SAFETY: `isa` was detected on this machine.
            #[allow(unsafe_code, reason = "compiled for the instruction set")]
            unsafe {
                passes::gradient_moments(isa, x, dy, f, mean, sums, products);
            }
        });
        let count = (x.len() / c) as f32;
        let (mut from_dy, mut from_x, mut constant) = (vec![0.0; c], vec![0.0; c], vec![0.0; c]);
        for i in 0..c {
            let d_bias = sums[i][0] as f32;
            let d_weight = sums[i][1] as f32 * self.inverse_std[i];
            p[self.first].gradient[i] = d_weight;
            p[self.first + 1].gradient[i] = d_bias;
            from_dy[i] = scale[i];
            from_x[i] = -scale[i] * self.inverse_std[i] * d_weight / count;
            constant[i] = -scale[i] * d_bias / count - from_x[i] * mean[i];
        }
        let [from_dy, from_x, constant] = [from_dy, from_x, constant].map(|v| repeated(&v));
        let b = BackwardAffine {
            from_dy: &from_dy,
            from_x: &from_x,
            constant: &constant,
        };
        dx.par_chunks_exact_mut(example)
            .zip(dy.par_chunks_exact(example))
            .zip(x.par_chunks_exact(example))
            .for_each(|((dx, dy), x)| {
                // SAFETY: `isa` was detected on this machine.
                #[allow(unsafe_code, reason = "compiled for the instruction set")]
                unsafe {
                    passes::affine_backward(isa, x, dy, f, b, dx);
                }
            });
    }
}
