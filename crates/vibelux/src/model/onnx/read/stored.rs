//! [`Stored`]: the arrays that a file brings with it, in f32 or in half precision.

use std::collections::HashMap;

use super::message::Message;
use crate::model::onnx::half::from_f16_bits;
use crate::model::weights::Tensor;

/// The number of f32 among ONNX's types.
pub(super) const FLOAT: u64 = 1;
/// The number of half precision.
const FLOAT16: u64 = 10;

/// An array of the file, and whether it is f32 already or only after a Cast.
pub(super) struct Stored {
    pub(super) tensor: Tensor,
    pub(super) half: bool,
}

/// All arrays by their names; `None` if one is of another type.
pub(super) fn tensors_of<'a>(graph: &Message<'a>) -> Option<HashMap<&'a str, Stored>> {
    graph.messages(5).into_iter().map(tensor_of).collect()
}

/// An array of f32 or half precision and its name.
pub(super) fn tensor_of(bytes: &[u8]) -> Option<(&str, Stored)> {
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
    let tensor = Tensor { shape, data };
    (tensor.data.len() == len).then_some((message.text(8)?, Stored { tensor, half }))
}
