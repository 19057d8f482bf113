//! The plainest forward pass: loops in f64, straight from the definitions.
//!
//! Slow on purpose. It is what the ONNX export, the runtime and the training engine are held
//! against; nothing in the program's flow calls it.

use super::architecture::{Architecture, ArchitectureError, LayerSpec, Padding, Shape};
use super::weights::{Weights, WeightsError};

/// What keeps a network from being evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// The layers do not fit each other.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// The weights do not fit the layers.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The input has another number of values than the architecture says.
    #[error("the input holds {got} values, expected {expected}")]
    Input {
        /// Channels x height x width.
        expected: usize,
        /// What was given.
        got: usize,
    },
}

/// The output for one example, as in inference: dropout does nothing, batch norms use their running
/// statistics. `input` is `[channels, height, width]` in row-major order.
///
/// # Errors
/// If architecture, weights and input do not fit each other.
pub fn forward(
    architecture: &Architecture,
    weights: &Weights,
    input: &[f32],
) -> Result<Vec<f32>, ReferenceError> {
    let shapes = architecture.shapes()?;
    let expected = Shape::Image(architecture.input).len();
    if input.len() != expected {
        return Err(ReferenceError::Input {
            expected,
            got: input.len(),
        });
    }
    let mut values: Vec<f64> = input.iter().map(|&x| f64::from(x)).collect();
    let mut counts = Counts::default();
    for ((layer, shape), next) in architecture
        .layers
        .iter()
        .zip(&shapes)
        .zip(shapes.iter().skip(1))
    {
        values = apply(layer, *shape, *next, &values, weights, &mut counts)?;
    }
    Ok(values.into_iter().map(|x| x as f32).collect())
}

/// How many layers of each kind with weights have gone by.
#[derive(Default)]
struct Counts {
    convs: usize,
    norms: usize,
    denses: usize,
}

fn apply(
    layer: &LayerSpec,
    shape: Shape,
    next: Shape,
    x: &[f64],
    weights: &Weights,
    counts: &mut Counts,
) -> Result<Vec<f64>, ReferenceError> {
    // Flat features are channels of one pixel.
    let as_image = |shape| match shape {
        Shape::Image(dims) => dims,
        Shape::Flat([n]) => [n, 1, 1],
    };
    let ([c, h, w], [oc, oh, ow]) = (as_image(shape), as_image(next));
    Ok(match layer {
        LayerSpec::Conv2d {
            kernel,
            padding,
            bias,
            ..
        } => {
            counts.convs += 1;
            let name = format!("conv{}", counts.convs);
            let kernels = weights.get(&format!("{name}.weight"), &[oc, c, kernel[0], kernel[1]])?;
            let biases = if *bias {
                weights.get(&format!("{name}.bias"), &[oc])?.data.clone()
            } else {
                vec![0.0; oc]
            };
            let before = match padding {
                Padding::Same => [(kernel[0] - 1) / 2, (kernel[1] - 1) / 2],
                Padding::Valid => [0, 0],
            };
            let mut out = Vec::with_capacity(oc * oh * ow);
            for (o, &bias) in biases.iter().enumerate() {
                for (y, z) in (0..oh).flat_map(|y| (0..ow).map(move |z| (y, z))) {
                    let mut sum = f64::from(bias);
                    for i in 0..c {
                        for (p, q) in
                            (0..kernel[0]).flat_map(|p| (0..kernel[1]).map(move |q| (p, q)))
                        {
                            let (row, column) = (y + p, z + q);
                            if row < before[0]
                                || column < before[1]
                                || row - before[0] >= h
                                || column - before[1] >= w
                            {
                                continue;
                            }
                            let pixel = x[(i * h + row - before[0]) * w + column - before[1]];
                            let tap = ((o * c + i) * kernel[0] + p) * kernel[1] + q;
                            sum += pixel * f64::from(kernels.data[tap]);
                        }
                    }
                    out.push(sum);
                }
            }
            out
        }
        LayerSpec::Dense { units } => {
            counts.denses += 1;
            let matrix = weights.get(&format!("dense{}.weight", counts.denses), &[*units, c])?;
            let biases = weights.get(&format!("dense{}.bias", counts.denses), &[*units])?;
            let row = |o: usize| matrix.data[o * c..(o + 1) * c].iter();
            (0..*units)
                .map(|o| {
                    f64::from(biases.data[o])
                        + row(o).zip(x).map(|(&m, v)| f64::from(m) * v).sum::<f64>()
                })
                .collect()
        }
        LayerSpec::BatchNorm { epsilon } => {
            counts.norms += 1;
            let field = |f: &str| weights.get(&format!("bn{}.{f}", counts.norms), &[c]);
            let (gamma, beta) = (field("weight")?, field("bias")?);
            let (mean, variance) = (field("running_mean")?, field("running_var")?);
            x.iter()
                .enumerate()
                .map(|(i, v)| {
                    let k = i / (h * w);
                    let deviation = (f64::from(variance.data[k]) + f64::from(*epsilon)).sqrt();
                    (v - f64::from(mean.data[k])) / deviation * f64::from(gamma.data[k])
                        + f64::from(beta.data[k])
                })
                .collect()
        }
        LayerSpec::Relu => x.iter().map(|v| v.max(0.0)).collect(),
        LayerSpec::LeakyRelu { alpha } => x
            .iter()
            .map(|&v| if v > 0.0 { v } else { v * f64::from(*alpha) })
            .collect(),
        LayerSpec::MaxPool { size, stride } => {
            let mut out = Vec::with_capacity(oc * oh * ow);
            for (k, y) in (0..oc).flat_map(|k| (0..oh).map(move |y| (k, y))) {
                for z in 0..ow {
                    let window = (0..size[0]).flat_map(|p| (0..size[1]).map(move |q| (p, q)));
                    let values =
                        window.map(|(p, q)| x[(k * h + y * stride[0] + p) * w + z * stride[1] + q]);
                    out.push(values.fold(f64::NEG_INFINITY, f64::max));
                }
            }
            out
        }
        LayerSpec::GlobalAveragePool => x
            .chunks(h * w)
            .map(|plane| plane.iter().sum::<f64>() / (h * w) as f64)
            .collect(),
        LayerSpec::TimeMeanMax => {
            let rows: Vec<Vec<f64>> = x
                .chunks(h * w)
                .map(|plane| {
                    (0..w)
                        .map(|t| (0..h).map(|f| plane[f * w + t]).sum::<f64>() / h as f64)
                        .collect()
                })
                .collect();
            let means = rows.iter().map(|row| row.iter().sum::<f64>() / w as f64);
            let maxima = rows
                .iter()
                .map(|row| row.iter().copied().fold(f64::NEG_INFINITY, f64::max));
            means.chain(maxima).collect()
        }
        LayerSpec::Flatten | LayerSpec::Dropout { .. } => x.to_vec(),
        LayerSpec::Rescale { scale, offset } => x
            .iter()
            .map(|v| v * f64::from(*scale) + f64::from(*offset))
            .collect(),
        LayerSpec::Softmax => {
            let largest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let exps: Vec<f64> = x.iter().map(|v| (v - largest).exp()).collect();
            let sum: f64 = exps.iter().sum();
            exps.into_iter().map(|e| e / sum).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::weights::Tensor;
    use super::*;
    use std::collections::BTreeMap;

    fn tensor(shape: &[usize], data: &[f32]) -> Tensor {
        Tensor {
            shape: shape.to_vec(),
            data: data.to_vec(),
        }
    }

    #[test]
    fn a_convolution_worked_out_by_hand() {
        // TensorFlow pads an even kernel at the end: each output is x[i] + 10 x[i + 1].
        let net = Architecture {
            input: [1, 1, 3],
            layers: vec![
                LayerSpec::Conv2d {
                    filters: 1,
                    kernel: [1, 2],
                    padding: Padding::Same,
                    bias: false,
                },
                LayerSpec::Flatten,
            ],
        };
        let weights = Weights(BTreeMap::from([(
            "conv1.weight".to_owned(),
            tensor(&[1, 1, 1, 2], &[1.0, 10.0]),
        )]));
        let out = forward(&net, &weights, &[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(out, [21.0, 32.0, 3.0]);
    }

    #[test]
    fn the_time_summary_worked_out_by_hand() {
        let net = Architecture {
            input: [1, 2, 3],
            layers: vec![LayerSpec::TimeMeanMax],
        };
        let out = forward(&net, &Weights::default(), &[1.0, 2.0, 6.0, 3.0, 4.0, 2.0]).unwrap();
        assert_eq!(out, [3.0, 4.0]);
        assert!(matches!(
            forward(&net, &Weights::default(), &[1.0]),
            Err(ReferenceError::Input {
                expected: 6,
                got: 1
            })
        ));
    }
}
