//! 3x3 convolutions by tiles, for a whole batch: what surrounds [`vibelux_kernels::winograd`]. Stands in for
//! [`super::conv`] where it is worth it, with the same results but for rounding.
//!
//! A part of the batch goes through in pieces, each in three steps: images become tiles, the 36 values of a
//! tile are multiplied over channels, tiles become images. Each step is shared among the threads.

use rayon::prelude::*;

use super::conv::ConvSpec;
use super::layer::{Layer, Mode, Parameter, part_len};
use vibelux_kernels::inference::activate;
use vibelux_kernels::pack;
use vibelux_kernels::winograd::{Filters, Stack, Tiling};

/// Tiles of a piece: so few that they stay in a core's own cache where the filters do, and so many that
/// large filters are not waited for. The fastest of 24 to 128 in `step_speed`.
const TILES_WITH_SMALL_FILTERS: usize = 32;
const TILES_WITH_LARGE_FILTERS: usize = 96;
/// Inputs times outputs from which a filter is large.
const LARGE_FILTER: usize = 1 << 14;

/// A 3x3 convolution, its bias and the activation after it.
pub(super) struct TiledConv {
    spec: ConvSpec,
    tiling: Tiling,
    needs_dx: bool,
    /// From inputs to outputs, and back.
    filters: [Filters; 2],
    parts: Vec<Part>,
}

/// What a part of the batch needs while it goes through.
#[derive(Default)]
struct Part {
    /// Transformed tiles.
    inputs: Stack,
    outputs: Stack,
    input_gradient: Stack,
    /// Sums over tiles.
    filter_gradient: Stack,
    /// Sums over pixels.
    bias_gradient: Vec<f32>,
}

impl TiledConv {
    /// # Panics
    /// If [`vibelux_kernels::winograd::pays`] does not say yes.
    pub fn new(spec: ConvSpec) -> Self {
        let ConvSpec {
            isa, input, output, ..
        } = spec;
        let (inputs, outputs) = (input[0], output[0]);
        Self {
            spec,
            tiling: Tiling::new(isa, input, output, spec.pad),
            needs_dx: true,
            filters: [
                Filters::new(isa, [inputs, outputs]),
                Filters::new(isa, [outputs, inputs]),
            ],
            parts: Vec::new(),
        }
    }

    /// Images of a piece, and of a part.
    fn lengths(&self, n: usize) -> [usize; 2] {
        let tiles = if self.spec.input[0] * self.spec.output[0] < LARGE_FILTER {
            TILES_WITH_SMALL_FILTERS
        } else {
            TILES_WITH_LARGE_FILTERS
        };
        let piece = tiles.div_ceil(self.tiling.tiles());
        [piece, part_len(n).max(piece)]
    }

    /// The parts of a batch of `n`, to be given back.
    fn take_parts(&mut self, n: usize, part: usize) -> Vec<Part> {
        let mut parts = std::mem::take(&mut self.parts);
        parts.resize_with(n.div_ceil(part), Part::default);
        parts
    }

    fn transform_inputs(&self, x: &[f32], to: &mut Stack) {
        let ([image, _], [tiles, _]) = (self.spec.image_lens(), self.tiling.lens());
        to.resize(x.len() / image * tiles);
        to.pieces_mut(tiles)
            .par_iter_mut()
            .zip(x.par_chunks_exact(image))
            .for_each(|(to, x)| self.tiling.transform_input(x, to));
    }

    fn transform_output_gradients(&self, dy: &[f32], to: &mut Stack) {
        let ([_, image], [_, tiles]) = (self.spec.image_lens(), self.tiling.lens());
        to.resize(dy.len() / image * tiles);
        to.pieces_mut(tiles)
            .par_iter_mut()
            .zip(dy.par_chunks_exact(image))
            .for_each(|(to, dy)| self.tiling.transform_output_gradient(dy, to));
    }

    /// Outputs from the products, with bias and activation.
    fn restore_outputs(&self, from: &Stack, bias: &[f32], y: &mut [f32]) {
        let ([_, image], [_, tiles]) = (self.spec.image_lens(), self.tiling.lens());
        y.par_chunks_exact_mut(image)
            .zip(from.pieces(tiles))
            .for_each(|(y, from)| {
                self.tiling.restore_output(&from, bias, y);
                if let Some(alpha) = self.spec.activation {
                    activate(y, alpha);
                }
            });
    }

    fn restore_input_gradients(&self, from: &Stack, dx: &mut [f32]) {
        let ([image, _], [tiles, _]) = (self.spec.image_lens(), self.tiling.lens());
        dx.par_chunks_exact_mut(image)
            .zip(from.pieces(tiles))
            .for_each(|(dx, from)| self.tiling.restore_input_gradient(&from, dx));
    }
}

impl Layer for TiledConv {
    fn forward(&mut self, p: &mut [Parameter], x: &[f32], y: &mut [f32], n: usize, _mode: Mode) {
        let ([in_len, out_len], [piece, part]) = (self.spec.image_lens(), self.lengths(n));
        let bias = self.spec.bias.map(|b| p[b].value.as_slice());
        let bias = pack::bias(self.spec.isa, bias, self.spec.output[0]);
        self.filters[0].set(&p[self.spec.weight].value);
        let mut parts = self.take_parts(n, part);
        let this = &*self;
        parts
            .par_iter_mut()
            .zip(x.par_chunks(part * in_len))
            .zip(y.par_chunks_mut(part * out_len))
            .for_each(|((part, x), y)| {
                let pieces = x.chunks(piece * in_len);
                for (x, y) in pieces.zip(y.chunks_mut(piece * out_len)) {
                    this.transform_inputs(x, &mut part.inputs);
                    this.filters[0].par_multiply(&part.inputs, &mut part.outputs);
                    this.restore_outputs(&part.outputs, &bias, y);
                }
            });
        self.parts = parts;
    }

    fn backward(
        &mut self,
        p: &mut [Parameter],
        x: &[f32],
        y: &[f32],
        dy: &mut [f32],
        dx: &mut [f32],
        n: usize,
    ) {
        let ([in_len, out_len], [piece, part]) = (self.spec.image_lens(), self.lengths(n));
        if self.needs_dx {
            self.filters[1].set_exchanged(&p[self.spec.weight].value);
        }
        let mut parts = self.take_parts(n, part);
        let this = &*self;
        parts
            .par_iter_mut()
            .zip(x.par_chunks(part * in_len))
            .zip(y.par_chunks(part * out_len))
            .zip(dy.par_chunks_mut(part * out_len))
            .zip(dx.par_chunks_mut(part * in_len))
            .for_each(|((((part, x), y), dy), dx)| {
                this.spec.begin_backward(y, dy, &mut part.bias_gradient);
                let pieces = x.chunks(piece * in_len).zip(dy.chunks(piece * out_len));
                let pieces = pieces.zip(dx.chunks_mut(piece * in_len));
                for (i, ((x, dy), dx)) in pieces.enumerate() {
                    this.transform_inputs(x, &mut part.inputs);
                    this.transform_output_gradients(dy, &mut part.outputs);
                    let sums = &mut part.filter_gradient;
                    this.filters[0].add_gradient(&part.inputs, &part.outputs, i == 0, sums);
                    if this.needs_dx {
                        this.filters[1].par_multiply(&part.outputs, &mut part.input_gradient);
                        this.restore_input_gradients(&part.input_gradient, dx);
                    }
                }
            });
        let bias_gradients = parts.iter().map(|part| &part.bias_gradient);
        self.spec.sum_bias(bias_gradients, p);
        let gradient = &mut p[self.spec.weight].gradient;
        gradient.fill(0.0);
        if let Some((first, others)) = parts.split_first_mut() {
            for other in others {
                add(&mut first.filter_gradient, &other.filter_gradient);
            }
            self.filters[0].restore_gradient(&first.filter_gradient, gradient);
        }
        self.parts = parts;
    }

    fn skip_input_gradient(&mut self) {
        self.needs_dx = false;
    }
}

/// Adds the sums of another part.
fn add(sums: &mut Stack, values: &Stack) {
    sums.par_arrays_mut()
        .zip(values.par_arrays())
        .for_each(|(sums, values)| {
            for (sum, &value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        });
}
