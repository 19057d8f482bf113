//! [`at_least_one`]: reads how many of something a flag asks for.

use std::num::NonZeroUsize;

/// A number of things of which there must be one.
pub fn at_least_one(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "give a whole number, 1 or more")
}
