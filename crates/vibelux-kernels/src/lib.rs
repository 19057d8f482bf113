//! The loops in which all time goes: convolutions, their gradients, and the passes between them,
//! compiled for several instruction sets of which the machine's best runs.
//!
//! Two crates stand on this one. `vibelux` runs networks with the layers of [`inference`], which check
//! what they are given and are safe to call. `vibelux-train` calls the kernels underneath,
//! [`convolution`], [`winograd`], `amx`, [`pack`] and [`passes`]. Nothing here knows of files, architectures or
//! emotions.
//!
//! Images are channels-last (`[height][width][channel]`) throughout.

#[cfg(target_arch = "x86_64")]
pub mod amx;
pub mod buffer;
pub mod convolution;
pub mod depthwise;
pub mod inference;
pub mod pack;
pub mod passes;
pub mod scan;
pub mod simd;
#[cfg(test)]
mod testing;
pub mod winograd;

pub use simd::{InstructionSet, Precision};
