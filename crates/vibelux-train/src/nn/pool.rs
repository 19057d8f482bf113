//! Pooling layers: the maximum of windows, and means and maxima over whole images.

use rayon::prelude::*;

use super::layer::{Layer, Mode, Parameter};

/// The largest value of each window.
pub(super) struct MaxPool {
    /// Channels, height, width.
    pub input: [usize; 3],
    /// Channels, height, width.
    pub output: [usize; 3],
    pub size: [usize; 2],
    pub stride: [usize; 2],
    /// Which value of its window each output was; the first of equals.
    winners: Vec<u16>,
}

impl MaxPool {
    pub fn new(
        input: [usize; 3],
        output: [usize; 3],
        size: [usize; 2],
        stride: [usize; 2],
    ) -> Self {
        Self {
            input,
            output,
            size,
            stride,
            winners: Vec::new(),
        }
    }

    /// Index of the first channel of value `tap` of the window of output pixel (y, x).
    fn at(&self, y: usize, x: usize, tap: usize) -> usize {
        let row = y * self.stride[0] + tap / self.size[1];
        let column = x * self.stride[1] + tap % self.size[1];
        (row * self.input[2] + column) * self.input[0]
    }
}

impl Layer for MaxPool {
    fn forward(&mut self, _p: &mut [Parameter], x: &[f32], y: &mut [f32], n: usize, _mode: Mode) {
        let [c, oh, ow] = self.output;
        let taps = self.size[0] * self.size[1];
        let mut winners = std::mem::take(&mut self.winners);
        winners.resize(n * c * oh * ow, 0);
        let this = &*self;
        y.par_chunks_exact_mut(c * oh * ow)
            .zip(winners.par_chunks_exact_mut(c * oh * ow))
            .zip(x.par_chunks_exact(x.len() / n))
            .for_each(|((y, winners), x)| {
                let pixels = y.chunks_exact_mut(c).zip(winners.chunks_exact_mut(c));
                for (i, (y, winners)) in pixels.enumerate() {
                    let first = this.at(i / ow, i % ow, 0);
                    y.copy_from_slice(&x[first..first + c]);
                    winners.fill(0);
                    for tap in 1..taps {
                        let from = this.at(i / ow, i % ow, tap);
                        for ((y, winner), &v) in
                            y.iter_mut().zip(winners.iter_mut()).zip(&x[from..from + c])
                        {
                            if v > *y {
                                *y = v;
                                *winner = tap as u16;
                            }
                        }
                    }
                }
            });
        self.winners = winners;
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
        let [c, oh, ow] = self.output;
        let this = &*self;
        dx.par_chunks_exact_mut(dx.len() / n)
            .zip(dy.par_chunks_exact(c * oh * ow))
            .zip(this.winners.par_chunks_exact(c * oh * ow))
            .for_each(|((dx, dy), winners)| {
                dx.fill(0.0);
                let pixels = dy.chunks_exact(c).zip(winners.chunks_exact(c));
                for (i, (dy, winners)) in pixels.enumerate() {
                    for (channel, (&d, &winner)) in dy.iter().zip(winners).enumerate() {
                        dx[this.at(i / ow, i % ow, usize::from(winner)) + channel] += d;
                    }
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
        let c = self.channels;
        let pixels = (x.len() / n / c) as f32;
        for (y, x) in y.chunks_exact_mut(c).zip(x.chunks_exact(x.len() / n)) {
            y.fill(0.0);
            for row in x.chunks_exact(c) {
                for (y, &v) in y.iter_mut().zip(row) {
                    *y += v;
                }
            }
            for y in y {
                *y /= pixels;
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
