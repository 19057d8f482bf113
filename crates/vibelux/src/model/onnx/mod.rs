//! Architecture and weights to an ONNX file: what training and the Keras import leave behind, and
//! what [`crate::model`] and every other ONNX runtime can load.
//!
//! `read.rs` goes the other way. The graph has one input `input` of shape `[batch, channels, height, width]` and one output
//! `output` of shape `[batch, n]`, with `batch` free. A batch norm that directly follows a
//! convolution or dense layer is folded into its weights; dropout is left out.

mod error;
mod graph;
mod half;
mod protobuf;
mod read;
mod wire;
mod write;

pub use error::OnnxError;
pub use half::WeightPrecision;
pub(in crate::model) use read::read;
pub(crate) use read::{PlainConvolution, convolutions};
pub(in crate::model) use wire::is_well_formed;
pub use write::{to_onnx, to_onnx_with};
