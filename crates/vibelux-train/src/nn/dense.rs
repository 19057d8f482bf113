//! Fully connected layers: the convolution kernels with the examples of the batch as pixels.

use rayon::prelude::*;

use super::conv::sum_rows;
use super::layer::{Layer, Mode, Parameter, add_rows, deactivate, part_len};
use vibelux_kernels::InstructionSet;
use vibelux_kernels::buffer::Buffer;
use vibelux_kernels::convolution::{self, Extent, Sweep};
use vibelux_kernels::inference::activate;
use vibelux_kernels::pack::{self, Frame};

/// A matrix, a bias and the activation after it.
pub(super) struct Dense {
    isa: InstructionSet,
    inputs: usize,
    outputs: usize,
    weight: usize,
    bias: usize,
    activation: Option<f32>,
    packed: Buffer<u32>,
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
            packed: Buffer::default(),
            parts: Vec::new(),
        }
    }
}

/// Rows of examples as the pixels of an image one pixel high.
fn frame(rows: usize, values: usize) -> Frame {
    Frame {
        image: [1, rows, values],
        before: [0, 0],
        to: [1, rows],
    }
}

/// `y = x w + b` for rows of examples, with packed weights.
fn multiply(
    isa: InstructionSet,
    x: &[f32],
    y: &mut [f32],
    [inputs, outputs]: [usize; 2],
    packed: &[u32],
    bias: &[f32],
) {
    let rows = x.len() / inputs;
    let extent = Extent {
        padded_width: rows,
        words: pack::words(isa, inputs),
        out_channels: outputs,
        kernel: [1, 1],
        out: [1, rows],
    };
    let mut words = Vec::new();
    // SAFETY: the extent follows from the slices; `packed` and `bias` were packed for
    // `isa`, which was detected on this machine.
    #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
    unsafe {
        pack::framed(isa, x, frame(rows, inputs), &mut words);
        convolution::convolve(
            isa,
            words.as_ptr(),
            extent,
            packed.as_ptr(),
            bias.as_ptr(),
            y.as_mut_ptr(),
        );
    }
}

/// Adds the weight gradient of rows of examples.
fn add_weight_gradient(
    isa: InstructionSet,
    x: &[f32],
    dy: &[f32],
    [inputs, outputs]: [usize; 2],
    stride: usize,
    gradient: &mut [f32],
) {
    let rows = x.len() / inputs;
    let steps = rows.div_ceil(isa.values_per_word());
    let (frame, kernel) = (frame(rows, inputs), [1, 1]);
    let mut xs = vec![0; pack::gradient_input_len(isa, frame, kernel)];
    let mut ds = vec![0; steps * stride];
    let sweep = Sweep {
        images: 1,
        rows: 1,
        steps,
        in_channels: inputs,
        x_row: 0,
        x_image: 0,
        x_tap: [0, 0],
        d_step: stride,
        kernel,
    };
    // SAFETY: the words are laid out as the sweep says; `isa` was detected on this machine.
    #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
    unsafe {
        pack::gradient_input(isa, x, frame, kernel, &mut xs);
        pack::gradient_output(isa, dy, [rows, outputs], stride, &mut ds);
        convolution::weight_gradient(isa, xs.as_ptr(), sweep, ds.as_ptr(), gradient.as_mut_ptr());
    }
}

impl Layer for Dense {
    fn forward(&mut self, p: &mut [Parameter], x: &[f32], y: &mut [f32], n: usize, _mode: Mode) {
        let (isa, inputs, outputs) = (self.isa, self.inputs, self.outputs);
        let shape = [1, inputs, outputs];
        pack::weights(isa, &p[self.weight].value, shape, &mut self.packed);
        let bias = pack::bias(isa, Some(&p[self.bias].value), outputs);
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
        let shape = [1, inputs, outputs];
        pack::transposed_weights(isa, &p[self.weight].value, shape, &mut self.packed);
        let no_bias = pack::bias(isa, None, inputs);
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
                let (weights, bias) = gradient.split_at_mut(inputs * stride);
                add_rows(dy, &mut bias[..outputs]);
                add_weight_gradient(isa, x, dy, [inputs, outputs], stride, weights);
            });
        for (parameter, first) in [(self.weight, 0), (self.bias, inputs * stride)] {
            sum_rows(
                &self.parts,
                first,
                stride,
                outputs,
                &mut p[parameter].gradient,
            );
        }
    }
}
