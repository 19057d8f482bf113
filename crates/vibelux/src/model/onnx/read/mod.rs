//! An ONNX file back to architecture and weights: the way on which our own files, and others' that
//! happen to be made of the same layers, get to [`crate::model::direct`] and its faster loops.
//!
//! It is strict on purpose. Whatever it does not know (another operator, an attribute, weights stored
//! elsewhere) makes it give up, and the file goes to the general runtime instead.

mod convolutions;
mod layers;
mod message;
mod node;
mod stored;

pub(crate) use convolutions::{PlainConvolution, convolutions};

use std::collections::HashMap;

use crate::model::architecture::Architecture;
use crate::model::weights::Weights;
use layers::Reader;
use message::Message;
use node::Node;
use stored::{FLOAT, tensors_of};

/// Operator sets whose operators mean what is read here: softmax over one axis (13), reductions with
/// their axes as attribute (until 17).
const OPSETS: std::ops::RangeInclusive<u64> = 13..=17;

/// The network of a file whose graph is one chain of the layers of
/// [`crate::model::architecture::LayerSpec`]; `None` for others.
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

#[cfg(test)]
mod tests;
