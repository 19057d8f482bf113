//! Layers that only move, scale or drop values.

use rayon::prelude::*;

use vibelux_kernels::inference::activate;

use super::layer::{Layer, Mode, Parameter, deactivate, for_each_kept};

/// Channels-last image to a channels-first row, the order in which files store dense weights.
pub(super) struct Flatten {
    /// Channels, height, width.
    pub input: [usize; 3],
}

impl Layer for Flatten {
    fn forward(&mut self, _p: &mut [Parameter], x: &[f32], y: &mut [f32], _n: usize, _mode: Mode) {
        let [c, h, w] = self.input;
        for (y, x) in y.chunks_exact_mut(c * h * w).zip(x.chunks_exact(c * h * w)) {
            for (pixel, row) in x.chunks_exact(c).enumerate() {
                for (channel, &v) in row.iter().enumerate() {
                    y[channel * h * w + pixel] = v;
                }
            }
        }
    }

    fn backward(
        &mut self,
        _p: &mut [Parameter],
        _x: &[f32],
        _y: &[f32],
        dy: &mut [f32],
        dx: &mut [f32],
        _n: usize,
    ) {
        let [c, h, w] = self.input;
        for (dx, dy) in dx
            .chunks_exact_mut(c * h * w)
            .zip(dy.chunks_exact(c * h * w))
        {
            for (pixel, row) in dx.chunks_exact_mut(c).enumerate() {
                for (channel, v) in row.iter_mut().enumerate() {
                    *v = dy[channel * h * w + pixel];
                }
            }
        }
    }
}

/// Zeroes values at random in training and scales up the rest (Srivastava et al. 2014).
pub(super) struct Dropout {
    pub rate: f32,
    /// Sets this layer's draws apart from those of others.
    pub index: u64,
    mask: Vec<u8>,
}

/// What dropout multiplies the kept values by, so that their mean stays.
pub(crate) fn dropout_scale(rate: f32) -> f32 {
    if rate < 1.0 { 1.0 / (1.0 - rate) } else { 0.0 }
}

/// The seed of the dropout layer at a position of the architecture, from the step's seed.
pub(crate) fn dropout_seed(step_seed: u64, index: u64) -> u64 {
    super::random::hash(step_seed, index, 0)
}

impl Dropout {
    pub fn new(rate: f32, index: u64) -> Self {
        Self {
            rate,
            index,
            mask: Vec::new(),
        }
    }
}

impl Layer for Dropout {
    fn forward(&mut self, _p: &mut [Parameter], x: &[f32], y: &mut [f32], n: usize, mode: Mode) {
        let Mode::Train { seed } = mode else {
            y.copy_from_slice(x);
            return;
        };
        let (len, rate) = (x.len() / n, self.rate);
        let scale = dropout_scale(rate);
        let seed = dropout_seed(seed, self.index);
        self.mask.resize(x.len(), 0);
        y.par_chunks_exact_mut(len)
            .zip(x.par_chunks_exact(len))
            .zip(self.mask.par_chunks_exact_mut(len))
            .enumerate()
            .for_each(|(example, ((y, x), mask))| {
                for_each_kept(seed, example, len, rate, |i, keep| mask[i] = u8::from(keep));
                for ((y, &x), &keep) in y.iter_mut().zip(x).zip(&*mask) {
                    *y = if keep == 1 { x * scale } else { 0.0 };
                }
            });
    }

    fn backward(
        &mut self,
        _p: &mut [Parameter],
        _x: &[f32],
        _y: &[f32],
        dy: &mut [f32],
        dx: &mut [f32],
        _n: usize,
    ) {
        let scale = dropout_scale(self.rate);
        for ((dx, &dy), &keep) in dx.iter_mut().zip(&*dy).zip(&self.mask) {
            *dx = if keep == 1 { dy * scale } else { 0.0 };
        }
    }
}

/// x scale + offset.
pub(super) struct Rescale {
    pub scale: f32,
    pub offset: f32,
}

impl Layer for Rescale {
    fn forward(&mut self, _p: &mut [Parameter], x: &[f32], y: &mut [f32], _n: usize, _mode: Mode) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = x * self.scale + self.offset;
        }
    }

    fn backward(
        &mut self,
        _p: &mut [Parameter],
        _x: &[f32],
        _y: &[f32],
        dy: &mut [f32],
        dx: &mut [f32],
        _n: usize,
    ) {
        for (dx, &dy) in dx.iter_mut().zip(&*dy) {
            *dx = dy * self.scale;
        }
    }
}

/// A (leaky) ReLU that does not follow a convolution, batch norm or dense layer directly.
pub(super) struct Activation {
    pub alpha: f32,
}

impl Layer for Activation {
    fn forward(&mut self, _p: &mut [Parameter], x: &[f32], y: &mut [f32], _n: usize, _mode: Mode) {
        y.copy_from_slice(x);
        activate(y, self.alpha);
    }

    fn backward(
        &mut self,
        _p: &mut [Parameter],
        _x: &[f32],
        y: &[f32],
        dy: &mut [f32],
        dx: &mut [f32],
        _n: usize,
    ) {
        deactivate(dy, y, self.alpha);
        dx.copy_from_slice(dy);
    }
}
