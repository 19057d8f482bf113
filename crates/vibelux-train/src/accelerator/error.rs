//! [`AcceleratorError`]: why a device cannot be used.

use vibelux::model::architecture::ArchitectureError;

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
