//! Pooling layers: the maximum of windows, and means and maxima over whole images.

use rayon::prelude::*;

use super::layer::{Layer, Mode, Parameter};
use vibelux_kernels::InstructionSet;
use vibelux_kernels::inference::global_average;
use vibelux_kernels::passes::{self, Windows};

/// The largest value of each window.
pub(super) struct MaxPool {
    isa: InstructionSet,
    windows: Windows,
    /// Which value of its window each output was; the first of equals.
    winners: Vec<u16>,
}

impl MaxPool {
    pub fn new(isa: InstructionSet, windows: Windows) -> Self {
        Self {
            isa,
            windows,
            winners: Vec::new(),
        }
    }
}

impl Layer for MaxPool {
    fn forward(&mut self, _p: &mut [Parameter], x: &[f32], y: &mut [f32], n: usize, _mode: Mode) {
        let (isa, windows) = (self.isa, self.windows);
        let out = y.len() / n;
        self.winners.resize(y.len(), 0);
        y.par_chunks_exact_mut(out)
            .zip(self.winners.par_chunks_exact_mut(out))
            .zip(x.par_chunks_exact(x.len() / n))
            .for_each(|((y, winners), x)| {
                // SAFETY: `isa` was detected on this machine.
                #[allow(unsafe_code, reason = "compiled for the instruction set")]
                unsafe {
                    passes::max_pool(isa, x, windows, y, winners);
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
        n: usize,
    ) {
        let (isa, windows) = (self.isa, self.windows);
        let out = dy.len() / n;
        dx.par_chunks_exact_mut(dx.len() / n)
            .zip(dy.par_chunks_exact(out))
            .zip(self.winners.par_chunks_exact(out))
            .for_each(|((dx, dy), winners)| {
                // SAFETY: `isa` was detected on this machine.
                #[allow(unsafe_code, reason = "compiled for the instruction set")]
                unsafe {
                    passes::max_pool_backward(isa, dy, windows, winners, dx);
                }
            });
    }
}

/// The mean of each channel.
pub(super) struct GlobalAveragePool {
    pub channels: usize,
}

impl Layer for GlobalAveragePool {
    fn forward(&mut self, _p: &mut [Parameter], x: &[f32], y: &mut [f32], n: usize, _mode: Mode) {
        let images = x.chunks_exact(x.len() / n);
        for (y, x) in y.chunks_exact_mut(self.channels).zip(images) {
            global_average(x, y);
        }
    }

    fn backward(
        &mut self,
        _p: &mut [Parameter],
        _x: &[f32],
        _y: &[f32],
        dy: &mut [f32],
        dx: &mut [f32],
        n: usize,
    ) {
        let c = self.channels;
        let example = dx.len() / n;
        let pixels = (example / c) as f32;
        for (dx, dy) in dx.chunks_exact_mut(example).zip(dy.chunks_exact(c)) {
            for row in dx.chunks_exact_mut(c) {
                for (dx, &d) in row.iter_mut().zip(dy) {
                    *dx = d / pixels;
                }
            }
        }
    }
}

/// The mean over frequency, then mean and maximum over time, one after the other.
pub(super) struct TimeMeanMax {
    /// Channels, frequency, time.
    pub input: [usize; 3],
    winners: Vec<u32>,
}

impl TimeMeanMax {
    pub fn new(input: [usize; 3]) -> Self {
        Self {
            input,
            winners: Vec::new(),
        }
    }
}

impl Layer for TimeMeanMax {
    fn forward(&mut self, _p: &mut [Parameter], x: &[f32], y: &mut [f32], n: usize, _mode: Mode) {
        let [c, h, w] = self.input;
        self.winners.resize(n * c, 0);
        y.par_chunks_exact_mut(2 * c)
            .zip(self.winners.par_chunks_exact_mut(c))
            .zip(x.par_chunks_exact(c * h * w))
            .for_each(|((y, winners), x)| {
                let mut column = vec![0.0; c];
                let (mean, max) = y.split_at_mut(c);
                mean.fill(0.0);
                max.fill(f32::NEG_INFINITY);
                for t in 0..w {
                    column.fill(0.0);
                    for f in 0..h {
                        let from = (f * w + t) * c;
                        for (s, &v) in column.iter_mut().zip(&x[from..from + c]) {
                            *s += v / h as f32;
                        }
                    }
                    for i in 0..c {
                        mean[i] += column[i] / w as f32;
                        if column[i] > max[i] {
                            max[i] = column[i];
                            winners[i] = t as u32;
                        }
                    }
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
        let [c, h, w] = self.input;
        dx.par_chunks_exact_mut(c * h * w)
            .zip(dy.par_chunks_exact(2 * c))
            .zip(self.winners.par_chunks_exact(c))
            .for_each(|((dx, dy), winners)| {
                for (pixel, dx) in dx.chunks_exact_mut(c).enumerate() {
                    let t = (pixel % w) as u32;
                    for i in 0..c {
                        let max = if winners[i] == t { dy[c + i] } else { 0.0 };
                        dx[i] = (dy[i] / w as f32 + max) / h as f32;
                    }
                }
            });
    }
}
