//! [`Message`]: the fields of a protobuf message, read strictly.

use crate::model::onnx::wire::{Value, field, varint};

/// More fields than any message of a network has: nodes, or numbers of a shape.
const MAX_FIELDS: usize = 1 << 16;

/// The fields of a protobuf message.
pub(super) struct Message<'a>(Vec<(u64, Value<'a>)>);

impl<'a> Message<'a> {
    pub(super) fn parse(mut bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            fields.push(field(&mut bytes)?);
            if fields.len() > MAX_FIELDS {
                return None;
            }
        }
        Some(Self(fields))
    }

    pub(super) fn messages(&self, number: u64) -> Vec<&'a [u8]> {
        let of_number = self.0.iter().filter(|(n, _)| *n == number);
        of_number
            .filter_map(|(_, value)| match value {
                Value::Bytes(bytes) => Some(*bytes),
                _ => None,
            })
            .collect()
    }

    /// The last value of a field, as protobuf has it.
    pub(super) fn last(&self, number: u64) -> Option<Value<'a>> {
        let of_number = self.0.iter().rev().find(|(n, _)| *n == number);
        of_number.map(|&(_, value)| value)
    }

    pub(super) fn bytes(&self, number: u64) -> Option<&'a [u8]> {
        match self.last(number)? {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn text(&self, number: u64) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(number)?).ok()
    }

    pub(super) fn int(&self, number: u64) -> Option<u64> {
        match self.last(number)? {
            Value::Int(value) => Some(value),
            _ => None,
        }
    }

    /// A repeated number, packed or one by one.
    pub(super) fn ints(&self, number: u64) -> Option<Vec<i64>> {
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
