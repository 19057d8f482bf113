//! The layers of a network that is only run, not trained: kernels with packed weights behind safe calls.
//!
//! Each works on one image at a time and on one core; whoever has many images calls it from many
//! threads. The unsafe calls below rest on two facts that are checked here: the machine has the
//! instruction set, and every buffer has the length that the layer's shape says.

mod convolution;
mod separable;

use crate::passes::{self, Windows};
use crate::simd::InstructionSet;

pub use convolution::{Convolution, ConvolutionShape, Scratch};
pub use separable::{Pointwise, Rows, Separable, SeparableScratch, Stored};

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
    use crate::testing::{numbers, refused};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

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
}
