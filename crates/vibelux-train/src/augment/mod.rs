//! Augmentation: what is done to a training example each time it is drawn.

mod face;
pub(crate) mod jpeg;
mod music;
mod shrink;

pub use face::FaceAugmentation;
pub use music::MusicAugmentation;
pub use shrink::AreaAverage;
