//! Convolutions on the matrix unit, for a whole batch: what surrounds [`vibelux_kernels::amx`]. Stands in for
//! [`super::conv`] where the machine has one and channels suit it.
//!
//! The batch goes through in parts. Large weights have one gradient for all parts, made channel by channel when all
//! are laid out; small ones a gradient for each part, made while its images are in a core's own cache.

#![allow(
    unsafe_code,
    reason = "the kernels are compiled for an instruction set, which `pays` asks for"
)]

use rayon::prelude::*;

use super::conv::ConvSpec;
use super::layer::{Layer, Mode, Parameter, part_len};
use vibelux_kernels::amx::{self, CHANNEL_MULTIPLE, Flat, Planes};
use vibelux_kernels::buffer::Buffer;
use vibelux_kernels::inference::activate;
use vibelux_kernels::pack;

/// Inputs times outputs from which the weights are large.
const LARGE_WEIGHTS: usize = 1 << 14;
/// Values of an input that are laid out at once: what stays in a core's own cache.
const GROUP_VALUES: usize = 1 << 17;

/// A convolution, its bias and the activation after it.
pub(super) struct MatrixConv {
    spec: ConvSpec,
    needs_dx: bool,
    packed: Buffer<u32>,
    parts: Vec<Part>,
    /// Sums of the weight gradient, one array per block of input channels.
    gradient: Vec<Buffer>,
}

/// What a part of the batch needs while it goes through.
#[derive(Default)]
struct Part {
    flat: Buffer<u16>,
    groups: Vec<Group>,
    gradient: Vec<Buffer>,
    bias_gradient: Vec<f32>,
}

/// The factors of some images' weight gradient.
#[derive(Default)]
struct Group {
    images: usize,
    x: Planes,
    dy: Buffer<u32>,
}

impl MatrixConv {
    /// # Panics
    /// If [`amx::pays`] does not say yes.
    pub fn new(spec: ConvSpec) -> Self {
        let shapes = [spec.input, spec.output];
        assert!(amx::pays(spec.isa, spec.kernel, spec.pad, shapes));
        Self {
            spec,
            needs_dx: true,
            packed: Buffer::default(),
            parts: Vec::new(),
            gradient: Vec::new(),
        }
    }

    /// Channels of the input and of the output.
    fn channels(&self) -> [usize; 2] {
        [self.spec.input[0], self.spec.output[0]]
    }

    /// Images that are laid out at once.
    fn group(&self) -> usize {
        let [input, output] = self.spec.image_lens();
        (GROUP_VALUES / input.max(output)).max(1)
    }

    fn shape(&self, images: usize) -> Flat {
        Flat {
            images,
            size: [self.spec.input[1], self.spec.input[2]],
            pad: self.spec.pad,
        }
    }

    fn has_large_weights(&self) -> bool {
        let [inputs, outputs] = self.channels();
        inputs * outputs >= LARGE_WEIGHTS
    }

    fn take_parts(&mut self, n: usize) -> Vec<Part> {
        let mut parts = std::mem::take(&mut self.parts);
        parts.resize_with(n.div_ceil(part_len(n)), Part::default);
        parts
    }

    /// An array of zeros per block of input channels.
    fn clear(&self, gradient: &mut Vec<Buffer>) {
        let [inputs, outputs] = self.channels();
        gradient.resize_with(inputs / CHANNEL_MULTIPLE, Buffer::default);
        for block in gradient {
            block.resize(self.spec.taps() * CHANNEL_MULTIPLE * outputs);
            block.fill(0.0);
        }
    }

    /// Adds a block of input channels of some images' weight gradient.
    fn add_gradient(&self, group: &Group, block: usize, gradient: &mut [f32]) {
        // SAFETY: the machine has `isa`, which is the one with tiles.
        unsafe {
            amx::weight_gradient(
                self.shape(group.images),
                block * CHANNEL_MULTIPLE,
                self.channels()[1],
                &group.x,
                &group.dy,
                gradient,
            );
        }
    }

    /// The way back of some images: lays out the factors of their weight gradient, fills `dx`.
    fn go_back(
        &self,
        flat: &mut Buffer<u16>,
        group: &mut Group,
        (x, dy): (&[f32], &[f32]),
        no_bias: &[f32],
        dx: &mut [f32],
    ) {
        let [inputs, outputs] = self.channels();
        group.images = x.len() / self.spec.image_lens()[0];
        let shape = self.shape(group.images);
        // SAFETY: the machine has `isa`, which is the one with tiles.
        unsafe {
            shape.lay_out(x, inputs, flat);
            group.x.turn_over(shape, flat, inputs);
            shape.lay_out(dy, outputs, flat);
            shape.pair_up(flat, outputs, &mut group.dy);
            if self.needs_dx {
                let channels = [outputs, inputs];
                amx::convolve(shape, channels, flat, &self.packed, no_bias, dx);
            }
        }
    }

    /// Sums the parts' blocks into the parameter's gradient.
    fn sum(&self, parts: &[&[Buffer]], total: &mut [f32]) {
        let [inputs, outputs] = self.channels();
        let row = CHANNEL_MULTIPLE * outputs;
        total
            .par_chunks_mut(row)
            .enumerate()
            .for_each(|(chunk, total)| {
                let blocks = inputs / CHANNEL_MULTIPLE;
                let (tap, block) = (chunk / blocks, chunk % blocks);
                total.fill(0.0);
                for part in parts {
                    let values = &part[block][tap * row..(tap + 1) * row];
                    for (total, value) in total.iter_mut().zip(values) {
                        *total += value;
                    }
                }
            });
    }
}

impl Layer for MatrixConv {
    fn forward(&mut self, p: &mut [Parameter], x: &[f32], y: &mut [f32], n: usize, _mode: Mode) {
        let channels @ [inputs, outputs] = self.channels();
        let [in_len, out_len] = self.spec.image_lens();
        let shape = [self.spec.taps(), inputs, outputs];
        pack::weights(
            self.spec.isa,
            &p[self.spec.weight].value,
            shape,
            &mut self.packed,
        );
        let bias = self.spec.bias.map(|b| p[b].value.as_slice());
        let bias = pack::bias(self.spec.isa, bias, outputs);
        let (part, group) = (part_len(n), self.group());
        let mut parts = self.take_parts(n);
        let this = &*self;
        parts
            .par_iter_mut()
            .zip(x.par_chunks(part * in_len))
            .zip(y.par_chunks_mut(part * out_len))
            .for_each(|((part, x), y)| {
                let groups = x.chunks(group * in_len);
                for (x, y) in groups.zip(y.chunks_mut(group * out_len)) {
                    let shape = this.shape(x.len() / in_len);
                    // SAFETY: the machine has `isa`, which is the one with tiles.
                    unsafe {
                        shape.lay_out(x, inputs, &mut part.flat);
                        amx::convolve(shape, channels, &part.flat, &this.packed, &bias, y);
                    }
                    if let Some(alpha) = this.spec.activation {
                        activate(y, alpha);
                    }
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
        let [inputs, outputs] = self.channels();
        let [in_len, out_len] = self.spec.image_lens();
        if self.needs_dx {
            let shape = [self.spec.taps(), inputs, outputs];
            pack::transposed_weights(
                self.spec.isa,
                &p[self.spec.weight].value,
                shape,
                &mut self.packed,
            );
        }
        let no_bias = pack::bias(self.spec.isa, None, inputs);
        let (part, group) = (part_len(n), self.group());
        let mut parts = self.take_parts(n);
        let mut gradient = std::mem::take(&mut self.gradient);
        let (this, large) = (&*self, self.has_large_weights());
        parts
            .par_iter_mut()
            .zip(x.par_chunks(part * in_len))
            .zip(y.par_chunks(part * out_len))
            .zip(dy.par_chunks_mut(part * out_len))
            .zip(dx.par_chunks_mut(part * in_len))
            .for_each(|((((part, x), y), dy), dx)| {
                this.spec.begin_backward(y, dy, &mut part.bias_gradient);
                if !large {
                    this.clear(&mut part.gradient);
                }
                let kept = if large {
                    x.len().div_ceil(group * in_len)
                } else {
                    1
                };
                part.groups.resize_with(kept, Group::default);
                let pieces = x.chunks(group * in_len).zip(dy.chunks(group * out_len));
                let pieces = pieces.zip(dx.chunks_mut(group * in_len));
                for (i, ((x, dy), dx)) in pieces.enumerate() {
                    let group = &mut part.groups[if large { i } else { 0 }];
                    this.go_back(&mut part.flat, group, (x, dy), &no_bias, dx);
                    if !large {
                        for (block, gradient) in part.gradient.iter_mut().enumerate() {
                            this.add_gradient(group, block, gradient);
                        }
                    }
                }
            });
        let bias_gradients = parts.iter().map(|part| &part.bias_gradient);
        self.spec.sum_bias(bias_gradients, p);
        let total = &mut p[self.spec.weight].gradient;
        if large {
            self.clear(&mut gradient);
            gradient
                .par_iter_mut()
                .enumerate()
                .for_each(|(block, gradient)| {
                    for group in parts.iter().flat_map(|part| &part.groups) {
                        self.add_gradient(group, block, gradient);
                    }
                });
            self.sum(&[&gradient], total);
        } else {
            let sums: Vec<_> = parts.iter().map(|part| part.gradient.as_slice()).collect();
            self.sum(&sums, total);
        }
        self.gradient = gradient;
        self.parts = parts;
    }

    fn skip_input_gradient(&mut self) {
        self.needs_dx = false;
    }
}
