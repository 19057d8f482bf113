//! [`Pointwise`], a 1x1 convolution of any number of pixels, and [`Separable`], one that is followed by a
//! 3x3 convolution of every channel by itself: the layers of detectors, whose pictures have any size.

use super::max_pool;
use crate::buffer::Buffer;
use crate::convolution::{self, Extent};
use crate::depthwise::{self, TAPS};
use crate::pack;
use crate::passes::Windows;
use crate::simd::InstructionSet;

/// Channels come in whole registers of any instruction set.
const CHANNELS: usize = 16;

/// A 1x1 convolution with its weights.
#[derive(Debug, Clone)]
pub struct Pointwise {
    isa: InstructionSet,
    inputs: usize,
    outputs: usize,
    weights: Buffer<u32>,
    bias: Vec<f32>,
}

impl Pointwise {
    /// Packs the weights, given as `[input channel][output channel]`; a bias per output.
    ///
    /// # Panics
    /// If the machine lacks `isa` or it rounds its factors, or the weights are not as many as they must be.
    #[must_use]
    pub fn new(isa: InstructionSet, weights: &[f32], bias: &[f32]) -> Self {
        assert!(isa.is_available(), "{isa:?} is missing here");
        assert_eq!(isa.values_per_word(), 1, "{isa:?} rounds");
        let outputs = bias.len();
        assert!(outputs > 0 && !weights.is_empty(), "no channels");
        let inputs = weights.len() / outputs;
        assert_eq!(
            weights.len(),
            inputs * outputs,
            "weights of {outputs} outputs"
        );
        let mut packed = Buffer::default();
        pack::weights(isa, weights, [1, inputs, outputs], &mut packed);
        Self {
            isa,
            inputs,
            outputs,
            weights: packed,
            bias: pack::bias(isa, Some(bias), outputs),
        }
    }

    /// Channels of the output.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.outputs
    }

    /// Convolves pixels of `[input channel]` into as many of `[output channel]`.
    ///
    /// # Panics
    /// If the slices do not hold equally many whole pixels.
    pub fn apply(&self, pixels: &[f32], output: &mut [f32]) {
        let count = pixels.len() / self.inputs;
        assert_eq!(pixels.len(), count * self.inputs);
        assert_eq!(output.len(), count * self.outputs);
        let extent = Extent {
            padded_width: count,
            words: self.inputs,
            out_channels: self.outputs,
            kernel: [1, 1],
            out: [1, count],
        };
        // SAFETY: `new` found `isa` on this machine, with a value to a word, and packed the weights for it;
        // both slices are as long as `extent` says.
        #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
        unsafe {
            convolution::convolve(
                self.isa,
                pixels.as_ptr().cast(),
                extent,
                self.weights.as_ptr(),
                self.bias.as_ptr(),
                output.as_mut_ptr(),
            );
        }
    }
}

/// The rows of a channels-last image, asked for from the top, each once.
pub trait Rows {
    /// Row `y`: the channels of one pixel after the other.
    fn row(&mut self, y: usize) -> &[f32];
}

/// An image that lies in memory, and how many values a row of it has.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a>(pub &'a [f32], pub usize);

impl Rows for Stored<'_> {
    fn row(&mut self, y: usize) -> &[f32] {
        &self.0[y * self.1..(y + 1) * self.1]
    }
}

/// A 1x1 convolution, then a 3x3 one of stride 1 of every channel by itself, with zeros around the image.
///
/// It goes row by row, so that what lies between the two stays in the cache.
#[derive(Debug, Clone)]
pub struct Separable {
    mixing: Pointwise,
    /// `[tap][channel]`, then the bias.
    spatial: Buffer,
    /// No output is less: 0 where a ReLU follows.
    least: f32,
}

/// What a [`Separable`] works in. It is only there to be used again: it may come with any content.
#[derive(Debug, Default)]
pub struct SeparableScratch {
    /// Four rows of what was mixed: three of the image, and one of zeros.
    mixed: Buffer,
    /// Two rows of output that wait for the pooling.
    pair: Buffer,
}

impl Separable {
    /// `spatial` and `bias` are the weights of the 3x3 convolution, `[kernel row][kernel column][channel]` and one
    /// per channel; a ReLU follows if `rectified`.
    ///
    /// # Panics
    /// If the channels are not a multiple of 16, or the weights are not as many as they must be.
    #[must_use]
    pub fn new(mixing: Pointwise, spatial: &[f32], bias: &[f32], rectified: bool) -> Self {
        let channels = mixing.outputs;
        assert_eq!(channels % CHANNELS, 0, "{channels} channels");
        assert_eq!(
            spatial.len(),
            TAPS * channels,
            "weights of {channels} channels"
        );
        assert_eq!(bias.len(), channels, "bias of {channels} channels");
        let mut kept = Buffer::default();
        kept.resize((TAPS + 1) * channels);
        kept[..TAPS * channels].copy_from_slice(spatial);
        kept[TAPS * channels..].copy_from_slice(bias);
        Self {
            mixing,
            spatial: kept,
            least: if rectified { 0.0 } else { f32::NEG_INFINITY },
        }
    }

    /// Channels of the output.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.mixing.outputs
    }

    /// Convolves an image of height and width `size` into `output`, which becomes an image of as many pixels.
    ///
    /// # Panics
    /// If a row has another length than `size` says.
    pub fn apply(
        &self,
        size: [usize; 2],
        image: &mut impl Rows,
        scratch: &mut SeparableScratch,
        output: &mut Buffer,
    ) {
        let row_len = size[1] * self.channels();
        output.resize(size[0] * row_len);
        let mixed = &mut scratch.mixed;
        self.for_rows(size, image, mixed, |y, convolve| {
            convolve(&mut output[y * row_len..(y + 1) * row_len]);
        });
    }

    /// The same with the largest value of every two by two pixels as output. Both of `size` are even.
    ///
    /// # Panics
    /// If they are not, or a row has another length than `size` says.
    pub fn apply_and_halve(
        &self,
        size: [usize; 2],
        image: &mut impl Rows,
        scratch: &mut SeparableScratch,
        output: &mut Buffer,
    ) {
        let [height, width] = size;
        assert!(
            height.is_multiple_of(2) && width.is_multiple_of(2),
            "halves of {size:?}"
        );
        let channels = self.channels();
        let (row_len, half_len) = (width * channels, width / 2 * channels);
        let SeparableScratch { mixed, pair } = scratch;
        pair.resize(2 * row_len);
        output.resize(height / 2 * half_len);
        let windows = Windows::halving([channels, 2, width]);
        self.for_rows(size, image, mixed, |y, convolve| {
            let lower = y % 2;
            convolve(&mut pair[lower * row_len..(lower + 1) * row_len]);
            if lower == 1 {
                let half = &mut output[y / 2 * half_len..(y / 2 + 1) * half_len];
                max_pool(self.mixing.isa, pair, windows, half);
            }
        });
    }

    /// Gives each row's number, and what writes that row of the output.
    fn for_rows(
        &self,
        [height, width]: [usize; 2],
        image: &mut impl Rows,
        mixed: &mut Buffer,
        mut each: impl FnMut(usize, &mut dyn FnMut(&mut [f32])),
    ) {
        let channels = self.channels();
        let row_len = (width + 2) * channels;
        mixed.resize(4 * row_len);
        // The image's rows have a pixel of zeros at either end; the last is all zeros.
        for row in mixed.chunks_exact_mut(row_len) {
            row[..channels].fill(0.0);
            row[row_len - channels..].fill(0.0);
        }
        mixed[3 * row_len..].fill(0.0);
        for next in 0..=height {
            if next < height {
                let at = next % 3 * row_len;
                let row = &mut mixed[at + channels..at + row_len - channels];
                self.mixing.apply(image.row(next), row);
            }
            let Some(y) = next.checked_sub(1) else {
                continue;
            };
            let slot = |inside: bool, y: usize| if inside { y % 3 } else { 3 };
            let slots = [slot(y > 0, y + 2), slot(true, y), slot(next < height, next)];
            let rows = slots.map(|slot| &mixed[slot * row_len..(slot + 1) * row_len]);
            each(y, &mut |output| self.convolve_row(rows, width, output));
        }
    }

    fn convolve_row(&self, rows: [&[f32]; 3], width: usize, output: &mut [f32]) {
        let channels = self.channels();
        assert!(rows.iter().all(|row| row.len() == (width + 2) * channels));
        assert_eq!(output.len(), width * channels);
        let (spatial, bias) = self.spatial.split_at(TAPS * channels);
        // SAFETY: the machine has the instruction set, as `Pointwise::new` found, and its registers have 8 or 16
        // lanes, of which `channels` is a multiple; all slices are as long as `width` and `channels` say.
        #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
        unsafe {
            depthwise::row(
                self.mixing.isa,
                rows.map(<[f32]>::as_ptr),
                [width, channels],
                spatial.as_ptr(),
                bias.as_ptr(),
                self.least,
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

    fn single() -> Vec<InstructionSet> {
        let mut sets = InstructionSet::available();
        sets.retain(|isa| isa.values_per_word() == 1);
        sets
    }

    /// The definition: a 1x1 convolution, then one per channel.
    fn expected(
        [inputs, outputs]: [usize; 2],
        [height, width]: [usize; 2],
        [image, weights, bias, spatial, spatial_bias]: [&[f32]; 5],
        rectified: bool,
    ) -> Vec<f32> {
        let mixed = convolved(
            [[inputs, height, width], [outputs, height, width]],
            [1, 1],
            [0, 0],
            [image, weights, bias],
        );
        let mut all = vec![0.0; mixed.len()];
        for c in 0..outputs {
            let of_channel = |values: &[f32]| -> Vec<f32> {
                values.iter().skip(c).step_by(outputs).copied().collect()
            };
            let channel = convolved(
                [[1, height, width], [1, height, width]],
                [3, 3],
                [1, 1],
                [
                    &of_channel(&mixed),
                    &of_channel(spatial),
                    &[spatial_bias[c]],
                ],
            );
            for (pixel, &v) in channel.iter().enumerate() {
                all[pixel * outputs + c] = if rectified { v.max(0.0) } else { v };
            }
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn every_instruction_set_separates_as_defined(
            inputs in 1_usize..20, blocks in 1_usize..4, height in 1_usize..7, width in 1_usize..60,
            rectified: bool, seed in 0_usize..1000,
        ) {
            let outputs = 16 * blocks;
            let image = numbers(seed, inputs * height * width);
            let weights = numbers(seed + 1, inputs * outputs);
            let bias = numbers(seed + 2, outputs);
            let spatial = numbers(seed + 3, 9 * outputs);
            let spatial_bias = numbers(seed + 4, outputs);
            let size = [height, width];
            let wanted = expected(
                [inputs, outputs], size, [&image, &weights, &bias, &spatial, &spatial_bias], rectified,
            );
            for isa in single() {
                let mixing = Pointwise::new(isa, &weights, &bias);
                let layer = Separable::new(mixing, &spatial, &spatial_bias, rectified);
                let (mut scratch, mut output) = (SeparableScratch::default(), Buffer::default());
                // What another image left must not show.
                scratch.mixed.resize(9999);
                scratch.mixed.fill(7.0);
                let rows = &mut Stored(&image, inputs * width);
                layer.apply(size, rows, &mut scratch, &mut output);
                prop_assert_eq!(output.len(), wanted.len());
                for (a, b) in output.iter().zip(&wanted) {
                    prop_assert!((a - b).abs() < 1e-3, "{isa:?}: {a} {b}");
                }
                if height % 2 == 0 && width % 2 == 0 {
                    let mut halved = Buffer::default();
                    layer.apply_and_halve(size, rows, &mut scratch, &mut halved);
                    let row = width * outputs;
                    for (i, &v) in halved.iter().enumerate() {
                        let (y, x) = (i / (row / 2), i % (row / 2));
                        let at = 2 * y * row + x / outputs * 2 * outputs + x % outputs;
                        let four = [at, at + outputs, at + row, at + row + outputs];
                        prop_assert_eq!(v, four.into_iter().map(|i| output[i]).fold(f32::MIN, f32::max));
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let isa = InstructionSet::Portable;
        let mixing = move || Pointwise::new(isa, &[0.0; 3 * 16], &[0.0; 16]);
        assert!(!refused(move || drop(mixing())));
        assert!(refused(move || drop(Pointwise::new(
            isa, &[0.0; 47], &[0.0; 16]
        ))));
        assert!(refused(move || drop(Pointwise::new(isa, &[], &[]))));
        assert!(refused(move || mixing().apply(&[0.0; 4], &mut [0.0; 16])));
        assert!(refused(move || mixing().apply(&[0.0; 3], &mut [0.0; 32])));

        let layer = move |spatial: usize, bias: usize| {
            Separable::new(mixing(), &vec![0.0; spatial], &vec![0.0; bias], true)
        };
        assert!(!refused(move || drop(layer(144, 16))));
        assert!(refused(move || drop(layer(143, 16))) && refused(move || drop(layer(144, 15))));
        let odd = Pointwise::new(isa, &[0.0; 8], &[0.0; 8]);
        assert!(refused(move || drop(Separable::new(
            odd, &[0.0; 72], &[0.0; 8], true
        ))));
        // A row that is too short.
        assert!(refused(move || {
            let mut output = Buffer::default();
            let rows = &mut Stored(&[0.0; 12], 6);
            layer(144, 16).apply([2, 3], rows, &mut SeparableScratch::default(), &mut output);
        }));
        assert!(refused(move || {
            let mut output = Buffer::default();
            let rows = &mut Stored(&[0.0; 12], 6);
            layer(144, 16).apply_and_halve(
                [2, 1],
                rows,
                &mut SeparableScratch::default(),
                &mut output,
            );
        }));
    }
}
