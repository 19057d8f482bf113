//! Brings weights, images and gradients into the words and the order in which
//! [`super::convolution`] reads them.
//!
//! For an f32 instruction set a word is one value; for bf16 it is a pair: of neighbouring input
//! channels for a convolution, of neighbouring pixels for a weight gradient, since those are what
//! each of them sums over.

#![allow(unsafe_code, reason = "loops compiled for an instruction set")]

use rayon::prelude::*;

use super::buffer::Buffer;
use super::simd::{InstructionSet, Simd, dispatch};

/// A value as bf16 in the low half of a word, rounded to nearest, ties to even.
#[inline(always)]
fn bf16(value: f32) -> u32 {
    let bits = value.to_bits();
    if value.is_nan() {
        // Rounding could carry a NaN into infinity or zero.
        return 0x7fc0;
    }
    (bits + 0x7fff + ((bits >> 16) & 1)) >> 16
}

/// Two values as a word of bf16, the first in the low half.
#[inline(always)]
fn pair(low: f32, high: f32) -> u32 {
    bf16(low) | (bf16(high) << 16)
}

/// Words that `values` values fill.
pub fn words(isa: InstructionSet, values: usize) -> usize {
    values.div_ceil(isa.values_per_word())
}

/// `[taps][in][out]` weights in blocks of two registers of output channels, each
/// `[taps][input words][block]`; the last block is filled up with zeros.
pub fn weights(
    isa: InstructionSet,
    weights: &[f32],
    [taps, inputs, outputs]: [usize; 3],
    packed: &mut Buffer<u32>,
) {
    pack(isa, [taps, inputs, outputs], packed, |t, i, o| {
        weights[(t * inputs + i) * outputs + o]
    });
}

/// The weights of the gradient to the input: transposed, and mirrored in both directions.
pub fn transposed_weights(
    isa: InstructionSet,
    weights: &[f32],
    [taps, inputs, outputs]: [usize; 3],
    packed: &mut Buffer<u32>,
) {
    pack(isa, [taps, outputs, inputs], packed, |t, i, o| {
        weights[((taps - 1 - t) * inputs + o) * outputs + i]
    });
}

/// Packs the weights that `at` gives for (tap, input, output).
fn pack(
    isa: InstructionSet,
    [taps, inputs, outputs]: [usize; 3],
    packed: &mut Buffer<u32>,
    at: impl Fn(usize, usize, usize) -> f32 + Sync,
) {
    let (lanes, per_word) = (isa.lanes(), isa.values_per_word());
    let steps = words(isa, inputs);
    let rows = taps * steps;
    packed.resize(rows * outputs.next_multiple_of(lanes));
    packed
        .par_chunks_mut(rows * 2 * lanes)
        .enumerate()
        .for_each(|(block, packed)| {
            let first = block * 2 * lanes;
            let width = packed.len() / rows;
            for (row, packed) in packed.chunks_exact_mut(width).enumerate() {
                let (t, i) = (row / steps, row % steps * per_word);
                for (lane, word) in packed.iter_mut().enumerate() {
                    let o = first + lane;
                    *word = if o >= outputs {
                        0
                    } else if per_word == 1 {
                        at(t, i, o).to_bits()
                    } else {
                        let high = if i + 1 < inputs { at(t, i + 1, o) } else { 0.0 };
                        pair(at(t, i, o), high)
                    };
                }
            }
        });
}

/// The bias (or nothing) filled up with zeros to whole blocks.
pub fn bias(isa: InstructionSet, bias: Option<&[f32]>, outputs: usize) -> Vec<f32> {
    let mut packed = bias.map_or_else(Vec::new, <[f32]>::to_vec);
    packed.resize(outputs.next_multiple_of(2 * isa.lanes()), 0.0);
    packed
}

/// Where an `[h][w][c]` image lies in a larger one of zeros.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Height, width and channels of the image.
    pub image: [usize; 3],
    /// Rows above and columns to the left.
    pub before: [usize; 2],
    /// Height and width with the zeros.
    pub to: [usize; 2],
}

#[inline(always)]
unsafe fn framed_generic<S: Simd>(image: &[f32], f: Frame, out: &mut [u32]) {
    let [_, w, c] = f.image;
    let per_pixel = c.div_ceil(S::VALUES_PER_WORD);
    for (y, row) in image.chunks_exact(w * c).enumerate() {
        let at = ((y + f.before[0]) * f.to[1] + f.before[1]) * per_pixel;
        let out = &mut out[at..at + w * per_pixel];
        if S::VALUES_PER_WORD == 1 {
            for (o, &v) in out.iter_mut().zip(row) {
                *o = v.to_bits();
            }
        } else if c % 2 == 0 {
            for (o, v) in out.iter_mut().zip(row.as_chunks::<2>().0) {
                *o = pair(v[0], v[1]);
            }
        } else {
            for (o, v) in out.chunks_exact_mut(per_pixel).zip(row.chunks_exact(c)) {
                for (i, o) in o.iter_mut().enumerate() {
                    *o = pair(v[2 * i], v.get(2 * i + 1).copied().unwrap_or(0.0));
                }
            }
        }
    }
}

dispatch! {
    /// Writes an image into a frame of zeros, as words of neighbouring channels.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn framed_into = framed_generic(image: &[f32], f: Frame, out: &mut [u32])
}

/// An image in a frame of zeros, as words of neighbouring channels.
///
/// # Safety
/// The machine must have `isa`.
pub unsafe fn framed(isa: InstructionSet, image: &[f32], f: Frame, out: &mut Vec<u32>) {
    out.clear();
    out.resize(f.to[0] * f.to[1] * words(isa, f.image[2]), 0);
    // SAFETY: as the caller promises.
    unsafe { framed_into(isa, image, f, out) }
}

/// Words that the input of a weight gradient takes for one image.
pub fn gradient_input_len(isa: InstructionSet, f: Frame, kernel: [usize; 2]) -> usize {
    let [_, _, c] = f.image;
    if isa.values_per_word() == 1 {
        f.to[0] * f.to[1] * c
    } else {
        let out_width = f.to[1] + 1 - kernel[1];
        kernel[1] * f.to[0] * out_width.div_ceil(2) * c
    }
}

#[inline(always)]
unsafe fn gradient_input_generic<S: Simd>(
    image: &[f32],
    f: Frame,
    kernel: [usize; 2],
    out: &mut [u32],
) {
    if S::VALUES_PER_WORD == 1 {
        out.fill(0);
        unsafe { framed_generic::<S>(image, f, out) };
        return;
    }
    let [h, w, c] = f.image;
    let pairs = (f.to[1] + 1 - kernel[1]).div_ceil(2);
    let zeros = [0.0_f32; 512];
    for (kx, copy) in out.chunks_exact_mut(f.to[0] * pairs * c).enumerate() {
        for (y, row) in copy.chunks_exact_mut(pairs * c).enumerate() {
            let Some(y) = y.checked_sub(f.before[0]).filter(|&y| y < h) else {
                row.fill(0);
                continue;
            };
            let source = &image[y * w * c..(y + 1) * w * c];
            for (p, words) in row.chunks_exact_mut(c).enumerate() {
                // The image's column of the pair's first pixel, which may lie in the zeros.
                let pixel = |x: usize| {
                    x.checked_sub(f.before[1])
                        .filter(|&x| x < w)
                        .map(|x| &source[x * c..(x + 1) * c])
                };
                let (low, high) = (pixel(2 * p + kx), pixel(2 * p + kx + 1));
                match (low, high) {
                    (Some(low), Some(high)) => pairs_into(words, low, high),
                    (Some(low), None) if c <= zeros.len() => pairs_into(words, low, &zeros[..c]),
                    (None, Some(high)) if c <= zeros.len() => pairs_into(words, &zeros[..c], high),
                    (None, None) => words.fill(0),
                    (low, high) => {
                        for (i, word) in words.iter_mut().enumerate() {
                            *word = pair(low.map_or(0.0, |v| v[i]), high.map_or(0.0, |v| v[i]));
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn pairs_into(words: &mut [u32], low: &[f32], high: &[f32]) {
    for ((word, &low), &high) in words.iter_mut().zip(low).zip(high) {
        *word = pair(low, high);
    }
}

dispatch! {
    /// The input of a weight gradient: an image in a frame of zeros; for bf16, as words of
    /// neighbouring pixels, one copy per kernel column, each `[framed height][pairs][c]`.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn gradient_input = gradient_input_generic(
        image: &[f32], f: Frame, kernel: [usize; 2], out: &mut [u32],
    )
}

#[inline(always)]
unsafe fn gradient_output_generic<S: Simd>(
    image: &[f32],
    size: [usize; 2],
    stride: usize,
    out: &mut [u32],
) {
    let [w, c] = size;
    let steps = w.div_ceil(S::VALUES_PER_WORD);
    for (row, out) in image
        .chunks_exact(w * c)
        .zip(out.chunks_exact_mut(steps * stride))
    {
        if S::VALUES_PER_WORD == 1 {
            for (v, out) in row.chunks_exact(c).zip(out.chunks_exact_mut(stride)) {
                for (o, &v) in out.iter_mut().zip(v) {
                    *o = v.to_bits();
                }
                out[c..].fill(0);
            }
            continue;
        }
        for (v, out) in row.chunks(2 * c).zip(out.chunks_exact_mut(stride)) {
            let (low, high) = v.split_at(c);
            if high.is_empty() {
                for (word, &low) in out.iter_mut().zip(low) {
                    *word = pair(low, 0.0);
                }
            } else {
                pairs_into(&mut out[..c], low, high);
            }
            out[c..].fill(0);
        }
    }
}

dispatch! {
    /// The output's gradient of a weight gradient: rows of `w` pixels of `c` channels become rows of
    /// pixels (f32) or pairs (bf16) of `stride` words.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn gradient_output = gradient_output_generic(
        image: &[f32], size: [usize; 2], stride: usize, out: &mut [u32],
    )
}
