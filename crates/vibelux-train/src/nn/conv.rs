//! Convolution layers: what surrounds the kernels of [`vibelux_kernels::convolution`] for a whole batch.

use std::cell::RefCell;

use rayon::prelude::*;

use super::layer::{Layer, Mode, Parameter, add_rows, deactivate, part_len};
use vibelux_kernels::InstructionSet;
use vibelux_kernels::buffer::Buffer;
use vibelux_kernels::convolution::{self, Extent, Sweep};
use vibelux_kernels::inference::activate;
use vibelux_kernels::pack::{self, Frame};

/// A convolution, its bias and the activation after it, as the network knows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConvSpec {
    pub isa: InstructionSet,
    /// Channels, height, width.
    pub input: [usize; 3],
    /// Channels, height, width.
    pub output: [usize; 3],
    pub kernel: [usize; 2],
    /// Zeros above and to the left; what is missing on the other sides follows from the sizes.
    pub pad: [usize; 2],
    /// Index of the weight parameter.
    pub weight: usize,
    /// Index of the bias parameter.
    pub bias: Option<usize>,
    /// Slope below zero of a ReLU that follows.
    pub activation: Option<f32>,
}

impl ConvSpec {
    /// Values of an input and of an output.
    pub fn image_lens(&self) -> [usize; 2] {
        [self.input, self.output].map(|shape| shape.iter().product())
    }

    /// What the way back of a part of the batch begins with: the gradient before the activation, in place, and that
    /// of the bias, if there is one.
    pub fn begin_backward(&self, y: &[f32], dy: &mut [f32], bias_gradient: &mut Vec<f32>) {
        if let Some(alpha) = self.activation {
            deactivate(dy, y, alpha);
        }
        if self.bias.is_some() {
            bias_gradient.clear();
            bias_gradient.resize(self.output[0], 0.0);
            add_rows(dy, bias_gradient);
        }
    }

    /// Sums what [`Self::begin_backward`] gave for each part of the batch.
    pub fn sum_bias<'a>(&self, parts: impl Iterator<Item = &'a Vec<f32>>, p: &mut [Parameter]) {
        if let Some(bias) = self.bias {
            let gradient = &mut p[bias].gradient;
            gradient.fill(0.0);
            parts.for_each(|part| add_rows(part, gradient));
        }
    }

    /// Height times width of the kernel.
    pub fn taps(&self) -> usize {
        self.kernel.iter().product()
    }
}

/// A convolution by its definition.
pub(super) struct Conv {
    spec: ConvSpec,
    needs_dx: bool,
    packed: Buffer<u32>,
    parts: Vec<Vec<f32>>,
}

/// Words of packed images that a weight gradient sweeps at once: what stays in a core's own cache.
const GROUP_WORDS: usize = 1 << 16;

thread_local! {
    static PACKED: RefCell<[Vec<u32>; 3]> = const { RefCell::new([const { Vec::new() }; 3]) };
}

impl Conv {
    pub fn new(spec: ConvSpec) -> Self {
        Self {
            spec,
            needs_dx: true,
            packed: Buffer::default(),
            parts: Vec::new(),
        }
    }

    /// Height and width of the padded input.
    fn padded(&self) -> [usize; 2] {
        [
            self.spec.output[1] + self.spec.kernel[0] - 1,
            self.spec.output[2] + self.spec.kernel[1] - 1,
        ]
    }

    /// The input with its zeros.
    fn frame(&self) -> Frame {
        let [c, h, w] = self.spec.input;
        Frame {
            image: [h, w, c],
            before: self.spec.pad,
            to: self.padded(),
        }
    }

    /// The output's gradient with the zeros that the gradient to the input needs.
    fn backward_frame(&self) -> Frame {
        let [c, oh, ow] = self.spec.output;
        let [kernel, pad] = [self.spec.kernel, self.spec.pad];
        Frame {
            image: [oh, ow, c],
            before: [kernel[0] - 1 - pad[0], kernel[1] - 1 - pad[1]],
            to: [
                self.spec.input[1] + kernel[0] - 1,
                self.spec.input[2] + kernel[1] - 1,
            ],
        }
    }

    fn extent(&self, frame: Frame, output: [usize; 3]) -> Extent {
        Extent {
            padded_width: frame.to[1],
            words: pack::words(self.spec.isa, frame.image[2]),
            out_channels: output[0],
            kernel: self.spec.kernel,
            out: [output[1], output[2]],
        }
    }

    /// The weight gradient of `images` images as [`pack`] lays them out.
    fn sweep(&self, images: usize, x_image: usize, d_step: usize) -> Sweep {
        let [c, ..] = self.spec.input;
        let [_, oh, ow] = self.spec.output;
        let [ph, pw] = self.padded();
        let pairs = ow.div_ceil(2);
        let one_value = self.spec.isa.values_per_word() == 1;
        Sweep {
            images,
            rows: if one_value { oh } else { 1 },
            steps: if one_value { ow } else { oh * pairs },
            in_channels: c,
            x_row: pw * c,
            x_image,
            x_tap: if one_value {
                [pw * c, c]
            } else {
                [pairs * c, ph * pairs * c]
            },
            d_step,
            kernel: self.spec.kernel,
        }
    }

    /// Adds the weight gradient of some images, as many at once as the cache holds.
    fn add_weight_gradient(&self, x: &[f32], dy: &[f32], stride: usize, gradient: &mut [f32]) {
        let [c_in, h, w] = self.spec.input;
        let [c_out, oh, ow] = self.spec.output;
        let (in_len, out_len) = (c_in * h * w, c_out * oh * ow);
        let isa = self.spec.isa;
        let x_image = pack::gradient_input_len(isa, self.frame(), self.spec.kernel);
        let d_image = oh * ow.div_ceil(isa.values_per_word()) * stride;
        let group = (GROUP_WORDS / (x_image + d_image)).max(1);
        PACKED.with_borrow_mut(|[xs, ds, _]| {
            for (x, dy) in x.chunks(group * in_len).zip(dy.chunks(group * out_len)) {
                let images = x.len() / in_len;
                xs.resize(xs.len().max(images * x_image), 0);
                ds.resize(ds.len().max(images * d_image), 0);
                for (x, to) in x.chunks_exact(in_len).zip(xs.chunks_exact_mut(x_image)) {
                    // SAFETY: `isa` was detected on this machine.
                    #[allow(unsafe_code, reason = "compiled for the instruction set")]
                    unsafe {
                        pack::gradient_input(isa, x, self.frame(), self.spec.kernel, to);
                    }
                }
                for (dy, to) in dy.chunks_exact(out_len).zip(ds.chunks_exact_mut(d_image)) {
                    // SAFETY: as above.
                    #[allow(unsafe_code, reason = "compiled for the instruction set")]
                    unsafe {
                        pack::gradient_output(isa, dy, [ow, c_out], stride, to);
                    }
                }
                let sweep = self.sweep(images, x_image, stride);
                // SAFETY: `xs` and `ds` hold `images` images in the layout that `sweep` describes,
                // and `gradient` has a row of `stride` values per tap and input channel.
                #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
                unsafe {
                    convolution::weight_gradient(
                        isa,
                        xs.as_ptr(),
                        sweep,
                        ds.as_ptr(),
                        gradient.as_mut_ptr(),
                    );
                }
            }
        });
    }
}

/// Convolves one image.
fn convolve(
    isa: InstructionSet,
    image: &[f32],
    frame: Frame,
    extent: Extent,
    (weights, bias): (&[u32], &[f32]),
    output: &mut [f32],
) {
    PACKED.with_borrow_mut(|[.., framed]| {
        // SAFETY: `framed` gets the size that `extent` says, `output` is one output image, `weights`
        // and `bias` were packed for `isa`, which was detected on this machine.
        #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
        unsafe {
            pack::framed(isa, image, frame, framed);
            convolution::convolve(
                isa,
                framed.as_ptr(),
                extent,
                weights.as_ptr(),
                bias.as_ptr(),
                output.as_mut_ptr(),
            );
        }
    });
}

impl Layer for Conv {
    fn forward(&mut self, p: &mut [Parameter], x: &[f32], y: &mut [f32], _n: usize, _mode: Mode) {
        let (isa, frame, c_out) = (self.spec.isa, self.frame(), self.spec.output[0]);
        let [in_len, out_len] = self.spec.image_lens();
        let extent = self.extent(frame, self.spec.output);
        let shape = [self.spec.taps(), self.spec.input[0], c_out];
        pack::weights(isa, &p[self.spec.weight].value, shape, &mut self.packed);
        let bias = self.spec.bias.map(|b| p[b].value.as_slice());
        let bias = pack::bias(isa, bias, c_out);
        let (packed, activation) = (&self.packed, self.spec.activation);
        y.par_chunks_exact_mut(out_len)
            .zip(x.par_chunks_exact(in_len))
            .for_each(|(y, x)| {
                convolve(isa, x, frame, extent, (packed, &bias), y);
                if let Some(alpha) = activation {
                    activate(y, alpha);
                }
            });
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
        let (isa, taps, c_in, c_out) = (
            self.spec.isa,
            self.spec.taps(),
            self.spec.input[0],
            self.spec.output[0],
        );
        let [in_len, out_len] = self.spec.image_lens();
        let stride = c_out.next_multiple_of(isa.lanes());
        if self.needs_dx {
            let shape = [taps, c_in, c_out];
            pack::transposed_weights(isa, &p[self.spec.weight].value, shape, &mut self.packed);
        }
        let no_bias = pack::bias(isa, None, c_in);
        let frame = self.backward_frame();
        let extent = self.extent(frame, self.spec.input);
        let part = part_len(n);
        let weight_len = taps * c_in * stride;
        // One more row for the bias gradient.
        let mut parts = std::mem::take(&mut self.parts);
        parts.resize_with(n.div_ceil(part), Vec::new);
        let this = &*self;
        parts
            .par_iter_mut()
            .zip(x.par_chunks(part * in_len))
            .zip(y.par_chunks(part * out_len))
            .zip(dy.par_chunks_mut(part * out_len))
            .zip(dx.par_chunks_mut(part * in_len))
            .for_each(|((((gradient, x), y), dy), dx)| {
                gradient.clear();
                gradient.resize(weight_len + stride, 0.0);
                if let Some(alpha) = this.spec.activation {
                    deactivate(dy, y, alpha);
                }
                if this.spec.bias.is_some() {
                    add_rows(dy, &mut gradient[weight_len..weight_len + c_out]);
                }
                this.add_weight_gradient(x, dy, stride, gradient);
                if this.needs_dx {
                    let weights = (&this.packed[..], no_bias.as_slice());
                    for (dy, dx) in dy.chunks_exact(out_len).zip(dx.chunks_exact_mut(in_len)) {
                        convolve(isa, dy, frame, extent, weights, dx);
                    }
                }
            });
        self.parts = parts;
        sum_rows(
            &self.parts,
            0,
            stride,
            c_out,
            &mut p[self.spec.weight].gradient,
        );
        if let Some(bias) = self.spec.bias {
            sum_rows(
                &self.parts,
                weight_len,
                stride,
                c_out,
                &mut p[bias].gradient,
            );
        }
    }

    fn skip_input_gradient(&mut self) {
        self.needs_dx = false;
    }
}

/// Sums the parts' rows of `stride` values, from the value `first` on, into rows of `width`.
pub(super) fn sum_rows(
    parts: &[Vec<f32>],
    first: usize,
    stride: usize,
    width: usize,
    total: &mut [f32],
) {
    total
        .par_chunks_mut(width * 64)
        .enumerate()
        .for_each(|(block, total)| {
            total.fill(0.0);
            for part in parts {
                let rows = part[first + block * 64 * stride..].chunks_exact(stride);
                for (to, from) in total.chunks_exact_mut(width).zip(rows) {
                    for (t, &f) in to.iter_mut().zip(from) {
                        *t += f;
                    }
                }
            }
        });
}
