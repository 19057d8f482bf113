//! The forward pass as tensor operations; automatic differentiation gives the backward pass.
//!
//! Activations are `[n, channels, height, width]`, flat ones `[n, features, 1, 1]`, so that the layers
//! that work per channel need no second form. Parameters are flat and in the engine's layout
//! ([`crate::nn::Parameter`]), so that up- and download copy them as they are.

use burn_tensor::activation::{leaky_relu, relu};
use burn_tensor::backend::Backend;
use burn_tensor::module::{conv2d, max_pool2d};
use burn_tensor::ops::PaddedConvOptions;
use burn_tensor::{Tensor, TensorData};
use rayon::prelude::*;
use vibelux::model::architecture::{Architecture, ArchitectureError, LayerSpec, Padding};

use crate::nn::{Mode, RUNNING_MOMENTUM, dropout_scale, dropout_seed, for_each_kept};

/// A layer and where its parameters begin.
struct Stage {
    layer: LayerSpec,
    /// Position in the architecture, which dropout's draws depend on.
    index: u64,
    /// Index of its first parameter, in the order of [`Architecture::parameters`].
    first: usize,
}

/// An architecture, ready to be run on any backend.
pub(super) struct Graph {
    input: [usize; 3],
    stages: Vec<Stage>,
}

/// What a forward pass gives.
pub(super) struct Output<B: Backend> {
    /// `[n, outputs]`, before any softmax.
    pub logits: Tensor<B, 2>,
    /// In training, the new value of each running statistic, by the index of its parameter; no
    /// gradient reaches them.
    pub running: Vec<(usize, Tensor<B, 1>)>,
}

impl Graph {
    pub fn new(architecture: &Architecture) -> Result<Self, ArchitectureError> {
        architecture.shapes()?;
        let mut first = 0;
        let mut stages = Vec::with_capacity(architecture.layers.len());
        for (index, layer) in architecture.layers.iter().enumerate() {
            // Training works on logits: a final softmax belongs to the exported model only.
            if *layer == LayerSpec::Softmax {
                break;
            }
            let parameters = match layer {
                LayerSpec::Conv2d { bias, .. } => 1 + usize::from(*bias),
                LayerSpec::BatchNorm { .. } => 4,
                LayerSpec::Dense { .. } => 2,
                _ => 0,
            };
            stages.push(Stage {
                layer: layer.clone(),
                index: index as u64,
                first,
            });
            first += parameters;
        }
        Ok(Self {
            input: architecture.input,
            stages,
        })
    }

    /// Whole channels-last examples as a tensor.
    pub fn input<B: Backend>(&self, examples: &[f32], device: &B::Device) -> Tensor<B, 4> {
        let [c, h, w] = self.input;
        let n = examples.len() / (c * h * w);
        from_channels_last(examples.to_vec(), [n, c, h, w], device)
    }

    pub fn forward<B: Backend>(
        &self,
        p: &[Tensor<B, 1>],
        input: Tensor<B, 4>,
        mode: Mode,
    ) -> Output<B> {
        let mut running = Vec::new();
        let mut x = input;
        for stage in &self.stages {
            x = stage.forward(p, x, mode, &mut running);
        }
        let [n, ..] = x.dims();
        Output {
            logits: x.reshape([n as isize, -1]),
            running,
        }
    }
}

impl Stage {
    fn forward<B: Backend>(
        &self,
        p: &[Tensor<B, 1>],
        x: Tensor<B, 4>,
        mode: Mode,
        running: &mut Vec<(usize, Tensor<B, 1>)>,
    ) -> Tensor<B, 4> {
        let [n, c, h, w] = x.dims();
        match &self.layer {
            LayerSpec::Conv2d {
                filters,
                kernel,
                padding,
                bias,
            } => {
                let weight = p[self.first].clone();
                let weight = weight.reshape([kernel[0], kernel[1], c, *filters]);
                let bias = bias.then(|| p[self.first + 1].clone());
                convolve(x, weight.permute([3, 2, 0, 1]), bias, *kernel, *padding)
            }
            LayerSpec::BatchNorm { epsilon } => self.normalise(p, x, *epsilon, mode, running),
            LayerSpec::Relu => relu(x),
            LayerSpec::LeakyRelu { alpha } => leaky_relu(x, f64::from(*alpha)),
            LayerSpec::MaxPool { size, stride } => {
                max_pool2d(x, *size, *stride, [0, 0], [1, 1], false)
            }
            LayerSpec::GlobalAveragePool => x
                .reshape([n, c, h * w, 1])
                .mean_dim(2)
                .reshape([n, c, 1, 1]),
            LayerSpec::TimeMeanMax => {
                let over_time = x.mean_dim(2);
                let mean = over_time.clone().mean_dim(3);
                Tensor::cat(vec![mean, over_time.max_dim(3)], 1)
            }
            LayerSpec::Flatten => x.reshape([n, c * h * w, 1, 1]),
            LayerSpec::Dropout { rate } => match mode {
                Mode::Train { seed } => drop_out(x, *rate, dropout_seed(seed, self.index)),
                Mode::Evaluate => x,
            },
            LayerSpec::Dense { units } => {
                let weight = p[self.first].clone().reshape([c, *units]);
                let bias = p[self.first + 1].clone().reshape([1, *units]);
                (x.reshape([n, c]).matmul(weight) + bias).reshape([n, *units, 1, 1])
            }
            LayerSpec::Rescale { scale, offset } => x.mul_scalar(*scale).add_scalar(*offset),
            // Softmax was left out; any other kind would have failed when the CPU's network was
            // built.
            _ => x,
        }
    }

    /// Batch norm over everything but the channel, as [`crate::nn`] computes it.
    fn normalise<B: Backend>(
        &self,
        p: &[Tensor<B, 1>],
        x: Tensor<B, 4>,
        epsilon: f32,
        mode: Mode,
        running: &mut Vec<(usize, Tensor<B, 1>)>,
    ) -> Tensor<B, 4> {
        let [n, c, h, w] = x.dims();
        let parameter = |offset: usize| p[self.first + offset].clone();
        let per_channel = |t: Tensor<B, 1>| t.reshape([1, c, 1, 1]);
        let (centred, variance) = match mode {
            Mode::Train { .. } => {
                let mean = channel_mean(x.clone());
                let centred = x - mean.clone();
                let variance = channel_mean(centred.clone() * centred.clone());
                let count = (n * h * w) as f32;
                let unbiased = count / (count - 1.0).max(1.0);
                for (offset, new) in [
                    (2, mean.detach()),
                    (3, variance.clone().detach().mul_scalar(unbiased)),
                ] {
                    let old = parameter(offset);
                    let change = (new.reshape([c]) - old.clone()).mul_scalar(RUNNING_MOMENTUM);
                    running.push((self.first + offset, old + change));
                }
                (centred, variance)
            }
            Mode::Evaluate => (x - per_channel(parameter(2)), per_channel(parameter(3))),
        };
        let scale = per_channel(parameter(0)) / variance.add_scalar(epsilon).sqrt();
        centred * scale + per_channel(parameter(1))
    }
}

/// The mean over everything but the channel, `[1, c, 1, 1]`.
fn channel_mean<B: Backend>(x: Tensor<B, 4>) -> Tensor<B, 4> {
    let [_, c, h, w] = x.dims();
    let over_batch = x.mean_dim(0).reshape([1, c, h * w, 1]);
    over_batch.mean_dim(2)
}

/// Cross-correlation with stride 1. An even kernel's odd zero goes below and to the right.
fn convolve<B: Backend>(
    x: Tensor<B, 4>,
    weight: Tensor<B, 4>,
    bias: Option<Tensor<B, 1>>,
    kernel: [usize; 2],
    padding: Padding,
) -> Tensor<B, 4> {
    let (before, after) = match padding {
        Padding::Same => {
            let before = kernel.map(|k| (k - 1) / 2);
            (before, kernel.map(|k| k / 2))
        }
        Padding::Valid => ([0, 0], [0, 0]),
    };
    let options = PaddedConvOptions::asymmetric([1, 1], before, after, [1, 1], 1);
    conv2d(x, weight, bias, options)
}

/// Zeroes what [`crate::nn`] would zero: the draws are made on the CPU.
fn drop_out<B: Backend>(x: Tensor<B, 4>, rate: f32, seed: u64) -> Tensor<B, 4> {
    let shape = x.dims();
    let len = shape[1] * shape[2] * shape[3];
    let scale = dropout_scale(rate);
    let mut factors = vec![0.0; shape[0] * len];
    factors
        .par_chunks_exact_mut(len)
        .enumerate()
        .for_each(|(example, factors)| {
            for_each_kept(seed, example, len, rate, |i, keep| {
                factors[i] = if keep { scale } else { 0.0 };
            });
        });
    let factors = from_channels_last(factors, shape, &x.device());
    x * factors
}

/// Values of `[n][h][w][c]` as `[n, c, h, w]`.
fn from_channels_last<B: Backend>(
    values: Vec<f32>,
    [n, c, h, w]: [usize; 4],
    device: &B::Device,
) -> Tensor<B, 4> {
    let data = TensorData::new(values, [n, h, w, c]);
    Tensor::from_data(data, device).permute([0, 3, 1, 2])
}
