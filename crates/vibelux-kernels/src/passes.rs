//! The passes over whole activations that are not convolutions, compiled for an instruction set:
//! sums per channel, batch norm with its activation, max-pooling.
//!
//! All images are channels-last. The loops are plain Rust on blocks of 16 channels, or on several
//! pixels at once where a pixel is short, which the compiler turns into vector instructions of the
//! set that `dispatch!` in [`super::simd`] compiles them for.

#![allow(unsafe_code, reason = "loops compiled for an instruction set")]

use super::simd::{InstructionSet, Simd, dispatch};

/// Channels whose sums are kept in registers at once.
const BLOCK: usize = 16;

/// The block of 16 values at `at`.
#[inline(always)]
fn block(row: &[f32], at: usize) -> &[f32; BLOCK] {
    let block = row[at..at + BLOCK].first_chunk::<BLOCK>();
    // The slice has that length, so the compiler drops the branch.
    block.unwrap_or(&[0.0; BLOCK])
}

#[inline(always)]
unsafe fn moments_generic<S: Simd>(x: &[f32], sums: &mut [f32], squares: &mut [f32]) {
    let c = sums.len();
    let in_blocks = c / BLOCK * BLOCK;
    for at in (0..in_blocks).step_by(BLOCK) {
        let (mut sum, mut square) = ([0.0_f32; BLOCK], [0.0_f32; BLOCK]);
        for row in x.chunks_exact(c) {
            let row = block(row, at);
            for i in 0..BLOCK {
                sum[i] += row[i];
                square[i] += row[i] * row[i];
            }
        }
        sums[at..at + BLOCK].copy_from_slice(&sum);
        squares[at..at + BLOCK].copy_from_slice(&square);
    }
    for at in in_blocks..c {
        let (mut sum, mut square) = (0.0, 0.0);
        for row in x.chunks_exact(c) {
            sum += row[at];
            square += row[at] * row[at];
        }
        (sums[at], squares[at]) = (sum, square);
    }
}

dispatch! {
    /// Sum and sum of squares of each channel of one image.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn moments = moments_generic(x: &[f32], sums: &mut [f32], squares: &mut [f32])
}

/// A batch norm as `x * scale + shift`, then a (leaky) ReLU of slope `alpha` below zero.
#[derive(Debug, Clone, Copy)]
pub struct Affine<'a> {
    /// Per channel, repeated for as many pixels as [`repeated`] says.
    pub scale: &'a [f32],
    /// Likewise.
    pub shift: &'a [f32],
    /// 1 for no activation.
    pub alpha: f32,
}

/// Repeats per-channel values so that loops over them are long enough to be worth their start.
#[must_use]
pub fn repeated(values: &[f32]) -> Vec<f32> {
    values.repeat((256 / values.len().max(1)).max(1))
}

#[inline(always)]
unsafe fn affine_generic<S: Simd>(x: &[f32], f: Affine<'_>, y: &mut [f32]) {
    let n = f.scale.len();
    for (y, x) in y.chunks_mut(n).zip(x.chunks(n)) {
        let factors = f.scale.iter().zip(f.shift);
        for ((y, &x), (&a, &b)) in y.iter_mut().zip(x).zip(factors) {
            let v = x * a + b;
            *y = if v > 0.0 { v } else { f.alpha * v };
        }
    }
}

dispatch! {
    /// Batch norm and activation of one image.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn affine = affine_generic(x: &[f32], f: Affine<'_>, y: &mut [f32])
}

#[inline(always)]
unsafe fn gradient_moments_generic<S: Simd>(
    x: &[f32],
    dy: &[f32],
    f: Affine<'_>,
    mean: &[f32],
    sums: &mut [f32],
    products: &mut [f32],
) {
    let c = mean.len();
    let in_blocks = c / BLOCK * BLOCK;
    for at in (0..in_blocks).step_by(BLOCK) {
        let (scale, shift, mean) = (block(f.scale, at), block(f.shift, at), block(mean, at));
        let (mut sum, mut product) = ([0.0_f32; BLOCK], [0.0_f32; BLOCK]);
        for (x, dy) in x.chunks_exact(c).zip(dy.chunks_exact(c)) {
            let (x, dy) = (block(x, at), block(dy, at));
            for i in 0..BLOCK {
                let v = x[i] * scale[i] + shift[i];
                let d = if v > 0.0 { dy[i] } else { f.alpha * dy[i] };
                sum[i] += d;
                product[i] += d * (x[i] - mean[i]);
            }
        }
        sums[at..at + BLOCK].copy_from_slice(&sum);
        products[at..at + BLOCK].copy_from_slice(&product);
    }
    for at in in_blocks..c {
        let (mut sum, mut product) = (0.0, 0.0);
        for (x, dy) in x.chunks_exact(c).zip(dy.chunks_exact(c)) {
            let v = x[at] * f.scale[at] + f.shift[at];
            let d = if v > 0.0 { dy[at] } else { f.alpha * dy[at] };
            sum += d;
            product += d * (x[at] - mean[at]);
        }
        (sums[at], products[at]) = (sum, product);
    }
}

dispatch! {
    /// Per channel of one image: the sum of the gradient before the activation, and of its products
    /// with `x - mean`.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn gradient_moments = gradient_moments_generic(
        x: &[f32], dy: &[f32], f: Affine<'_>, mean: &[f32], sums: &mut [f32], products: &mut [f32],
    )
}

/// The gradient to a batch norm's input: `from_dy * dy + from_x * x + constant`, each repeated like
/// [`Affine`]'s.
#[derive(Debug, Clone, Copy)]
pub struct BackwardAffine<'a> {
    /// Per channel.
    pub from_dy: &'a [f32],
    /// Per channel.
    pub from_x: &'a [f32],
    /// Per channel.
    pub constant: &'a [f32],
}

#[inline(always)]
unsafe fn affine_backward_generic<S: Simd>(
    x: &[f32],
    dy: &[f32],
    f: Affine<'_>,
    b: BackwardAffine<'_>,
    dx: &mut [f32],
) {
    let n = f.scale.len();
    for ((dx, dy), x) in dx.chunks_mut(n).zip(dy.chunks(n)).zip(x.chunks(n)) {
        let len = dx.len();
        let (dy, x) = (&dy[..len], &x[..len]);
        let (scale, shift) = (&f.scale[..len], &f.shift[..len]);
        let (from_dy, from_x) = (&b.from_dy[..len], &b.from_x[..len]);
        let constant = &b.constant[..len];
        for i in 0..len {
            let v = x[i] * scale[i] + shift[i];
            let d = if v > 0.0 { dy[i] } else { f.alpha * dy[i] };
            dx[i] = from_dy[i] * d + from_x[i] * x[i] + constant[i];
        }
    }
}

dispatch! {
    /// Gradient to the input of one image's batch norm and activation.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn affine_backward = affine_backward_generic(
        x: &[f32], dy: &[f32], f: Affine<'_>, b: BackwardAffine<'_>, dx: &mut [f32],
    )
}

/// The windows of a max-pooling.
#[derive(Debug, Clone, Copy)]
pub struct Windows {
    /// Channels, height, width of the input.
    pub input: [usize; 3],
    /// Channels, height, width of the output.
    pub output: [usize; 3],
    /// Height and width of a window.
    pub size: [usize; 2],
    /// Rows and columns from window to window.
    pub stride: [usize; 2],
}

impl Windows {
    /// Windows of 2 x 2 beside each other, which halve an image of `[channels, height, width]`.
    #[must_use]
    pub const fn halving([channels, height, width]: [usize; 3]) -> Self {
        Self {
            input: [channels, height, width],
            output: [channels, height / 2, width / 2],
            size: [2, 2],
            stride: [2, 2],
        }
    }

    /// Index of the first channel of value `tap` of the window of output pixel `pixel`.
    #[inline(always)]
    fn at(&self, pixel: usize, tap: usize) -> usize {
        let [_, _, width] = self.output;
        let row = pixel / width * self.stride[0] + tap / self.size[1];
        let column = pixel % width * self.stride[1] + tap % self.size[1];
        (row * self.input[2] + column) * self.input[0]
    }
}

#[inline(always)]
unsafe fn max_pool_generic<S: Simd>(x: &[f32], w: Windows, y: &mut [f32], winners: &mut [u16]) {
    let [c, ..] = w.output;
    let taps = w.size[0] * w.size[1];
    let pixels = y.chunks_exact_mut(c).zip(winners.chunks_exact_mut(c));
    for (pixel, (y, winners)) in pixels.enumerate() {
        let first = w.at(pixel, 0);
        y.copy_from_slice(&x[first..first + c]);
        winners.fill(0);
        for tap in 1..taps {
            let from = w.at(pixel, tap);
            let values = y.iter_mut().zip(winners.iter_mut());
            for ((y, winner), &v) in values.zip(&x[from..from + c]) {
                let larger = v > *y;
                *y = if larger { v } else { *y };
                *winner = if larger { tap as u16 } else { *winner };
            }
        }
    }
}

dispatch! {
    /// The largest value of each window of one image, and which it was; the first of equals.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn max_pool = max_pool_generic(x: &[f32], w: Windows, y: &mut [f32], winners: &mut [u16])
}

/// The largest of each of `N` neighbouring channels of the window whose first value is at `first`.
///
/// They stay in registers until the window is done. A loop over all channels of a pixel, whose number
/// the compiler does not know, is made for so many that the 32 of a first layer fall through to one at
/// a time: on the widest registers that took five times as long.
#[inline(always)]
fn largest_of<const N: usize>(x: &[f32], w: &Windows, first: usize) -> [f32; N] {
    let [c, _, width] = w.input;
    let mut best = [0.0; N];
    best.copy_from_slice(&x[first..first + N]);
    // The first is compared with itself, which changes nothing.
    for row in 0..w.size[0] {
        for column in 0..w.size[1] {
            let from = first + (row * width + column) * c;
            for (best, &v) in best.iter_mut().zip(&x[from..from + N]) {
                *best = if v > *best { v } else { *best };
            }
        }
    }
    best
}

#[inline(always)]
fn largest_of_each(x: &[f32], w: &Windows, y: &mut [f32]) {
    let [c, _, width] = w.output;
    for (row, y) in y.chunks_exact_mut(width * c).enumerate() {
        let mut first = row * w.stride[0] * w.input[2] * c;
        for y in y.chunks_exact_mut(c) {
            let mut at = first;
            let (blocks, rest) = y.as_chunks_mut::<BLOCK>();
            for y in blocks {
                *y = largest_of(x, w, at);
                at += BLOCK;
            }
            for y in rest {
                [*y] = largest_of(x, w, at);
                at += 1;
            }
            first += w.stride[1] * c;
        }
    }
}

#[inline(always)]
unsafe fn largest_generic<S: Simd>(x: &[f32], w: Windows, y: &mut [f32]) {
    // A size that the compiler knows, as nearly all windows have it, unrolls.
    let size = [2, 2];
    if w.size == size {
        largest_of_each(x, &Windows { size, ..w }, y);
    } else {
        largest_of_each(x, &w, y);
    }
}

dispatch! {
    /// The largest value of each window of one image, as [`max_pool`] without saying which it was.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn largest = largest_generic(x: &[f32], w: Windows, y: &mut [f32])
}

#[inline(always)]
unsafe fn max_pool_backward_generic<S: Simd>(
    dy: &[f32],
    w: Windows,
    winners: &[u16],
    dx: &mut [f32],
) {
    let [c, h, width] = w.output;
    let apart = w.stride[0] >= w.size[0] && w.stride[1] >= w.size[1];
    let covered = w.size == w.stride && [h * w.size[0], width * w.size[1]] == w.input[1..];
    if !covered {
        dx.fill(0.0);
    }
    let taps = w.size[0] * w.size[1];
    let pixels = dy.chunks_exact(c).zip(winners.chunks_exact(c));
    for (pixel, (dy, winners)) in pixels.enumerate() {
        for tap in 0..taps {
            let to = w.at(pixel, tap);
            let values = dx[to..to + c].iter_mut().zip(dy).zip(winners);
            if apart {
                for ((dx, &d), &winner) in values {
                    *dx = if winner == tap as u16 { d } else { 0.0 };
                }
            } else {
                for ((dx, &d), &winner) in values {
                    *dx += if winner == tap as u16 { d } else { 0.0 };
                }
            }
        }
    }
}

dispatch! {
    /// Passes each gradient to the value that won its window.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn max_pool_backward = max_pool_backward_generic(
        dy: &[f32], w: Windows, winners: &[u16], dx: &mut [f32],
    )
}
