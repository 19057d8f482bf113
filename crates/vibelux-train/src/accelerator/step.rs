//! [`Accelerator`]: what a device must do for [`crate::trainer`], and [`Step`], what it is given.

use super::error::AcceleratorError;
use crate::nn::{Network, Optimiser, Parameter};

/// One training step, without its weights.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// Whole examples, each channels-last, as [`crate::nn::Network::forward`] takes them.
    pub inputs: &'a [f32],
    /// One row per example, each with the sum 1.
    pub targets: &'a [f32],
    /// Decides what dropout drops; as in [`crate::nn::Mode::Train`].
    pub seed: u64,
    /// How many steps the optimiser has taken with this one, from 1.
    pub optimiser_step: u64,
    /// Share of the largest learning rate, 0..=1.
    pub learning_rate_factor: f32,
    /// Weight of the old moving average in the new one; unused if none was uploaded.
    pub average_decay: f32,
}

/// A device that holds the state of a run and trains it.
///
/// It computes what [`crate::nn`] computes, dropout's draws included, up to the rounding of sums.
pub trait Accelerator: Send {
    /// The way to the device and its name, for example `wgpu (Vulkan): NVIDIA H100`.
    fn name(&self) -> &str;

    /// Replaces the device's state and the layers that it runs. `average` is empty if none is kept.
    ///
    /// # Errors
    /// [`AcceleratorError::Failed`].
    fn upload(
        &mut self,
        network: &Network,
        optimiser: &Optimiser,
        average: &[Vec<f32>],
    ) -> Result<(), AcceleratorError>;

    /// Runs a batch forward and backward and updates weights, moments and average; gives the logits
    /// of the forward pass, `[n][outputs]`.
    ///
    /// # Errors
    /// [`AcceleratorError::Failed`]; the device's state is of no use after that.
    fn step(&mut self, step: &Step<'_>) -> Result<Vec<f32>, AcceleratorError>;

    /// The logits of whole examples, `[n][outputs]`, by the moving average if one is kept, else by
    /// the weights; nothing changes.
    ///
    /// # Errors
    /// [`AcceleratorError::Failed`].
    fn evaluate(&mut self, inputs: &[f32]) -> Result<Vec<f32>, AcceleratorError>;

    /// Copies the device's state into arrays of the same sizes; `optimiser.steps` stays.
    ///
    /// # Errors
    /// [`AcceleratorError::Failed`].
    fn download(
        &mut self,
        parameters: &mut [Parameter],
        optimiser: &mut Optimiser,
        average: &mut [Vec<f32>],
    ) -> Result<(), AcceleratorError>;
}
