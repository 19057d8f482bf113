//! What a run tells while it goes, and how it ended.

use super::history::EpochMetrics;

/// What a run reports while it goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// After each step.
    Step {
        /// From 1.
        epoch: usize,
        /// Steps done in this epoch.
        step: usize,
        /// Steps per epoch.
        steps: usize,
        /// Mean loss of the epoch so far.
        loss: f64,
        /// Examples per second in this epoch.
        examples_per_second: f64,
    },
    /// After each epoch.
    Epoch(EpochMetrics),
    /// A checkpoint was written.
    Checkpoint,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All epochs, or early stopping.
    Finished,
    /// The stop flag was raised; the checkpoint holds the state.
    Interrupted,
}
