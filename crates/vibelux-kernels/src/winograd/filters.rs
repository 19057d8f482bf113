//! The products of [`super`]: tiles times filters, and tiles times tiles for the filters' gradient. Safe to
//! call; the loops are those of [`crate::convolution`].

use rayon::prelude::*;

use super::kernels;
use super::stack::{Stack, in_pieces};
use super::tiles::{CHANNEL_MULTIPLE, TAPS};
use crate::convolution::{self, Extent, Sweep};
use crate::pack;
use crate::simd::InstructionSet;

/// Values of a filter's gradient that a task brings back at once.
const BLOCK: usize = 4096;

/// Transformed filters, ready to be multiplied by tiles.
#[derive(Debug, Clone)]
pub struct Filters {
    isa: InstructionSet,
    /// Channels of the input and of the output.
    size: [usize; 2],
    values: Stack,
    exchanged: Vec<f32>,
    no_bias: Vec<f32>,
}

impl Filters {
    /// Filters from so many input to so many output channels, without weights yet.
    ///
    /// # Panics
    /// If the machine lacks `isa`, it multiplies other words than f32, or channels do not come in sixteens.
    #[must_use]
    pub fn new(isa: InstructionSet, size: [usize; 2]) -> Self {
        assert!(isa.is_available(), "{isa:?} is missing here");
        assert_eq!(isa.values_per_word(), 1, "{isa:?} rounds");
        let fits = |&n: &usize| n > 0 && n.is_multiple_of(CHANNEL_MULTIPLE);
        assert!(size.iter().all(fits), "{size:?} channels");
        Self {
            isa,
            size,
            values: Stack::default(),
            exchanged: Vec::new(),
            no_bias: pack::bias(isa, None, size[1]),
        }
    }

    /// Takes weights `[3][3][inputs][outputs]`.
    ///
    /// # Panics
    /// If there are more or fewer.
    pub fn set(&mut self, weights: &[f32]) {
        let (isa, [inputs, outputs]) = (self.isa, self.size);
        let block = 2 * isa.lanes();
        self.values.resize(inputs * outputs);
        self.values
            .pieces_mut(inputs * block)
            .par_iter_mut()
            .enumerate()
            .for_each(|(i, to)| {
                // SAFETY: `new` found `isa` on this machine.
                #[allow(unsafe_code, reason = "compiled for the instruction set")]
                unsafe {
                    kernels::filters(isa, weights, [inputs, outputs], i * block, to);
                }
            });
    }

    /// Takes weights `[3][3][outputs][inputs]`: of the convolution whose input these filters make.
    ///
    /// # Panics
    /// If there are more or fewer.
    pub fn set_exchanged(&mut self, weights: &[f32]) {
        let mut exchanged = std::mem::take(&mut self.exchanged);
        exchanged.resize(weights.len(), 0.0);
        exchange(weights, [self.size[1], self.size[0]], &mut exchanged);
        self.set(&exchanged);
        self.exchanged = exchanged;
    }

    /// Multiplies the channels of tiles, `[tiles][inputs]` becoming `[tiles][outputs]`.
    ///
    /// # Panics
    /// If they have other channels, or the filters no weights.
    pub fn multiply(&self, from: &Stack, to: &mut Stack) {
        self.reserve(from, to);
        for ((to, from), filters) in to.arrays_mut().zip(from.arrays()).zip(self.values.arrays()) {
            self.multiply_array(from, filters, to);
        }
    }

    /// The same on many threads.
    ///
    /// # Panics
    /// As [`Self::multiply`].
    pub fn par_multiply(&self, from: &Stack, to: &mut Stack) {
        self.reserve(from, to);
        to.par_arrays_mut()
            .zip(from.par_arrays())
            .zip(self.values.par_arrays())
            .for_each(|((to, from), filters)| self.multiply_array(from, filters, to));
    }

    /// Makes room for the products.
    fn reserve(&self, from: &Stack, to: &mut Stack) {
        let [inputs, outputs] = self.size;
        assert_eq!(
            self.values.len(),
            inputs * outputs,
            "filters without weights"
        );
        to.resize(from.len() / inputs * outputs);
    }

    fn multiply_array(&self, from: &[f32], filters: &[f32], to: &mut [f32]) {
        let [inputs, outputs] = self.size;
        let tiles = from.len() / inputs;
        assert_eq!(from.len(), tiles * inputs);
        assert_eq!(to.len(), tiles * outputs);
        assert_eq!(filters.len(), inputs * outputs);
        let extent = Extent {
            padded_width: tiles,
            words: inputs,
            out_channels: outputs,
            kernel: [1, 1],
            out: [1, tiles],
        };
        // SAFETY: tiles are the pixels of a row, of which there are as many as the extent says; filters lie
        // as for a kernel of 1x1; an f32 is a word, and `isa` is of this machine, as `new` found.
        #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
        unsafe {
            convolution::convolve(
                self.isa,
                from.as_ptr().cast(),
                extent,
                filters.as_ptr().cast(),
                self.no_bias.as_ptr(),
                to.as_mut_ptr(),
            );
        }
    }

    /// Sums inputs (`[tiles][inputs]`) times gradients of outputs (`[tiles][outputs]`) over tiles. They are
    /// added to what `sums` holds, `[inputs][outputs]`, unless these are the `first`.
    ///
    /// # Panics
    /// If tiles are not as many or have other channels.
    pub fn add_gradient(&self, from: &Stack, gradient: &Stack, first: bool, sums: &mut Stack) {
        let (isa, [inputs, outputs]) = (self.isa, self.size);
        let tiles = from.len() / inputs;
        assert_eq!(from.len(), tiles * inputs);
        assert_eq!(gradient.len(), tiles * outputs);
        assert!(first || sums.len() == inputs * outputs);
        sums.resize(inputs * outputs);
        let sweep = Sweep {
            images: 1,
            rows: 1,
            steps: tiles,
            in_channels: inputs,
            x_row: 0,
            x_image: 0,
            x_tap: [0, 0],
            d_step: outputs,
            kernel: [1, 1],
        };
        sums.par_arrays_mut()
            .zip(from.par_arrays())
            .zip(gradient.par_arrays())
            .for_each(|((sums, x), d)| {
                if first {
                    sums.fill(0.0);
                }
                // SAFETY: by the assertions `x` and `d` hold a row of their channels for each of the tiles
                // and `sums` a row of outputs for each input; outputs are whole registers, an f32 is a
                // word, and `isa` is of this machine, as `new` found.
                #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
                unsafe {
                    let (x, d) = (x.as_ptr().cast(), d.as_ptr().cast());
                    convolution::weight_gradient(isa, x, sweep, d, sums.as_mut_ptr());
                }
            });
    }

    /// Brings sums of [`Self::add_gradient`] back to the gradient of weights `[3][3][inputs][outputs]`.
    ///
    /// # Panics
    /// If one is not of these filters.
    pub fn restore_gradient(&self, sums: &Stack, gradient: &mut [f32]) {
        let len = self.size[0] * self.size[1];
        assert_eq!(sums.len(), len);
        assert_eq!(gradient.len(), TAPS * TAPS * len);
        let taps = gradient.chunks_exact_mut(len);
        in_pieces(taps.map(|tap| tap.chunks_mut(BLOCK)))
            .par_iter_mut()
            .zip(sums.pieces(BLOCK))
            .for_each(|(to, from)| {
                // SAFETY: `new` found `isa` on this machine.
                #[allow(unsafe_code, reason = "compiled for the instruction set")]
                unsafe {
                    kernels::filter_gradient(self.isa, &from, to);
                }
            });
    }
}

/// `[3][3][rows][columns]` as `[3][3][columns][rows]`.
fn exchange(weights: &[f32], [rows, columns]: [usize; 2], exchanged: &mut [f32]) {
    /// Rows that are exchanged together, which keeps both sides in the cache.
    const ROWS: usize = 16;
    exchanged
        .par_chunks_exact_mut(rows * columns)
        .zip(weights.par_chunks_exact(rows * columns))
        .for_each(|(to, from)| {
            for first in (0..rows).step_by(ROWS) {
                for column in 0..columns {
                    for row in first..rows.min(first + ROWS) {
                        to[column * rows + row] = from[row * columns + column];
                    }
                }
            }
        });
}
