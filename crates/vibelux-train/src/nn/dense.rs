//! Fully connected layers: the convolution kernels with the examples of the batch as pixels.

use rayon::prelude::*;

use super::kernels::{self, Extent};
use super::layer::{Layer, Mode, Parameter, activate, deactivate, part_len};
use super::simd::InstructionSet;

/// A matrix, a bias and the activation after it.
pub(super) struct Dense {
    isa: InstructionSet,
    inputs: usize,
    outputs: usize,
    weight: usize,
    bias: usize,
    activation: Option<f32>,
    packed: Vec<f32>,
    parts: Vec<Vec<f32>>,
}

impl Dense {
    pub fn new(
        isa: InstructionSet,
        inputs: usize,
        outputs: usize,
        weight: usize,
        bias: usize,
        activation: Option<f32>,
    ) -> Self {
        Self {
            isa,
            inputs,
            outputs,
            weight,
            bias,
            activation,
            packed: Vec::new(),
            parts: Vec::new(),
        }
    }
}

fn extent(rows: usize, inputs: usize, outputs: usize) -> Extent {
    Extent {
        padded_width: rows,
        in_channels: inputs,
        out_channels: outputs,
        kernel: [1, 1],
        out: [1, rows],
    }
}

/// `y = x w + b` for rows of examples, with packed weights.
fn multiply(
    isa: InstructionSet,
    x: &[f32],
    y: &mut [f32],
    [inputs, outputs]: [usize; 2],
    packed: &[f32],
    bias: &[f32],
) {
    let extent = extent(x.len() / inputs, inputs, outputs);
    // SAFETY: the extent follows from the slices; `packed` and `bias` were packed for `isa`.
    #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
    unsafe {
        kernels::convolve(
            isa,
            x.as_ptr(),
            extent,
            packed.as_ptr(),
            bias.as_ptr(),
            y.as_mut_ptr(),
        );
    }
}

impl Layer for Dense {
    fn forward(&mut self, p: &mut [Parameter], x: &[f32], y: &mut [f32], n: usize, _mode: Mode) {
        let (isa, inputs, outputs) = (self.isa, self.inputs, self.outputs);
        kernels::pack(
            isa,
            &p[self.weight].value,
            1,
            inputs,
            outputs,
            &mut self.packed,
        );
        let bias = kernels::pack_bias(isa, Some(&p[self.bias].value), outputs);
        let part = part_len(n);
        y.par_chunks_mut(part * outputs)
            .zip(x.par_chunks(part * inputs))
            .for_each(|(y, x)| {
                multiply(isa, x, y, [inputs, outputs], &self.packed, &bias);
                if let Some(alpha) = self.activation {
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
        let (isa, inputs, outputs) = (self.isa, self.inputs, self.outputs);
        let stride = outputs.next_multiple_of(isa.lanes());
        kernels::pack_transposed(
            isa,
            &p[self.weight].value,
            1,
            inputs,
            outputs,
            &mut self.packed,
        );
        let no_bias = kernels::pack_bias(isa, None, inputs);
        let (packed, activation, part) = (&self.packed, self.activation, part_len(n));
        self.parts.resize_with(n.div_ceil(part), Vec::new);
        self.parts
            .par_iter_mut()
            .zip(x.par_chunks(part * inputs))
            .zip(y.par_chunks(part * outputs))
            .zip(dy.par_chunks_mut(part * outputs))
            .zip(dx.par_chunks_mut(part * inputs))
            .for_each(|((((gradient, x), y), dy), dx)| {
                if let Some(alpha) = activation {
                    deactivate(dy, y, alpha);
                }
                multiply(isa, dy, dx, [outputs, inputs], packed, &no_bias);
                gradient.clear();
                gradient.resize((inputs + 1) * stride, 0.0);
                let rows = x.len() / inputs;
                let mut wide = vec![0.0; rows * stride];
                for (to, from) in wide.chunks_exact_mut(stride).zip(dy.chunks_exact(outputs)) {
                    to[..outputs].copy_from_slice(from);
                    for (g, &d) in gradient[inputs * stride..].iter_mut().zip(from) {
                        *g += d;
                    }
                }
                // SAFETY: the extent follows from the slices; `wide` has rows of `stride` values.
                #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
                unsafe {
                    kernels::weight_gradient(
                        isa,
                        x.as_ptr(),
                        extent(rows, inputs, outputs),
                        wide.as_ptr(),
                        stride,
                        gradient.as_mut_ptr(),
                    );
                }
            });
        for (parameter, first) in [(self.weight, 0), (self.bias, inputs * stride)] {
            let total = &mut p[parameter].gradient;
            total.fill(0.0);
            for gradient in &self.parts {
                let rows = gradient[first..].chunks_exact(stride);
                for (to, from) in total.chunks_exact_mut(outputs).zip(rows) {
                    for (t, &f) in to.iter_mut().zip(from) {
                        *t += f;
                    }
                }
            }
        }
    }
}
