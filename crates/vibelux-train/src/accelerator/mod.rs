//! Where training steps run: the seam between [`crate::trainer`] and a graphics card.
//!
//! The trainer keeps the network, the optimiser and the moving average on the CPU, in the layout of
//! [`crate::nn`]. With an [`Accelerator`] it uploads them once, steps there, and downloads them before
//! it judges or saves, so a checkpoint does not show where it was made: a run that began on a card
//! goes on without one.
//!
//! Everything that knows the framework behind it (burn) is in this folder, and is built only with the
//! cargo features `gpu`, `cuda` or `burn-cpu`.

#[cfg(feature = "burn")]
mod graph;
#[cfg(feature = "burn")]
mod guard;
#[cfg(feature = "burn")]
mod open;
#[cfg(feature = "burn")]
mod session;
#[cfg(all(test, feature = "burn"))]
mod tests;
#[cfg(feature = "burn")]
mod update;

mod placed;

use vibelux::model::architecture::ArchitectureError;

use crate::nn::{Network, Optimiser, Parameter};

pub(crate) use placed::Placed;

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceleratorError {
    /// The program holds no code for any graphics card.
    #[error(
        "this program was built without GPU support; build it with `cargo build --release -p \
         vibelux-cli --features gpu` (any card with Vulkan, Metal or DirectX 12) or `--features \
         cuda` (NVIDIA), or train with --device cpu"
    )]
    NotBuilt,
    /// No card that the program could use.
    #[error("no usable graphics card: {reason}; check its driver or train with --device cpu")]
    NoDevice {
        /// What each way to a card said.
        reason: String,
    },
    /// The card or its driver gave up, for example for lack of memory.
    #[error(
        "{device} failed: {reason}; try a smaller --batch-size, or go on from the checkpoint with \
         --resume --device cpu"
    )]
    Failed {
        /// The device's name.
        device: String,
        /// What it said.
        reason: String,
    },
    /// A step was asked for before the state was uploaded.
    #[error("{device} holds no weights yet")]
    NothingUploaded {
        /// The device's name.
        device: String,
    },
    /// The layers do not fit together.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
}

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

/// Opens the best graphics card that this build can use: CUDA before wgpu.
///
/// # Errors
/// [`AcceleratorError::NotBuilt`] in a build without the features `gpu` and `cuda`,
/// [`AcceleratorError::NoDevice`] if there is no card.
pub fn open_gpu() -> Result<Box<dyn Accelerator>, AcceleratorError> {
    #[cfg(feature = "burn")]
    {
        open::gpu()
    }
    #[cfg(not(feature = "burn"))]
    {
        Err(AcceleratorError::NotBuilt)
    }
}
