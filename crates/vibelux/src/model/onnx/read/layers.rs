//! [`Reader`]: nodes to layers; one layer of ours may be several nodes.

use std::collections::HashMap;

use super::node::Node;
use super::stored::{FLOAT, Stored};
use crate::model::architecture::{LayerSpec, Padding};
use crate::model::weights::Weights;

/// What has been read so far.
pub(super) struct Reader<'a> {
    /// The value that the next layer takes.
    pub(super) current: &'a str,
    pub(super) tensors: HashMap<&'a str, Stored>,
    pub(super) layers: Vec<LayerSpec>,
    pub(super) weights: Weights,
    /// Layers of each kind with weights, which are named by number.
    pub(super) counts: HashMap<&'static str, usize>,
}

impl<'a> Reader<'a> {
    /// Reads the next layer and gives what comes after it.
    pub(super) fn take<'n>(&mut self, nodes: &'n [Node<'a>]) -> Option<&'n [Node<'a>]> {
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
