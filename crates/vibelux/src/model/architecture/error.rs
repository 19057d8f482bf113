//! [`ArchitectureError`]: what makes a sequence of layers impossible.

use super::shape::{LARGEST_COUNT, LARGEST_WINDOW, LARGEST_WINDOW_TAPS, Shape};

/// What makes a sequence of layers impossible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchitectureError {
    /// A layer got the wrong kind of input.
    #[error("layer {index} ({kind}) cannot take an input of shape {got:?}")]
    BadInput {
        /// Position in the sequence, from 0.
        index: usize,
        /// Its kind.
        kind: &'static str,
        /// The shape that reached it.
        got: Shape,
    },
    /// A size is zero, or nothing is left after this layer.
    #[error("layer {index} ({kind}) leaves nothing of an input of shape {got:?}")]
    Empty {
        /// Position in the sequence, from 0.
        index: usize,
        /// Its kind.
        kind: &'static str,
        /// The shape that reached it.
        got: Shape,
    },
    /// A size is beyond any network that makes sense here.
    #[error(
        "layer {index} ({kind}) is too large; pooling windows go to {LARGEST_WINDOW} and {LARGEST_WINDOW_TAPS} values, values and \
         weights per layer to {LARGEST_COUNT}"
    )]
    TooLarge {
        /// Position in the sequence, from 0; 0 also for the input itself.
        index: usize,
        /// Its kind.
        kind: &'static str,
    },
    /// Softmax stands before another layer.
    #[error("layer {index} (softmax) must be the last one")]
    SoftmaxNotLast {
        /// Position in the sequence, from 0.
        index: usize,
    },
}
