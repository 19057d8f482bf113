//! What a network is made of: a sequence of layers, written down as configuration.
//!
//! One description serves the training engine, the ONNX exporter and the Keras importer. Shapes are
//! per example, channels first (`[channels, height, width]`, or `[features]` once flat).

use serde::{Deserialize, Serialize};

/// How a convolution treats the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Padding {
    /// Zeros around, so that height and width stay.
    Same,
    /// No padding: height and width shrink by kernel - 1.
    Valid,
}

impl Padding {
    /// Rows of zeros above and columns of zeros left of the image. As in TensorFlow, an even kernel's
    /// odd zero goes to the end.
    #[must_use]
    pub const fn before(self, [height, width]: [usize; 2]) -> [usize; 2] {
        match self {
            Self::Same => [height.saturating_sub(1) / 2, width.saturating_sub(1) / 2],
            Self::Valid => [0, 0],
        }
    }
}

/// One layer. Sizes are `[height, width]`; for spectrograms that is `[frequency, time]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LayerSpec {
    /// 2-D convolution (cross-correlation), stride 1.
    Conv2d {
        /// Output channels.
        filters: usize,
        /// Kernel height and width.
        kernel: [usize; 2],
        /// Border treatment.
        padding: Padding,
        /// Whether a bias is added (not needed before a batch norm).
        bias: bool,
    },
    /// Batch normalisation over everything but the channel.
    BatchNorm {
        /// Added to the variance.
        epsilon: f32,
    },
    /// max(x, 0).
    Relu,
    /// x for x > 0, else alpha x.
    LeakyRelu {
        /// The slope below zero.
        alpha: f32,
    },
    /// Largest value of each window; what does not fill a window is dropped.
    MaxPool {
        /// Window height and width.
        size: [usize; 2],
        /// Step height and width.
        stride: [usize; 2],
    },
    /// The mean of each channel: `[c, h, w]` -> `[c]`.
    GlobalAveragePool,
    /// The mean over frequency (height), then mean and maximum over time (width), one after the
    /// other: `[c, h, w]` -> `[2 c]`.
    TimeMeanMax,
    /// `[c, h, w]` -> `[c h w]`, channels first.
    Flatten,
    /// In training only: zeroes values with this probability and scales up the rest.
    Dropout {
        /// Probability, 0..1.
        rate: f32,
    },
    /// Fully connected.
    Dense {
        /// Output features.
        units: usize,
    },
    /// x scale + offset.
    Rescale {
        /// Factor.
        scale: f32,
        /// Summand.
        offset: f32,
    },
    /// exp(x) / sum exp(x). Only as the last layer; training works on what comes before it.
    Softmax,
}

impl LayerSpec {
    /// The name of this kind of layer in configuration, messages and weight names.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Conv2d { .. } => "conv",
            Self::BatchNorm { .. } => "bn",
            Self::Relu => "relu",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::MaxPool { .. } => "max_pool",
            Self::GlobalAveragePool => "global_average_pool",
            Self::TimeMeanMax => "time_mean_max",
            Self::Flatten => "flatten",
            Self::Dropout { .. } => "dropout",
            Self::Dense { .. } => "dense",
            Self::Rescale { .. } => "rescale",
            Self::Softmax => "softmax",
        }
    }
}

impl LayerSpec {
    /// Whether sizes and number of weights stay in bounds, so that they can be multiplied freely.
    fn is_sane_for(&self, input: Shape) -> bool {
        let inputs = match input {
            Shape::Image([c, _, _]) => c,
            Shape::Flat([n]) => n,
        };
        match self {
            Self::Conv2d {
                filters,
                kernel,
                padding,
                ..
            } => {
                // With its zeros, an image can be far larger than without.
                let framed = match (input, padding) {
                    (Shape::Image([c, h, w]), Padding::Same) => {
                        let [kh, kw] = *kernel;
                        product(&[c, h.saturating_add(kh), w.saturating_add(kw)])
                    }
                    _ => Some(0),
                };
                framed.is_some() && product(&[*filters, inputs, kernel[0], kernel[1]]).is_some()
            }
            Self::Dense { units } => product(&[*units, inputs]).is_some(),
            Self::MaxPool { size, stride } => {
                let taps = size[0].saturating_mul(size[1]);
                size.iter().chain(stride).all(|&n| n <= LARGEST_WINDOW)
                    && taps <= LARGEST_WINDOW_TAPS
            }
            _ => true,
        }
    }
}

/// The product of sizes, if it stays within [`LARGEST_COUNT`]. A zero among them hides nothing: the
/// other sizes are held to the limit too.
fn product(sizes: &[usize]) -> Option<usize> {
    sizes.iter().try_fold(1_usize, |count, &size| {
        let count = count.checked_mul(size)?;
        (size <= LARGEST_COUNT && count <= LARGEST_COUNT).then_some(count)
    })
}

/// The shape of one example between two layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Shape {
    /// `[channels, height, width]`.
    Image([usize; 3]),
    /// `[features]`.
    Flat([usize; 1]),
}

impl Shape {
    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Image([c, h, w]) => c * h * w,
            Self::Flat([n]) => *n,
        }
    }

    /// Whether there are no values at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The largest size of a pooling window or its step.
pub const LARGEST_WINDOW: usize = 1 << 20;

/// The most values that a pooling window holds: their places are counted in 16 bits.
pub const LARGEST_WINDOW_TAPS: usize = 1 << 16;

/// The most values between two layers, and the most weights of one layer.
pub const LARGEST_COUNT: usize = 1 << 27;

/// What makes a sequence of layers impossible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchitectureError {
    /// A layer got the wrong kind of input.
    #[error("layer {index} ({kind}) cannot take an input of shape {got:?}")]
    BadInput {
        /// Position in the sequence, from 0.
        index: usize,
        /// Its kind.
        kind: &'static str,
        /// The shape that reached it.
        got: Shape,
    },
    /// A size is zero, or nothing is left after this layer.
    #[error("layer {index} ({kind}) leaves nothing of an input of shape {got:?}")]
    Empty {
        /// Position in the sequence, from 0.
        index: usize,
        /// Its kind.
        kind: &'static str,
        /// The shape that reached it.
        got: Shape,
    },
    /// A size is beyond any network that makes sense here.
    #[error(
        "layer {index} ({kind}) is too large; pooling windows go to {LARGEST_WINDOW} and {LARGEST_WINDOW_TAPS} values, values and \
         weights per layer to {LARGEST_COUNT}"
    )]
    TooLarge {
        /// Position in the sequence, from 0; 0 also for the input itself.
        index: usize,
        /// Its kind.
        kind: &'static str,
    },
    /// Softmax stands before another layer.
    #[error("layer {index} (softmax) must be the last one")]
    SoftmaxNotLast {
        /// Position in the sequence, from 0.
        index: usize,
    },
}

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

/// A network: the shape of its input and its layers in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Architecture {
    /// Channels, height, width of one example.
    pub input: [usize; 3],
    /// What happens to it.
    pub layers: Vec<LayerSpec>,
}

impl Architecture {
    /// The shape before the first layer and after each: `layers.len() + 1` entries.
    ///
    /// # Errors
    /// If a layer cannot take what the one before gives, see [`ArchitectureError`].
    pub fn shapes(&self) -> Result<Vec<Shape>, ArchitectureError> {
        let mut shapes = vec![Shape::Image(self.input)];
        let mut shape = Shape::Image(self.input);
        if product(&self.input).is_none() {
            return Err(ArchitectureError::TooLarge {
                index: 0,
                kind: "input",
            });
        }
        for (index, layer) in self.layers.iter().enumerate() {
            let kind = layer.kind();
            let too_large = ArchitectureError::TooLarge { index, kind };
            if !layer.is_sane_for(shape) {
                return Err(too_large);
            }
            let bad = ArchitectureError::BadInput {
                index,
                kind,
                got: shape,
            };
            let empty = ArchitectureError::Empty {
                index,
                kind,
                got: shape,
            };
            let next = match (layer, shape) {
                (
                    LayerSpec::Conv2d {
                        filters,
                        kernel,
                        padding,
                        ..
                    },
                    Shape::Image([_, h, w]),
                ) => {
                    let [kh, kw] = *kernel;
                    if kh == 0 || kw == 0 {
                        return Err(empty);
                    }
                    match padding {
                        Padding::Same => Shape::Image([*filters, h, w]),
                        Padding::Valid => Shape::Image([
                            *filters,
                            (h + 1).saturating_sub(kh),
                            (w + 1).saturating_sub(kw),
                        ]),
                    }
                }
                (LayerSpec::MaxPool { size, stride }, Shape::Image([c, h, w])) => {
                    let steps = |n: usize, axis: usize| -> usize {
                        if stride[axis] == 0 || size[axis] == 0 || n < size[axis] {
                            0
                        } else {
                            (n - size[axis]) / stride[axis] + 1
                        }
                    };
                    Shape::Image([c, steps(h, 0), steps(w, 1)])
                }
                (LayerSpec::GlobalAveragePool, Shape::Image([c, _, _])) => Shape::Flat([c]),
                (LayerSpec::TimeMeanMax, Shape::Image([c, _, _])) => Shape::Flat([2 * c]),
                (LayerSpec::Flatten, any) => Shape::Flat([any.len()]),
                (LayerSpec::Dense { units }, Shape::Flat(_)) => Shape::Flat([*units]),
                (LayerSpec::Softmax, Shape::Flat(_)) => {
                    if index + 1 != self.layers.len() {
                        return Err(ArchitectureError::SoftmaxNotLast { index });
                    }
                    shape
                }
                (
                    LayerSpec::BatchNorm { .. }
                    | LayerSpec::Relu
                    | LayerSpec::LeakyRelu { .. }
                    | LayerSpec::Dropout { .. }
                    | LayerSpec::Rescale { .. },
                    any,
                ) => any,
                _ => return Err(bad),
            };
            match next {
                Shape::Image(sizes) if product(&sizes).is_none() => return Err(too_large),
                next if next.is_empty() => return Err(empty),
                _ => {}
            }
            shape = next;
            shapes.push(next);
        }
        Ok(shapes)
    }

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

    #[test]
    fn impossible_sequences_name_the_layer() {
        let net = Architecture {
            input: [1, 2, 2],
            layers: vec![LayerSpec::MaxPool {
                size: [3, 3],
                stride: [2, 2],
            }],
        };
        assert!(matches!(
            net.shapes(),
            Err(ArchitectureError::Empty { index: 0, .. })
        ));
        let net = Architecture {
            input: [1, 2, 2],
            layers: vec![LayerSpec::Dense { units: 7 }],
        };
        assert!(matches!(
            net.shapes(),
            Err(ArchitectureError::BadInput { index: 0, .. })
        ));
    }

    #[test]
    fn sizes_beyond_reason_are_refused_without_overflow() {
        let dense = |units| LayerSpec::Dense { units };
        // Few weights, but the image with its zeros would take gigabytes.
        let tall = LayerSpec::Conv2d {
            filters: 1,
            kernel: [1 << 20, 1],
            padding: Padding::Same,
            bias: false,
        };
        let conv = LayerSpec::Conv2d {
            filters: usize::MAX,
            kernel: [usize::MAX; 2],
            padding: Padding::Valid,
            bias: true,
        };
        let pool = LayerSpec::MaxPool {
            size: [1, 1],
            stride: [usize::MAX, 1],
        };
        for (input, layers) in [
            ([usize::MAX; 3], vec![]),
            ([1, 1024, 16_384], vec![tall]),
            ([1, 2, 2], vec![conv]),
            ([1, 2, 2], vec![pool]),
            ([1, 2, 2], vec![LayerSpec::Flatten, dense(usize::MAX)]),
        ] {
            assert!(matches!(
                Architecture { input, layers }.shapes(),
                Err(ArchitectureError::TooLarge { .. })
            ));
        }
    }
}
