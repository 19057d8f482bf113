//! Where training steps run: the seam between [`crate::trainer`] and a graphics card.
//!
//! The trainer keeps the network, the optimiser and the moving average on the CPU, in the layout of
//! [`crate::nn`]. With an [`Accelerator`] it uploads them once, steps there, and downloads them before
//! it judges or saves, so a checkpoint does not show where it was made: a run that began on a card
//! goes on without one.
//!
//! Everything that knows the framework behind it (burn) is in this folder, and is built only with the
//! cargo features `gpu`, `cuda` or `burn-cpu`.

mod error;
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
mod step;

pub use error::AcceleratorError;
pub(crate) use placed::Placed;
pub use step::{Accelerator, Step};

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
