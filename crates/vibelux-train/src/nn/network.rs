//! [`Network`]: an architecture with numbers in it, ready for forward and backward passes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vibelux::model::architecture::{Architecture, ArchitectureError, LayerSpec, Padding, Shape};
use vibelux::model::weights::{Tensor, Weights, WeightsError};

use super::conv::Conv;
use super::dense::Dense;
use super::layer::{Layer, Mode, Parameter};
use super::norm::BatchNorm;
use super::passes::Windows;
use super::pool::{GlobalAveragePool, MaxPool, TimeMeanMax};
use super::random::Random;
use super::reshape::{Activation, Dropout, Flatten, Rescale};
use super::simd::{InstructionSet, Precision};

/// How fresh weights are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Init {
    /// Normal with variance 2 / fan-in (He et al. 2015).
    He,
    /// Uniform with variance 2 / (fan-in + fan-out) (Glorot & Bengio 2010), as Keras does.
    Glorot,
}

/// What can be wrong when a network is built or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The layers do not fit together.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// The weights do not fit the layers.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Another input would need other weights.
    #[error(
        "the network has other weights for inputs of {input:?} (channels, height, width); pool \
         globally instead of flattening"
    )]
    SizeDependent {
        /// What it was asked to take.
        input: [usize; 3],
    },
}

/// A network with its weights, the activations of the last pass and the gradients.
pub struct Network {
    architecture: Architecture,
    isa: InstructionSet,
    layers: Vec<Box<dyn Layer>>,
    /// Values per example before the first layer and after each.
    lens: Vec<usize>,
    parameters: Vec<Parameter>,
    activations: Vec<Vec<f32>>,
    gradients: [Vec<f32>; 2],
    batch: usize,
}

impl Network {
    /// A network with fresh weights.
    ///
    /// # Errors
    /// [`NetworkError::Architecture`].
    pub fn new(architecture: &Architecture, init: Init, seed: u64) -> Result<Self, NetworkError> {
        let isa = InstructionSet::detect(Precision::F32);
        Self::with_instructions(architecture, init, seed, isa)
    }

    /// The same with a given instruction set, which the machine must have (see
    /// [`InstructionSet::available`]); falls back to what it has otherwise.
    ///
    /// # Errors
    /// [`NetworkError::Architecture`].
    pub fn with_instructions(
        architecture: &Architecture,
        init: Init,
        seed: u64,
        isa: InstructionSet,
    ) -> Result<Self, NetworkError> {
        let isa = if InstructionSet::available().contains(&isa) {
            isa
        } else {
            InstructionSet::detect(Precision::F32)
        };
        let parameters = fresh_parameters(architecture, init, seed)?;
        let (layers, lens) = build(architecture, isa)?;
        let activations = vec![Vec::new(); lens.len()];
        Ok(Self {
            architecture: architecture.clone(),
            isa,
            layers,
            lens,
            parameters,
            activations,
            gradients: [Vec::new(), Vec::new()],
            batch: 0,
        })
    }

    /// Makes it take inputs of `input` (channels, height, width) with the weights that it has.
    ///
    /// # Errors
    /// [`NetworkError::Architecture`] if the layers cannot take that,
    /// [`NetworkError::SizeDependent`] if their weights would have other shapes; nothing changes then.
    pub fn set_input(&mut self, input: [usize; 3]) -> Result<(), NetworkError> {
        if self.architecture.input == input {
            return Ok(());
        }
        let architecture = Architecture {
            input,
            layers: self.architecture.layers.clone(),
        };
        if architecture.parameters()? != self.architecture.parameters()? {
            return Err(NetworkError::SizeDependent { input });
        }
        (self.layers, self.lens) = build(&architecture, self.isa)?;
        self.architecture = architecture;
        Ok(())
    }

    /// What it was built from.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Its learnt arrays, in the order of [`Architecture::parameters`].
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The same, to be changed by an optimiser.
    pub fn parameters_mut(&mut self) -> &mut [Parameter] {
        &mut self.parameters
    }

    /// Values per example that go in.
    #[must_use]
    pub fn input_len(&self) -> usize {
        self.lens[0]
    }

    /// Values per example that come out.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.lens.last().copied().unwrap_or(0)
    }

    /// The output (before any softmax) for `input.len() / input_len` examples, `[n][outputs]`.
    ///
    /// `input` holds whole examples; those with more than one channel are channels-last.
    pub fn forward(&mut self, input: &[f32], mode: Mode) -> &[f32] {
        let n = input.len() / self.lens[0];
        self.batch = n;
        self.activations[0].clear();
        self.activations[0].extend_from_slice(&input[..n * self.lens[0]]);
        for (i, layer) in self.layers.iter_mut().enumerate() {
            let (before, after) = self.activations.split_at_mut(i + 1);
            let y = &mut after[0];
            y.resize(n * self.lens[i + 1], 0.0);
            layer.forward(&mut self.parameters, &before[i], y, n, mode);
        }
        self.activations.last().map_or(&[], Vec::as_slice)
    }

    /// Fills the gradients of all parameters from the gradient to the last forward pass's output.
    pub fn backward(&mut self, d_output: &[f32]) {
        let n = self.batch;
        let largest = self.lens.iter().copied().max().unwrap_or(0) * n;
        for buffer in &mut self.gradients {
            if buffer.len() < largest {
                buffer.resize(largest, 0.0);
            }
        }
        self.gradients[0][..d_output.len()].copy_from_slice(d_output);
        for (i, layer) in self.layers.iter_mut().enumerate().rev() {
            let [dy, dx] = &mut self.gradients;
            layer.backward(
                &mut self.parameters,
                &self.activations[i],
                &self.activations[i + 1],
                &mut dy[..n * self.lens[i + 1]],
                &mut dx[..n * self.lens[i]],
                n,
            );
            self.gradients.swap(0, 1);
        }
    }

    /// A copy of the weights in the layout of files.
    #[must_use]
    pub fn weights(&self) -> Weights {
        Weights(
            self.parameters
                .iter()
                .map(|p| {
                    let data = to_file_layout(&p.shape, &p.value);
                    (
                        p.name.clone(),
                        Tensor {
                            shape: p.shape.clone(),
                            data,
                        },
                    )
                })
                .collect::<BTreeMap<_, _>>(),
        )
    }

    /// Takes weights over from the layout of files.
    ///
    /// # Errors
    /// [`NetworkError::Weights`] if an array is missing or has another shape.
    pub fn load(&mut self, weights: &Weights) -> Result<(), NetworkError> {
        for p in &mut self.parameters {
            p.value = from_file_layout(&p.shape, &weights.get(&p.name, &p.shape)?.data);
        }
        Ok(())
    }
}

/// `[out, in, taps...]` to `[taps][in][out]`.
fn from_file_layout(shape: &[usize], data: &[f32]) -> Vec<f32> {
    let [outputs, inputs, taps @ ..] = shape else {
        return data.to_vec();
    };
    let taps = taps.iter().product::<usize>();
    let mut value = vec![0.0; data.len()];
    for o in 0..*outputs {
        for i in 0..*inputs {
            for t in 0..taps {
                value[(t * inputs + i) * outputs + o] = data[(o * inputs + i) * taps + t];
            }
        }
    }
    value
}

/// `[taps][in][out]` to `[out, in, taps...]`.
fn to_file_layout(shape: &[usize], value: &[f32]) -> Vec<f32> {
    let [outputs, inputs, taps @ ..] = shape else {
        return value.to_vec();
    };
    let taps = taps.iter().product::<usize>();
    let mut data = vec![0.0; value.len()];
    for o in 0..*outputs {
        for i in 0..*inputs {
            for t in 0..taps {
                data[(o * inputs + i) * taps + t] = value[(t * inputs + i) * outputs + o];
            }
        }
    }
    data
}

fn fresh_parameters(
    architecture: &Architecture,
    init: Init,
    seed: u64,
) -> Result<Vec<Parameter>, ArchitectureError> {
    let specs = architecture.parameters()?;
    Ok(specs
        .into_iter()
        .enumerate()
        .map(|(index, spec)| {
            let len: usize = spec.shape.iter().product();
            let mut random = Random::new(seed, 0x1717, index as u64);
            let value = if let [outputs, inputs, taps @ ..] = spec.shape.as_slice() {
                let taps = taps.iter().product::<usize>();
                let (fan_in, fan_out) = ((inputs * taps) as f32, (outputs * taps) as f32);
                match init {
                    Init::He => {
                        let std = (2.0 / fan_in).sqrt();
                        (0..len).map(|_| std * random.normal()).collect()
                    }
                    Init::Glorot => {
                        let limit = (6.0 / (fan_in + fan_out)).sqrt();
                        (0..len).map(|_| random.uniform(-limit, limit)).collect()
                    }
                }
            } else {
                let ones = spec.name.starts_with("bn")
                    && (spec.name.ends_with(".weight") || spec.name.ends_with(".running_var"));
                vec![if ones { 1.0 } else { 0.0 }; len]
            };
            Parameter {
                gradient: vec![0.0; if spec.trainable { len } else { 0 }],
                trainable: spec.trainable,
                decays: spec.shape.len() > 1,
                name: spec.name,
                shape: spec.shape,
                value,
            }
        })
        .collect())
}

/// The engine's layers (an activation joins the layer before it) and the values per example between
/// them.
#[allow(
    clippy::type_complexity,
    reason = "used once, just below its definition"
)]
fn build(
    architecture: &Architecture,
    isa: InstructionSet,
) -> Result<(Vec<Box<dyn Layer>>, Vec<usize>), ArchitectureError> {
    let shapes = architecture.shapes()?;
    let specs = &architecture.layers;
    let mut layers: Vec<Box<dyn Layer>> = Vec::new();
    let mut lens = vec![shapes[0].len()];
    // Index of the next parameter, in the order of `Architecture::parameters`.
    let mut next = 0;
    let mut i = 0;
    while i < specs.len() {
        let slope = |j: usize| match specs.get(j) {
            Some(LayerSpec::Relu) => Some(0.0),
            Some(LayerSpec::LeakyRelu { alpha }) => Some(*alpha),
            _ => None,
        };
        let mut activation = None;
        let layer: Box<dyn Layer> = match (&specs[i], shapes[i], shapes[i + 1]) {
            (
                LayerSpec::Conv2d {
                    kernel,
                    padding,
                    bias,
                    ..
                },
                Shape::Image(input),
                Shape::Image(output),
            ) => {
                activation = slope(i + 1);
                let pad = match padding {
                    Padding::Same => [(kernel[0] - 1) / 2, (kernel[1] - 1) / 2],
                    Padding::Valid => [0, 0],
                };
                let weight = next;
                let bias_index = bias.then_some(next + 1);
                next += 1 + usize::from(*bias);
                Box::new(Conv::new(
                    isa, input, output, *kernel, pad, weight, bias_index, activation,
                ))
            }
            (LayerSpec::BatchNorm { epsilon }, shape, _) => {
                activation = slope(i + 1);
                let channels = match shape {
                    Shape::Image([c, _, _]) => c,
                    Shape::Flat([c]) => c,
                };
                next += 4;
                Box::new(BatchNorm::new(
                    isa,
                    channels,
                    *epsilon,
                    next - 4,
                    activation,
                ))
            }
            (LayerSpec::Dense { .. }, Shape::Flat([inputs]), Shape::Flat([outputs])) => {
                activation = slope(i + 1);
                next += 2;
                Box::new(Dense::new(
                    isa,
                    inputs,
                    outputs,
                    next - 2,
                    next - 1,
                    activation,
                ))
            }
            (LayerSpec::MaxPool { size, stride }, Shape::Image(input), Shape::Image(output)) => {
                let windows = Windows {
                    input,
                    output,
                    size: *size,
                    stride: *stride,
                };
                Box::new(MaxPool::new(isa, windows))
            }
            (LayerSpec::GlobalAveragePool, Shape::Image([channels, _, _]), _) => {
                Box::new(GlobalAveragePool { channels })
            }
            (LayerSpec::TimeMeanMax, Shape::Image(input), _) => Box::new(TimeMeanMax::new(input)),
            (LayerSpec::Flatten, Shape::Image(input), _) => Box::new(Flatten { input }),
            (LayerSpec::Flatten, Shape::Flat(_), _) => Box::new(Rescale {
                scale: 1.0,
                offset: 0.0,
            }),
            (LayerSpec::Dropout { rate }, _, _) => Box::new(Dropout::new(*rate, i as u64)),
            (LayerSpec::Rescale { scale, offset }, _, _) => Box::new(Rescale {
                scale: *scale,
                offset: *offset,
            }),
            (LayerSpec::Relu, _, _) => Box::new(Activation { alpha: 0.0 }),
            (LayerSpec::LeakyRelu { alpha }, _, _) => Box::new(Activation { alpha: *alpha }),
            // Training works on logits: a final softmax belongs to the exported model only.
            (LayerSpec::Softmax, _, _) => break,
            (_, got, _) => {
                return Err(ArchitectureError::BadInput {
                    index: i,
                    kind: specs[i].kind(),
                    got,
                });
            }
        };
        i += 1 + usize::from(activation.is_some());
        lens.push(shapes[i].len());
        layers.push(layer);
    }
    if let Some(first) = layers.first_mut() {
        first.skip_input_gradient();
    }
    Ok((layers, lens))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Optimiser, OptimiserConfig, OptimiserKind, soft_cross_entropy};

    fn small_net() -> Architecture {
        let conv = |filters, kernel, padding, bias| LayerSpec::Conv2d {
            filters,
            kernel,
            padding,
            bias,
        };
        Architecture {
            input: [1, 13, 15],
            layers: vec![
                LayerSpec::Rescale {
                    scale: 0.9,
                    offset: 0.1,
                },
                conv(5, [3, 3], Padding::Same, false),
                LayerSpec::BatchNorm { epsilon: 1e-5 },
                LayerSpec::Relu,
                conv(33, [3, 5], Padding::Valid, true),
                LayerSpec::LeakyRelu { alpha: 0.2 },
                LayerSpec::MaxPool {
                    size: [2, 2],
                    stride: [2, 2],
                },
                conv(18, [2, 2], Padding::Same, true),
                LayerSpec::BatchNorm { epsilon: 1e-3 },
                LayerSpec::Flatten,
                LayerSpec::Dense { units: 19 },
                LayerSpec::LeakyRelu { alpha: 0.1 },
                LayerSpec::Dense { units: 7 },
            ],
        }
    }

    fn batch(net: &Network, n: usize, seed: u64) -> (Vec<f32>, Vec<f32>) {
        let mut random = Random::new(seed, 1, 1);
        let x = (0..n * net.input_len()).map(|_| random.normal()).collect();
        let mut t: Vec<f32> = (0..n * net.output_len()).map(|_| random.unit()).collect();
        for row in t.chunks_exact_mut(net.output_len()) {
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|v| *v /= sum);
        }
        (x, t)
    }

    /// Compares the gradient along a random direction of each parameter with the central difference.
    fn check_gradients(architecture: &Architecture, isa: InstructionSet) {
        let mut net = Network::with_instructions(architecture, Init::He, 3, isa).unwrap();
        let (x, t) = batch(&net, 5, 11);
        let mode = Mode::Train { seed: 9 };
        let classes = net.output_len();
        let logits = net.forward(&x, mode).to_vec();
        net.backward(&soft_cross_entropy(&logits, &t, classes).1);
        let parameters = net.parameters().to_vec();
        for (index, parameter) in parameters.iter().enumerate().filter(|(_, p)| p.trainable) {
            let mut random = Random::new(5, 5, index as u64);
            let mut direction: Vec<f32> =
                parameter.gradient.iter().map(|_| random.normal()).collect();
            let norm = direction.iter().map(|d| d * d).sum::<f32>().sqrt();
            direction.iter_mut().for_each(|d| *d /= norm);
            let expected: f64 = direction
                .iter()
                .zip(&parameter.gradient)
                .map(|(&a, &b)| f64::from(a) * f64::from(b))
                .sum();
            // f32 sums bound how small a step can be, kinks of the ReLUs how large.
            let step = 5e-4;
            let mut loss_at = |sign: f32| {
                let p = &mut net.parameters_mut()[index];
                for ((v, &o), &d) in p.value.iter_mut().zip(&parameter.value).zip(&direction) {
                    *v = o + sign * step * d;
                }
                let logits = net.forward(&x, mode).to_vec();
                soft_cross_entropy(&logits, &t, classes).0
            };
            let measured = (loss_at(1.0) - loss_at(-1.0)) / (2.0 * f64::from(step));
            net.parameters_mut()[index]
                .value
                .clone_from(&parameter.value);
            let length = parameter
                .gradient
                .iter()
                .map(|&g| f64::from(g).powi(2))
                .sum::<f64>()
                .sqrt();
            let tolerance = 0.02 * length + 1e-3;
            assert!(
                (measured - expected).abs() < tolerance,
                "{isa:?} {}: measured {measured}, computed {expected}, length {length}",
                parameter.name
            );
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        for isa in InstructionSet::available() {
            // Rounded factors make the loss a staircase at the scale of a finite difference.
            if isa.values_per_word() == 1 {
                check_gradients(&small_net(), isa);
            }
        }
    }

    #[test]
    fn gradients_through_dropout_and_time_pooling() {
        let mut architecture = small_net();
        architecture.layers.truncate(9);
        architecture.layers.extend([
            LayerSpec::TimeMeanMax,
            LayerSpec::Dropout { rate: 0.3 },
            LayerSpec::Dense { units: 7 },
        ]);
        check_gradients(&architecture, InstructionSet::detect(Precision::F32));
        architecture.layers[9] = LayerSpec::GlobalAveragePool;
        check_gradients(&architecture, InstructionSet::detect(Precision::F32));
    }

    #[test]
    fn all_instruction_sets_agree() {
        let outputs: Vec<Vec<f32>> = InstructionSet::available()
            .into_iter()
            .map(|isa| {
                let mut net =
                    Network::with_instructions(&small_net(), Init::Glorot, 1, isa).unwrap();
                let (x, _) = batch(&net, 4, 2);
                net.forward(&x, Mode::Evaluate).to_vec()
            })
            .collect();
        let sets = InstructionSet::available();
        for (isa, other) in sets.iter().zip(&outputs).skip(1) {
            let tolerance = [1e-4, 3e-2][isa.values_per_word() - 1];
            for (a, b) in outputs[0].iter().zip(other) {
                assert!((a - b).abs() < tolerance, "{isa:?}: {a} {b}");
            }
        }
    }

    /// Gradients of one batch, one array per parameter.
    fn gradients(architecture: &Architecture, isa: InstructionSet) -> Vec<Vec<f32>> {
        let mut net = Network::with_instructions(architecture, Init::He, 3, isa).unwrap();
        let (x, t) = batch(&net, 9, 11);
        let logits = net.forward(&x, Mode::Train { seed: 9 }).to_vec();
        net.backward(&soft_cross_entropy(&logits, &t, 7).1);
        let gradients = net.parameters().iter().map(|p| p.gradient.clone());
        gradients.collect()
    }

    /// Kernels of 1x1 and 5x5, more than 512 channels, windows that overlap and that leave gaps, rows
    /// of one pixel.
    fn odd_net() -> Architecture {
        let conv = |filters, side, padding| LayerSpec::Conv2d {
            filters,
            kernel: [side, side],
            padding,
            bias: true,
        };
        let pool = |size, stride| LayerSpec::MaxPool {
            size: [size, size],
            stride: [stride, stride],
        };
        Architecture {
            input: [1, 11, 9],
            layers: vec![
                conv(3, 5, Padding::Same),
                LayerSpec::LeakyRelu { alpha: 0.3 },
                pool(3, 2),
                conv(520, 1, Padding::Valid),
                LayerSpec::LeakyRelu { alpha: 0.3 },
                conv(4, 3, Padding::Same),
                pool(1, 3),
                conv(5, 1, Padding::Same),
                LayerSpec::BatchNorm { epsilon: 1e-3 },
                LayerSpec::MaxPool {
                    size: [1, 2],
                    stride: [1, 2],
                },
                conv(6, 3, Padding::Same),
                LayerSpec::Flatten,
                LayerSpec::Dense { units: 7 },
            ],
        }
    }

    #[test]
    fn odd_shapes_have_right_gradients() {
        for isa in InstructionSet::available() {
            if isa.values_per_word() == 1 {
                check_gradients(&odd_net(), isa);
            }
        }
    }

    #[test]
    fn rounded_factors_give_nearly_the_same_gradients() {
        // Sizes at which every shape of tile occurs: rows of 12, 9, 6 and 3 pixels, odd rows.
        let of_side = |side| Architecture {
            input: [1, side, side],
            ..small_net()
        };
        let nets = [48, 36, 25, 13].map(of_side);
        for mut architecture in nets.into_iter().chain([odd_net()]) {
            // Rounding may move a value across the kink of a ReLU or past its neighbour in a window,
            // which changes a gradient by much more than the rounding.
            architecture.layers.retain(|layer| {
                !matches!(
                    layer,
                    LayerSpec::Relu | LayerSpec::LeakyRelu { .. } | LayerSpec::MaxPool { .. }
                )
            });
            let side = architecture.input[1];
            let exact = gradients(&architecture, InstructionSet::Portable);
            for isa in InstructionSet::available() {
                let tolerance = [1e-3, 0.08][isa.values_per_word() - 1];
                for (a, b) in exact.iter().zip(gradients(&architecture, isa)) {
                    let norm = |v: &mut dyn Iterator<Item = f32>| {
                        v.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt()
                    };
                    let length = norm(&mut a.iter().copied());
                    let difference = norm(&mut a.iter().zip(&b).map(|(a, b)| a - b));
                    assert!(
                        difference <= tolerance * length + 1e-3,
                        "{isa:?}, {side} px: {difference} of {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn weights_survive_the_layout_of_files() {
        let mut net = Network::new(&small_net(), Init::He, 1).unwrap();
        let (x, _) = batch(&net, 2, 2);
        let before = net.forward(&x, Mode::Evaluate).to_vec();
        let weights = net.weights();
        let mut other = Network::new(&small_net(), Init::He, 2).unwrap();
        other.load(&weights).unwrap();
        assert_eq!(other.forward(&x, Mode::Evaluate), before);
        assert_eq!(other.weights(), weights);
    }

    /// [`small_net`] with global pooling: it takes inputs of any size.
    fn pooled_net(input: [usize; 3]) -> Architecture {
        let mut architecture = small_net();
        architecture.input = input;
        architecture.layers[9] = LayerSpec::GlobalAveragePool;
        architecture
    }

    #[test]
    fn another_input_size_keeps_the_weights() {
        let (large, small) = ([1, 13, 15], [1, 9, 11]);
        let mut resized = Network::new(&pooled_net(large), Init::He, 4).unwrap();
        let mut expected = Network::new(&pooled_net(small), Init::He, 1).unwrap();
        let (x, _) = batch(&resized, 3, 1);
        let at_full_size = resized.forward(&x, Mode::Evaluate).to_vec();
        expected.load(&resized.weights()).unwrap();
        resized.set_input(small).unwrap();
        assert_eq!(resized.architecture(), expected.architecture());

        let (x_small, t) = batch(&expected, 5, 2);
        let mode = Mode::Train { seed: 7 };
        let mut passes = [&mut resized, &mut expected].map(|net| {
            let logits = net.forward(&x_small, mode).to_vec();
            net.backward(&soft_cross_entropy(&logits, &t, 7).1);
            let gradients = net.parameters().iter().map(|p| p.gradient.clone());
            (logits, gradients.collect::<Vec<_>>())
        });
        assert_eq!(passes[0], passes[1]);
        assert!(passes[0].1.iter_mut().any(|g| g.iter().any(|&v| v != 0.0)));

        // The training pass moved the running statistics of both alike; back to the old size.
        let mut again = Network::new(&pooled_net(large), Init::He, 2).unwrap();
        again.load(&resized.weights()).unwrap();
        resized.set_input(large).unwrap();
        let after = resized.forward(&x, Mode::Evaluate).to_vec();
        assert_eq!(after, again.forward(&x, Mode::Evaluate));
        assert_ne!(after, at_full_size);
    }

    #[test]
    fn an_input_size_that_needs_other_weights_is_refused() {
        let mut net = Network::new(&small_net(), Init::He, 1).unwrap();
        let input = [1, 9, 11];
        assert!(matches!(
            net.set_input(input),
            Err(NetworkError::SizeDependent { input: got }) if got == input
        ));
        let mut net = Network::new(&pooled_net([1, 13, 15]), Init::He, 1).unwrap();
        assert!(matches!(
            net.set_input([1, 1, 1]),
            Err(NetworkError::Architecture(_))
        ));
        assert_eq!(net.input_len(), 13 * 15);
    }

    #[test]
    fn both_optimisers_learn_a_batch_by_heart() {
        for (kind, learning_rate) in [(OptimiserKind::Adamw, 3e-3), (OptimiserKind::Sgd, 0.05)] {
            let mut net = Network::new(&small_net(), Init::He, 4).unwrap();
            let (x, _) = batch(&net, 14, 3);
            let t: Vec<f32> = (0..14 * 7)
                .map(|i| if i % 7 == (i / 7) % 7 { 1.0 } else { 0.0 })
                .collect();
            let config = OptimiserConfig {
                kind,
                learning_rate,
                weight_decay: 1e-4,
            };
            let mut optimiser = Optimiser::new(config, net.parameters());
            let mut last = f64::INFINITY;
            for step in 0..80 {
                let logits = net.forward(&x, Mode::Train { seed: step }).to_vec();
                let (loss, d) = soft_cross_entropy(&logits, &t, 7);
                last = loss;
                net.backward(&d);
                optimiser.step(net.parameters_mut(), 1.0);
            }
            assert!(last < 0.2, "{kind:?}: {last}");
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let mut net = Network::new(&small_net(), Init::He, 4).unwrap();
                let (x, t) = batch(&net, 19, 3);
                let logits = net.forward(&x, Mode::Train { seed: 0 }).to_vec();
                net.backward(&soft_cross_entropy(&logits, &t, 7).1);
                net.parameters()
                    .iter()
                    .map(|p| p.gradient.clone())
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(run(1), run(3));
    }
}
