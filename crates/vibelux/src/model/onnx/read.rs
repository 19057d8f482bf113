//! An ONNX file back to architecture and weights: the way on which our own files, and others' that
//! happen to be made of the same layers, get to [`super::super::direct`] and its faster loops.
//!
//! It is strict on purpose. Whatever it does not know (another operator, an attribute, weights stored
//! elsewhere) makes it give up, and the file goes to the general runtime instead.

use std::collections::HashMap;

use super::half::from_f16_bits;
use super::wire::{Value, field, varint};
use crate::model::architecture::{Architecture, LayerSpec, Padding};
use crate::model::weights::{Tensor, Weights};

/// Operator sets whose operators mean what is read here: softmax over one axis (13), reductions with
/// their axes as attribute (until 17).
const OPSETS: std::ops::RangeInclusive<u64> = 13..=17;
const FLOAT: u64 = 1;
const FLOAT16: u64 = 10;

/// The network of a file whose graph is one chain of the layers of [`LayerSpec`]; `None` for others.
///
/// A batch norm that was folded into the layer before stays folded. The result has consistent shapes.
pub(in crate::model) fn read(bytes: &[u8]) -> Option<(Architecture, Weights)> {
    let model = Message::parse(bytes)?;
    let [opset] = model.messages(8)[..] else {
        return None;
    };
    let opset = Message::parse(opset)?;
    if !opset.text(1).is_none_or(str::is_empty) || !OPSETS.contains(&opset.int(2)?) {
        return None;
    }
    let graph = Message::parse(model.bytes(7)?)?;
    let ([input], [output]) = (&graph.messages(11)[..], &graph.messages(12)[..]) else {
        return None;
    };
    let (name, shape) = input_of(input)?;
    let mut reader = Reader {
        current: name,
        tensors: tensors_of(&graph)?,
        layers: Vec::new(),
        weights: Weights::default(),
        counts: HashMap::new(),
    };
    let nodes: Vec<Node<'_>> = graph
        .messages(1)
        .into_iter()
        .map(Node::parse)
        .collect::<Option<_>>()?;
    let mut rest = nodes.as_slice();
    while !rest.is_empty() {
        rest = reader.take(rest)?;
    }
    if reader.current != Message::parse(output)?.text(1)? {
        return None;
    }
    let architecture = Architecture {
        input: shape,
        layers: reader.layers,
    };
    for parameter in architecture.parameters().ok()? {
        reader.weights.get(&parameter.name, &parameter.shape).ok()?;
    }
    Some((architecture, reader.weights))
}

/// More fields than any message of a network has: nodes, or numbers of a shape.
const MAX_FIELDS: usize = 1 << 16;

/// The fields of a protobuf message.
struct Message<'a>(Vec<(u64, Value<'a>)>);

impl<'a> Message<'a> {
    fn parse(mut bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            fields.push(field(&mut bytes)?);
            if fields.len() > MAX_FIELDS {
                return None;
            }
        }
        Some(Self(fields))
    }

    fn messages(&self, number: u64) -> Vec<&'a [u8]> {
        let of_number = self.0.iter().filter(|(n, _)| *n == number);
        of_number
            .filter_map(|(_, value)| match value {
                Value::Bytes(bytes) => Some(*bytes),
                _ => None,
            })
            .collect()
    }

    /// The last value of a field, as protobuf has it.
    fn last(&self, number: u64) -> Option<Value<'a>> {
        let of_number = self.0.iter().rev().find(|(n, _)| *n == number);
        of_number.map(|&(_, value)| value)
    }

    fn bytes(&self, number: u64) -> Option<&'a [u8]> {
        match self.last(number)? {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn text(&self, number: u64) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(number)?).ok()
    }

    fn int(&self, number: u64) -> Option<u64> {
        match self.last(number)? {
            Value::Int(value) => Some(value),
            _ => None,
        }
    }

    /// A repeated number, packed or one by one.
    fn ints(&self, number: u64) -> Option<Vec<i64>> {
        let mut values = Vec::new();
        for (_, value) in self.0.iter().filter(|(n, _)| *n == number) {
            match *value {
                Value::Int(value) => values.push(value as i64),
                Value::Bytes(mut packed) => {
                    while !packed.is_empty() && values.len() <= MAX_FIELDS {
                        values.push(varint(&mut packed)? as i64);
                    }
                }
                _ => return None,
            }
        }
        Some(values)
    }
}

/// Name of the graph's input, and its channels, height and width. The batch size may be anything.
fn input_of(bytes: &[u8]) -> Option<(&str, [usize; 3])> {
    let info = Message::parse(bytes)?;
    let tensor = Message::parse(Message::parse(info.bytes(2)?)?.bytes(1)?)?;
    if tensor.int(1)? != FLOAT {
        return None;
    }
    let shape = Message::parse(tensor.bytes(2)?)?;
    let [_batch, c, h, w] = shape.messages(1)[..] else {
        return None;
    };
    let size = |bytes| usize::try_from(Message::parse(bytes)?.int(1)?).ok();
    Some((info.text(1)?, [size(c)?, size(h)?, size(w)?]))
}

/// An array of the file, and whether it is f32 already or only after a Cast.
struct Stored {
    tensor: Tensor,
    half: bool,
}

fn tensors_of<'a>(graph: &Message<'a>) -> Option<HashMap<&'a str, Stored>> {
    let mut tensors = HashMap::new();
    for bytes in graph.messages(5) {
        let message = Message::parse(bytes)?;
        let shape: Vec<usize> = message
            .ints(1)?
            .into_iter()
            .map(|n| usize::try_from(n).ok())
            .collect::<Option<_>>()?;
        let len = shape
            .iter()
            .try_fold(1_usize, |len, &n| len.checked_mul(n))?;
        let raw = message.bytes(9)?;
        let half = message.int(2)? == FLOAT16;
        let data: Vec<f32> = if half {
            let (values, []) = raw.as_chunks::<2>() else {
                return None;
            };
            values
                .iter()
                .map(|&value| from_f16_bits(u16::from_le_bytes(value)))
                .collect()
        } else if message.int(2)? == FLOAT {
            let (values, []) = raw.as_chunks::<4>() else {
                return None;
            };
            values.iter().copied().map(f32::from_le_bytes).collect()
        } else {
            return None;
        };
        if data.len() != len {
            return None;
        }
        let tensor = Tensor { shape, data };
        tensors.insert(message.text(8)?, Stored { tensor, half });
    }
    Some(tensors)
}

/// An operator of the graph.
struct Node<'a> {
    operator: &'a str,
    inputs: Vec<&'a str>,
    output: &'a str,
    attributes: HashMap<&'a str, Message<'a>>,
}

impl<'a> Node<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let message = Message::parse(bytes)?;
        let texts = |number| -> Option<Vec<&'a str>> {
            let texts = message.messages(number).into_iter();
            texts.map(|text| std::str::from_utf8(text).ok()).collect()
        };
        let [output] = texts(2)?[..] else {
            return None;
        };
        let mut attributes = HashMap::new();
        for bytes in message.messages(5) {
            let attribute = Message::parse(bytes)?;
            attributes.insert(attribute.text(1)?, attribute);
        }
        if !message.text(7).is_none_or(str::is_empty) {
            return None;
        }
        Some(Self {
            operator: message.text(4)?,
            inputs: texts(1)?,
            output,
            attributes,
        })
    }

    /// Whether there are no attributes beside these.
    fn has_only(&self, names: &[&str]) -> bool {
        self.attributes.keys().all(|name| names.contains(name))
    }

    /// An attribute of type int, or what the standard says where it is missing.
    fn int(&self, name: &str, default: i64) -> Option<i64> {
        match self.attributes.get(name) {
            Some(attribute) => attribute.int(3).map(|value| value as i64),
            None => Some(default),
        }
    }

    fn float(&self, name: &str, default: f32) -> Option<f32> {
        match self.attributes.get(name).map(|attribute| attribute.last(2)) {
            Some(Some(Value::Float(value))) => Some(value),
            Some(_) => None,
            None => Some(default),
        }
    }

    /// An attribute of type ints; `default` repeated where it is missing.
    fn ints<const N: usize>(&self, name: &str, default: Option<usize>) -> Option<[usize; N]> {
        let Some(attribute) = self.attributes.get(name) else {
            return default.map(|value| [value; N]);
        };
        let sizes: Vec<usize> = attribute
            .ints(8)?
            .into_iter()
            .map(|n| usize::try_from(n).ok())
            .collect::<Option<_>>()?;
        sizes.try_into().ok()
    }

    /// Whether it flattens all but the batch.
    fn flattens(&self) -> bool {
        self.operator == "Flatten"
            && self.inputs.len() == 1
            && self.has_only(&["axis"])
            && self.int("axis", 1) == Some(1)
    }

    /// Whether it reduces `input` over axis 2 and drops it.
    fn reduces(&self, operator: &str, input: &str) -> bool {
        self.operator == operator
            && self.inputs == [input]
            && self.has_only(&["axes", "keepdims"])
            && self.ints("axes", None) == Some([2])
            && self.int("keepdims", 1) == Some(0)
    }
}

/// What has been read so far.
struct Reader<'a> {
    /// The value that the next layer takes.
    current: &'a str,
    tensors: HashMap<&'a str, Stored>,
    layers: Vec<LayerSpec>,
    weights: Weights,
    /// Layers of each kind with weights, which are named by number.
    counts: HashMap<&'static str, usize>,
}

impl<'a> Reader<'a> {
    /// Reads the next layer and gives what comes after it.
    fn take<'n>(&mut self, nodes: &'n [Node<'a>]) -> Option<&'n [Node<'a>]> {
        let (node, rest) = nodes.split_first()?;
        if node.operator == "Cast" {
            // Weights in half precision.
            let [from] = node.inputs[..] else {
                return None;
            };
            if !node.has_only(&["to"]) || node.int("to", 0)? != FLOAT as i64 {
                return None;
            }
            let tensor = self
                .tensors
                .remove(from)
                .filter(|stored| stored.half)?
                .tensor;
            let half = false;
            self.tensors.insert(node.output, Stored { tensor, half });
            return Some(rest);
        }
        if node.inputs.first() != Some(&self.current) {
            return None;
        }
        if node.operator == "ReduceMean" {
            return self.time_mean_max(nodes);
        }
        if node.operator == "Mul" {
            return self.rescale(nodes);
        }
        if node.operator == "GlobalAveragePool" {
            return self.global_average(nodes);
        }
        let layer = match node.operator {
            "Conv" => Some(self.conv(node)?),
            "Gemm" => Some(self.dense(node)?),
            "BatchNormalization" => Some(self.batch_norm(node)?),
            _ => plain(node)?,
        };
        self.layers.extend(layer);
        self.current = node.output;
        Some(rest)
    }

    /// The number of the next layer of a kind, from 1.
    fn number(&mut self, kind: &'static str) -> usize {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        *count
    }

    /// Moves an array of f32 into the weights, under the name that the architecture has for it.
    ///
    /// Each array goes to one layer: a file could name a large one in every node.
    fn keep(&mut self, from: &str, name: String) -> Option<()> {
        let stored = self.tensors.remove(from).filter(|stored| !stored.half)?;
        self.weights.0.insert(name, stored.tensor);
        Some(())
    }

    fn conv(&mut self, node: &Node<'a>) -> Option<LayerSpec> {
        let known = [
            "auto_pad",
            "dilations",
            "group",
            "kernel_shape",
            "pads",
            "strides",
        ];
        let plain = node.ints("dilations", Some(1))? == [1, 1]
            && node.ints("strides", Some(1))? == [1, 1]
            && node.int("group", 1)? == 1
            && !node.attributes.contains_key("auto_pad");
        if !node.has_only(&known) || !plain {
            return None;
        }
        let &[_, weight] = node.inputs.first_chunk()?;
        let bias = node.inputs.get(2);
        let &[filters, _, height, width] = self.tensors.get(weight)?.tensor.shape.as_slice() else {
            return None;
        };
        let says = node.attributes.contains_key("kernel_shape");
        if says && node.ints("kernel_shape", None)? != [height, width] {
            return None;
        }
        let same = [
            height.checked_sub(1)? / 2,
            width.checked_sub(1)? / 2,
            height / 2,
            width / 2,
        ];
        let padding = match node.ints("pads", Some(0))? {
            [0, 0, 0, 0] => Padding::Valid,
            pads if pads == same => Padding::Same,
            _ => return None,
        };
        let number = self.number("conv");
        self.keep(weight, format!("conv{number}.weight"))?;
        if let Some(bias) = bias {
            self.keep(bias, format!("conv{number}.bias"))?;
        }
        Some(LayerSpec::Conv2d {
            filters,
            kernel: [height, width],
            padding,
            bias: bias.is_some(),
        })
    }

    fn dense(&mut self, node: &Node<'a>) -> Option<LayerSpec> {
        let plain = node.int("transB", 0)? == 1
            && node.int("transA", 0)? == 0
            && node.float("alpha", 1.0)? == 1.0
            && node.float("beta", 1.0)? == 1.0;
        if !plain || !node.has_only(&["transA", "transB", "alpha", "beta"]) {
            return None;
        }
        let [_, weight, bias] = node.inputs[..] else {
            return None;
        };
        let &[units, _] = self.tensors.get(weight)?.tensor.shape.as_slice() else {
            return None;
        };
        let number = self.number("dense");
        self.keep(weight, format!("dense{number}.weight"))?;
        self.keep(bias, format!("dense{number}.bias"))?;
        Some(LayerSpec::Dense { units })
    }

    fn batch_norm(&mut self, node: &Node<'a>) -> Option<LayerSpec> {
        if !node.has_only(&["epsilon", "momentum", "training_mode"])
            || node.int("training_mode", 0)? != 0
        {
            return None;
        }
        let [_, fields @ ..] = &node.inputs[..] else {
            return None;
        };
        let names = ["weight", "bias", "running_mean", "running_var"];
        let number = self.number("bn");
        if fields.len() != names.len() {
            return None;
        }
        for (from, field) in fields.iter().zip(names) {
            self.keep(from, format!("bn{number}.{field}"))?;
        }
        let epsilon = node.float("epsilon", 1e-5)?;
        Some(LayerSpec::BatchNorm { epsilon })
    }

    /// Mean over frequency, then mean and maximum over time, one after the other.
    fn time_mean_max<'n>(&mut self, nodes: &'n [Node<'a>]) -> Option<&'n [Node<'a>]> {
        let ([over_frequency, largest, mean, both], rest) = nodes.split_first_chunk()?;
        let columns = over_frequency.output;
        let fits = over_frequency.reduces("ReduceMean", self.current)
            && largest.reduces("ReduceMax", columns)
            && mean.reduces("ReduceMean", columns)
            && both.operator == "Concat"
            && both.inputs == [mean.output, largest.output]
            && both.has_only(&["axis"])
            && both.int("axis", 0) == Some(1);
        if !fits {
            return None;
        }
        self.layers.push(LayerSpec::TimeMeanMax);
        self.current = both.output;
        Some(rest)
    }

    /// The mean of each channel, which ONNX leaves an image of one pixel, and what makes it flat.
    fn global_average<'n>(&mut self, nodes: &'n [Node<'a>]) -> Option<&'n [Node<'a>]> {
        let ([average, flat], rest) = nodes.split_first_chunk()?;
        let fits = average.inputs.len() == 1
            && average.has_only(&[])
            && flat.flattens()
            && flat.inputs == [average.output];
        if !fits {
            return None;
        }
        self.layers.push(LayerSpec::GlobalAveragePool);
        self.current = flat.output;
        Some(rest)
    }

    /// A product and then a sum with one number each.
    fn rescale<'n>(&mut self, nodes: &'n [Node<'a>]) -> Option<&'n [Node<'a>]> {
        let ([product, sum], rest) = nodes.split_first_chunk()?;
        let ([_, scale], [before, offset]) = (&product.inputs[..], &sum.inputs[..]) else {
            return None;
        };
        let plain = product.has_only(&[]) && sum.has_only(&[]);
        if !plain || sum.operator != "Add" || *before != product.output {
            return None;
        }
        let number = |name: &str| {
            let stored = self.tensors.get(name).filter(|stored| !stored.half)?;
            match (&stored.tensor.shape[..], &stored.tensor.data[..]) {
                ([], &[value]) => Some(value),
                _ => None,
            }
        };
        let (scale, offset) = (number(scale)?, number(offset)?);
        self.layers.push(LayerSpec::Rescale { scale, offset });
        self.current = sum.output;
        Some(rest)
    }
}

/// A layer without weights; `Some(None)` for what does nothing when a network is only run.
fn plain(node: &Node<'_>) -> Option<Option<LayerSpec>> {
    if node.inputs.len() != 1 {
        return None;
    }
    Some(match node.operator {
        "Identity" if node.has_only(&[]) => None,
        "Relu" if node.has_only(&[]) => Some(LayerSpec::Relu),
        "LeakyRelu" if node.has_only(&["alpha"]) => Some(LayerSpec::LeakyRelu {
            alpha: node.float("alpha", 0.01)?,
        }),
        "Flatten" if node.flattens() => Some(LayerSpec::Flatten),
        "Softmax" if node.has_only(&["axis"]) && matches!(node.int("axis", -1)?, 1 | -1) => {
            Some(LayerSpec::Softmax)
        }
        "MaxPool" if node.has_only(&["kernel_shape", "strides", "pads"]) => {
            if node.ints("pads", Some(0))? != [0; 4] {
                return None;
            }
            Some(LayerSpec::MaxPool {
                size: node.ints("kernel_shape", None)?,
                stride: node.ints("strides", Some(1))?,
            })
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{WeightPrecision, to_onnx_with};
    use super::*;

    /// A network of every layer, and weights that count up in steps that half precision can hold.
    fn every_layer() -> (Architecture, Weights) {
        let conv = |padding, bias| LayerSpec::Conv2d {
            filters: 3,
            kernel: [3, 2],
            padding,
            bias,
        };
        let net = Architecture {
            input: [2, 12, 9],
            layers: vec![
                LayerSpec::Rescale {
                    scale: 2.0,
                    offset: -0.5,
                },
                conv(Padding::Same, true),
                LayerSpec::Relu,
                LayerSpec::BatchNorm { epsilon: 0.125 },
                LayerSpec::MaxPool {
                    size: [2, 2],
                    stride: [2, 1],
                },
                conv(Padding::Valid, false),
                LayerSpec::LeakyRelu { alpha: 0.25 },
                LayerSpec::TimeMeanMax,
                LayerSpec::Dense { units: 7 },
                LayerSpec::Softmax,
            ],
        };
        let tensors = net.parameters().unwrap().into_iter().map(|p| {
            let len = p.shape.iter().product::<usize>();
            let data = (0..len).map(|i| (i % 64) as f32 / 64.0).collect();
            (
                p.name,
                Tensor {
                    shape: p.shape,
                    data,
                },
            )
        });
        let weights = Weights(tensors.collect());
        (net, weights)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (net, weights) = every_layer();
        for precision in [WeightPrecision::F32, WeightPrecision::F16] {
            let file = to_onnx_with(&net, &weights, precision).unwrap();
            assert_eq!(read(&file), Some((net.clone(), weights.clone())));
        }
    }

    /// A file with some bytes replaced, each time by as many others.
    fn with(file: &[u8], from: &str, to: &str) -> Vec<u8> {
        let mut file = file.to_vec();
        let found = file.windows(from.len());
        let at = found
            .enumerate()
            .find(|(_, window)| *window == from.as_bytes());
        let (at, _) = at.unwrap();
        file[at..at + to.len()].copy_from_slice(to.as_bytes());
        file
    }

    #[test]
    fn a_mean_over_pixels_must_be_made_flat() {
        let net = Architecture {
            input: [7, 2, 2],
            layers: vec![LayerSpec::GlobalAveragePool, LayerSpec::Softmax],
        };
        let file = to_onnx_with(&net, &Weights::default(), WeightPrecision::F32).unwrap();
        assert_eq!(read(&file), Some((net, Weights::default())));
        // Softmax over the last axis of [n, 7, 1, 1] is over one value.
        assert_eq!(read(&with(&file, "Flatten", "Unknown")), None);
        let tangled = with(&file, "globalaveragepool_0", "globalaveragepool_9");
        assert_eq!(read(&tangled), None);
    }

    #[test]
    fn what_is_not_understood_is_left_to_others() {
        let (net, weights) = every_layer();
        let file = to_onnx_with(&net, &weights, WeightPrecision::F32).unwrap();
        let with = |from: &str, to: &str| read(&with(&file, from, to));
        assert!(with("LeakyRelu", "LeakyRelu").is_some());
        // Another operator, an unknown attribute, and a value that no node makes.
        assert_eq!(with("LeakyRelu", "LeakyElus"), None);
        assert_eq!(with("strides", "striped"), None);
        assert_eq!(with("relu_3", "relu_4"), None);
        assert_eq!(read(&file[..file.len() - 1]), None);
    }
}
