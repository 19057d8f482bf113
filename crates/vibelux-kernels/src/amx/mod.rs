//! Convolutions on the matrix unit that newer Xeons have (Intel's Advanced Matrix Extensions): bf16 factors, f32
//! sums, for training.
//!
//! A tile register holds 16 rows of 64 bytes; one instruction adds 16 x 16 sums of 32 products each, as many as
//! 16 of [`super::convolution`]'s. What is multiplied must lie so that rows of tiles can be loaded as they are,
//! which [`Flat`] and `layout` see to; `products` has the loops; `tiles` the instructions, which the standard
//! library has none of yet.
//!
//! The instructions are described in Intel's "Architecture Instruction Set Extensions Programming Reference",
//! chapter 3; Linux gives a process the registers when it asks for them.

mod layout;
mod products;
mod tiles;

pub use layout::{Flat, Planes};
pub use products::{CHANNEL_MULTIPLE, convolve, pays, weight_gradient};
pub(crate) use tiles::is_available;

#[cfg(test)]
mod tests {
    /// Whether this machine has no matrix unit, which is said: its tests prove nothing then.
    pub fn skipped() -> bool {
        let skipped = !super::is_available();
        if skipped {
            eprintln!("SKIPPED: this machine has no matrix unit for bf16 (AMX)");
        }
        skipped
    }
}
