//! [`DirectNetwork`]: networks of our own layers, run by our own loops.
//!
//! What the program trains and ships is a chain of a few kinds of layers, and for these the kernels
//! that training runs on ([`vibelux_kernels`]) are several times as fast as a general ONNX runtime.
//! [`super::runtime`] takes this way where a file allows it. A call occupies one core.

use std::cell::RefCell;

use vibelux_kernels::InstructionSet;
use vibelux_kernels::inference::{
    Convolution, ConvolutionShape, Scratch, activate, global_average, max_pool,
};
use vibelux_kernels::passes::Windows;

use super::architecture::{Architecture, LayerSpec, Padding, Shape};
use super::weights::{Tensor, Weights, WeightsError};

/// A network whose weights lie ready for the kernels. Images between its steps are channels-last.
pub(super) struct DirectNetwork {
    isa: InstructionSet,
    input: [usize; 3],
    steps: Vec<Step>,
    /// Values of the largest array between two steps.
    largest: usize,
}

/// One pass over the values; most make as many values as they say from those of the step before.
enum Step {
    Convolution(Box<Convolution>),
    /// In place: ReLU (0) or leaky ReLU.
    Activation(f32),
    /// In place, per channel: times, plus.
    Line {
        scale: Vec<f32>,
        offset: Vec<f32>,
    },
    MaxPool(Windows),
    /// The mean over all pixels of each channel.
    GlobalAverage {
        channels: usize,
    },
    /// Mean over frequency, then mean and maximum over time; channels, frequency, time.
    TimeMeanMax([usize; 3]),
    /// Channels-last image to channels-first features, the order in which dense weights are stored.
    Flatten([usize; 3]),
    /// In place.
    Softmax,
}

/// Two arrays that the steps fill in turn, and what a convolution works in. Kept per thread, so that
/// only the first call of a thread allocates.
#[derive(Default)]
struct Buffers {
    values: Vec<f32>,
    next: Vec<f32>,
    scratch: Scratch,
    /// A column of means, for [`Step::TimeMeanMax`].
    column: Vec<f32>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

impl DirectNetwork {
    /// Lays out a network; `None` if it does not end in so many `outputs`.
    ///
    /// # Errors
    /// If the weights do not fit the architecture.
    pub fn new(
        isa: InstructionSet,
        architecture: &Architecture,
        weights: &Weights,
        outputs: usize,
    ) -> Result<Option<Self>, WeightsError> {
        let Ok(shapes) = architecture.shapes() else {
            return Ok(None);
        };
        if shapes.last() != Some(&Shape::Flat([outputs])) {
            return Ok(None);
        }
        let mut builder = Builder {
            isa,
            weights,
            convs: 0,
            norms: 0,
            denses: 0,
        };
        let mut steps = Vec::new();
        for ((layer, &input), &output) in architecture.layers.iter().zip(&shapes).zip(&shapes[1..])
        {
            steps.extend(builder.step(layer, input, output)?);
        }
        pool_before_activating(&mut steps);
        Ok(Some(Self {
            isa,
            input: architecture.input,
            steps,
            largest: shapes.iter().map(Shape::len).max().unwrap_or(0),
        }))
    }

    /// Adds the outputs for one example of `[channels, height, width]`.
    ///
    /// # Panics
    /// If it has another number of values.
    pub fn run(&self, example: &[f32], outputs: &mut Vec<f32>) {
        BUFFERS.with_borrow_mut(|buffers| {
            let [channels, height, width] = self.input;
            assert_eq!(example.len(), channels * height * width);
            buffers.values.clear();
            let pixels = height * width;
            let of_pixel = |pixel| (0..channels).map(move |c| example[c * pixels + pixel]);
            buffers.values.extend((0..pixels).flat_map(of_pixel));
            for buffer in [&mut buffers.values, &mut buffers.next] {
                buffer.reserve(self.largest.saturating_sub(buffer.len()));
            }
            for step in &self.steps {
                step.run(self.isa, buffers);
            }
            outputs.extend_from_slice(&buffers.values);
        });
    }
}

/// Where a pooling follows an activation, the other order gives the same numbers (both only ever keep
/// the order of values) and activates fewer.
fn pool_before_activating(steps: &mut [Step]) {
    for i in 1..steps.len() {
        if let [Step::Activation(alpha), Step::MaxPool(_)] = steps[i - 1..=i] {
            // A negative slope turns the order round.
            if alpha >= 0.0 {
                steps.swap(i - 1, i);
            }
        }
    }
}

/// Walks the layers, counting each kind as [`Architecture::parameters`] names them.
struct Builder<'a> {
    isa: InstructionSet,
    weights: &'a Weights,
    convs: usize,
    norms: usize,
    denses: usize,
}

impl Builder<'_> {
    fn step(
        &mut self,
        layer: &LayerSpec,
        input: Shape,
        output: Shape,
    ) -> Result<Option<Step>, WeightsError> {
        let step = match (layer, input, output) {
            (
                LayerSpec::Conv2d {
                    kernel,
                    padding,
                    bias,
                    ..
                },
                Shape::Image(input),
                Shape::Image(output),
            ) => self.convolution(input, output, *kernel, *padding, *bias)?,
            (LayerSpec::Dense { .. }, input, output) => self.dense(input.len(), output.len())?,
            (LayerSpec::BatchNorm { epsilon }, input, _) => {
                self.norms += 1;
                let channels = match input {
                    Shape::Image([c, ..]) | Shape::Flat([c]) => c,
                };
                let (scale, offset) = self
                    .weights
                    .batch_norm_line(self.norms, channels, *epsilon)?;
                let single = |values: Vec<f64>| values.into_iter().map(|v| v as f32).collect();
                Step::Line {
                    scale: single(scale),
                    offset: single(offset),
                }
            }
            (LayerSpec::Rescale { scale, offset }, ..) => Step::Line {
                scale: vec![*scale],
                offset: vec![*offset],
            },
            (LayerSpec::Relu, ..) => Step::Activation(0.0),
            (LayerSpec::LeakyRelu { alpha }, ..) => Step::Activation(*alpha),
            (LayerSpec::MaxPool { size, stride }, Shape::Image(input), Shape::Image(output)) => {
                Step::MaxPool(Windows {
                    input,
                    output,
                    size: *size,
                    stride: *stride,
                })
            }
            (LayerSpec::GlobalAveragePool, _, output) => Step::GlobalAverage {
                channels: output.len(),
            },
            (LayerSpec::TimeMeanMax, Shape::Image(input), _) => Step::TimeMeanMax(input),
            (LayerSpec::Flatten, Shape::Image(input), _) => Step::Flatten(input),
            (LayerSpec::Softmax, ..) => Step::Softmax,
            // Dropout, and flattening what is flat. Nothing else gets past `shapes`.
            _ => return Ok(None),
        };
        Ok(Some(step))
    }

    fn convolution(
        &mut self,
        input: [usize; 3],
        output: [usize; 3],
        kernel: [usize; 2],
        padding: Padding,
        bias: bool,
    ) -> Result<Step, WeightsError> {
        self.convs += 1;
        let ([inputs, ..], [outputs, ..], [height, width]) = (input, output, kernel);
        let name = format!("conv{}", self.convs);
        let weight = self
            .weights
            .get(&format!("{name}.weight"), &[outputs, inputs, height, width])?;
        let bias = match bias {
            true => Some(self.weights.get(&format!("{name}.bias"), &[outputs])?),
            false => None,
        };
        let shape = ConvolutionShape {
            input,
            output,
            kernel,
            pad: padding.before(kernel),
        };
        Ok(self.packed(shape, weight, bias))
    }

    fn dense(&mut self, inputs: usize, outputs: usize) -> Result<Step, WeightsError> {
        self.denses += 1;
        let name = format!("dense{}", self.denses);
        let weight = self
            .weights
            .get(&format!("{name}.weight"), &[outputs, inputs])?;
        let bias = self.weights.get(&format!("{name}.bias"), &[outputs])?;
        Ok(self.packed(ConvolutionShape::dense(inputs, outputs), weight, Some(bias)))
    }

    /// Transposes `[out][in][taps]` to `[taps][in][out]`, which the kernels read.
    fn packed(&self, shape: ConvolutionShape, weight: &Tensor, bias: Option<&Tensor>) -> Step {
        let ([inputs, ..], [outputs, ..]) = (shape.input, shape.output);
        let taps = shape.kernel[0] * shape.kernel[1];
        let mut transposed = vec![0.0; weight.data.len()];
        for (row, values) in weight.data.chunks_exact(taps).enumerate() {
            let (out, input) = (row / inputs, row % inputs);
            for (tap, &value) in values.iter().enumerate() {
                transposed[(tap * inputs + input) * outputs + out] = value;
            }
        }
        let bias = bias.map(|bias| bias.data.as_slice());
        let layer = Convolution::new(self.isa, shape, &transposed, bias);
        Step::Convolution(Box::new(layer))
    }
}

impl Step {
    fn run(&self, isa: InstructionSet, buffers: &mut Buffers) {
        let Buffers {
            values,
            next,
            scratch,
            column,
        } = buffers;
        match self {
            Self::Activation(alpha) => return activate(values, *alpha),
            Self::Line { scale, offset } => {
                for row in values.chunks_exact_mut(scale.len()) {
                    for ((v, a), b) in row.iter_mut().zip(scale).zip(offset) {
                        *v = *v * a + b;
                    }
                }
                return;
            }
            Self::Softmax => return softmax(values),
            Self::Convolution(layer) => {
                next.resize(layer.output_len(), 0.0);
                layer.apply(values, scratch, next);
            }
            Self::MaxPool(windows) => {
                next.resize(windows.output.iter().product(), 0.0);
                max_pool(isa, values, *windows, next);
            }
            Self::GlobalAverage { channels } => {
                next.resize(*channels, 0.0);
                global_average(values, next);
            }
            Self::TimeMeanMax(input) => time_mean_max(*input, values, column, next),
            Self::Flatten([channels, height, width]) => {
                let pixels = height * width;
                next.clear();
                for c in 0..*channels {
                    next.extend((0..pixels).map(|pixel| values[pixel * channels + c]));
                }
            }
        }
        std::mem::swap(values, next);
    }
}

/// The mean over frequency, then the means over time of all channels, then their maxima.
fn time_mean_max(
    [c, h, w]: [usize; 3],
    values: &[f32],
    column: &mut Vec<f32>,
    output: &mut Vec<f32>,
) {
    output.clear();
    output.resize(c, 0.0);
    output.resize(2 * c, f32::NEG_INFINITY);
    let (mean, max) = output.split_at_mut(c);
    column.resize(c, 0.0);
    for t in 0..w {
        column.fill(0.0);
        for f in 0..h {
            let from = (f * w + t) * c;
            for (sum, &v) in column.iter_mut().zip(&values[from..from + c]) {
                *sum += v / h as f32;
            }
        }
        for ((&v, mean), max) in column.iter().zip(mean.iter_mut()).zip(max.iter_mut()) {
            *mean += v / w as f32;
            *max = if v > *max { v } else { *max };
        }
    }
}

/// Shifted by the largest value, so that nothing overflows.
fn softmax(values: &mut [f32]) {
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for v in values.iter_mut() {
        *v = (*v - largest).exp();
        sum += *v;
    }
    for v in values {
        *v /= sum;
    }
}
