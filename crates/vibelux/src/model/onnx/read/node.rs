//! [`Node`]: one operator of a graph and its attributes.

use std::collections::HashMap;

use super::message::Message;
use crate::model::onnx::wire::Value;

/// An operator of the graph.
pub(super) struct Node<'a> {
    pub(super) operator: &'a str,
    pub(super) inputs: Vec<&'a str>,
    pub(super) output: &'a str,
    pub(super) attributes: HashMap<&'a str, Message<'a>>,
}

impl<'a> Node<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
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
    pub(super) fn has_only(&self, names: &[&str]) -> bool {
        self.attributes.keys().all(|name| names.contains(name))
    }

    /// An attribute of type int, or what the standard says where it is missing.
    pub(super) fn int(&self, name: &str, default: i64) -> Option<i64> {
        match self.attributes.get(name) {
            Some(attribute) => attribute.int(3).map(|value| value as i64),
            None => Some(default),
        }
    }

    pub(super) fn float(&self, name: &str, default: f32) -> Option<f32> {
        match self.attributes.get(name).map(|attribute| attribute.last(2)) {
            Some(Some(Value::Float(value))) => Some(value),
            Some(_) => None,
            None => Some(default),
        }
    }

    /// An attribute of type ints; `default` repeated where it is missing.
    pub(super) fn ints<const N: usize>(
        &self,
        name: &str,
        default: Option<usize>,
    ) -> Option<[usize; N]> {
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
    pub(super) fn flattens(&self) -> bool {
        self.operator == "Flatten"
            && self.inputs.len() == 1
            && self.has_only(&["axis"])
            && self.int("axis", 1) == Some(1)
    }

    /// Whether it reduces `input` over axis 2 and drops it.
    pub(super) fn reduces(&self, operator: &str, input: &str) -> bool {
        self.operator == operator
            && self.inputs == [input]
            && self.has_only(&["axes", "keepdims"])
            && self.ints("axes", None) == Some([2])
            && self.int("keepdims", 1) == Some(0)
    }
}
