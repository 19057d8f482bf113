//! [`ParameterSpec`]: which arrays a network learns, by name and shape.

use super::Architecture;
use super::error::ArchitectureError;
use super::layer::LayerSpec;
use super::shape::Shape;

/// A learnt array that an architecture needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterSpec {
    /// For example `conv1.weight`, `bn2.running_mean`, `dense3.bias`; numbered per kind from 1.
    pub name: String,
    /// Convolution weights are `[out, in, height, width]`, dense weights `[out, in]`.
    pub shape: Vec<usize>,
    /// False for the running statistics of a batch norm, which no gradient reaches.
    pub trainable: bool,
}

impl Architecture {
    /// Every learnt array in layer order.
    ///
    /// # Errors
    /// As [`Self::shapes`].
    pub fn parameters(&self) -> Result<Vec<ParameterSpec>, ArchitectureError> {
        let shapes = self.shapes()?;
        let (mut convs, mut norms, mut denses) = (0, 0, 0);
        let mut specs = Vec::new();
        let mut push = |name: String, shape: Vec<usize>, trainable: bool| {
            specs.push(ParameterSpec {
                name,
                shape,
                trainable,
            });
        };
        for (layer, input) in self.layers.iter().zip(&shapes) {
            let channels = match input {
                Shape::Image([c, _, _]) => *c,
                Shape::Flat([n]) => *n,
            };
            match layer {
                LayerSpec::Conv2d {
                    filters,
                    kernel,
                    bias,
                    ..
                } => {
                    convs += 1;
                    let shape = vec![*filters, channels, kernel[0], kernel[1]];
                    push(format!("conv{convs}.weight"), shape, true);
                    if *bias {
                        push(format!("conv{convs}.bias"), vec![*filters], true);
                    }
                }
                LayerSpec::BatchNorm { .. } => {
                    norms += 1;
                    for (field, trainable) in [
                        ("weight", true),
                        ("bias", true),
                        ("running_mean", false),
                        ("running_var", false),
                    ] {
                        push(format!("bn{norms}.{field}"), vec![channels], trainable);
                    }
                }
                LayerSpec::Dense { units } => {
                    denses += 1;
                    push(
                        format!("dense{denses}.weight"),
                        vec![*units, channels],
                        true,
                    );
                    push(format!("dense{denses}.bias"), vec![*units], true);
                }
                _ => {}
            }
        }
        Ok(specs)
    }

    /// Number of trainable values.
    ///
    /// # Errors
    /// As [`Self::shapes`].
    pub fn parameter_count(&self) -> Result<usize, ArchitectureError> {
        Ok(self
            .parameters()?
            .iter()
            .filter(|p| p.trainable)
            .map(|p| p.shape.iter().product::<usize>())
            .sum())
    }
}

#[cfg(test)]
mod tests {
    use super::super::layer::Padding;
    use super::*;

    #[test]
    fn shapes_and_parameters_of_the_original_face_net() {
        let mut layers = Vec::new();
        for filters in [32, 64, 128, 128] {
            layers.push(LayerSpec::Conv2d {
                filters,
                kernel: [3, 3],
                padding: Padding::Same,
                bias: true,
            });
            layers.push(LayerSpec::Relu);
            layers.push(LayerSpec::MaxPool {
                size: [2, 2],
                stride: [2, 2],
            });
        }
        layers.push(LayerSpec::Flatten);
        for units in [128, 64, 7] {
            layers.push(LayerSpec::Dense { units });
        }
        layers.push(LayerSpec::Softmax);
        let net = Architecture {
            input: [1, 48, 48],
            layers,
        };
        assert_eq!(net.shapes().unwrap().last(), Some(&Shape::Flat([7])));
        assert_eq!(net.parameter_count().unwrap(), 396_551);
        assert_eq!(net.parameters().unwrap()[0].name, "conv1.weight");
    }
}
