//! The training engine: forward and backward passes of the networks that
//! [`vibelux::model::architecture`] describes, on the CPU, in this crate's own code.
//!
//! A [`Network`] is built from an architecture, fed batches, and gives gradients that an
//! [`Optimiser`] applies. Nothing here reads files or knows of emotions. Sums over a batch are always
//! taken over the same parts in the same order, so a result does not depend on the number of threads.

mod build;
mod conv;
mod dense;
mod init;
mod layer;
mod loss;
#[cfg(target_arch = "x86_64")]
mod matrix;
mod network;
mod norm;
pub(crate) mod optimiser;
mod pool;
mod random;
mod reshape;
mod tiled;

#[cfg(feature = "burn")]
pub(crate) use layer::for_each_kept;
#[cfg(feature = "burn")]
pub(crate) use norm::MOMENTUM as RUNNING_MOMENTUM;
#[cfg(feature = "burn")]
pub(crate) use reshape::{dropout_scale, dropout_seed};

pub use init::Init;
pub use layer::{Mode, Parameter};
pub use loss::{log_softmax, soft_cross_entropy, softmax};
pub use network::{Network, NetworkError};
pub(crate) use optimiser::perturb;
pub use optimiser::{Optimiser, OptimiserConfig, OptimiserKind};
pub use random::{Random, hash};
pub use vibelux_kernels::{InstructionSet, Precision};
