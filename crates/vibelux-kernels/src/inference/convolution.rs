//! [`Convolution`]: one of stride 1 with its weights, direct or by tiles, whichever is faster.

use crate::buffer::Buffer;
use crate::convolution::{self, Extent};
use crate::pack::{self, Frame};
use crate::simd::InstructionSet;
use crate::winograd::{self, Filters, Stack, Tiling};

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

/// Tiles of one image that are worth the wait for transformed filters, which are four times as large.
const FEWEST_TILES: usize = 8;
/// Inputs times outputs of filters that, transformed, still fit into a core's own cache.
const LARGEST_FILTER: usize = 1 << 14;

/// A convolution of stride 1 with its weights, ready to run.
#[derive(Debug, Clone)]
pub struct Convolution {
    isa: InstructionSet,
    shape: ConvolutionShape,
    way: Way,
    bias: Vec<f32>,
}

/// How a convolution is computed.
#[derive(Debug, Clone)]
enum Way {
    Direct {
        /// Height and width of the input with its zeros.
        framed: [usize; 2],
        weights: Buffer<u32>,
    },
    Tiled {
        tiling: Tiling,
        filters: Filters,
    },
}

impl Way {
    fn tiled(isa: InstructionSet, shape: ConvolutionShape, weights: &[f32]) -> Option<Self> {
        let ([inputs, ..], [outputs, height, width]) = (shape.input, shape.output);
        let size = [inputs, outputs];
        if !winograd::pays(isa, shape.kernel, size, [height, width])
            || inputs.saturating_mul(outputs) > LARGEST_FILTER
        {
            return None;
        }
        let tiling = Tiling::new(isa, shape.input, shape.output, shape.pad);
        if tiling.tiles() < FEWEST_TILES {
            return None;
        }
        let mut filters = Filters::new(isa, size);
        filters.set(weights);
        Some(Self::Tiled { tiling, filters })
    }
}

/// What a convolution works in. It is only there to be used again: it may come with any content.
#[derive(Debug, Default)]
pub struct Scratch {
    framed: Vec<u32>,
    inputs: Stack,
    outputs: Stack,
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
        let way = Way::tiled(isa, shape, weights).unwrap_or_else(|| {
            let mut packed = Buffer::default();
            pack::weights(isa, weights, sizes, &mut packed);
            Way::Direct {
                framed,
                weights: packed,
            }
        });
        Self {
            isa,
            shape,
            way,
            bias: pack::bias(isa, bias, shape.output[0]),
        }
    }

    /// Values of the output.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.shape.output.iter().product()
    }

    /// Convolves `image` into `output`, both channels-last.
    ///
    /// # Panics
    /// If a slice has another length than the shape says.
    pub fn apply(&self, image: &[f32], scratch: &mut Scratch, output: &mut [f32]) {
        assert_eq!(image.len(), self.shape.input.iter().product());
        assert_eq!(output.len(), self.output_len());
        match &self.way {
            Way::Direct { framed, weights } => {
                self.apply_direct(image, (*framed, weights), &mut scratch.framed, output);
            }
            Way::Tiled { tiling, filters } => {
                let Scratch {
                    inputs, outputs, ..
                } = scratch;
                inputs.resize(tiling.lens()[0]);
                tiling.transform_input(image, &mut inputs.arrays_mut().collect::<Vec<_>>());
                filters.multiply(inputs, outputs);
                let from: Vec<&[f32]> = outputs.arrays().collect();
                tiling.restore_output(&from, &self.bias, output);
            }
        }
    }

    fn apply_direct(
        &self,
        image: &[f32],
        (framed, weights): ([usize; 2], &[u32]),
        scratch: &mut Vec<u32>,
        output: &mut [f32],
    ) {
        let ConvolutionShape {
            input: [channels, height, width],
            output: out,
            kernel,
            pad,
        } = self.shape;
        let frame = Frame {
            image: [height, width, channels],
            before: pad,
            to: framed,
        };
        let extent = Extent {
            padded_width: frame.to[1],
            words: pack::words(self.isa, channels),
            out_channels: out[0],
            kernel,
            out: [out[1], out[2]],
        };
        // SAFETY: `new` found `isa` on this machine and packed the weights for it; `framed` makes
        // `scratch` as large as `extent` says; `apply` found that `output` has its length.
        #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
        unsafe {
            pack::framed(self.isa, image, frame, scratch);
            convolution::convolve(
                self.isa,
                scratch.as_ptr(),
                extent,
                weights.as_ptr(),
                self.bias.as_ptr(),
                output.as_mut_ptr(),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{convolved, numbers, refused};
    use proptest::prelude::*;

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
            let expected = convolved([shape.input, shape.output], shape.kernel, shape.pad, [&image, &weights, &bias]);
            for isa in InstructionSet::available() {
                let layer = Convolution::new(isa, shape, &weights, Some(&bias));
                let mut output = vec![f32::NAN; expected.len()];
                let mut scratch = Scratch {
                    framed: vec![7; 5],
                    ..Scratch::default()
                };
                layer.apply(&image, &mut scratch, &mut output);
                let tolerance = if isa.values_per_word() == 2 { 0.3 } else { 1e-4 };
                for (a, b) in output.iter().zip(&expected) {
                    prop_assert!((a - b).abs() < tolerance, "{isa:?}: {a} {b}");
                }
            }
        }

        #[test]
        fn every_instruction_set_convolves_by_tiles_as_defined(
            blocks in (1_usize..3, 1_usize..4), height in 9_usize..18, width in 9_usize..30,
            same in any::<bool>(), seed in 0_usize..1000,
        ) {
            let size = [16 * blocks.0, 16 * blocks.1];
            let (pad, out) = if same {
                ([1, 1], [height, width])
            } else {
                ([0, 0], [height - 2, width - 2])
            };
            let shape = ConvolutionShape {
                input: [size[0], height, width],
                output: [size[1], out[0], out[1]],
                kernel: [3, 3],
                pad,
            };
            let image = numbers(seed, shape.input.iter().product());
            let weights = numbers(seed + 1, 9 * size[0] * size[1]);
            let bias = numbers(seed + 2, size[1]);
            let expected = convolved([shape.input, shape.output], shape.kernel, shape.pad, [&image, &weights, &bias]);
            for isa in InstructionSet::available() {
                let layer = Convolution::new(isa, shape, &weights, Some(&bias));
                let (mut scratch, mut output) = (Scratch::default(), vec![f32::NAN; expected.len()]);
                // Twice: what is left of the first must not show in the second.
                for _ in 0..2 {
                    layer.apply(&image, &mut scratch, &mut output);
                }
                let tolerance = if isa.values_per_word() == 2 { 1.0 } else { 1e-3 };
                for (a, b) in output.iter().zip(&expected) {
                    prop_assert!((a - b).abs() < tolerance, "{isa:?}: {a} {b}");
                }
            }
        }
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
                layer.apply(
                    &vec![0.0; image],
                    &mut Scratch::default(),
                    &mut vec![0.0; output],
                );
            })
        };
        assert!(!apply(3, 2));
        assert!(apply(2, 2) && apply(3, 3));
    }

    #[test]
    fn registers_of_any_width_give_the_same_bits_where_products_are_fused() {
        let (wide, narrow) = (InstructionSet::Avx512, InstructionSet::Avx2);
        if !wide.is_available() {
            eprintln!("SKIPPED: this machine has no AVX-512 to compare with");
            return;
        }
        // Direct, and by tiles.
        for [inputs, outputs] in [[20, 40], [32, 48]] {
            let shape = ConvolutionShape {
                input: [inputs, 11, 14],
                output: [outputs, 11, 14],
                kernel: [3, 3],
                pad: [1, 1],
            };
            let image = numbers(3, shape.input.iter().product());
            let weights = numbers(4, 9 * inputs * outputs);
            let [a, b] = [wide, narrow].map(|isa| {
                let mut output = vec![0.0; shape.output.iter().product()];
                let layer = Convolution::new(isa, shape, &weights, None);
                layer.apply(&image, &mut Scratch::default(), &mut output);
                output
            });
            assert_eq!(a, b);
        }
    }

    #[test]
    fn large_filters_and_few_tiles_go_direct() {
        let way = |input: [usize; 3], outputs| {
            let shape = ConvolutionShape {
                input,
                output: [outputs, input[1], input[2]],
                kernel: [3, 3],
                pad: [1, 1],
            };
            let weights = vec![0.0; 9 * input[0] * outputs];
            Convolution::new(InstructionSet::Portable, shape, &weights, None).way
        };
        assert!(matches!(way([32, 12, 12], 64), Way::Tiled { .. }));
        assert!(matches!(way([256, 12, 12], 128), Way::Direct { .. }));
        assert!(matches!(way([32, 8, 8], 64), Way::Direct { .. }));
        assert!(matches!(way([30, 12, 12], 64), Way::Direct { .. }));
    }
}
