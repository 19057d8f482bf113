//! [`TrainError`]: why a run stopped short.

use super::checkpoint::CheckpointError;
use crate::accelerator::AcceleratorError;
use crate::distil::DistilError;
use crate::nn::NetworkError;

/// Why a run stopped short.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The network cannot be built.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A checkpoint cannot be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The graphics card failed.
    #[error(transparent)]
    Accelerator(#[from] AcceleratorError),
    /// A teacher cannot be used.
    #[error(transparent)]
    Distil(#[from] DistilError),
    /// Fewer examples than a step needs.
    #[error(
        "{examples} training examples are fewer than one batch of {batch_size}; lower --batch-size"
    )]
    TooFewExamples {
        /// How many there are.
        examples: usize,
        /// How many a step takes.
        batch_size: usize,
    },
    /// The network does not give as many values as its heads need.
    #[error(
        "the network gives {got} values, expected {expected}: one per emotion and per name of a head"
    )]
    Outputs {
        /// How many it gives.
        got: usize,
        /// How many are needed.
        expected: usize,
    },
    /// A graphics card is to train a network with more heads.
    #[error(
        "networks with heads beside the seven emotions train on the CPU only; use --device cpu"
    )]
    HeadsOnAccelerator,
    /// A graphics card is to train by sharpness-aware minimisation.
    #[error(
        "sharpness-aware minimisation trains on the CPU only; use --device cpu, or leave \
         optimiser.sharpness_radius out of the configuration"
    )]
    SharpnessAwareOnAccelerator,
    /// The training set is not the one that the run began with.
    #[error(
        "the training set has changed since this run began (other files, pixels, labels or order); \
         bring it back, or start another run"
    )]
    DataChanged,
    /// The loss is not a number any more.
    #[error(
        "the loss became {loss} in epoch {epoch}; try a lower learning rate or a longer warm-up"
    )]
    Diverged {
        /// What it became.
        loss: f64,
        /// When, from 1.
        epoch: usize,
    },
}
