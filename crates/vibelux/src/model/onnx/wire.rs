//! Whether a file's protobuf fields lie inside one another as they say: looked at before an ONNX file
//! is handed to the runtime, whose reader can run in circles on lengths that lead nowhere. [`super::read`]
//! takes its fields from here too.

/// What a length-delimited field holds, as far as it matters here.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    ValueInfo,
    Type,
    SequenceType,
    TensorType,
    TensorShape,
    Tensor,
    /// Messages of plain fields only: nothing in them is followed.
    Leaf,
    /// Varints, one after the other.
    PackedVarints,
    /// Numbers of so many bytes, one after the other.
    PackedFixed(usize),
    /// Text and raw data.
    Bytes,
}

/// Nesting beyond this is no network: subgraphs in subgraphs.
const MAX_DEPTH: usize = 32;

impl Kind {
    /// What field `number` of this message holds (onnx.proto3, IR version 8).
    /// Every message that the runtime follows is followed here: it skips by a signed length, and one that
    /// is negative takes it back to where it has been.
    const fn field(self, number: u64) -> Self {
        match (self, number) {
            (Self::Model, 7) | (Self::Attribute, 6 | 11) => Self::Graph,
            (Self::Graph, 1) => Self::Node,
            (Self::Graph, 11..=13) => Self::ValueInfo,
            (Self::Node, 5) => Self::Attribute,
            (Self::ValueInfo, 2) => Self::Type,
            (Self::Type, 1) => Self::TensorType,
            (Self::Type, 4) => Self::SequenceType,
            (Self::SequenceType, 1) => Self::Type,
            (Self::TensorType, 2) => Self::TensorShape,
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) => Self::Tensor,
            (Self::Model, 8 | 14) | (Self::TensorShape, 1) | (Self::Tensor, 13) => Self::Leaf,
            (Self::Tensor, 4) => Self::PackedFixed(4),
            (Self::Tensor, 5 | 7 | 11) => Self::PackedVarints,
            (Self::Tensor, 10) => Self::PackedFixed(8),
            _ => Self::Bytes,
        }
    }
}

/// Whether `bytes` are an ONNX model whose fields all end where they should.
pub(in crate::model) fn is_well_formed(bytes: &[u8]) -> bool {
    walk(bytes, Kind::Model, 0).is_some()
}

fn walk(mut rest: &[u8], kind: Kind, depth: usize) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    while !rest.is_empty() {
        let (number, value) = field(&mut rest)?;
        if let Value::Bytes(value) = value {
            match kind.field(number) {
                Kind::Bytes => {}
                Kind::PackedFixed(size) if value.len().is_multiple_of(size) => {}
                Kind::PackedFixed(_) => return None,
                Kind::PackedVarints => varints(value)?,
                message => walk(value, message, depth + 1)?,
            }
        }
    }
    Some(())
}

/// Whether the last varint ends where the bytes do: a reader that goes on behind them loses its place.
fn varints(mut rest: &[u8]) -> Option<()> {
    while !rest.is_empty() {
        varint(&mut rest)?;
    }
    Some(())
}

/// What a field holds, as far as its wire type says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    /// A number, or an enum.
    Int(u64),
    /// Four bytes: a float.
    Float(f32),
    /// Eight bytes, which nothing here reads.
    Double,
    /// Text, raw data, packed numbers, or another message.
    Bytes(&'a [u8]),
}

/// Takes a field off the front: its number and what it holds.
pub(super) fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    let tag = varint(rest)?;
    let value = match tag & 7 {
        0 => Value::Int(varint(rest)?),
        1 => {
            *rest = rest.split_at_checked(8)?.1;
            Value::Double
        }
        2 => {
            let len = usize::try_from(varint(rest)?).ok()?;
            let (value, after) = rest.split_at_checked(len)?;
            *rest = after;
            Value::Bytes(value)
        }
        5 => {
            let (value, after) = rest.split_first_chunk::<4>()?;
            *rest = after;
            Value::Float(f32::from_le_bytes(*value))
        }
        _ => return None,
    };
    Some((tag >> 3, value))
}

/// Takes a varint off the front: at most ten bytes of seven bits.
pub(super) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for i in 0..10 {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f).checked_shl(7 * i)?;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_lead_nowhere_are_refused() {
        // Field 7 (the graph) of two bytes: field 2 (its name) of length 0.
        assert!(is_well_formed(&[0x3a, 2, 0x12, 0]));
        assert!(is_well_formed(&[]));
        for bad in [
            &[0x3a, 3, 0x12, 0][..],
            &[0x3a, 2, 0x12, 1],
            &[0x3a],
            &[0x3f, 0],
            &[
                0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
            ],
            &[0xff; 12],
            // A negative length in the properties (14) of the model, which are messages too.
            &[
                0x72, 11, 0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
            ],
        ] {
            assert!(!is_well_formed(bad), "{bad:x?}");
        }
    }

    /// A model whose graph (7) has one tensor (5) with this field.
    fn with_tensor_field(tag: u8, value: &[u8]) -> Vec<u8> {
        let len = u8::try_from(value.len()).expect("a short value");
        let tensor = [&[tag, len][..], value].concat();
        [&[0x3a, len + 4, 0x2a, len + 2][..], &tensor].concat()
    }

    #[test]
    fn packed_numbers_end_with_their_field() {
        let (floats, ints, longs, doubles) = (0x22, 0x2a, 0x3a, 0x52);
        assert!(is_well_formed(&with_tensor_field(floats, &[0; 8])));
        assert!(is_well_formed(&with_tensor_field(ints, &[0x80, 1, 5])));
        assert!(is_well_formed(&with_tensor_field(longs, &[])));
        assert!(is_well_formed(&with_tensor_field(doubles, &[0; 16])));
        assert!(!is_well_formed(&with_tensor_field(floats, &[0; 7])));
        assert!(!is_well_formed(&with_tensor_field(ints, &[1, 0x80])));
        assert!(!is_well_formed(&with_tensor_field(longs, &[0xff; 3])));
        assert!(!is_well_formed(&with_tensor_field(doubles, &[0; 12])));
    }
}
