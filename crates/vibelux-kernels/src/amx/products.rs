//! The two loops over tiles: a convolution, and the gradient of its weights.

#![allow(unsafe_code, reason = "tiles are loaded by raw pointers")]

use super::layout::{BLOCK, Flat, Planes};
use super::tiles::{ROWS, Tiles};
use crate::buffer::Buffer;
use crate::simd::InstructionSet;

/// Inputs and outputs of a convolution must be multiples of this: two tiles.
pub const CHANNEL_MULTIPLE: usize = BLOCK;

/// Values of bf16 that a tile's row holds: what an instruction sums over.
const DEPTH: usize = 32;

/// Steps over positions for which the factors of a weight gradient stay in a core's innermost cache: some 40 KB.
const STEPS: usize = 8;

/// Whether a convolution goes this way: where the instruction set has it, channels fill tiles and the kernel keeps
/// the size of its input.
#[must_use]
pub fn pays(
    isa: InstructionSet,
    kernel: [usize; 2],
    pad: [usize; 2],
    [input, output]: [[usize; 3]; 2],
) -> bool {
    isa == InstructionSet::Amx
        && input[0].is_multiple_of(CHANNEL_MULTIPLE)
        && output[0].is_multiple_of(CHANNEL_MULTIPLE)
        && input[1..] == output[1..]
        && kernel == pad.map(|pad| 2 * pad + 1)
}

/// Convolves images that [`Flat::lay_out`] laid out: `[height][width][output channel]`, one behind the other.
///
/// `weights` are as [`crate::pack::weights`] gives them for bf16, `bias` as [`crate::pack::bias`]; `channels` are
/// those of the input and of the output.
///
/// # Panics
/// If an array has another length than `shape` and `channels` say.
///
/// # Safety
/// The machine must have [`InstructionSet::Amx`].
#[target_feature(enable = "avx512f")]
pub unsafe fn convolve(
    shape: Flat,
    [inputs, outputs]: [usize; 2],
    x: &Buffer<u16>,
    weights: &Buffer<u32>,
    bias: &[f32],
    y: &mut [f32],
) {
    let ([height, width], [rows, columns]) = (shape.size, shape.kernel());
    let block = rows * columns * inputs / 2 * BLOCK;
    assert!(inputs.is_multiple_of(BLOCK) && outputs.is_multiple_of(BLOCK));
    assert_eq!(x.len(), shape.len() * inputs);
    assert_eq!(weights.len(), block * outputs / BLOCK);
    assert_eq!(y.len(), shape.images * height * width * outputs);
    assert!(bias.len() >= outputs);
    // SAFETY: as the caller promises.
    let tiles = unsafe { Tiles::take() };
    let pixels = pixels(shape);
    let stride = inputs * size_of::<u16>();
    let mut sums = Sums([0.0; BLOCK * BLOCK]);
    let blocks = weights.chunks_exact(block).zip(bias.chunks_exact(BLOCK));
    for (o, (weights, bias)) in blocks.enumerate() {
        for (b, pixels) in pixels.chunks_exact(BLOCK).enumerate() {
            let first = b * BLOCK;
            let half = pixels[ROWS..].iter().all(Option::is_none);
            tiles.clear();
            let mut w = weights.as_ptr();
            for tap in 0..rows * columns {
                let at = (first + shape.tap(tap / columns, tap % columns)) * inputs;
                for i in (0..inputs).step_by(DEPTH) {
                    // SAFETY: from an output's position the kernel reaches positions below `shape.len()`, for all
                    // of a block; the weights of a block are `taps * inputs / 2` rows of 32 words.
                    unsafe {
                        let x = x.as_ptr().add(at + i);
                        if half {
                            tiles.multiply_half(x, stride, w, BLOCK * size_of::<u32>());
                        } else {
                            tiles.multiply(x, stride, w, BLOCK * size_of::<u32>());
                        }
                        w = w.add(DEPTH / 2 * BLOCK);
                    }
                }
            }
            // SAFETY: 32 rows of 32 values.
            unsafe { tiles.store(sums.0.as_mut_ptr(), BLOCK * size_of::<f32>()) };
            for (sums, pixel) in sums.0.as_chunks::<BLOCK>().0.iter().zip(pixels) {
                let Some(pixel) = pixel else { continue };
                let y = &mut y[pixel * outputs + o * BLOCK..][..BLOCK];
                for ((y, sum), bias) in y.iter_mut().zip(sums).zip(bias) {
                    *y = sum + bias;
                }
            }
        }
    }
}

/// Sums of two by two tiles, from the start of a line of the cache.
#[repr(align(64))]
struct Sums([f32; BLOCK * BLOCK]);

/// The pixel, counted over all images, at every position of an output, and nothing where zeros are.
fn pixels(shape: Flat) -> Vec<Option<usize>> {
    let [height, width] = shape.size;
    let mut pixels = vec![None; shape.outputs()];
    for row in 0..shape.images * height {
        let start = (row / height * shape.rows() + row % height) * shape.stride();
        for (x, pixel) in pixels[start..start + width].iter_mut().enumerate() {
            *pixel = Some(row * width + x);
        }
    }
    pixels
}

/// Adds to the gradient of the weights from a block of 32 input channels, which begins with `channel`:
/// `[tap][32][output channel]`. `x` are the inputs, `dy` the output's gradient as [`Flat::pair_up`] gives it.
///
/// # Panics
/// If an array has another length than `shape` and `outputs` say.
///
/// # Safety
/// The machine must have [`InstructionSet::Amx`].
pub unsafe fn weight_gradient(
    shape: Flat,
    channel: usize,
    outputs: usize,
    x: &Planes,
    dy: &Buffer<u32>,
    gradient: &mut [f32],
) {
    let [rows, columns] = shape.kernel();
    let x_rows = x.since_channel(channel);
    assert!(outputs.is_multiple_of(BLOCK));
    assert!(x.stride() >= shape.len() && x_rows.len() >= BLOCK * x.stride());
    assert_eq!(dy.len(), shape.outputs() / 2 * outputs);
    assert_eq!(gradient.len(), rows * columns * BLOCK * outputs);
    // SAFETY: as the caller promises.
    let tiles = unsafe { Tiles::take() };
    let (x_stride, d_stride) = (x.stride() * size_of::<u16>(), outputs * size_of::<f32>());
    for first in (0..shape.outputs()).step_by(STEPS * DEPTH) {
        let last = (first + STEPS * DEPTH).min(shape.outputs());
        for o in (0..outputs).step_by(BLOCK) {
            for tap in 0..rows * columns {
                let sums = gradient[tap * BLOCK * outputs + o..].as_mut_ptr();
                let distance = shape.tap(tap / columns, tap % columns);
                // SAFETY: the sums are 32 rows of 32 values in rows of `outputs`; from an output's position a tap
                // reaches positions below `shape.len()`, which every row of `x` has; `dy` has a row of `outputs`
                // words for every pair of positions.
                unsafe {
                    tiles.load(sums, d_stride);
                    for position in (first..last).step_by(DEPTH) {
                        tiles.multiply(
                            x_rows.as_ptr().add(position + distance),
                            x_stride,
                            dy.as_ptr().add(position / 2 * outputs + o),
                            d_stride,
                        );
                    }
                    tiles.store(sums, d_stride);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::skipped;
    use super::*;
    use crate::pack;
    use crate::testing::convolved;

    /// Values that bf16 holds and whose products are summed without rounding.
    fn whole(seed: usize, len: usize) -> Vec<f32> {
        (0..len)
            .map(|i| ((i * 7919 + seed * 104_729) % 17) as f32 - 8.0)
            .collect()
    }

    /// Number of images, their size, zeros around them, inputs and outputs.
    type Case = (usize, [usize; 2], [usize; 2], [usize; 2]);

    /// One image and several, positions that fill no block, other
    /// kernels than 3x3.
    const CASES: [Case; 5] = [
        (1, [6, 6], [1, 1], [32, 64]),
        (3, [5, 7], [1, 1], [64, 32]),
        (2, [12, 12], [2, 1], [32, 32]),
        (4, [3, 1], [0, 0], [96, 32]),
        (1, [1, 40], [0, 3], [32, 96]),
    ];

    #[test]
    fn convolutions_are_those_of_the_definition() {
        if skipped() {
            return;
        }
        for (images, size, pad, [inputs, outputs]) in CASES {
            let shape = Flat { images, size, pad };
            let [kernel, pixels] = [shape.kernel(), size];
            let taps = kernel[0] * kernel[1];
            let x = whole(1, images * pixels[0] * pixels[1] * inputs);
            let weights = whole(2, taps * inputs * outputs);
            let bias = whole(3, outputs);
            let (mut flat, mut packed) = (Buffer::default(), Buffer::default());
            let mut y = vec![f32::NAN; images * pixels[0] * pixels[1] * outputs];
            pack::weights(
                InstructionSet::Amx,
                &weights,
                [taps, inputs, outputs],
                &mut packed,
            );
            // SAFETY: the machine has it.
            unsafe {
                shape.lay_out(&x, inputs, &mut flat);
                convolve(shape, [inputs, outputs], &flat, &packed, &bias, &mut y);
            }
            let len = pixels[0] * pixels[1];
            for (x, y) in x.chunks(len * inputs).zip(y.chunks(len * outputs)) {
                let shapes = [inputs, outputs].map(|channels| [channels, size[0], size[1]]);
                assert_eq!(
                    y,
                    convolved(shapes, kernel, pad, [x, &weights, &bias]),
                    "{shape:?}"
                );
            }
        }
    }

    #[test]
    fn gradients_are_sums_over_pixels() {
        if skipped() {
            return;
        }
        for (images, size, pad, [inputs, outputs]) in CASES {
            let shape = Flat { images, size, pad };
            let ([rows, columns], [height, width]) = (shape.kernel(), size);
            let pixels = images * height * width;
            let (x, dy) = (whole(4, pixels * inputs), whole(5, pixels * outputs));
            let (mut flat, mut pairs) = (Buffer::default(), Buffer::default());
            let mut planes = Planes::default();
            // SAFETY: the machine has it.
            unsafe {
                shape.lay_out(&dy, outputs, &mut flat);
                shape.pair_up(&flat, outputs, &mut pairs);
                shape.lay_out(&x, inputs, &mut flat);
                planes.turn_over(shape, &flat, inputs);
            }
            for channel in (0..inputs).step_by(BLOCK) {
                // What was there before is added to.
                let mut gradient = vec![1.0; rows * columns * BLOCK * outputs];
                // SAFETY: the machine has it.
                unsafe {
                    weight_gradient(shape, channel, outputs, &planes, &pairs, &mut gradient);
                }
                let mut expected = vec![1.0; gradient.len()];
                for pixel in 0..pixels {
                    let (image, at_y, at_x) = (
                        pixel / (height * width),
                        pixel / width % height,
                        pixel % width,
                    );
                    for tap in 0..rows * columns {
                        let from_y = (at_y + tap / columns).wrapping_sub(pad[0]);
                        let from_x = (at_x + tap % columns).wrapping_sub(pad[1]);
                        if from_y >= height || from_x >= width {
                            continue;
                        }
                        let x = &x[((image * height + from_y) * width + from_x) * inputs..];
                        for (i, x) in x[channel..channel + BLOCK].iter().enumerate() {
                            let to = &mut expected[(tap * BLOCK + i) * outputs..][..outputs];
                            for (to, d) in to.iter_mut().zip(&dy[pixel * outputs..]) {
                                *to += x * d;
                            }
                        }
                    }
                }
                assert_eq!(gradient, expected, "{shape:?}, from channel {channel}");
            }
        }
    }
}
