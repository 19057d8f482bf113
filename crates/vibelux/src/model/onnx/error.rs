//! [`OnnxError`]: what keeps a network from being exported.

use crate::model::architecture::{ArchitectureError, Shape};
use crate::model::weights::WeightsError;

/// What keeps a network from being exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// The layers do not fit each other.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// The weights do not fit the layers.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The last layer leaves an image, but the output must be `[batch, n]`.
    #[error("the last layer leaves shape {got:?}; end the network with flat features")]
    NotFlat {
        /// What it leaves.
        got: Shape,
    },
    /// A weight does not fit into half precision.
    #[error("{name} holds {value}, which half precision cannot; export it as f32")]
    HalfRange {
        /// Which array.
        name: String,
        /// The value.
        value: f32,
    },
}
