//! From an architecture to the engine's layers and fresh weights, for [`super::network`].

use vibelux::model::architecture::{Architecture, ArchitectureError, LayerSpec, Shape};

use super::conv::{Conv, ConvSpec};
use super::dense::Dense;
use super::init::Init;
use super::layer::{Layer, Parameter};
#[cfg(target_arch = "x86_64")]
use super::matrix::MatrixConv;
use super::norm::BatchNorm;
use super::pool::{GlobalAveragePool, MaxPool, TimeMeanMax};
use super::random::Random;
use super::reshape::{Activation, Dropout, Flatten, Rescale};
use super::tiled::TiledConv;
use vibelux_kernels::InstructionSet;
#[cfg(target_arch = "x86_64")]
use vibelux_kernels::amx;
use vibelux_kernels::passes::Windows;
use vibelux_kernels::winograd;

/// The learnt arrays of an architecture with fresh values, in the order of
/// [`Architecture::parameters`].
pub(super) fn fresh_parameters(
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
pub(super) fn layers(
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
                let spec = ConvSpec {
                    isa,
                    input,
                    output,
                    kernel: *kernel,
                    pad: padding.before(*kernel),
                    weight: next,
                    bias: bias.then_some(next + 1),
                    activation,
                };
                next += 1 + usize::from(*bias);
                convolution(spec)
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

/// A convolution, on the fastest way that suits it.
fn convolution(spec: ConvSpec) -> Box<dyn Layer> {
    let ConvSpec {
        isa,
        input,
        output,
        kernel,
        ..
    } = spec;
    #[cfg(target_arch = "x86_64")]
    if amx::pays(isa, kernel, spec.pad, [input, output]) {
        return Box::new(MatrixConv::new(spec));
    }
    if winograd::pays(isa, kernel, [input[0], output[0]], [output[1], output[2]]) {
        return Box::new(TiledConv::new(spec));
    }
    Box::new(Conv::new(spec))
}
