//! Architecture and weights to an ONNX file, layer by layer.

use super::error::OnnxError;
use super::graph::{Attribute, Graph};
use super::half::WeightPrecision;
use crate::model::architecture::{Architecture, LayerSpec, Padding, Shape};
use crate::model::weights::Weights;

/// The ONNX file of a network, weights in f32. IR version 8, opset 17.
///
/// # Errors
/// If architecture and weights are not a network, see [`OnnxError`].
pub fn to_onnx(architecture: &Architecture, weights: &Weights) -> Result<Vec<u8>, OnnxError> {
    to_onnx_with(architecture, weights, WeightPrecision::F32)
}

/// The same with a choice of how the weights are stored.
///
/// # Errors
/// As [`to_onnx`], and [`OnnxError::HalfRange`].
pub fn to_onnx_with(
    architecture: &Architecture,
    weights: &Weights,
    precision: WeightPrecision,
) -> Result<Vec<u8>, OnnxError> {
    let shapes = architecture.shapes()?;
    let last = shapes
        .last()
        .copied()
        .unwrap_or(Shape::Image(architecture.input));
    let Shape::Flat([outputs]) = last else {
        return Err(OnnxError::NotFlat { got: last });
    };
    let mut exporter = Exporter {
        graph: Graph::new(precision),
        weights,
        layers: &architecture.layers,
        convs: 0,
        norms: 0,
        denses: 0,
        folded: false,
    };
    for (index, shape) in shapes.iter().take(architecture.layers.len()).enumerate() {
        exporter.layer(index, *shape)?;
    }
    Ok(exporter.graph.finish(architecture.input, outputs))
}

/// Walks the layers, counting each kind as [`Architecture::parameters`] names them.
struct Exporter<'a> {
    graph: Graph,
    weights: &'a Weights,
    layers: &'a [LayerSpec],
    convs: usize,
    norms: usize,
    denses: usize,
    /// Whether the next layer is a batch norm that the previous one has taken in.
    folded: bool,
}

impl Exporter<'_> {
    fn layer(&mut self, index: usize, input: Shape) -> Result<(), OnnxError> {
        let channels = match input {
            Shape::Image([c, _, _]) => c,
            Shape::Flat([n]) => n,
        };
        match &self.layers[index] {
            LayerSpec::Conv2d {
                filters,
                kernel,
                padding,
                bias,
            } => self.conv(index, [*filters, channels], *kernel, *padding, *bias)?,
            LayerSpec::Dense { units } => self.dense(index, *units, channels)?,
            LayerSpec::BatchNorm { epsilon } => self.batch_norm(*epsilon, channels)?,
            LayerSpec::Relu => self.graph.node("Relu", &[], &[]),
            LayerSpec::LeakyRelu { alpha } => {
                self.graph
                    .node("LeakyRelu", &[], &[("alpha", Attribute::Float(*alpha))]);
            }
            LayerSpec::MaxPool { size, stride } => self.graph.node(
                "MaxPool",
                &[],
                &[
                    ("kernel_shape", Attribute::sizes(size)),
                    ("strides", Attribute::sizes(stride)),
                ],
            ),
            LayerSpec::GlobalAveragePool => {
                self.graph.node("GlobalAveragePool", &[], &[]);
                self.graph
                    .node("Flatten", &[], &[("axis", Attribute::Int(1))]);
            }
            LayerSpec::TimeMeanMax => self.time_mean_max(),
            LayerSpec::Flatten => {
                if matches!(input, Shape::Image(_)) {
                    self.graph
                        .node("Flatten", &[], &[("axis", Attribute::Int(1))]);
                }
            }
            LayerSpec::Dropout { .. } => {}
            LayerSpec::Rescale { scale, offset } => self.rescale(index, *scale, *offset),
            LayerSpec::Softmax => self
                .graph
                .node("Softmax", &[], &[("axis", Attribute::Int(1))]),
        }
        Ok(())
    }

    fn conv(
        &mut self,
        index: usize,
        [filters, channels]: [usize; 2],
        [height, width]: [usize; 2],
        padding: Padding,
        bias: bool,
    ) -> Result<(), OnnxError> {
        self.convs += 1;
        let name = format!("conv{}", self.convs);
        let shape = [filters, channels, height, width];
        let mut kernel = self
            .weights
            .get(&format!("{name}.weight"), &shape)?
            .data
            .clone();
        let mut biases = if bias {
            self.weights
                .get(&format!("{name}.bias"), &[filters])?
                .data
                .clone()
        } else {
            vec![0.0; filters]
        };
        let folded = self.fold_next_norm(index, &mut kernel, &mut biases)?;
        let mut inputs =
            vec![
                self.graph
                    .initializer(&format!("{name}.weight"), &shape, &kernel)?,
            ];
        if bias || folded {
            inputs.push(
                self.graph
                    .initializer(&format!("{name}.bias"), &[filters], &biases)?,
            );
        }
        let [above, left] = padding.before([height, width]);
        let pads = match padding {
            Padding::Valid => [0; 4],
            Padding::Same => [above, left, height / 2, width / 2],
        };
        let attributes = [
            ("kernel_shape", Attribute::sizes(&[height, width])),
            ("pads", Attribute::sizes(&pads)),
        ];
        self.graph.node("Conv", &inputs, &attributes);
        Ok(())
    }

    fn dense(&mut self, index: usize, units: usize, features: usize) -> Result<(), OnnxError> {
        self.denses += 1;
        let (weight, bias) = (
            format!("dense{}.weight", self.denses),
            format!("dense{}.bias", self.denses),
        );
        let mut matrix = self.weights.get(&weight, &[units, features])?.data.clone();
        let mut biases = self.weights.get(&bias, &[units])?.data.clone();
        self.fold_next_norm(index, &mut matrix, &mut biases)?;
        let inputs = [
            self.graph
                .initializer(&weight, &[units, features], &matrix)?,
            self.graph.initializer(&bias, &[units], &biases)?,
        ];
        self.graph
            .node("Gemm", &inputs, &[("transB", Attribute::Int(1))]);
        Ok(())
    }

    /// If a batch norm comes next, multiplies it into a kernel whose first axis is the output
    /// channel. Says whether it did.
    fn fold_next_norm(
        &mut self,
        index: usize,
        kernel: &mut [f32],
        biases: &mut [f32],
    ) -> Result<bool, OnnxError> {
        let Some(LayerSpec::BatchNorm { epsilon }) = self.layers.get(index + 1) else {
            return Ok(false);
        };
        self.norms += 1;
        let (scales, offsets) = self
            .weights
            .batch_norm_line(self.norms, biases.len(), *epsilon)?;
        let per_channel = kernel.len() / biases.len().max(1);
        for (row, scale) in kernel.chunks_mut(per_channel.max(1)).zip(&scales) {
            for value in row {
                *value = (f64::from(*value) * scale) as f32;
            }
        }
        for ((bias, scale), offset) in biases.iter_mut().zip(&scales).zip(&offsets) {
            *bias = (f64::from(*bias) * scale + offset) as f32;
        }
        self.folded = true;
        Ok(true)
    }

    fn batch_norm(&mut self, epsilon: f32, channels: usize) -> Result<(), OnnxError> {
        if std::mem::take(&mut self.folded) {
            return Ok(());
        }
        self.norms += 1;
        let mut inputs = Vec::with_capacity(4);
        for field in ["weight", "bias", "running_mean", "running_var"] {
            let name = format!("bn{}.{field}", self.norms);
            let tensor = self.weights.get(&name, &[channels])?;
            // Few numbers that much depends on: kept in f32 whatever the precision.
            inputs.push(self.graph.initializer_f32(&name, &[channels], &tensor.data));
        }
        let attributes = [("epsilon", Attribute::Float(epsilon))];
        self.graph.node("BatchNormalization", &inputs, &attributes);
        Ok(())
    }

    fn time_mean_max(&mut self) {
        let axis = |n: i64| {
            [
                ("axes", Attribute::Ints(vec![n])),
                ("keepdims", Attribute::Int(0)),
            ]
        };
        // [n, c, f, t] -> [n, c, t]
        self.graph.node("ReduceMean", &[], &axis(2));
        let over_frequency = self.graph.current().to_owned();
        self.graph.node("ReduceMax", &[], &axis(2));
        let largest = self.graph.current().to_owned();
        self.graph.rewind(&over_frequency);
        self.graph.node("ReduceMean", &[], &axis(2));
        self.graph
            .node("Concat", &[largest], &[("axis", Attribute::Int(1))]);
    }

    fn rescale(&mut self, index: usize, scale: f32, offset: f32) {
        let names = [
            format!("rescale{index}.scale"),
            format!("rescale{index}.offset"),
        ];
        let scale = self.graph.initializer_f32(&names[0], &[], &[scale]);
        self.graph.node("Mul", &[scale], &[]);
        let offset = self.graph.initializer_f32(&names[1], &[], &[offset]);
        self.graph.node("Add", &[offset], &[]);
    }
}
