//! An ONNX graph under construction: a chain of nodes and the arrays that they use.
//!
//! Field numbers are those of `onnx.proto3`.

use super::error::OnnxError;
use super::half::{LARGEST, WeightPrecision, to_f16_bits};
use super::protobuf::Message;

const IR_VERSION: i64 = 8;
const OPSET: i64 = 17;
const FLOAT: i64 = 1;
const FLOAT16: i64 = 10;

/// The value of a node's attribute.
pub enum Attribute {
    Int(i64),
    Float(f32),
    Ints(Vec<i64>),
}

impl Attribute {
    /// A list of sizes.
    pub fn sizes(sizes: &[usize]) -> Self {
        Self::Ints(sizes.iter().map(|&n| n as i64).collect())
    }

    fn encode(&self, name: &str) -> Message {
        let message = Message::new().text(1, name);
        match self {
            Self::Float(value) => message.float(2, *value).int(20, 1),
            Self::Int(value) => message.int(3, *value).int(20, 2),
            Self::Ints(values) => values
                .iter()
                .fold(message, |message, &value| message.int(8, value))
                .int(20, 7),
        }
    }
}

/// Nodes in order, each taking the previous one's output as its first input.
pub struct Graph {
    precision: WeightPrecision,
    /// Inputs, operator and attributes of each node; the output is named when it is written.
    nodes: Vec<Node>,
    initializers: Vec<Message>,
    current: String,
}

struct Node {
    operator: &'static str,
    inputs: Vec<String>,
    output: String,
    attributes: Vec<Message>,
}

impl Graph {
    /// A graph without nodes.
    pub fn new(precision: WeightPrecision) -> Self {
        Self {
            precision,
            nodes: Vec::new(),
            initializers: Vec::new(),
            current: "input".to_owned(),
        }
    }

    /// The name of the value that the next node takes.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// Makes the next node take an earlier value instead.
    pub fn rewind(&mut self, value: &str) {
        value.clone_into(&mut self.current);
    }

    /// Appends a node that takes the current value and then `more`.
    pub fn node(
        &mut self,
        operator: &'static str,
        more: &[String],
        attributes: &[(&str, Attribute)],
    ) {
        let mut inputs = vec![self.current.clone()];
        inputs.extend_from_slice(more);
        self.push(operator, inputs, attributes);
    }

    fn push(
        &mut self,
        operator: &'static str,
        inputs: Vec<String>,
        attributes: &[(&str, Attribute)],
    ) {
        let output = format!("{}_{}", operator.to_lowercase(), self.nodes.len());
        self.current.clone_from(&output);
        self.nodes.push(Node {
            operator,
            inputs,
            output,
            attributes: attributes.iter().map(|(name, a)| a.encode(name)).collect(),
        });
    }

    /// Adds an array in the graph's precision; returns the name under which nodes use it as f32.
    pub fn initializer(
        &mut self,
        name: &str,
        shape: &[usize],
        data: &[f32],
    ) -> Result<String, OnnxError> {
        if self.precision == WeightPrecision::F32 {
            return Ok(self.initializer_f32(name, shape, data));
        }
        if let Some(&value) = data.iter().find(|x| x.is_nan() || x.abs() > LARGEST) {
            return Err(OnnxError::HalfRange {
                name: name.to_owned(),
                value,
            });
        }
        let raw: Vec<u8> = data
            .iter()
            .flat_map(|&x| to_f16_bits(x).to_le_bytes())
            .collect();
        self.tensor(name, shape, FLOAT16, &raw);
        let current = self.current.clone();
        self.push(
            "Cast",
            vec![name.to_owned()],
            &[("to", Attribute::Int(FLOAT))],
        );
        Ok(std::mem::replace(&mut self.current, current))
    }

    /// Adds an array in f32.
    pub fn initializer_f32(&mut self, name: &str, shape: &[usize], data: &[f32]) -> String {
        let raw: Vec<u8> = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.tensor(name, shape, FLOAT, &raw);
        name.to_owned()
    }

    fn tensor(&mut self, name: &str, shape: &[usize], data_type: i64, raw: &[u8]) {
        let dimensions = shape
            .iter()
            .fold(Message::new(), |message, &n| message.int(1, n as i64));
        self.initializers
            .push(dimensions.int(2, data_type).text(8, name).bytes(9, raw));
    }

    /// The whole file: the current value becomes `output`.
    pub fn finish(mut self, input: [usize; 3], outputs: usize) -> Vec<u8> {
        // A node of its own rather than a renamed one: also right for a network without layers.
        self.push("Identity", vec![self.current.clone()], &[]);
        if let Some(last) = self.nodes.last_mut() {
            "output".clone_into(&mut last.output);
        }
        let mut graph = Message::new();
        for node in self.nodes {
            graph = graph.message(1, node.encode());
        }
        graph = graph.text(2, "vibelux");
        for tensor in self.initializers {
            graph = graph.message(5, tensor);
        }
        graph = graph
            .message(11, value_info("input", &input))
            .message(12, value_info("output", &[outputs]));
        Message::new()
            .int(1, IR_VERSION)
            .text(2, "vibelux")
            .text(3, env!("CARGO_PKG_VERSION"))
            .message(7, graph)
            .message(8, Message::new().text(1, "").int(2, OPSET))
            .into_bytes()
    }
}

impl Node {
    fn encode(self) -> Message {
        let mut message = Message::new();
        for input in &self.inputs {
            message = message.text(1, input);
        }
        message = message
            .text(2, &self.output)
            .text(3, &self.output)
            .text(4, self.operator);
        for attribute in self.attributes {
            message = message.message(5, attribute);
        }
        message
    }
}

/// A float value of shape `[batch, sizes...]`.
fn value_info(name: &str, sizes: &[usize]) -> Message {
    let mut shape = Message::new().message(1, Message::new().text(2, "batch"));
    for &size in sizes {
        shape = shape.message(1, Message::new().int(1, size as i64));
    }
    let tensor = Message::new().int(1, FLOAT).message(2, shape);
    Message::new()
        .text(1, name)
        .message(2, Message::new().message(1, tensor))
}
