//! The two inner loops of training: a direct convolution and its weight gradient.
//!
//! Everything a step multiplies goes through these two. Images are channels-last (`[h][w][c]`), so
//! that the channels of a pixel are contiguous; the forward kernel keeps a tile of up to 12 output
//! pixels by two registers of output channels in registers and runs over kernel taps and input
//! channels, which needs no im2col copy. The gradient to the input is the same kernel with
//! transposed, mirrored weights. A dense layer is the 1x1 case with the examples of the batch as
//! pixels.

#![allow(
    unsafe_code,
    reason = "register tiles are addressed by raw pointers; callers state why they may"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "indices name registers; loops over constants unroll"
)]

use super::simd::{InstructionSet, Simd, dispatch};

/// Output pixels per register tile of the forward kernel.
const TILE: usize = 12;
/// Input channels per register tile of the weight-gradient kernel.
const GRADIENT_TILE: usize = 8;

/// Loop bounds of one image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// Row length of the padded input, in pixels.
    pub padded_width: usize,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Kernel height and width.
    pub kernel: [usize; 2],
    /// Height and width of the output.
    pub out: [usize; 2],
}

macro_rules! by_rows {
    ($rows:expr, $f:ident, $s:ident, $v:literal, $args:tt, [$($n:literal)*]) => {
        match $rows {
            $($n => $f::<$s, $n, $v> $args,)*
            _ => unreachable!("tiles are cut to size by the caller"),
        }
    };
}

/// One tile: `R` neighbouring output pixels, `V` registers of output channels.
#[inline(always)]
unsafe fn tile<S: Simd, const R: usize, const V: usize>(
    input: *const f32,
    e: &Extent,
    weights: *const f32,
    bias: *const f32,
    output: *mut f32,
    valid: usize,
) {
    unsafe {
        let c = e.in_channels;
        let mut acc = [[S::zero(); V]; R];
        for v in 0..V {
            let b = S::load(bias.add(v * S::LANES));
            for row in &mut acc {
                row[v] = b;
            }
        }
        let mut w = weights;
        for ky in 0..e.kernel[0] {
            for kx in 0..e.kernel[1] {
                let mut x = input.add((ky * e.padded_width + kx) * c);
                for _ in 0..c {
                    let mut wv = [S::zero(); V];
                    for v in 0..V {
                        wv[v] = S::load(w.add(v * S::LANES));
                    }
                    for r in 0..R {
                        let a = S::broadcast(x.add(r * c));
                        for v in 0..V {
                            acc[r][v] = S::fma(a, wv[v], acc[r][v]);
                        }
                    }
                    w = w.add(V * S::LANES);
                    x = x.add(1);
                }
            }
        }
        for r in 0..R {
            let out = output.add(r * e.out_channels);
            if valid >= V * S::LANES {
                for v in 0..V {
                    S::store(out.add(v * S::LANES), acc[r][v]);
                }
            } else {
                let mut spill = [0.0_f32; 32];
                for v in 0..V {
                    S::store(spill.as_mut_ptr().add(v * S::LANES), acc[r][v]);
                }
                std::ptr::copy_nonoverlapping(spill.as_ptr(), out, valid);
            }
        }
    }
}

#[inline(always)]
unsafe fn convolve_generic<S: Simd>(
    input: *const f32,
    e: Extent,
    weights: *const f32,
    bias: *const f32,
    output: *mut f32,
) {
    let taps = e.kernel[0] * e.kernel[1];
    let [height, width] = e.out;
    let tiles = width.div_ceil(TILE);
    let mut oc = 0;
    while oc < e.out_channels {
        let valid = e.out_channels - oc;
        unsafe {
            let w = weights.add(oc * taps * e.in_channels);
            let b = bias.add(oc);
            for y in 0..height {
                for t in 0..tiles {
                    let x0 = t * width / tiles;
                    let rows = (t + 1) * width / tiles - x0;
                    let i = input.add((y * e.padded_width + x0) * e.in_channels);
                    let o = output.add((y * width + x0) * e.out_channels + oc);
                    if valid > S::LANES {
                        by_rows!(rows, tile, S, 2, (i, &e, w, b, o, valid),
                            [1 2 3 4 5 6 7 8 9 10 11 12]);
                    } else {
                        by_rows!(rows, tile, S, 1, (i, &e, w, b, o, valid),
                            [1 2 3 4 5 6 7 8 9 10 11 12]);
                    }
                }
            }
        }
        oc += 2 * S::LANES;
    }
}

dispatch! {
    /// Convolves one padded image: `output[y][x][o] = bias[o] + sum input[y+ky][x+kx][i] w[ky][kx][i][o]`.
    ///
    /// # Safety
    /// `input` must hold `(out_h + kernel_h - 1) * padded_width * in_channels` values, `weights` and
    /// `bias` must come from [`pack`] and [`pack_bias`] for the same instruction set, `output` must
    /// be writable for `out_h * out_w * out_channels` values, and the machine must have `isa`.
    fn convolve = convolve_generic(
        input: *const f32, e: Extent, weights: *const f32, bias: *const f32, output: *mut f32,
    )
}

/// One tile of the weight gradient: `R` input channels, `V` registers of output channels, one tap.
#[inline(always)]
unsafe fn gradient_tile<S: Simd, const R: usize, const V: usize>(
    input: *const f32,
    e: &Extent,
    d_output: *const f32,
    d_stride: usize,
    d_weights: *mut f32,
) {
    unsafe {
        let mut acc = [[S::zero(); V]; R];
        for r in 0..R {
            for v in 0..V {
                acc[r][v] = S::load(d_weights.add(r * d_stride + v * S::LANES));
            }
        }
        for y in 0..e.out[0] {
            let mut x = input.add(y * e.padded_width * e.in_channels);
            let mut d = d_output.add(y * e.out[1] * d_stride);
            for _ in 0..e.out[1] {
                let mut dv = [S::zero(); V];
                for v in 0..V {
                    dv[v] = S::load(d.add(v * S::LANES));
                }
                for r in 0..R {
                    let a = S::broadcast(x.add(r));
                    for v in 0..V {
                        acc[r][v] = S::fma(a, dv[v], acc[r][v]);
                    }
                }
                x = x.add(e.in_channels);
                d = d.add(d_stride);
            }
        }
        for r in 0..R {
            for v in 0..V {
                S::store(d_weights.add(r * d_stride + v * S::LANES), acc[r][v]);
            }
        }
    }
}

#[inline(always)]
unsafe fn weight_gradient_generic<S: Simd>(
    input: *const f32,
    e: Extent,
    d_output: *const f32,
    d_stride: usize,
    d_weights: *mut f32,
) {
    for ky in 0..e.kernel[0] {
        for kx in 0..e.kernel[1] {
            let tap = ky * e.kernel[1] + kx;
            let mut ic = 0;
            while ic < e.in_channels {
                let rows = GRADIENT_TILE.min(e.in_channels - ic);
                let mut oc = 0;
                while oc < d_stride {
                    unsafe {
                        let i = input.add((ky * e.padded_width + kx) * e.in_channels + ic);
                        let d = d_output.add(oc);
                        let w = d_weights.add((tap * e.in_channels + ic) * d_stride + oc);
                        if d_stride - oc > S::LANES {
                            by_rows!(rows, gradient_tile, S, 2, (i, &e, d, d_stride, w),
                                [1 2 3 4 5 6 7 8]);
                        } else {
                            by_rows!(rows, gradient_tile, S, 1, (i, &e, d, d_stride, w),
                                [1 2 3 4 5 6 7 8]);
                        }
                    }
                    oc += 2 * S::LANES;
                }
                ic += rows;
            }
        }
    }
}

dispatch! {
    /// Adds one image's weight gradient:
    /// `d_weights[ky][kx][i][o] += sum input[y+ky][x+kx][i] d_output[y][x][o]`.
    ///
    /// # Safety
    /// `input` as in [`convolve`]; `d_stride` is `out_channels` rounded up to whole registers,
    /// `d_output` must hold `out_h * out_w * d_stride` values and `d_weights`
    /// `kernel_h * kernel_w * in_channels * d_stride`; the machine must have `isa`.
    fn weight_gradient = weight_gradient_generic(
        input: *const f32, e: Extent, d_output: *const f32, d_stride: usize, d_weights: *mut f32,
    )
}

/// Brings `[taps][in][out]` weights into the order in which [`convolve`] reads them: blocks of two
/// registers of output channels, each `[taps][in][block]`; the last block is filled up with zeros.
pub(super) fn pack(
    isa: InstructionSet,
    weights: &[f32],
    taps: usize,
    inputs: usize,
    outputs: usize,
    packed: &mut Vec<f32>,
) {
    pack_with(isa, taps, inputs, outputs, packed, |t, i, o| {
        weights[(t * inputs + i) * outputs + o]
    });
}

/// The weights of the gradient to the input: transposed, and mirrored in both directions.
pub(super) fn pack_transposed(
    isa: InstructionSet,
    weights: &[f32],
    taps: usize,
    inputs: usize,
    outputs: usize,
    packed: &mut Vec<f32>,
) {
    pack_with(isa, taps, outputs, inputs, packed, |t, i, o| {
        weights[((taps - 1 - t) * inputs + o) * outputs + i]
    });
}

fn pack_with(
    isa: InstructionSet,
    taps: usize,
    inputs: usize,
    outputs: usize,
    packed: &mut Vec<f32>,
    at: impl Fn(usize, usize, usize) -> f32,
) {
    let lanes = isa.lanes();
    packed.clear();
    packed.reserve(taps * inputs * outputs.next_multiple_of(lanes));
    let mut first = 0;
    while first < outputs {
        let block = if outputs - first > lanes {
            2 * lanes
        } else {
            lanes
        };
        for t in 0..taps {
            for i in 0..inputs {
                for o in first..first + block {
                    packed.push(if o < outputs { at(t, i, o) } else { 0.0 });
                }
            }
        }
        first += 2 * lanes;
    }
}

/// The bias (or nothing) filled up with zeros to whole blocks.
pub(super) fn pack_bias(isa: InstructionSet, bias: Option<&[f32]>, outputs: usize) -> Vec<f32> {
    let mut packed = bias.map_or_else(Vec::new, <[f32]>::to_vec);
    packed.resize(outputs.next_multiple_of(2 * isa.lanes()), 0.0);
    packed
}
