//! The layers of a network that is only run, not trained: kernels with packed weights behind safe calls.
//!
//! Each works on one image at a time and on one core; whoever has many images calls it from many
//! threads. The unsafe calls below rest on two facts that are checked here: the machine has the
//! instruction set, and every buffer has the length that the layer's shape says.

use crate::convolution::{self, Extent};
use crate::pack::{self, Frame};
use crate::passes::{self, Windows};
use crate::simd::InstructionSet;

/// What a convolution makes of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvolutionShape {
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// Channels, height and width of the output.
    pub output: [usize; 3],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Rows of zeros above the input and columns of zeros left of it; how many there are below and
    /// right follows from the sizes.
    pub pad: [usize; 2],
}

impl ConvolutionShape {
    /// A dense layer: one pixel, as many channels as features.
    #[must_use]
    pub const fn dense(inputs: usize, outputs: usize) -> Self {
        Self {
            input: [inputs, 1, 1],
            output: [outputs, 1, 1],
            kernel: [1, 1],
            pad: [0, 0],
        }
    }

    /// Height and width of the input with its zeros, if there is something to compute, the input lies
    /// inside its frame, and every array of the layer can exist.
    fn framed(&self) -> Option<[usize; 2]> {
        let sizes = self.input.iter().chain(&self.output).chain(&self.kernel);
        if sizes.into_iter().any(|&n| n == 0) {
            return None;
        }
        let along = |axis: usize| {
            let framed = self.output[axis + 1].checked_add(self.kernel[axis] - 1)?;
            let reached = self.pad[axis].checked_add(self.input[axis + 1])?;
            (reached <= framed).then_some(framed)
        };
        let framed = [along(0)?, along(1)?];
        let ([inputs, ..], [outputs, ..]) = (self.input, self.output);
        let taps = self.kernel[0].checked_mul(self.kernel[1])?;
        // Rounded up to whole registers where they are packed.
        let packed = [taps, inputs, outputs.checked_next_multiple_of(32)?];
        for array in [[inputs, framed[0], framed[1]], packed, self.output] {
            let len = array
                .iter()
                .try_fold(1_usize, |len, &n| len.checked_mul(n))?;
            if len > isize::MAX as usize / size_of::<f32>() {
                return None;
            }
        }
        Some(framed)
    }
}

/// A convolution of stride 1 with its weights, ready to run.
#[derive(Debug, Clone)]
pub struct Convolution {
    isa: InstructionSet,
    shape: ConvolutionShape,
    /// Height and width of the input with its zeros.
    framed: [usize; 2],
    weights: Vec<u32>,
    bias: Vec<f32>,
}

impl Convolution {
    /// Packs the weights, given as `[kernel row][kernel column][input channel][output channel]`.
    ///
    /// # Panics
    /// If the machine lacks `isa`, the shape is impossible, or `weights` or `bias` do not fit it.
    #[must_use]
    pub fn new(
        isa: InstructionSet,
        shape: ConvolutionShape,
        weights: &[f32],
        bias: Option<&[f32]>,
    ) -> Self {
        assert!(isa.is_available(), "{isa:?} is missing here");
        let framed = shape.framed();
        assert!(framed.is_some(), "{shape:?} cannot be computed");
        let framed = framed.unwrap_or_default();
        let sizes = [
            shape.kernel[0] * shape.kernel[1],
            shape.input[0],
            shape.output[0],
        ];
        assert_eq!(
            weights.len(),
            sizes.iter().product(),
            "weights of {shape:?}"
        );
        assert!(
            bias.is_none_or(|bias| bias.len() == shape.output[0]),
            "bias of {shape:?}"
        );
        let mut packed = Vec::new();
        pack::weights(isa, weights, sizes, &mut packed);
        Self {
            isa,
            shape,
            framed,
            weights: packed,
            bias: pack::bias(isa, bias, shape.output[0]),
        }
    }

    /// Values of the output.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.shape.output.iter().product()
    }

    /// Convolves `image` into `output`, both channels-last. `scratch` is only there to be used again:
    /// it may come with any content.
    ///
    /// # Panics
    /// If a slice has another length than the shape says.
    pub fn apply(&self, image: &[f32], scratch: &mut Vec<u32>, output: &mut [f32]) {
        let ConvolutionShape {
            input: [channels, height, width],
            output: out,
            kernel,
            pad,
        } = self.shape;
        assert_eq!(image.len(), channels * height * width);
        assert_eq!(output.len(), self.output_len());
        let frame = Frame {
            image: [height, width, channels],
            before: pad,
            to: self.framed,
        };
        let extent = Extent {
            padded_width: frame.to[1],
            words: pack::words(self.isa, channels),
            out_channels: out[0],
            kernel,
            out: [out[1], out[2]],
        };
        // SAFETY: `new` found `isa` on this machine and packed the weights for it; `framed` makes
        // `scratch` as large as `extent` says; `output` has its length by the assertion.
        #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
        unsafe {
            pack::framed(self.isa, image, frame, scratch);
            convolution::convolve(
                self.isa,
                scratch.as_ptr(),
                extent,
                self.weights.as_ptr(),
                self.bias.as_ptr(),
                output.as_mut_ptr(),
            );
        }
    }
}

/// The largest value of each window of a channels-last image.
///
/// # Panics
/// If the machine lacks `isa`, a slice has another length than `windows` says, or `windows` is empty or
/// leaves the image.
pub fn max_pool(isa: InstructionSet, image: &[f32], windows: Windows, output: &mut [f32]) {
    assert!(isa.is_available(), "{isa:?} is missing here");
    assert!(fit(windows), "{windows:?} leave the image");
    assert_eq!(image.len(), windows.input.iter().product());
    assert_eq!(output.len(), windows.output.iter().product());
    // SAFETY: the machine has the instruction set; the rest of the pass is checked indexing.
    #[allow(unsafe_code, reason = "compiled for the instruction set")]
    unsafe {
        passes::largest(isa, image, windows, output);
    }
}

/// Whether there are windows and all lie inside the image.
fn fit(windows: Windows) -> bool {
    let Windows {
        input,
        output,
        size,
        stride,
    } = windows;
    let inside = |axis: usize| {
        let last = (output[axis + 1].checked_sub(1)?).checked_mul(stride[axis])?;
        let end = last.checked_add(size[axis])?;
        Some(size[axis] > 0 && end <= input[axis + 1])
    };
    input[0] > 0 && input[0] == output[0] && inside(0) == Some(true) && inside(1) == Some(true)
}

/// The mean over all pixels of each channel: `means` has a value per channel of the image, which is
/// channels-last.
///
/// # Panics
/// If `means` is empty.
pub fn global_average(image: &[f32], means: &mut [f32]) {
    let channels = means.len();
    let pixels = (image.len() / channels) as f32;
    means.fill(0.0);
    for row in image.chunks_exact(channels) {
        for (sum, &v) in means.iter_mut().zip(row) {
            *sum += v;
        }
    }
    for mean in means {
        *mean /= pixels;
    }
}

/// ReLU (`alpha` 0) or leaky ReLU (`alpha` is the slope below zero), in place.
pub fn activate(values: &mut [f32], alpha: f32) {
    for v in values {
        *v = if *v > 0.0 { *v } else { alpha * *v };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition.
    fn convolved(
        shape: ConvolutionShape,
        image: &[f32],
        weights: &[f32],
        bias: &[f32],
    ) -> Vec<f32> {
        let [c, h, w] = shape.input;
        let [o, oh, ow] = shape.output;
        let [kh, kw] = shape.kernel;
        let mut output = Vec::new();
        for (y, x) in (0..oh).flat_map(|y| (0..ow).map(move |x| (y, x))) {
            for out in 0..o {
                let mut sum = f64::from(bias[out]);
                for (ky, kx) in (0..kh).flat_map(|a| (0..kw).map(move |b| (a, b))) {
                    let row = (y + ky).checked_sub(shape.pad[0]).filter(|&y| y < h);
                    let column = (x + kx).checked_sub(shape.pad[1]).filter(|&x| x < w);
                    let (Some(row), Some(column)) = (row, column) else {
                        continue;
                    };
                    for i in 0..c {
                        let weight = weights[((ky * kw + kx) * c + i) * o + out];
                        sum += f64::from(weight) * f64::from(image[(row * w + column) * c + i]);
                    }
                }
                output.push(sum as f32);
            }
        }
        output
    }

    fn numbers(seed: usize, len: usize) -> Vec<f32> {
        (0..len)
            .map(|i| ((i * 7919 + seed * 104_729 + 13) % 1009) as f32 / 504.5 - 1.0)
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_instruction_set_convolves_as_defined(
            channels in 1_usize..20, filters in 1_usize..40, height in 1_usize..15,
            width in 1_usize..30, kernel in (1_usize..4, 1_usize..4), same in any::<bool>(),
            seed in 0_usize..1000,
        ) {
            let kernel = [kernel.0, kernel.1];
            prop_assume!(same || (height >= kernel[0] && width >= kernel[1]));
            let (pad, out) = if same {
                ([(kernel[0] - 1) / 2, (kernel[1] - 1) / 2], [height, width])
            } else {
                ([0, 0], [height + 1 - kernel[0], width + 1 - kernel[1]])
            };
            let shape = ConvolutionShape {
                input: [channels, height, width],
                output: [filters, out[0], out[1]],
                kernel,
                pad,
            };
            let image = numbers(seed, channels * height * width);
            let weights = numbers(seed + 1, kernel[0] * kernel[1] * channels * filters);
            let bias = numbers(seed + 2, filters);
            let expected = convolved(shape, &image, &weights, &bias);
            for isa in InstructionSet::available() {
                let layer = Convolution::new(isa, shape, &weights, Some(&bias));
                let mut output = vec![f32::NAN; expected.len()];
                layer.apply(&image, &mut vec![7; 5], &mut output);
                let tolerance = if isa.values_per_word() == 2 { 0.3 } else { 1e-4 };
                for (a, b) in output.iter().zip(&expected) {
                    prop_assert!((a - b).abs() < tolerance, "{isa:?}: {a} {b}");
                }
            }
        }

        #[test]
        fn every_instruction_set_pools_as_defined(
            channels in 1_usize..40, height in 1_usize..9, width in 1_usize..9,
            size in (1_usize..4, 1_usize..4), stride in (1_usize..4, 1_usize..4),
        ) {
            prop_assume!(height >= size.0 && width >= size.1);
            let out = [(height - size.0) / stride.0 + 1, (width - size.1) / stride.1 + 1];
            let windows = Windows {
                input: [channels, height, width],
                output: [channels, out[0], out[1]],
                size: [size.0, size.1],
                stride: [stride.0, stride.1],
            };
            let image = numbers(1, channels * height * width);
            let mut expected = Vec::new();
            for (y, x, c) in (0..out[0]).flat_map(|y| (0..out[1]).flat_map(move |x| (0..channels).map(move |c| (y, x, c)))) {
                let taps = (0..size.0).flat_map(|a| (0..size.1).map(move |b| (a, b)));
                expected.push(
                    taps.map(|(a, b)| image[((y * stride.0 + a) * width + x * stride.1 + b) * channels + c])
                        .fold(f32::NEG_INFINITY, f32::max),
                );
            }
            for isa in InstructionSet::available() {
                let mut output = vec![f32::NAN; expected.len()];
                max_pool(isa, &image, windows, &mut output);
                prop_assert_eq!(&output, &expected);
            }
        }
    }

    /// Whether a call is refused, as it must be where the kernels would leave their arrays.
    fn refused(call: impl FnOnce() + std::panic::UnwindSafe) -> bool {
        std::panic::catch_unwind(call).is_err()
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let isa = InstructionSet::Portable;
        let build = |shape, weights: usize, bias: usize| {
            refused(move || {
                let bias = vec![0.0; bias];
                let _ = Convolution::new(isa, shape, &vec![0.0; weights], Some(&bias));
            })
        };
        let dense = ConvolutionShape::dense(3, 2);
        assert!(!build(dense, 6, 2));
        assert!(build(dense, 5, 2) && build(dense, 6, 1));
        let with = |input, output, kernel, pad| ConvolutionShape {
            input,
            output,
            kernel,
            pad,
        };
        // No kernel, an input that sticks out, and sizes whose products wrap around.
        assert!(build(with([1, 2, 2], [1, 2, 2], [0, 1], [0, 0]), 0, 1));
        assert!(build(with([1, 4, 4], [1, 2, 2], [1, 1], [0, 0]), 1, 1));
        let far = [usize::MAX, 0];
        assert!(build(with([1, 2, 2], [1, 2, 2], [1, 1], far), 1, 1));
        let huge = [2, 1 << (usize::BITS - 1), 1];
        assert!(build(with(huge, huge, [1, 1], [0, 0]), 4, 2));

        let apply = |image: usize, output: usize| {
            refused(move || {
                let layer = Convolution::new(isa, dense, &[0.0; 6], None);
                layer.apply(&vec![0.0; image], &mut Vec::new(), &mut vec![0.0; output]);
            })
        };
        assert!(!apply(3, 2));
        assert!(apply(2, 2) && apply(3, 3));
    }

    #[test]
    fn windows_that_leave_the_image_are_refused() {
        let pool = |input: [usize; 3], output: [usize; 3], size, stride| {
            refused(move || {
                let windows = Windows {
                    input,
                    output,
                    size,
                    stride,
                };
                let image = vec![0.0; input.iter().product()];
                let mut output = vec![0.0; output.iter().product()];
                max_pool(InstructionSet::Portable, &image, windows, &mut output);
            })
        };
        assert!(!pool([1, 4, 4], [1, 2, 2], [2, 2], [2, 2]));
        assert!(pool([1, 4, 4], [1, 2, 2], [2, 3], [2, 2]));
        assert!(pool([1, 4, 4], [1, 2, 2], [0, 1], [2, 2]));
        assert!(pool([1, 4, 4], [2, 2, 2], [2, 2], [2, 2]));
        assert!(pool([1, 4, 4], [1, 3, 2], [2, 2], [2, 2]));
    }

    #[test]
    fn registers_of_any_width_give_the_same_bits_where_products_are_fused() {
        let (wide, narrow) = (InstructionSet::Avx512, InstructionSet::Avx2);
        if !wide.is_available() {
            eprintln!("SKIPPED: this machine has no AVX-512 to compare with");
            return;
        }
        let shape = ConvolutionShape {
            input: [20, 9, 14],
            output: [40, 9, 14],
            kernel: [3, 3],
            pad: [1, 1],
        };
        let image = numbers(3, shape.input.iter().product());
        let weights = numbers(4, 9 * 20 * 40);
        let [a, b] = [wide, narrow].map(|isa| {
            let mut output = vec![0.0; shape.output.iter().product()];
            let layer = Convolution::new(isa, shape, &weights, None);
            layer.apply(&image, &mut Vec::new(), &mut output);
            output
        });
        assert_eq!(a, b);
    }
}
