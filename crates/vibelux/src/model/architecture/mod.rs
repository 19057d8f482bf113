//! What a network is made of: a sequence of layers, written down as configuration.
//!
//! One description serves the training engine, the ONNX exporter and the Keras importer. Shapes are
//! per example, channels first (`[channels, height, width]`, or `[features]` once flat).

mod error;
mod layer;
mod parameters;
mod shape;
mod shapes;

use serde::{Deserialize, Serialize};

pub use error::ArchitectureError;
pub use layer::{LayerSpec, Padding};
pub use parameters::ParameterSpec;
pub use shape::{LARGEST_COUNT, LARGEST_WINDOW, LARGEST_WINDOW_TAPS, Shape};

/// A network: the shape of its input and its layers in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Architecture {
    /// Channels, height, width of one example.
    pub input: [usize; 3],
    /// What happens to it.
    pub layers: Vec<LayerSpec>,
}
