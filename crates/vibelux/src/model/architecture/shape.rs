//! [`Shape`]: what one example looks like between two layers, and how large that may get.

use serde::{Deserialize, Serialize};

/// The largest size of a pooling window or its step.
pub const LARGEST_WINDOW: usize = 1 << 20;

/// The most values that a pooling window holds: their places are counted in 16 bits.
pub const LARGEST_WINDOW_TAPS: usize = 1 << 16;

/// The most values between two layers, and the most weights of one layer.
pub const LARGEST_COUNT: usize = 1 << 27;

/// The shape of one example between two layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Shape {
    /// `[channels, height, width]`.
    Image([usize; 3]),
    /// `[features]`.
    Flat([usize; 1]),
}

impl Shape {
    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Image([c, h, w]) => c * h * w,
            Self::Flat([n]) => *n,
        }
    }

    /// Whether there are no values at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The product of sizes, if it stays within [`LARGEST_COUNT`]. A zero among them hides nothing: the
/// other sizes are held to the limit too.
pub(super) fn product(sizes: &[usize]) -> Option<usize> {
    sizes.iter().try_fold(1_usize, |count, &size| {
        let count = count.checked_mul(size)?;
        (size <= LARGEST_COUNT && count <= LARGEST_COUNT).then_some(count)
    })
}
