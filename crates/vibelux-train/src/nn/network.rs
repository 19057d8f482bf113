//! [`Network`]: an architecture with numbers in it, ready for forward and backward passes.

use std::collections::BTreeMap;

use vibelux::model::architecture::{Architecture, ArchitectureError};
use vibelux::model::weights::{Tensor, Weights, WeightsError};

use super::build::{fresh_parameters, layers};
use super::init::Init;
use super::layer::{Layer, Mode, Parameter};
use vibelux_kernels::buffer::Buffer;
use vibelux_kernels::{InstructionSet, Precision};

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

/// A network with its weights, and what the last pass left for the way back.
pub struct Network {
    architecture: Architecture,
    isa: InstructionSet,
    layers: Vec<Box<dyn Layer>>,
    /// Values per example before the first layer and after each.
    lens: Vec<usize>,
    parameters: Vec<Parameter>,
    /// The input and the output of every layer in the last training pass.
    activations: Vec<Buffer>,
    /// For what only the next layer reads: outputs when judging, gradients on the way back.
    buffers: [Buffer; 2],
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
        let (layers, lens) = layers(architecture, isa)?;
        let activations = vec![Buffer::default(); lens.len()];
        Ok(Self {
            architecture: architecture.clone(),
            isa,
            layers,
            lens,
            parameters,
            activations,
            buffers: Default::default(),
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
        (self.layers, self.lens) = layers(&architecture, self.isa)?;
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
        if mode == Mode::Evaluate {
            return self.evaluate(&input[..n * self.lens[0]], n);
        }
        self.batch = n;
        self.activations[0].resize(n * self.lens[0]);
        self.activations[0].copy_from_slice(&input[..n * self.lens[0]]);
        for (i, layer) in self.layers.iter_mut().enumerate() {
            let (before, after) = self.activations.split_at_mut(i + 1);
            let y = &mut after[0];
            y.resize(n * self.lens[i + 1]);
            layer.forward(&mut self.parameters, &before[i], y, n, mode);
        }
        self.activations.last().map_or(&[], |y| y)
    }

    /// A pass that keeps nothing for a way back.
    fn evaluate(&mut self, input: &[f32], n: usize) -> &[f32] {
        self.reserve(n);
        self.buffers[0][..input.len()].copy_from_slice(input);
        for (i, layer) in self.layers.iter_mut().enumerate() {
            let [x, y] = &mut self.buffers;
            let (x, y) = (&x[..n * self.lens[i]], &mut y[..n * self.lens[i + 1]]);
            layer.forward(&mut self.parameters, x, y, n, Mode::Evaluate);
            self.buffers.swap(0, 1);
        }
        &self.buffers[0][..n * self.output_len()]
    }

    /// Makes the buffers large enough for `n` examples.
    fn reserve(&mut self, n: usize) {
        let largest = self.lens.iter().copied().max().unwrap_or(0) * n;
        for buffer in &mut self.buffers {
            if buffer.len() < largest {
                buffer.resize(largest);
            }
        }
    }

    /// Fills the gradients of all parameters from the gradient to the output of the last forward pass
    /// in training mode.
    pub fn backward(&mut self, d_output: &[f32]) {
        let n = self.batch;
        self.reserve(n);
        self.buffers[0][..d_output.len()].copy_from_slice(d_output);
        for (i, layer) in self.layers.iter_mut().enumerate().rev() {
            let [dy, dx] = &mut self.buffers;
            layer.backward(
                &mut self.parameters,
                &self.activations[i],
                &self.activations[i + 1],
                &mut dy[..n * self.lens[i + 1]],
                &mut dx[..n * self.lens[i]],
                n,
            );
            self.buffers.swap(0, 1);
        }
    }

    /// A copy of all parameters in the order of [`Self::parameters`], running statistics included.
    pub(crate) fn values(&self) -> Vec<Vec<f32>> {
        self.parameters.iter().map(|p| p.value.clone()).collect()
    }

    /// Puts back what [`Self::values`] gave.
    pub(crate) fn set_values(&mut self, values: Vec<Vec<f32>>) {
        for (p, value) in self.parameters.iter_mut().zip(values) {
            p.value = value;
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
        load(&mut self.parameters, weights)
    }

    /// The same for all but the last dense layer, which keeps its own: the weights are of a network with
    /// other outputs.
    ///
    /// # Errors
    /// [`NetworkError::Weights`] if an array of the other layers is missing or has another shape.
    pub fn load_backbone(&mut self, weights: &Weights) -> Result<(), NetworkError> {
        let layers = self.parameters.iter().map(|p| layer_of(&p.name));
        let mut dense = layers.filter(|layer| layer.starts_with("dense"));
        let last = dense.next_back().map(str::to_owned);
        let others = self.parameters.iter_mut();
        let others = others.filter(|p| Some(layer_of(&p.name)) != last.as_deref());
        load(others, weights)
    }
}

/// `dense2` of `dense2.bias`.
fn layer_of(name: &str) -> &str {
    name.split_once('.').map_or(name, |(layer, _)| layer)
}

/// Takes the values of these parameters over from the layout of files.
fn load<'a>(
    parameters: impl IntoIterator<Item = &'a mut Parameter>,
    weights: &Weights,
) -> Result<(), NetworkError> {
    for p in parameters {
        p.value = from_file_layout(&p.shape, &weights.get(&p.name, &p.shape)?.data);
    }
    Ok(())
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

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
