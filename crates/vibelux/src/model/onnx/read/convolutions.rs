//! The convolutions of a file in their order, for a network whose wiring the program knows already.

use std::collections::HashMap;

use super::message::Message;
use super::node::Node;
use super::stored::tensor_of;
use crate::model::weights::Tensor;

/// The weights of a convolution.
pub(crate) struct PlainConvolution {
    /// `[output channel][input channel of a group][kernel row][kernel column]`.
    pub weight: Tensor,
    /// One per output channel.
    pub bias: Vec<f32>,
}

/// All convolutions of an ONNX file, in the order of its graph. Strides, padding and what is between them is not
/// looked at.
///
/// `None` if it cannot be read, or one lacks its bias.
pub(crate) fn convolutions(bytes: &[u8]) -> Option<Vec<PlainConvolution>> {
    let graph = Message::parse(Message::parse(bytes)?.bytes(7)?)?;
    // Sizes and axes are whole numbers, which no convolution needs.
    let mut tensors: HashMap<_, _> = graph
        .messages(5)
        .into_iter()
        .filter_map(tensor_of)
        .collect();
    let mut found = Vec::new();
    for bytes in graph.messages(1) {
        let node = Node::parse(bytes)?;
        if node.operator != "Conv" {
            continue;
        }
        let [_, weight, bias] = node.inputs[..] else {
            return None;
        };
        let (weight, bias) = (tensors.remove(weight)?.tensor, tensors.remove(bias)?.tensor);
        if weight.shape.len() != 4 || bias.shape != weight.shape[..1] {
            return None;
        }
        let bias = bias.data;
        found.push(PlainConvolution { weight, bias });
    }
    Some(found)
}
