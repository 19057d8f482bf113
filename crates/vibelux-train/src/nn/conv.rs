//! Convolution layers: what surrounds the kernels of [`super::kernels`] for a whole batch.

use std::cell::RefCell;

use rayon::prelude::*;

use super::kernels::{self, Extent};
use super::layer::{Layer, Mode, Parameter, activate, deactivate, part_len};
use super::simd::InstructionSet;

/// A convolution, its bias and the activation after it.
pub(super) struct Conv {
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
    pub needs_dx: bool,
    packed: Vec<f32>,
    parts: Vec<Vec<f32>>,
}

thread_local! {
    static PADDED: RefCell<[Vec<f32>; 3]> = const { RefCell::new([const { Vec::new() }; 3]) };
}

/// Copies an `[h][w][c]` image into a larger one with zeros around it.
fn pad_into(
    padded: &mut Vec<f32>,
    image: &[f32],
    [h, w, c]: [usize; 3],
    before: [usize; 2],
    to: [usize; 2],
) {
    padded.clear();
    padded.resize(to[0] * to[1] * c, 0.0);
    for y in 0..h {
        let at = ((y + before[0]) * to[1] + before[1]) * c;
        padded[at..at + w * c].copy_from_slice(&image[y * w * c..(y + 1) * w * c]);
    }
}

/// Copies rows of `c` values into rows of `stride` values.
fn widen_into(wide: &mut Vec<f32>, values: &[f32], c: usize, stride: usize) {
    wide.clear();
    wide.resize(values.len() / c * stride, 0.0);
    for (to, from) in wide.chunks_exact_mut(stride).zip(values.chunks_exact(c)) {
        to[..c].copy_from_slice(from);
    }
}

impl Conv {
    #[allow(
        clippy::too_many_arguments,
        reason = "a layer's fields, set once by the network"
    )]
    pub fn new(
        isa: InstructionSet,
        input: [usize; 3],
        output: [usize; 3],
        kernel: [usize; 2],
        pad: [usize; 2],
        weight: usize,
        bias: Option<usize>,
        activation: Option<f32>,
    ) -> Self {
        Self {
            isa,
            input,
            output,
            kernel,
            pad,
            weight,
            bias,
            activation,
            needs_dx: true,
            packed: Vec::new(),
            parts: Vec::new(),
        }
    }

    fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Height and width of the padded input.
    fn padded(&self) -> [usize; 2] {
        [
            self.output[1] + self.kernel[0] - 1,
            self.output[2] + self.kernel[1] - 1,
        ]
    }

    fn extent(&self) -> Extent {
        Extent {
            padded_width: self.padded()[1],
            in_channels: self.input[0],
            out_channels: self.output[0],
            kernel: self.kernel,
            out: [self.output[1], self.output[2]],
        }
    }

    /// The convolution that gives the gradient to the input.
    fn backward_extent(&self) -> Extent {
        Extent {
            padded_width: self.input[2] + self.kernel[1] - 1,
            in_channels: self.output[0],
            out_channels: self.input[0],
            kernel: self.kernel,
            out: [self.input[1], self.input[2]],
        }
    }
}

impl Layer for Conv {
    fn forward(&mut self, p: &mut [Parameter], x: &[f32], y: &mut [f32], _n: usize, _mode: Mode) {
        let (isa, extent, padded_to) = (self.isa, self.extent(), self.padded());
        let [c_in, h, w] = self.input;
        let (in_len, out_len) = (c_in * h * w, self.output.iter().product::<usize>());
        let weights = &p[self.weight].value;
        kernels::pack(
            isa,
            weights,
            self.taps(),
            c_in,
            self.output[0],
            &mut self.packed,
        );
        let bias = kernels::pack_bias(
            isa,
            self.bias.map(|b| p[b].value.as_slice()),
            self.output[0],
        );
        let (packed, pad, activation) = (&self.packed, self.pad, self.activation);
        y.par_chunks_exact_mut(out_len)
            .zip(x.par_chunks_exact(in_len))
            .for_each(|(y, x)| {
                PADDED.with_borrow_mut(|[padded, ..]| {
                    pad_into(padded, x, [h, w, c_in], pad, padded_to);
                    // SAFETY: `padded` has the size that `extent` says, `y` is one output image,
                    // `packed` and `bias` were packed for `isa`, which was detected on this machine.
                    #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
                    unsafe {
                        kernels::convolve(
                            isa,
                            padded.as_ptr(),
                            extent,
                            packed.as_ptr(),
                            bias.as_ptr(),
                            y.as_mut_ptr(),
                        );
                    }
                });
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
        let (isa, extent, back) = (self.isa, self.extent(), self.backward_extent());
        let (padded_to, pad, taps) = (self.padded(), self.pad, self.taps());
        let [c_in, h, w] = self.input;
        let [c_out, oh, ow] = self.output;
        let (in_len, out_len) = (c_in * h * w, c_out * oh * ow);
        let stride = c_out.next_multiple_of(isa.lanes());
        let (activation, needs_dx) = (self.activation, self.needs_dx);
        if needs_dx {
            let weights = &p[self.weight].value;
            kernels::pack_transposed(isa, weights, taps, c_in, c_out, &mut self.packed);
        }
        let no_bias = kernels::pack_bias(isa, None, c_in);
        let packed = &self.packed;
        let back_pad = [self.kernel[0] - 1 - pad[0], self.kernel[1] - 1 - pad[1]];
        let back_to = [h + self.kernel[0] - 1, w + self.kernel[1] - 1];
        let part = part_len(n);
        let weight_len = taps * c_in * stride;
        // One more row for the bias gradient.
        self.parts.resize_with(n.div_ceil(part), Vec::new);
        self.parts
            .par_iter_mut()
            .zip(x.par_chunks(part * in_len))
            .zip(y.par_chunks(part * out_len))
            .zip(dy.par_chunks_mut(part * out_len))
            .zip(dx.par_chunks_mut(part * in_len))
            .for_each(|((((gradient, x), y), dy), dx)| {
                gradient.clear();
                gradient.resize(weight_len + stride, 0.0);
                let images = x.chunks_exact(in_len).zip(y.chunks_exact(out_len));
                let gradients = dy
                    .chunks_exact_mut(out_len)
                    .zip(dx.chunks_exact_mut(in_len));
                for ((x, y), (dy, dx)) in images.zip(gradients) {
                    if let Some(alpha) = activation {
                        deactivate(dy, y, alpha);
                    }
                    PADDED.with_borrow_mut(|[padded, wide, padded_dy]| {
                        pad_into(padded, x, [h, w, c_in], pad, padded_to);
                        let d = if stride == c_out {
                            dy.as_ptr()
                        } else {
                            widen_into(wide, dy, c_out, stride);
                            wide.as_ptr()
                        };
                        for row in dy.chunks_exact(c_out) {
                            for (g, &d) in gradient[weight_len..].iter_mut().zip(row) {
                                *g += d;
                            }
                        }
                        // SAFETY: sizes as the extents say; `d` has rows of `stride` values.
                        #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
                        unsafe {
                            kernels::weight_gradient(
                                isa,
                                padded.as_ptr(),
                                extent,
                                d,
                                stride,
                                gradient.as_mut_ptr(),
                            );
                        }
                        if needs_dx {
                            pad_into(padded_dy, dy, [oh, ow, c_out], back_pad, back_to);
                            // SAFETY: as above, for the transposed convolution.
                            #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
                            unsafe {
                                kernels::convolve(
                                    isa,
                                    padded_dy.as_ptr(),
                                    back,
                                    packed.as_ptr(),
                                    no_bias.as_ptr(),
                                    dx.as_mut_ptr(),
                                );
                            }
                        }
                    });
                }
            });
        let weight = &mut p[self.weight].gradient;
        weight.fill(0.0);
        for gradient in &self.parts {
            for (to, from) in weight
                .chunks_exact_mut(c_out)
                .zip(gradient[..weight_len].chunks_exact(stride))
            {
                for (t, &f) in to.iter_mut().zip(from) {
                    *t += f;
                }
            }
        }
        if let Some(bias) = self.bias {
            let bias = &mut p[bias].gradient;
            bias.fill(0.0);
            for gradient in &self.parts {
                for (t, &f) in bias.iter_mut().zip(&gradient[weight_len..]) {
                    *t += f;
                }
            }
        }
    }

    fn skip_input_gradient(&mut self) {
        self.needs_dx = false;
    }
}
