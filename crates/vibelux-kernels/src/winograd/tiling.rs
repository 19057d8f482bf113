//! [`Tiling`]: images to transformed tiles and back, safe to call.

use super::kernels;
use super::tiles::{CHANNEL_MULTIPLE, Placement, REACH, TAPS, TILE_SIDE, Tiles};
use crate::simd::InstructionSet;

/// How the images of a 3x3 convolution are cut into tiles. Images are `[height][width][channels]`,
/// transformed tiles 36 slices `[tiles][channels]`.
#[derive(Debug, Clone, Copy)]
pub struct Tiling {
    isa: InstructionSet,
    /// Tiles with the input's, and with the output's channels.
    tiles: [Tiles; 2],
    /// How they lie on the input, and on the output.
    placements: [Placement; 2],
}

impl Tiling {
    /// For inputs and outputs of so many channels, rows and columns, with `pad` rows of zeros above the
    /// input and columns left of it.
    ///
    /// # Panics
    /// If the machine lacks `isa`, channels do not come in sixteens, or a part of the input is not reached.
    #[must_use]
    pub fn new(
        isa: InstructionSet,
        input: [usize; 3],
        output: [usize; 3],
        pad: [usize; 2],
    ) -> Self {
        assert!(isa.is_available(), "{isa:?} is missing here");
        let [size, out] = [input, output].map(|[_, height, width]| [height, width]);
        let channels = [input[0], output[0]];
        let fits = |n: &usize| n.is_multiple_of(CHANNEL_MULTIPLE);
        assert!(channels.iter().all(fits), "{channels:?} channels");
        let tiles = channels.map(|channels| Tiles::covering(out, channels));
        let reached = tiles[0].grid.map(|n| n * TILE_SIDE + REACH - TILE_SIDE);
        let inside = (0..2).all(|axis| pad[axis] < TAPS && pad[axis] + size[axis] <= reached[axis]);
        assert!(inside, "{input:?} to {output:?} with {pad:?} zeros before");
        Self {
            isa,
            tiles,
            placements: [
                Placement { size, before: pad },
                Placement {
                    size: out,
                    before: [0, 0],
                },
            ],
        }
    }

    /// Tiles of an image.
    #[must_use]
    pub fn tiles(&self) -> usize {
        self.tiles[0].count()
    }

    /// Values of an array of one image's tiles: of inputs, and of outputs.
    #[must_use]
    pub fn lens(&self) -> [usize; 2] {
        self.tiles.map(|tiles| tiles.len())
    }

    /// An input as transformed tiles.
    ///
    /// # Panics
    /// If an array has another length than the shapes say, as all of these.
    pub fn transform_input(&self, image: &[f32], to: &mut [&mut [f32]]) {
        // SAFETY: `new` found `isa` on this machine; likewise below.
        #[allow(unsafe_code, reason = "compiled for the instruction set")]
        unsafe {
            kernels::input_tiles(self.isa, image, self.placements[0], self.tiles[0], to);
        }
    }

    /// The gradient to an output as transformed tiles.
    ///
    /// # Panics
    /// As [`Self::transform_input`].
    pub fn transform_output_gradient(&self, image: &[f32], to: &mut [&mut [f32]]) {
        let [_, tiles] = self.tiles;
        // SAFETY: as above.
        #[allow(unsafe_code, reason = "compiled for the instruction set")]
        unsafe {
            kernels::output_gradient_tiles(self.isa, image, self.placements[1], tiles, to);
        }
    }

    /// An output from its transformed tiles, plus a bias, a value for each of its channels at least.
    ///
    /// # Panics
    /// As [`Self::transform_input`].
    pub fn restore_output(&self, from: &[&[f32]], bias: &[f32], output: &mut [f32]) {
        let ([_, tiles], [_, placement]) = (self.tiles, self.placements);
        // SAFETY: as above.
        #[allow(unsafe_code, reason = "compiled for the instruction set")]
        unsafe {
            kernels::output(self.isa, from, tiles, bias, placement.size, output);
        }
    }

    /// The gradient to an input from its transformed tiles.
    ///
    /// # Panics
    /// As [`Self::transform_input`].
    pub fn restore_input_gradient(&self, from: &[&[f32]], image: &mut [f32]) {
        // SAFETY: as above.
        #[allow(unsafe_code, reason = "compiled for the instruction set")]
        unsafe {
            kernels::input_gradient(self.isa, from, self.tiles[0], self.placements[0], image);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Filters, POSITIONS, Stack, pays};
    use super::*;
    use crate::testing::{self, numbers};
    use std::panic::AssertUnwindSafe;

    fn dot(a: &[f32], b: &[f32]) -> f64 {
        let products = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b));
        products.sum()
    }

    /// A convolution of one image by tiles, its pieces.
    struct Convolved {
        output: Vec<f32>,
        input_gradient: Vec<f32>,
        weight_gradient: Vec<f32>,
    }

    const INPUT: [usize; 3] = [16, 7, 10];

    fn convolve(
        isa: InstructionSet,
        output: [usize; 3],
        pad: [usize; 2],
        [image, weights, gradient]: [&[f32]; 3],
    ) -> Convolved {
        let tiling = Tiling::new(isa, INPUT, output, pad);
        let size = [INPUT[0], output[0]];
        let mut filters = Filters::new(isa, size);
        filters.set(weights);
        let [mut inputs, mut outputs, mut back, mut sums] = [(); 4].map(|()| Stack::default());
        let [in_len, out_len] = tiling.lens();
        inputs.resize(in_len);
        tiling.transform_input(image, &mut inputs.pieces_mut(in_len)[0]);
        filters.multiply(&inputs, &mut outputs);
        let mut y = vec![f32::NAN; output.iter().product()];
        tiling.restore_output(&outputs.pieces(out_len)[0], &vec![0.0; size[1]], &mut y);

        tiling.transform_output_gradient(gradient, &mut outputs.pieces_mut(out_len)[0]);
        // Half of it twice: what is there already stays.
        filters.add_gradient(&inputs, &outputs, true, &mut sums);
        filters.add_gradient(&inputs, &outputs, false, &mut sums);
        let mut weight_gradient = vec![f32::NAN; weights.len()];
        filters.restore_gradient(&sums, &mut weight_gradient);
        weight_gradient.iter_mut().for_each(|g| *g /= 2.0);
        let mut exchanged = Filters::new(isa, [size[1], size[0]]);
        exchanged.set_exchanged(weights);
        exchanged.par_multiply(&outputs, &mut back);
        let mut input_gradient = vec![f32::NAN; image.len()];
        tiling.restore_input_gradient(&back.pieces(in_len)[0], &mut input_gradient);
        Convolved {
            output: y,
            input_gradient,
            weight_gradient,
        }
    }

    #[test]
    fn tiles_convolve_as_defined_and_gradients_are_the_adjoint() {
        // Whole and half blocks of registers; zeros around and none.
        for (output, pad) in [([48, 7, 10], [1, 1]), ([32, 5, 8], [0, 0])] {
            let image = numbers(1, INPUT.iter().product());
            let weights = numbers(2, 9 * INPUT[0] * output[0]);
            let gradient = numbers(3, output.iter().product());
            let defined = |image: &[f32], weights: &[f32]| {
                let bias = vec![0.0; output[0]];
                testing::convolved([INPUT, output], [TAPS, TAPS], pad, [image, weights, &bias])
            };
            let expected = defined(&image, &weights);
            for isa in InstructionSet::available() {
                if isa.values_per_word() != 1 {
                    continue;
                }
                let found = convolve(isa, output, pad, [&image, &weights, &gradient]);
                for (a, b) in found.output.iter().zip(&expected) {
                    assert!((a - b).abs() < 1e-4, "{isa:?}: {a} {b}");
                }
                // <dy, conv(x)> is linear in x and in the weights, and its gradients say how.
                let value = dot(&gradient, &expected);
                for (what, through) in [
                    ("input", dot(&found.input_gradient, &image)),
                    ("weights", dot(&found.weight_gradient, &weights)),
                ] {
                    assert!(
                        (through - value).abs() < 1e-3 * value.abs().max(1.0),
                        "{isa:?}, {what}: {through} {value}"
                    );
                }
                // And of any other image and weights.
                let other = numbers(4, image.len());
                let along = dot(&gradient, &defined(&other, &weights));
                assert!((dot(&found.input_gradient, &other) - along).abs() < 1e-2);
                let other = numbers(5, weights.len());
                let along = dot(&gradient, &defined(&image, &other));
                assert!((dot(&found.weight_gradient, &other) - along).abs() < 1e-2);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |call: &dyn Fn()| testing::refused(AssertUnwindSafe(call));
        let isa = InstructionSet::Portable;
        let new = |input, output, pad| {
            move || {
                let _ = Tiling::new(isa, input, output, pad);
            }
        };
        assert!(!refused(&new([16, 6, 6], [32, 6, 6], [1, 1])));
        assert!(refused(&new([8, 6, 6], [32, 6, 6], [1, 1])));
        assert!(refused(&new([16, 9, 6], [32, 4, 4], [1, 1])));
        assert!(refused(&new([16, 6, 6], [32, 6, 6], [3, 1])));
        assert!(refused(&|| drop(Filters::new(isa, [16, 24]))));
        assert!(refused(&|| drop(Filters::new(isa, [0, 16]))));
        let tiling = Tiling::new(isa, [16, 4, 4], [16, 4, 4], [1, 1]);
        let apply = |image: usize, arrays: usize, len: usize| {
            move || {
                let mut stack = vec![vec![0.0; len]; arrays];
                let mut slices: Vec<&mut [f32]> = stack.iter_mut().map(Vec::as_mut_slice).collect();
                tiling.transform_input(&vec![0.0; image], &mut slices);
            }
        };
        assert!(!refused(&apply(256, POSITIONS, 16)));
        assert!(refused(&apply(255, POSITIONS, 16)));
        assert!(refused(&apply(256, 35, 16)) && refused(&apply(256, POSITIONS, 15)));
        let mut filters = Filters::new(isa, [16, 16]);
        let (mut from, mut to) = (Stack::default(), Stack::default());
        from.resize(16);
        assert!(refused(&|| filters
            .clone()
            .multiply(&from, &mut Stack::default())));
        assert!(refused(&|| filters.clone().set(&[0.0; 9])));
        filters.set(&vec![0.0; 9 * 256]);
        filters.multiply(&from, &mut to);
        from.resize(17);
        assert!(refused(&|| filters.multiply(&from, &mut Stack::default())));
        assert!(pays(isa, [3, 3], [16, 16], [4, 4]));
    }
}
