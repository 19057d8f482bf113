//! The two inner loops: a direct convolution, which runs networks and trains them, and its weight
//! gradient.
//!
//! Everything a step multiplies goes through these two. Images are channels-last (`[h][w][c]`), so
//! that the channels of a pixel are contiguous, and come as the words of [`super::simd`] (f32, or
//! pairs of bf16) that [`super::pack`] makes of them. The forward kernel keeps a tile of up to 12
//! output pixels by two registers of output channels in registers and runs over kernel taps and input
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

use super::simd::{InstructionSet, Simd, Sums, dispatch};

/// Loop bounds of one image's convolution.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Row length of the padded input, in pixels.
    pub padded_width: usize,
    /// Words of an input pixel.
    pub words: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Kernel height and width.
    pub kernel: [usize; 2],
    /// Height and width of the output.
    pub out: [usize; 2],
}

/// One tile: `ROWS` x `COLS` output pixels, `V` registers of output channels.
#[inline(always)]
unsafe fn tile<S: Simd, const ROWS: usize, const COLS: usize, const V: usize>(
    input: *const u32,
    e: &Extent,
    weights: *const u32,
    bias: *const f32,
    output: *mut f32,
    valid: usize,
) {
    unsafe {
        let (pixel, row) = (e.words, e.padded_width * e.words);
        let mut acc = [[[S::V::zero(); V]; COLS]; ROWS];
        for v in 0..V {
            let b = S::V::load(bias.add(v * S::LANES));
            for r in 0..ROWS {
                for c in 0..COLS {
                    acc[r][c][v] = b;
                }
            }
        }
        let mut w = weights;
        for ky in 0..e.kernel[0] {
            for kx in 0..e.kernel[1] {
                let mut x = input.add(ky * row + kx * pixel);
                for _ in 0..pixel {
                    let mut wv = [S::words(w); V];
                    for v in 1..V {
                        wv[v] = S::words(w.add(v * S::LANES));
                    }
                    for r in 0..ROWS {
                        for c in 0..COLS {
                            let a = S::broadcast(x.add(r * row + c * pixel));
                            for v in 0..V {
                                acc[r][c][v] = S::fma(a, wv[v], acc[r][c][v]);
                            }
                        }
                    }
                    w = w.add(V * S::LANES);
                    x = x.add(1);
                }
            }
        }
        for r in 0..ROWS {
            for c in 0..COLS {
                let out = output.add((r * e.out[1] + c) * e.out_channels);
                if valid >= V * S::LANES {
                    for v in 0..V {
                        S::V::store(out.add(v * S::LANES), acc[r][c][v]);
                    }
                } else {
                    let mut spill = [0.0_f32; 32];
                    for v in 0..V {
                        S::V::store(spill.as_mut_ptr().add(v * S::LANES), acc[r][c][v]);
                    }
                    std::ptr::copy_nonoverlapping(spill.as_ptr(), out, valid);
                }
            }
        }
    }
}

/// Calls the tile of a shape. The list is every shape that [`shape`] gives for a register file of 4,
/// 6 or 12 tiles.
macro_rules! by_shape {
    ($shape:expr, $s:ident, $v:literal, $args:tt) => {
        by_shape!($shape, $s, $v, $args, [
            (1, 1) (1, 2) (1, 3) (1, 4) (1, 5) (1, 6) (1, 7) (1, 8) (1, 9) (1, 10) (1, 11) (1, 12)
            (2, 2) (2, 3) (2, 5) (2, 6) (3, 2) (3, 4) (4, 1) (4, 3) (6, 1) (6, 2) (12, 1)
        ])
    };
    ($shape:expr, $s:ident, $v:literal, $args:tt, [$(($rows:literal, $cols:literal))*]) => {
        match $shape {
            $(($rows, $cols) => tile::<$s, $rows, $cols, $v> $args,)*
            (rows, cols) => unreachable!("no tile of {rows} x {cols}"),
        }
    };
}

/// Rows and columns of the largest tile that starts in a row with `width` pixels left and has
/// `height` rows left: several rows only where whole rows are narrow.
fn shape<S: Simd>(width: usize, height: usize) -> (usize, usize) {
    let columns = width.div_ceil(width.div_ceil(S::TILE));
    let rows = S::TILE / width;
    if rows > 1 && rows <= height && width <= 6 {
        (rows, width)
    } else {
        (1, columns)
    }
}

#[inline(always)]
unsafe fn convolve_generic<S: Simd>(
    input: *const u32,
    e: Extent,
    weights: *const u32,
    bias: *const f32,
    output: *mut f32,
) {
    let taps = e.kernel[0] * e.kernel[1];
    let [height, width] = e.out;
    let mut oc = 0;
    while oc < e.out_channels {
        let valid = e.out_channels - oc;
        unsafe {
            let w = weights.add(oc * taps * e.words);
            let b = bias.add(oc);
            let mut y = 0;
            while y < height {
                let (mut x, mut rows) = (0, 1);
                while x < width {
                    let shape = shape::<S>(width - x, if x == 0 { height - y } else { 1 });
                    let i = input.add((y * e.padded_width + x) * e.words);
                    let o = output.add((y * width + x) * e.out_channels + oc);
                    if valid > S::LANES {
                        by_shape!(shape, S, 2, (i, &e, w, b, o, valid));
                    } else {
                        by_shape!(shape, S, 1, (i, &e, w, b, o, valid));
                    }
                    rows = shape.0;
                    x += shape.1;
                }
                y += rows;
            }
        }
        oc += 2 * S::LANES;
    }
}

dispatch! {
    /// Convolves one padded image: `output[y][x][o] = bias[o] + sum input[y+ky][x+kx][i] w[ky][kx][i][o]`.
    ///
    /// # Safety
    /// `input` must hold `(out_h + kernel_h - 1) * padded_width * words` words, `weights` and `bias`
    /// must come from [`super::pack`] for the same instruction set, `output` must be writable for
    /// `out_h * out_w * out_channels` values, and the machine must have `isa`.
    fn convolve = convolve_generic(
        input: *const u32, e: Extent, weights: *const u32, bias: *const f32, output: *mut f32,
    )
}

/// Loop bounds of the weight gradient of a group of images.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// Images of the group.
    pub images: usize,
    /// Runs of steps of one image.
    pub rows: usize,
    /// Steps of a run: pixels (f32) or pairs of neighbouring pixels (bf16).
    pub steps: usize,
    /// Channels of the input: words of `x` from step to step.
    pub in_channels: usize,
    /// Words of `x` from run to run.
    pub x_row: usize,
    /// Words of `x` from image to image.
    pub x_image: usize,
    /// Words of `x` from one kernel row, and from one kernel column, to the next.
    pub x_tap: [usize; 2],
    /// Words of the gradient from step to step: output channels, rounded up to whole registers.
    pub d_step: usize,
    /// Kernel height and width.
    pub kernel: [usize; 2],
}

/// One tile of the weight gradient: `R` input channels, `V` registers of output channels, one tap.
#[inline(always)]
unsafe fn gradient_tile<S: Simd, const R: usize, const V: usize>(
    x: *const u32,
    s: &Sweep,
    d: *const u32,
    d_weights: *mut f32,
) {
    unsafe {
        let mut acc = [[S::V::zero(); V]; R];
        for r in 0..R {
            for v in 0..V {
                acc[r][v] = S::V::load(d_weights.add(r * s.d_step + v * S::LANES));
            }
        }
        let mut d = d;
        for image in 0..s.images {
            for row in 0..s.rows {
                let mut x = x.add(image * s.x_image + row * s.x_row);
                for _ in 0..s.steps {
                    let mut dv = [S::words(d); V];
                    for v in 1..V {
                        dv[v] = S::words(d.add(v * S::LANES));
                    }
                    for r in 0..R {
                        let a = S::broadcast(x.add(r));
                        for v in 0..V {
                            acc[r][v] = S::fma(a, dv[v], acc[r][v]);
                        }
                    }
                    // After the last step they may point beyond the arrays, and are not read.
                    x = x.wrapping_add(s.in_channels);
                    d = d.wrapping_add(s.d_step);
                }
            }
        }
        for r in 0..R {
            for v in 0..V {
                S::V::store(d_weights.add(r * s.d_step + v * S::LANES), acc[r][v]);
            }
        }
    }
}

macro_rules! by_rows {
    ($rows:expr, $s:ident, $v:literal, $args:tt, [$($n:literal)*]) => {
        match $rows {
            $($n => gradient_tile::<$s, $n, $v> $args,)*
            rows => unreachable!("no tile of {rows}"),
        }
    };
}

#[inline(always)]
unsafe fn weight_gradient_generic<S: Simd>(
    x: *const u32,
    s: Sweep,
    d: *const u32,
    d_weights: *mut f32,
) {
    let tiles = s.in_channels.div_ceil(S::TILE);
    for kx in 0..s.kernel[1] {
        for ky in 0..s.kernel[0] {
            let tap = ky * s.kernel[1] + kx;
            for t in 0..tiles {
                let ic = t * s.in_channels / tiles;
                let rows = (t + 1) * s.in_channels / tiles - ic;
                let mut oc = 0;
                while oc < s.d_step {
                    unsafe {
                        let i = x.add(ky * s.x_tap[0] + kx * s.x_tap[1] + ic);
                        let d = d.add(oc);
                        let w = d_weights.add((tap * s.in_channels + ic) * s.d_step + oc);
                        if s.d_step - oc > S::LANES {
                            by_rows!(rows, S, 2, (i, &s, d, w), [1 2 3 4 5 6 7 8 9 10 11 12]);
                        } else {
                            by_rows!(rows, S, 1, (i, &s, d, w), [1 2 3 4 5 6 7 8 9 10 11 12]);
                        }
                    }
                    oc += 2 * S::LANES;
                }
            }
        }
    }
}

dispatch! {
    /// Adds a group of images' weight gradient:
    /// `d_weights[ky][kx][i][o] += sum input[y+ky][x+kx][i] d_output[y][x][o]`.
    ///
    /// # Safety
    /// `x` must hold every word that the sweep reaches, `d` `images * rows * steps * d_step` words
    /// and `d_weights` `kernel_h * kernel_w * in_channels * d_step` values; the machine must have
    /// `isa`.
    fn weight_gradient = weight_gradient_generic(
        x: *const u32, s: Sweep, d: *const u32, d_weights: *mut f32,
    )
}
